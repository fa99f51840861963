"""Whether a tracking server knows what the registry knows."""
