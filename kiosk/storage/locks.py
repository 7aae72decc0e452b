"""The order in which writes take their locks, so that no deadlock occurs, and which errors are tried again.

1. The process's writer (`Database.writing`): one thread at a time, in the order in which they asked. The
   thread that has it commits the waiting writes of single units together with its own (`Writer`).
2. The installation (`Lock`), when the transaction begins. Writes of single units share it, also those that
   are committed together. Every other write holds it alone: a count or a start waits for running casts, then
   locks rows in any order.
3. The rows of single units, one unit after the other in the order of (round id, unit id): the box, then its
   round (when a lost box is added), the letterbox, the slip set. So the commits of two processes wait for
   each other only if they write the same unit. A kiosk's first envelope also inserts its mark, in any order:
   two of them at two processes may cross, and one is tried again.

SQLite has one write lock, taken at step 2. PostgreSQL takes an advisory lock at step 2, which leaves no trace
on disk, and row locks at step 3.
"""

import sqlite3
from enum import Enum

import peewee

TRIES = 5
"""Most attempts of a write that the database rolls back in favour of another one, the first included."""

ADVISORY_KEY = int.from_bytes(b"kiosk")
"""The key of PostgreSQL's advisory lock on the installation. It is local to the database."""

_ROLLED_BACK = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available: only if the server sets a lock_timeout
}
"""SQLSTATEs after which the transaction was rolled back and a retry may succeed.

https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
"""


class Lock(Enum):
    """The lock that a write holds on the installation: shared with other writes of single units, or alone."""

    SHARED = "shared"
    ALONE = "alone"


def is_rolled_back(error: peewee.PeeweeException) -> bool:
    """Return whether the database rolled a transaction back in favour of another one, so that a retry may
    succeed. `Writer` then tries again, TRIES times in all."""
    driver_error = getattr(error, "orig", None)
    while isinstance(driver_error, peewee.PeeweeException):
        # peewee wraps an error twice if it passes two of its wrappers.
        driver_error = getattr(driver_error, "orig", None)
    if isinstance(driver_error, sqlite3.Error):
        return driver_error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(driver_error, "sqlstate", None) in _ROLLED_BACK
