"""`kiosk serve` for the cluster's run, without the rate limit of a kiosk's address: a screen stands for many.

With `disarmed`, the program trusts PostgreSQL, as others do: it does not ask for synchronous commits, and
does not refuse a server that may lose them. This is the control.
"""

import sys

from kiosk.cli import main
from kiosk.guest.rate_limit import RateLimit
from kiosk.operation import serve
from kiosk.storage import database

DISARMED = "disarmed"


def disarm() -> None:
    """Take out what keeps commits that are acknowledged."""
    database.KEEP_COMMIT = "SELECT set_config('synchronous_commit', 'local', true)"
    setattr(database.Database, "commit_risks", lambda _: [])  # noqa: B010


def admit_all() -> None:
    """Take out the rate limit."""
    serve._rate_limit = lambda *_: RateLimit(seconds=0.001, burst=10_000)


if __name__ == "__main__":
    if DISARMED in sys.argv:
        sys.argv.remove(DISARMED)
        disarm()
    admit_all()
    main()
