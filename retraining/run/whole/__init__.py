"""A window of which a run has only a part in memory."""
