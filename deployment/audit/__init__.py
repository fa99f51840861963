"""`python -m deployment.audit`: the audit trail for the officer and the operator."""
