"""Decisions: the looks they cost, their sentences, and what became of them."""
