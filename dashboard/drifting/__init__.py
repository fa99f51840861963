"""What drifted when, and how each feature was distributed then and now."""
