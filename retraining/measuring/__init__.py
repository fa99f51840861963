"""Measures the champion on what comes in: outcomes, and predictions by the hour."""
