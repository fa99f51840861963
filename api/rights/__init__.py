"""Objection, rectification, who has seen a student, and the page to hand out, for routes."""
