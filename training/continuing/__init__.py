"""Models that go on from the champion's trees: what they start from, and when they cannot."""
