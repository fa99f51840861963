"""A period's students, scored and ranked, as far as a worker keeps them in memory."""
