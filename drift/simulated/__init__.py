"""Changes made up on purpose, to see what the drift watch would say of them."""
