"""Two versions on the same records, as somebody asked for it."""
