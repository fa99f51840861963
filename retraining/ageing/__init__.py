"""Removes what is older than the task keeps it, after it was told for a week what that is."""
