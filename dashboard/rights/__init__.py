"""Rights of the person on the page of a student."""
