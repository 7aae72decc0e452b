"""Live pages: results that a browser shows and refreshes without a person's action.

Half an hour after a person's last request, a session has access to nothing but the figures of its live page.
That access lasts as long as the page is shown, and ends with the session's ten hours. A request for another
page leads to the sign-in, and does not end that access. The times are in memory: after a restart of the
program a person signs in again.
"""

import threading
from datetime import datetime, timedelta

LONGEST_SILENCE = timedelta(minutes=5)
"""Longest time from its last request in which a page counts as shown. An open one asks at least once a
minute."""

LIVE_ENDPOINTS = frozenset({"results_json", "files.chart"})
"""Endpoints that the script of a live page requests. Pages that refresh themselves also request those in
RENEWED, with a header (`session.AUTO_REFRESH_HEADER`)."""

RENEWED = frozenset(
    {"results.start_page", "results.overview", "results.results_of", "results.statement_in_full"}
)
"""Endpoints of the pages that refresh themselves: their script requests them again after a count."""

Session = tuple[str, str]
"""(name of an account, time of its sign-in as ISO 8601), from the session's cookie."""


class LivePages:
    """The time at which the live page of each session last asked for new figures. Thread-safe."""

    def __init__(self) -> None:
        self._asked: dict[Session, datetime] = {}
        self._lock = threading.Lock()

    def record(self, session: Session, now: datetime) -> None:
        """Record that the live page of a session asked for new figures; forget the pages that are no longer
        shown."""
        with self._lock:
            self._asked = {other: at for other, at in self._asked.items() if _is_shown(at, now)}
            self._asked[session] = now

    def is_shown(self, session: Session, now: datetime) -> bool:
        """Return whether the live page of a session asked for figures within the last LONGEST_SILENCE."""
        with self._lock:
            at = self._asked.get(session)
        return at is not None and _is_shown(at, now)


def _is_shown(at: datetime, now: datetime) -> bool:
    return timedelta() <= now - at <= LONGEST_SILENCE
