"""What serves on this host's disk."""
