"""What the page of a version shows, part by part."""
