"""What a version was trained by, to be trained anew on other records."""
