"""Surveys and their translations, edited in the browser."""
