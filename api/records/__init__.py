"""Records that callers send, once they are read."""
