"""Erased students: what a receipt says, which hosts have carried it out, who learned from them."""
