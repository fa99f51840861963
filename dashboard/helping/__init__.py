"""What the page on the help's effect says and draws."""
