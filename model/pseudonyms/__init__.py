"""Keyed names that stand for students' ids, so that the registry holds none in the clear."""
