"""Surveys and their translations, written in the browser."""
