"""What was done for students, who does it, and the help that they get."""
