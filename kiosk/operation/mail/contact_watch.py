"""Notes between which counts each kiosk was in contact, from the signs of life that the server has in memory.

The count, which may be made by another process, reads these notes and queues mail about silent kiosks.
"""

import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime

import peewee

from kiosk.domain.mail import LEAST_LISTENING
from kiosk.storage import SERVER, Devices, Store

SECONDS_BETWEEN_LOOKS = 60.0
"""Time between two calls of `ContactWatch.look`."""


class ContactWatch(threading.Thread):
    """A thread that stores which kiosks were in contact (`KioskContacts.note`), once for each kiosk after
    each count, until it is stopped. Errors of the database are printed. `clock` returns seconds and must be
    monotonic."""

    def __init__(self, store: Store, devices: Devices, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name="contact", daemon=True)
        self._store = store
        self._devices = devices
        self._clock = clock
        self._stopping = threading.Event()
        self._noted: set[str] = set()
        self._after: datetime | None = None
        self._began = clock()

    def run(self) -> None:
        while not self._stopping.wait(SECONDS_BETWEEN_LOOKS):
            try:
                self.look()
            except peewee.PeeweeException as error:
                print(f"the contact with kiosks could not be noted: {type(error).__name__}", file=sys.stderr)

    def look(self) -> None:
        """Note the kiosks that were in contact since the last look and were not noted since the last count.
        Also note, under the code SERVER, that the server itself ran, once this thread has run for
        LEAST_LISTENING since that count. Before the first count, nothing is noted."""
        after = self._store.last_tick
        if after is None:
            return
        if after != self._after:
            self._after, self._noted, self._began = after, set(), self._clock()
        heard = self._devices.take_signs_of_life()
        if self._clock() - self._began >= LEAST_LISTENING.total_seconds():
            heard |= {SERVER}
        if new := heard - self._noted:
            self._store.kiosk_contacts.note(sorted(new), after)
            self._noted |= new

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stopping.set()
