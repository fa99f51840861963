"""People, what of theirs is used up, and who guesses at their passwords."""
