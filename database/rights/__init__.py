"""Objections and rectifications in the registry, and who asked about a student."""
