"""Outcomes that come all year, and a relation that changes in the middle of it."""
