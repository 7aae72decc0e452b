"""Theories of change: their pages, and the editor of the installation's own."""
