"""The command that shows what is old, and removes it."""
