"""Whom one student is compared with."""
