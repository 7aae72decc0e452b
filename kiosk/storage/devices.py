"""Kiosks as devices: a code makes one a unit's kiosk, and signs of life tell that it still works.

All of it lives in memory only: nothing on disk tells when a device was heard, and a code lives for minutes.
A device gives its signs at fixed times of the clock whoever answers, so they tell of no guest.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

DIGITS = 8

LIFETIME = 15 * 60
"""Seconds a pairing code is good for: the walk from the desk to the screen."""

WRONG_TRIES = 20
"""Wrong codes taken in one lifetime, from everybody together: with one code out, a guesser hits it with a
chance of 20 in 100,000,000."""

SILENT_AFTER = 16 * 60
"""Seconds: three signs missed, and a minute for a slow network."""


class Life(StrEnum):
    """All that is told of a kiosk: never a time, which could be a guest's."""

    ALIVE = "alive"
    SILENT = "silent"
    UNKNOWN = "unknown"


class TooManyTriesError(Exception):
    """Too many wrong codes lately: none is looked at for a while."""


@dataclass
class Devices:
    """Pairing codes that wait, and when each kiosk was last heard. Safe to use from several threads.

    `clock` gives seconds and must never jump.
    """

    clock: Callable[[], float] = time.monotonic
    _codes: dict[str, tuple[str, float]] = field(default_factory=dict)
    _wrong: list[float] = field(default_factory=list)
    _heard: dict[str, float] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def new_code(self, unit_id: str) -> str:
        """A code that makes one device this unit's kiosk, once."""
        with self._lock:
            self._forget()
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            self._codes[code] = (unit_id, self.clock() + LIFETIME)
            return code

    def redeem(self, code: str) -> str | None:
        """The unit a code is for, which uses it up; None for a wrong one. Raises TooManyTriesError."""
        with self._lock:
            self._forget()
            if len(self._wrong) >= WRONG_TRIES:
                raise TooManyTriesError
            unit, _ = self._codes.pop(code, (None, 0.0))
            if unit is None:
                self._wrong.append(self.clock())
            return unit

    def _forget(self) -> None:
        now = self.clock()
        self._codes = {code: found for code, found in self._codes.items() if found[1] > now}
        self._wrong = [at for at in self._wrong if at > now - LIFETIME]

    def heard(self, kiosk: str) -> None:
        """A kiosk gave its sign of life."""
        with self._lock:
            self._heard[kiosk] = self.clock()

    def came_late(self, kiosk: str) -> None:
        """A ballot that waited on a kiosk for the network came after its round was closed."""
        with self._lock:
            self._late.add(kiosk)

    def was_late(self, kiosk: str) -> bool:
        """Whether there was such a ballot since the program started; never how many, for a number that grows
        tells when."""
        with self._lock:
            return kiosk in self._late

    def life(self, kiosk: str) -> Life:
        """Whether a kiosk was heard lately; unknown as long as it has had no time to be heard."""
        with self._lock:
            since = self.clock() - SILENT_AFTER
            if self._heard.get(kiosk, since) > since:
                return Life.ALIVE
            return Life.UNKNOWN if kiosk not in self._heard and self._started > since else Life.SILENT
