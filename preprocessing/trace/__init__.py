"""Which cell of which file made which feature of a student."""
