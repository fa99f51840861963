"""A version's bundle over HTTP."""
