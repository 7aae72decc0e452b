"""Live pages: results that a browser shows and renews by itself, also while nobody touches it.

Half an hour after a person's last request the session is over for everything but these pages' own requests,
which go on reading figures while the page is shown, until the session's ten hours are over. They are held in
memory: after a restart of the program one signs in again.
"""

import threading
from datetime import datetime, timedelta

LONGEST_SILENCE = timedelta(minutes=5)
"""A page that did not ask for so long is not shown any more: it asks at least once a minute."""

LIVE_ENDPOINTS = frozenset({"results_json", "files.chart"})
"""What a live page asks for; the pages in RENEWED too, with the header of pages that renew themselves."""

RENEWED = frozenset(
    {"results.results", "results.overview", "results.results_of", "results.statement_in_full"}
)

Session = tuple[str, str]
"""The name of an account, and the time of its sign-in."""


class LivePages:
    """When the live page of each session last asked for new figures."""

    def __init__(self) -> None:
        self._asked: dict[Session, datetime] = {}
        self._lock = threading.Lock()

    def record(self, session: Session, now: datetime) -> None:
        """Record that the live page of a session asked for new figures."""
        with self._lock:
            self._asked = {other: at for other, at in self._asked.items() if _is_shown(at, now)}
            self._asked[session] = now

    def is_shown(self, session: Session, now: datetime) -> bool:
        """Return whether the live page of a session asked in the last LONGEST_SILENCE."""
        with self._lock:
            at = self._asked.get(session)
        return at is not None and _is_shown(at, now)


def _is_shown(at: datetime, now: datetime) -> bool:
    return timedelta() <= now - at <= LONGEST_SILENCE
