"""The count beside the server: at each tick, in a thread of its own and never in a request."""

import sys
import threading
import traceback
from datetime import datetime

from kiosk.domain.schedule import Ticks, due_tick, next_tick
from kiosk.storage import Store

LONGEST_WAIT = 60.0
"""Seconds between two looks at the clock, so that a changed or jumping clock is noticed."""


def count_if_due(store: Store, ticks: Ticks, now: datetime) -> bool:
    """Count if a tick has passed since the last count; whether a count was made."""
    tick = due_tick(ticks, store.last_tick, now)
    return tick is not None and store.count(tick)


class Counting(threading.Thread):
    """Counts at each tick until stopped."""

    def __init__(self, store: Store, ticks: Ticks) -> None:
        super().__init__(name="count", daemon=True)
        self._store = store
        self._ticks = ticks
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                count_if_due(self._store, self._ticks, datetime.now())
            except Exception as error:
                # Whatever it was, the thread must live: without it, no round would be counted or close.
                place = traceback.extract_tb(error.__traceback__)[-1]
                print(
                    f"the count failed and will be tried again: {type(error).__name__}: {error} "
                    f"at {place.filename}:{place.lineno}",
                    file=sys.stderr,
                )
            now = datetime.now()
            wait = (next_tick(self._ticks, now) - now).total_seconds()
            self._stopping.wait(min(max(wait, 0.05), LONGEST_WAIT))

    def stop(self) -> None:
        self._stopping.set()
        self.join()
