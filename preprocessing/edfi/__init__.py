"""What the resources of an Ed-Fi API say, as a OneRoster bundle and a table of events."""
