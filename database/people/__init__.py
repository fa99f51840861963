"""People, the sessions they ended, and who guesses at their passwords."""
