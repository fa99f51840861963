"""Lists of students as they were published, and how many students each has room for."""
