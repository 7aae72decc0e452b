"""Kiosks as devices: the signs of life (heartbeats) that show whether a kiosk works.

All data are in memory only. On disk there is only after which count a kiosk was in contact
(`mail.KioskContacts`), not when. A device sends signs of life at fixed times of the clock, so they reveal
nothing about guests.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

SILENT_AFTER = 16 * 60
"""Seconds without a sign of life after which a kiosk is silent: three missed ones, at one in five minutes,
and a minute for a slow network."""


class DeviceStatus(StrEnum):
    """A kiosk's status as staff see it: a sign of life came in the last SILENT_AFTER seconds (ALIVE), none
    came (SILENT), or it is too early to tell (UNKNOWN). The time of its last sign of life is never shown,
    because a guest may have been there."""

    ALIVE = "alive"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass
class Devices:
    """The time of each kiosk's last sign of life, and which kiosks sent ballots too late, since this process
    started. Thread-safe.

    `clock` returns seconds and must be monotonic. A `link_code` is that of a kiosk's link.
    """

    clock: Callable[[], float] = time.monotonic
    _heard: dict[str, float] = field(default_factory=dict)
    _new: set[str] = field(default_factory=set)
    _late: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def record_sign_of_life(self, link_code: str) -> None:
        """Record that a kiosk sent a sign of life now."""
        with self._lock:
            self._heard[link_code] = self.clock()
            self._new.add(link_code)

    def take_signs_of_life(self) -> frozenset[str]:
        """Return the link codes of the kiosks that sent a sign of life since the last call of this method.
        `status` does not depend on it."""
        with self._lock:
            heard, self._new = frozenset(self._new), set()
            return heard

    def record_late_ballot(self, link_code: str) -> None:
        """Record that a ballot queued on a kiosk arrived after its round had closed."""
        with self._lock:
            self._late.add(link_code)

    def was_late(self, link_code: str) -> bool:
        """Return whether `record_late_ballot` was called for a kiosk since the program started.

        Not a number, because a growing number would reveal when the ballots arrived.
        """
        with self._lock:
            return link_code in self._late

    def status(self, link_code: str) -> DeviceStatus:
        """Return ALIVE if a kiosk sent a sign of life in the last SILENT_AFTER seconds, otherwise SILENT;
        UNKNOWN if it sent none yet and the program has not run for SILENT_AFTER seconds."""
        with self._lock:
            since = self.clock() - SILENT_AFTER
            if self._heard.get(link_code, since) > since:
                return DeviceStatus.ALIVE
            return (
                DeviceStatus.UNKNOWN
                if link_code not in self._heard and self._started > since
                else DeviceStatus.SILENT
            )
