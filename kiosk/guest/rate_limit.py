"""A kiosk admits ballots no faster than people can answer, so that nobody can fill a box at it, and knows
a screen that is played with by the lack of any pause."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ROW_OF_GUESTS = 2
"""Ballots that may come without a pause and still be guests': a person, and one who helped her."""


@dataclass
class Pace:
    """A token bucket for each kiosk, in memory only: `burst` ballots at once, then one each `seconds`.

    Safe to use from several threads. `clock` gives seconds and must never jump, as a wall clock does
    when it is set right. Ballots less than `pause` seconds apart make a row; from the third on, a row is
    play. 0 takes nothing for play.
    """

    seconds: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    pause: float = 0.0
    _full_at: dict[str, float] = field(default_factory=dict)
    _rows: dict[str, tuple[float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, kiosk: str) -> float:
        """Seconds until a ballot may be sent from this kiosk; 0 admits one and counts it."""
        with self._lock:
            now = self.clock()
            full_at = max(self._full_at.get(kiosk, now), now)
            too_early = full_at + self.seconds - now - self.seconds * self.burst
            if too_early > 0:
                return too_early
            self._full_at[kiosk] = full_at + self.seconds
            return 0.0

    def is_play(self, kiosk: str) -> bool:
        """Whether the ballot just admitted is excluded as too rapid. Reads times only, never answers."""
        with self._lock:
            now = self.clock()
            last, length = self._rows.get(kiosk, (now - self.pause, 0))
            length = length + 1 if now - last < self.pause else 1
            self._rows[kiosk] = (now, length)
            return length > ROW_OF_GUESTS
