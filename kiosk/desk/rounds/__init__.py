"""Rounds, and the replies to guests after them."""
