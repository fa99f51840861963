"""Outcomes and what they make: which report belongs where, and which label the facts of it make."""
