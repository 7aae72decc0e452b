"""Kiosks as devices: pairing codes, and signs of life that show whether a kiosk still works.

All data are in memory only. Nothing on disk shows when a device was last heard, and a code is valid for
minutes. A device sends its signs of life at fixed times of the clock, so they reveal nothing about guests.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

DIGITS = 12
"""Enough that nobody needs to be locked out: at 1,000 guesses a second, one of ten valid codes is guessed in
their lifetime with a probability of 1 in 100,000."""

LIFETIME = 15 * 60
"""Seconds for which a pairing code is valid, enough to walk from the desk to the screen."""

SILENT_AFTER = 16 * 60
"""Seconds: three missed signs of life, and a minute for a slow network."""


class DeviceStatus(StrEnum):
    """The only state of a kiosk that is shown. A time is never shown, because it could be that of a guest."""

    ALIVE = "alive"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Pairing:
    """What a pairing code allows: one screen becomes a kiosk of the unit.

    `made_by` is the name of an account. While a round runs at the unit, only a code with `valid_during_round`
    is valid.
    """

    unit_id: str
    made_by: str
    valid_during_round: bool


@dataclass
class Devices:
    """Unused pairing codes, and the time of each kiosk's last sign of life. Thread-safe.

    `clock` returns seconds and must be monotonic.
    """

    clock: Callable[[], float] = time.monotonic
    _codes: dict[str, tuple[Pairing, float]] = field(default_factory=dict)
    _heard: dict[str, float] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def new_code(self, pairing: Pairing) -> str:
        """Return a new single-use code of DIGITS digits, which pairs one device as `pairing` says, within
        LIFETIME seconds."""
        with self._lock:
            self._forget()
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            self._codes[code] = (pairing, self.clock() + LIFETIME)
            return code

    def waiting(self, unit_id: str) -> int:
        """Return the number of a unit's codes that are valid and unused."""
        with self._lock:
            self._forget()
            return sum(pairing.unit_id == unit_id for pairing, _ in self._codes.values())

    def redeem(self, code: str) -> Pairing | None:
        """Return the pairing of a code and delete the code; None if the code is wrong, used or expired."""
        with self._lock:
            self._forget()
            pairing, _ = self._codes.pop(code, (None, 0.0))
            return pairing

    def _forget(self) -> None:
        now = self.clock()
        self._codes = {code: entry for code, entry in self._codes.items() if entry[1] > now}

    def record_sign_of_life(self, code: str) -> None:
        """Record that a kiosk sent a sign of life now."""
        with self._lock:
            self._heard[code] = self.clock()

    def came_late(self, code: str) -> None:
        """Record that a ballot queued on a kiosk arrived after its round had closed."""
        with self._lock:
            self._late.add(code)

    def was_late(self, code: str) -> bool:
        """Return whether `came_late` was called for a kiosk since the program started.

        It is no number, because a growing number would reveal when the ballots arrived.
        """
        with self._lock:
            return code in self._late

    def status(self, code: str) -> DeviceStatus:
        """Return ALIVE if a kiosk sent a sign of life in the last SILENT_AFTER seconds. A kiosk that sent
        none yet is UNKNOWN until the program has run for so long."""
        with self._lock:
            since = self.clock() - SILENT_AFTER
            if self._heard.get(code, since) > since:
                return DeviceStatus.ALIVE
            return (
                DeviceStatus.UNKNOWN
                if code not in self._heard and self._started > since
                else DeviceStatus.SILENT
            )
