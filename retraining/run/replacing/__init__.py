"""Replacing a champion that learned from students who were erased since."""
