"""Calls that may be sent again and are done once: `Idempotency-Key`."""
