"""The worker publishes the list when whom it would show has changed for a reason of ours."""
