"""What is told of old records: what goes when, and what stays of it."""
