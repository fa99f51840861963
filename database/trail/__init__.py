"""The audit trail in the registry."""
