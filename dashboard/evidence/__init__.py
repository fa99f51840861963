"""The evidence of a decision, as tables."""
