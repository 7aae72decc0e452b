"""The rate limit of kiosks' addresses: ballots are admitted no faster than people can answer.

It refuses ballots and never excludes them as rapid. The kiosk decides whether a ballot was a rapid
submission, because other requests cannot influence the kiosk's own clock.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NewType

SecondsToWait = NewType("SecondsToWait", float)
"""Time until a bucket has a token again."""

NO_WAIT = SecondsToWait(0.0)
"""The ballot is admitted."""


@dataclass
class RateLimit:
    """Token buckets by name, in memory only: `burst` ballots at once, at least 1, then one each `seconds`.

    `clock` returns seconds and must be monotonic. `pause` is for the kiosk's script, in seconds: ballots less
    than this apart are in a row, and only a ballot in a row can be a rapid submission.
    `seconds` and `pause` grow by `statement_seconds` for each statement of the ballot. Thread-safe.
    """

    seconds: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    pause: float = 0.0
    statement_seconds: float = 0.0
    _full_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pause_for(self, statements: int) -> float:
        """Return the pause between ballots with `statements` statements, in seconds; with 0, none is a rapid
        submission."""
        return self.pause + self.statement_seconds * statements

    def take_token(self, bucket: str, statements: int = 0) -> SecondsToWait:
        """Take a token for a ballot with `statements` statements.

        Returns NO_WAIT; if the bucket has no token, takes none and returns the seconds until it has one.
        """
        seconds = self.seconds + self.statement_seconds * statements
        with self._lock:
            now = self.clock()
            full_at = max(self._full_at.get(bucket, now), now)
            too_early = full_at + seconds - now - seconds * self.burst
            if too_early > 0:
                return SecondsToWait(too_early)
            self._full_at[bucket] = full_at + seconds
            return NO_WAIT
