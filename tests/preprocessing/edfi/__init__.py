"""Ed-Fi resources, read as a OneRoster bundle."""
