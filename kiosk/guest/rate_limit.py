"""The rate limit of each kiosk, and the rule that finds rapid submissions.

A kiosk admits ballots no faster than people can answer, so that nobody can fill a box at it. Ballots that
follow each other without a pause are taken for play and excluded from the count.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ROW_OF_GUESTS = 2
"""Ballots that may come without a pause and still be guests': a person, and one who helped her."""


@dataclass
class Pace:
    """A token bucket for each kiosk, in memory only: `burst` ballots at once, then one each `seconds`.

    `clock` gives seconds and is monotonic: a wall clock jumps when it is set. Ballots less than `pause`
    seconds apart form a row; from the third on, the ballots of a row are rapid. With 0, none is rapid.
    Safe to use from several threads.
    """

    seconds: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    pause: float = 0.0
    _full_at: dict[str, float] = field(default_factory=dict)
    _rows: dict[str, tuple[float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, kiosk: str) -> float:
        """Take a token for a ballot. Returns 0, or the seconds to wait where there is none to take."""
        with self._lock:
            now = self.clock()
            full_at = max(self._full_at.get(kiosk, now), now)
            too_early = full_at + self.seconds - now - self.seconds * self.burst
            if too_early > 0:
                return too_early
            self._full_at[kiosk] = full_at + self.seconds
            return 0.0

    def record_and_classify(self, kiosk: str) -> bool:
        """Record the time of an admitted ballot, and return whether it is rapid.

        Uses the times of ballots only, never their answers.
        """
        with self._lock:
            now = self.clock()
            last, length = self._rows.get(kiosk, (now - self.pause, 0))
            length = length + 1 if now - last < self.pause else 1
            self._rows[kiosk] = (now, length)
            return length > ROW_OF_GUESTS
