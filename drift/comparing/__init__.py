"""What a drift check compares with what."""
