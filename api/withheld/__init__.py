"""Answers without what fewer than ten students tell."""
