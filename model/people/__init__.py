"""The people who sign in, with a password or through their organisation's log-in."""
