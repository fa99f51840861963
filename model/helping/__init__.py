"""What was done for a student, who did it, and what came of it."""
