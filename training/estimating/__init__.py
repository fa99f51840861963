"""What a version keeps so that its figures can be estimated before outcomes come."""
