"""Which server of a PostgreSQL cluster leads, for the connections of one process.

A leader that fails and closes its connections needs no watch: the next statement connects anew. Others keep
statements waiting for ever: a machine that hangs, and a former leader whose supervisor died, which still
accepts writes, while its commits wait for replicas that follow another. So, when a statement has taken
PATIENCE seconds, the other servers are asked. If one of them leads on a newer timeline, all connections to
other servers end: their statements raise the driver's errors, and the next ones connect to the new leader.

A timeline is PostgreSQL's number of promotions. A former leader has an older one, so that it is never taken
for the new leader: https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
"""

import os
import socket
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kiosk.domain.server_address import Host

PATIENCE = 5.0
"""Seconds that a statement takes before the other servers are asked."""

INTERVAL = 1.0
"""Seconds between two looks at the connections."""

TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
"""SQL for a leader's timeline, as eight hexadecimal digits, whose order as texts is that of the numbers."""


@dataclass(eq=False)
class _Watched:
    """A connection in use. `socket` duplicates its file descriptor: the number of the original may be another
    file's once the connection has closed. `busy_since` is the time of `time.monotonic` at which a statement
    was first seen to run, None between two statements. `timeline` is that of its server (`timeline_of`), ""
    until it has been read."""

    connection: weakref.ref[Any]
    host: Host
    socket: socket.socket
    timeline: str = ""
    busy_since: float | None = None

    def look(self, now: float) -> bool:
        """Record whether a statement runs at `now`, a time of `time.monotonic`. Returns False if the
        connection is closed."""
        connection = self.connection()
        if connection is None or connection.closed:
            return False
        is_active = connection.pgconn.transaction_status == _ACTIVE
        self.busy_since = (self.busy_since or now) if is_active else None
        return True

    def end(self) -> None:
        """End the connection: a statement that waits on it, or the next one, raises the driver's error."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


_ACTIVE = 1
"""libpq's PQTRANS_ACTIVE: the server has been sent a command, and has not answered."""


class LeaderWatch:
    """Opens connections to the leader among `hosts`, and watches them in a thread. `connect_to` returns a
    connection to the first of the given servers that accepts writes, or raises the driver's errors."""

    def __init__(self, hosts: Sequence[Host], connect_to: Callable[[list[Host]], Any]) -> None:
        self._hosts = list(hosts)
        self._connect_to = connect_to
        self._watched: list[_Watched] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def connect(self) -> Any:
        """Return a new connection of psycopg to the leader. Raises the driver's errors."""
        connection = self._connect_to(self._hosts)
        host = Host(connection.info.host, connection.info.port)
        own_socket = socket.socket(fileno=os.dup(connection.fileno()))
        watched = _Watched(weakref.ref(connection), host, own_socket)
        with self._lock:
            self._watched.append(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="leader-watch", daemon=True)
                self._thread.start()
        watched.timeline = timeline_of(connection)
        return connection

    def _run(self) -> None:
        """Look at the connections every INTERVAL seconds until none is open."""
        while True:
            time.sleep(INTERVAL)
            with self._lock:
                self._forget_closed()
                if not self._watched:
                    self._thread = None
                    return
                late = [watched for watched in self._watched if _is_late(watched)]
            for watched in late[:1]:
                self._follow_leader(watched)

    def _forget_closed(self) -> None:
        now = time.monotonic()
        still_open = [watched for watched in self._watched if watched.look(now)]
        for watched in self._watched:
            if watched not in still_open:
                watched.socket.close()
        self._watched = still_open

    def _follow_leader(self, late: _Watched) -> None:
        """Ask the other servers for a leader on a newer timeline than that of a late statement's server. If
        there is one, end all connections to other servers than it. Otherwise wait PATIENCE again for the
        statement."""
        leader = self._newest_leader([host for host in self._hosts if host != late.host], late.timeline)
        late.busy_since = time.monotonic()
        if leader is None:
            return
        # Nothing is printed: a journal would add the time, which is that of a guest's ballot.
        self._hosts = [leader, *(host for host in self._hosts if host != leader)]
        with self._lock:
            for watched in self._watched:
                if watched.host != leader:
                    watched.end()

    def _newest_leader(self, hosts: Sequence[Host], timeline: str) -> Host | None:
        """Return the server of `hosts` that accepts writes on the newest timeline after `timeline`; None if
        there is none."""
        newest, newest_timeline = None, timeline
        for host in hosts:
            # Any error: of the driver, which this module does not import, or of the network.
            with suppress(Exception):
                connection = self._connect_to([host])
                try:
                    its_timeline = timeline_of(connection)
                finally:
                    connection.close()
                if its_timeline > newest_timeline:
                    newest, newest_timeline = host, its_timeline
        return newest


def _is_late(watched: _Watched) -> bool:
    return watched.busy_since is not None and time.monotonic() - watched.busy_since >= PATIENCE


def timeline_of(connection: Any) -> str:
    """Return the timeline of a leader as eight hexadecimal digits (`TIMELINE`). Raises the driver's
    errors."""
    return str(connection.execute(TIMELINE).fetchone()[0])
