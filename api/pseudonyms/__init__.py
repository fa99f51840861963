"""The command that makes a pseudonym of an id, for whoever holds the key."""
