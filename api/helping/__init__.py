"""What callers say was done for students, read, checked and told."""
