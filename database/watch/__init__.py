"""What the watch over a serving champion keeps."""
