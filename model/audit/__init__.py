"""The audit trail: who did what, in chains that show tampering."""
