"""Alarms of the drift watch: what makes one, and how often one is false."""
