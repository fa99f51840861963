"""The list of students who need help: who is on it, as pages and as files, and how it is cut."""
