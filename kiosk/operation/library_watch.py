"""Shows guests and staff what another process has saved: the desk of another `kiosk serve`, a command, or a
person with an editor."""

import sys
import threading
import traceback
from collections.abc import Callable

SECONDS_BETWEEN_LOOKS = 2.0
"""Time between two calls of `reread_if_changed`."""


class LibraryWatch(threading.Thread):
    """A thread that calls `reread_if_changed`, which reads own files again if they changed, until it is
    stopped. An error is printed once until a call succeeds."""

    def __init__(self, reread_if_changed: Callable[[], None]) -> None:
        super().__init__(name="library", daemon=True)
        self._reread_if_changed = reread_if_changed
        self._stopping = threading.Event()
        self._reported = ""

    def run(self) -> None:
        while not self._stopping.wait(SECONDS_BETWEEN_LOOKS):
            try:
                self._reread_if_changed()
            except Exception as error:
                # The thread must survive any error: the files may be on a disk that comes back.
                place = traceback.extract_tb(error.__traceback__)[-1]
                self._report_once(f"{type(error).__name__} at {place.filename}:{place.lineno}")
            else:
                self._reported = ""

    def _report_once(self, problem: str) -> None:
        if problem != self._reported:
            print(f"the own files could not be read again: {problem}", file=sys.stderr)
        self._reported = problem

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stopping.set()
