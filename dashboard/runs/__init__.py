"""Retraining runs: how each went, and starting one."""
