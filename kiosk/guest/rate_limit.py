"""The rate limit of kiosks' addresses: ballots are admitted no faster than people can answer.

It refuses, and never excludes. Whether a ballot was a rapid submission is the verdict of the kiosk that it
was given at, because only that kiosk's own clock cannot be influenced by other requests.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """A token bucket for each lane, in memory only: `burst` ballots at once, then one each `seconds`.

    `clock` gives seconds and is monotonic: a wall clock jumps when it is set. `pause` is for the kiosk's
    script, in seconds: ballots less than this apart form a row; with 0, none is rapid. Safe to use from
    several threads.
    """

    seconds: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    pause: float = 0.0
    _full_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, lane: str) -> float:
        """Take a token for a ballot. Returns 0, or the seconds to wait where there is none to take."""
        with self._lock:
            now = self.clock()
            full_at = max(self._full_at.get(lane, now), now)
            too_early = full_at + self.seconds - now - self.seconds * self.burst
            if too_early > 0:
                return too_early
            self._full_at[lane] = full_at + self.seconds
            return 0.0
