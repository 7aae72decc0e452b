"""Debian's Chromium, as the tests start it."""

from pathlib import Path

CHROMIUM = Path(__file__).with_suffix(".sh")
