"""A limit on concurrent password checks, so that false sign-ins do not occupy all threads of the server.

A check takes 64 MiB and both cores of a small machine for some 50 ms, one check at a time. Known devices have
a limit of their own, so that a flood of sign-ins by others delays them by few checks.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STRANGERS_AT_ONCE = 2
"""Most checks, in progress and waiting, for devices that are not known."""
KNOWN_DEVICES_AT_ONCE = 2
"""Most checks, in progress and waiting, for known devices. Both limits together are half of the server's
threads."""


def _semaphore(number: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(number)


@dataclass
class PasswordChecks:
    """The password checks that may still begin, within STRANGERS_AT_ONCE and KNOWN_DEVICES_AT_ONCE.
    Thread-safe."""

    _strangers: threading.BoundedSemaphore = field(default_factory=lambda: _semaphore(STRANGERS_AT_ONCE))
    _known: threading.BoundedSemaphore = field(default_factory=lambda: _semaphore(KNOWN_DEVICES_AT_ONCE))

    @contextmanager
    def reserved(self, *, is_known: bool) -> Iterator[bool]:
        """Reserve a password check for the `with` block, within the limit of known devices if `is_known`.
        Yields whether one was left and is reserved; if not, the caller must not check. Never waits."""
        semaphore = self._known if is_known else self._strangers
        is_reserved = semaphore.acquire(blocking=False)
        try:
            yield is_reserved
        finally:
            if is_reserved:
                semaphore.release()
