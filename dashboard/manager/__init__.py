"""What somebody who answers for the school sees: promised, come, for whom, known of how many."""
