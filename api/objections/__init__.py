"""Who objects to being scored, as a worker knows it."""
