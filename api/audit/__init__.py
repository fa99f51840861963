"""What the API tells the audit trail."""
