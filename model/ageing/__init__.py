"""What is removed because it is old, and what stays of it: figures that tell of nobody."""
