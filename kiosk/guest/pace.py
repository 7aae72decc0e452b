"""A kiosk admits ballots no faster than people can answer, so that nobody can fill a box at it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """A token bucket for each kiosk, in memory only: `burst` ballots at once, then one each `seconds`.

    Safe to use from several threads. `clock` gives seconds and must never jump, as a wall clock does
    when it is set right.
    """

    seconds: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _full_at: dict[str, float] = field(default_factory=dict)
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
