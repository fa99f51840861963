"""A prediction for a record that somebody fills in."""
