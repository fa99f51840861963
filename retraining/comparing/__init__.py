"""Compares two versions that somebody named, on records that neither learned from."""
