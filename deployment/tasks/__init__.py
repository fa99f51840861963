"""The tasks of an installation: which there are, where each is kept, and how one is added."""
