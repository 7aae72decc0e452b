"""Kiosks, posters and slips."""
