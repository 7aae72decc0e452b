"""Connections to PostgreSQL: one server, or the leader of a cluster. They notice a server that fails without
closing them, and a commit that the server acknowledged without its replica."""

import threading
from typing import Any

import peewee
from playhouse import db_url
from playhouse.shortcuts import ReconnectMixin

from kiosk.domain.server_address import Host, split_hosts
from kiosk.storage.leader_watch import LeaderWatch

LOST_NETWORK = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""libpq's parameters by which a connection ends 25 seconds after its network or the server's machine failed.
The last parameter is in milliseconds, the others in seconds. By default, Linux waits 15 minutes while it
sends, and two hours while it waits for an answer."""

OF_A_CLUSTER = {"target_session_attrs": "read-write", "connect_timeout": 3}
"""libpq's parameters for several servers: connect to the one that accepts writes, and pass over a server that
does not answer within 3 seconds."""


class Postgresql(ReconnectMixin, peewee.PostgresqlDatabase):
    """A PostgreSQL database that reconnects after the server restarted, but not within a transaction.
    `commit` fails if the server did not wait for its replica."""

    reconnect_errors: Any = ((peewee.OperationalError, ""), (peewee.InterfaceError, ""))

    def __init__(self, *arguments: Any, **parameters: Any) -> None:
        self._warnings = threading.local()
        super().__init__(*arguments, prefer_psycopg3=True, **parameters)  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        connection.add_notice_handler(self._hear)
        return connection

    def _hear(self, notice: Any) -> None:
        """Remember that the server sent a warning to this thread's running statement."""
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.heard = True

    def commit(self) -> None:
        """Commit the transaction. Raises peewee.OperationalError if it failed, or if the server acknowledged
        it with a warning: the commit may have taken effect, and a failover may undo it.

        PostgreSQL does so if the wait for a synchronous replica is cancelled, by a person or by a
        statement_timeout (SyncRepWaitForLSN in its syncrep.c).
        """
        self._warnings.heard = False
        super().commit()
        if self._warnings.heard:
            raise peewee.OperationalError("PostgreSQL did not wait for a replica with the last commit")


class Cluster(Postgresql):
    """A PostgreSQL cluster under several addresses, whose connections follow its leader (`LeaderWatch`)."""

    def __init__(self, hosts: list[Host], database: str, **parameters: Any) -> None:
        self._watch = LeaderWatch(hosts, self._connect_to)
        super().__init__(database, **parameters)

    def _connect_to(self, hosts: list[Host]) -> Any:
        """Return a new connection of psycopg to the first of these servers that accepts writes. Raises
        psycopg's errors."""
        where = {
            "host": ",".join(host.name for host in hosts),
            "port": ",".join(str(host.port) for host in hosts),
        }
        named = {**self.connect_params, **where}
        return self._adapter.connect(self, autocommit=True, **named)  # type: ignore[attr-defined]

    def _connect(self) -> Any:
        connection = self._watch.connect()
        connection.add_notice_handler(self._hear)
        return connection


def connect_postgresql(url: str) -> peewee.Database:
    """Return peewee's database for postgresql://..., without connecting to it yet. Raises ValueError or
    peewee.ImproperlyConfigured for an address that cannot be used."""
    single, hosts = split_hosts(url)
    named: dict[str, Any] = db_url.parse(single, unquote_password=True, unquote_user=True)  # type: ignore[no-untyped-call]
    if len(hosts) > 1:
        return Cluster(hosts, **{**LOST_NETWORK, **OF_A_CLUSTER, **named})
    return Postgresql(**{**LOST_NETWORK, **named})
