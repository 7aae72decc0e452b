"""Slows down a source that guesses codes of slips or screens, without a lock that keeps others out.

After many wrong codes from a source, every code from it is answered with a delay. Right and wrong codes are
delayed alike, so the delay reveals nothing, and a guest with a right code behind the same address is still
admitted. Codes are so long that no limit over all sources is needed. Sources are kept in memory only, for at
most two minutes.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

FREE_WRONG_CODES = 30
"""Wrong codes within about a minute that cause no delay: guests behind one address mistype no more than
this."""
SECONDS_PER_WRONG_CODE = 2.0
"""Time after which one wrong code is forgotten."""
MOST_WRONG_CODES = 60
"""Most wrong codes that are counted, so that a source is forgotten after two minutes."""

DELAY_SECONDS = 2.0
"""Delay of the response to a code of a slowed source."""
CHECKS_PER_DELAY = 20
"""Codes of a slowed source that are looked up within a delay: ten a second. A slip's code has 43 random bits:
in a round of 90 days with 1,000 unused slips, such a source finds one with a probability of 1 in 100."""


class CodeCheck(Enum):
    """The treatment of a request with a code: looked up and answered at once, looked up and answered after
    DELAY_SECONDS, or refused without a look."""

    AT_ONCE = auto()
    """Look the code up and answer at once."""
    DELAYED = auto()
    """Look the code up and answer after DELAY_SECONDS."""
    REFUSED = auto()
    """Do not look the code up: CHECKS_PER_DELAY codes of the source are being looked up already."""


@dataclass
class CodeThrottle:
    """Wrong codes by source: an IP address, or the network of an IPv6 address (`source_of`). Thread-safe.
    `clock` returns seconds and must be monotonic."""

    clock: Callable[[], float] = time.monotonic
    _forgotten_at: dict[str, float] = field(default_factory=dict)
    _checks: dict[str, list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, source: str) -> CodeCheck:
        """Return the treatment of a source's code: AT_ONCE below FREE_WRONG_CODES remembered wrong codes;
        then DELAYED, which uses one of the source's CHECKS_PER_DELAY checks for DELAY_SECONDS; REFUSED while
        none is left."""
        with self._lock:
            now = self.clock()
            if self._forgotten_at.get(source, now) - now < FREE_WRONG_CODES * SECONDS_PER_WRONG_CODE:
                return CodeCheck.AT_ONCE
            recent = [at for at in self._checks.get(source, []) if now - at < DELAY_SECONDS]
            if len(recent) >= CHECKS_PER_DELAY:
                return CodeCheck.REFUSED
            self._checks[source] = [*recent, now]
            return CodeCheck.DELAYED

    def failed(self, source: str) -> None:
        """Record a wrong code of a source, whose later codes may then be delayed."""
        with self._lock:
            now = self.clock()
            self._forget(now)
            until = max(self._forgotten_at.get(source, now), now) + SECONDS_PER_WRONG_CODE
            self._forgotten_at[source] = min(until, now + MOST_WRONG_CODES * SECONDS_PER_WRONG_CODE)

    def _forget(self, now: float) -> None:
        """Delete the sources whose wrong codes are all forgotten by `now`."""
        for source in [source for source, until in self._forgotten_at.items() if until <= now]:
            del self._forgotten_at[source]
            self._checks.pop(source, None)
