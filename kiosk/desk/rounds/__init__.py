"""Rounds, and replies to guests after them."""
