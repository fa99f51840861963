"""Where work that can be done side by side is done."""
