"""Servers of MongoDB's protocol that are not ours, for the contract suite."""
