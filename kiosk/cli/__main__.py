"""Runs the `kiosk` command as `python -m kiosk.cli`, for systems where it is not on the path."""

from kiosk.cli import run

if __name__ == "__main__":
    run()
