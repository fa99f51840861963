"""What each route tells the audit trail."""
