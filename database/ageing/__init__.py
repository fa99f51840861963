"""Removes what is older than a task keeps it, kind by kind; each operation may be run again."""
