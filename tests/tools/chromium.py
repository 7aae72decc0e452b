"""Debian's Chromium, as the tests of pages start it.

It is the build without a window: the same engine, and half the processor time of a page's browser process.
"""

CHROMIUM = "/usr/lib/chromium/chromium-headless-shell"
"""The program itself, not the shell script that starts it, so that a test can kill it."""
