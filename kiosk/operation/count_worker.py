"""The count in the server: at each tick, in its own thread, never in a request."""

import sys
import threading
import traceback
from collections.abc import Callable
from datetime import datetime

from kiosk.domain.clock import Machine
from kiosk.domain.schedule import Ticks, due_tick, next_tick
from kiosk.operation.clock import clock_doubt, clock_fault, remember_boot
from kiosk.operation.system_clock import read_machine
from kiosk.storage import Store

LONGEST_SLEEP_SECONDS = 60.0
"""Longest time between two checks of the clock, so that a changed clock is noticed."""


def count_if_due(store: Store, ticks: Ticks, now: datetime, machine: Machine | None = None) -> bool:
    """Count if a tick has passed since the last count, and store the index of the changes that the results
    pages show first. While the clock, which shows `now` (local, naive), is in doubt, nothing is done;
    otherwise the beginning of this boot is recorded (`remember_boot`), even if no count is due. `machine` has
    the other readings of the machine with this clock: boot, uptime, NTP's time. None reads those of the
    machine that runs this.

    Returns whether this process published a count. Raises KeyUnavailableError if a key is missing or damaged,
    OSError if new keys cannot be written, StoreError if the database may lose a commit, and peewee's errors.
    """
    machine = machine or read_machine()
    if clock_fault(store, now, machine) is not None:
        return False
    remember_boot(store, now, machine)
    tick = due_tick(ticks, store.last_tick, now)
    if tick is None or not store.count(tick):
        return False
    store.store_change_index()
    return True


class Counting(threading.Thread):
    """A thread that counts at each tick until it is stopped. An error is printed, and the count is tried
    again within LONGEST_SLEEP_SECONDS. `clock` returns what the machine's clock shows, local and naive, and
    `machine` its other readings."""

    def __init__(
        self,
        store: Store,
        ticks: Ticks,
        clock: Callable[[], datetime] = datetime.now,
        machine: Callable[[], Machine] = read_machine,
    ) -> None:
        super().__init__(name="count", daemon=True)
        self._store = store
        self._ticks = ticks
        self._clock = clock
        self._machine = machine
        self._is_doubt_reported = False
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception as error:
                # The thread must survive any error: without it, no round is counted or closed.
                origin = traceback.extract_tb(error.__traceback__)[-1]
                print(
                    f"the count failed and will be tried again: {type(error).__name__}: {error} "
                    f"at {origin.filename}:{origin.lineno}",
                    file=sys.stderr,
                )
            now = self._clock()
            wait = (next_tick(self._ticks, now) - now).total_seconds()
            self._stopping.wait(min(max(wait, 0.05), LONGEST_SLEEP_SECONDS))

    def look(self) -> None:
        """Count if a count is due. When the clock comes into doubt, print that once. Raises the errors of
        `count_if_due`, which `run` prints."""
        now, machine = self._clock(), self._machine()
        count_if_due(self._store, self._ticks, now, machine)
        doubt = clock_doubt(self._store, now, machine)
        if doubt and not self._is_doubt_reported:
            print(doubt, file=sys.stderr)
        self._is_doubt_reported = doubt is not None

    def stop(self) -> None:
        """End the thread, which must have been started, and wait until a count that has begun is finished."""
        self._stopping.set()
        self.join()
