"""School files as they came."""
