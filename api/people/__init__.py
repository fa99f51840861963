"""People who sign in: their sessions, their passwords, and the command that invites them."""
