"""A limit on concurrent password checks, so that false sign-ins do not occupy all threads of the server.

A check takes 64 MiB and both cores of a small machine for some 50 ms, one check at a time. Known devices have
a limit of their own, so that a flood of sign-ins by others delays them by few checks. Among the others, each
source has a limit, so that one client does not take every check.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STRANGERS_AT_ONCE = 2
"""Most checks, in progress and waiting, for devices that are not known."""
SOURCE_AT_ONCE = 1
"""Most checks, in progress and waiting, for the devices of one source that are not known. It is below
STRANGERS_AT_ONCE."""
KNOWN_DEVICES_AT_ONCE = 2
"""Most checks, in progress and waiting, for known devices. Together with STRANGERS_AT_ONCE it is half of the
server's threads."""


@dataclass
class PasswordChecks:
    """The password checks that may still begin, within STRANGERS_AT_ONCE, SOURCE_AT_ONCE and
    KNOWN_DEVICES_AT_ONCE. Thread-safe. Has the sources of checks in progress in memory, no others."""

    _known: int = 0
    _of_source: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def reserved(self, source: str, *, is_known: bool) -> Iterator[bool]:
        """Reserve a password check for the `with` block, within the limit of known devices if `is_known`,
        else within those of strangers and of their source. `source` is an address or network, as
        `kiosk.domain.client_source.source_of` returns it.

        Yields whether one was left and is reserved; if not, the caller must not check. Never waits.
        """
        is_reserved = self._reserve(source, is_known=is_known)
        try:
            yield is_reserved
        finally:
            if is_reserved:
                self._release(source, is_known=is_known)

    def _reserve(self, source: str, *, is_known: bool) -> bool:
        """Reserve a check if one is left, and return whether it is reserved."""
        with self._lock:
            if is_known:
                has_place = self._known < KNOWN_DEVICES_AT_ONCE
                self._known += has_place
                return has_place
            of_source = self._of_source[source]
            has_place = of_source < SOURCE_AT_ONCE and self._of_source.total() < STRANGERS_AT_ONCE
            self._set_running(source, of_source + has_place)
            return has_place

    def _release(self, source: str, *, is_known: bool) -> None:
        with self._lock:
            if is_known:
                self._known -= 1
            else:
                self._set_running(source, self._of_source[source] - 1)

    def _set_running(self, source: str, number: int) -> None:
        """Set the number of a source's checks in progress. A source without any is forgotten."""
        self._of_source[source] = number
        if number == 0:
            del self._of_source[source]
