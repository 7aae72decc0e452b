"""`python -m kiosk.cli`, for where the command itself is not on the path."""

from kiosk.cli import main

if __name__ == "__main__":
    main()
