"""What a worker knows of the registry without asking."""
