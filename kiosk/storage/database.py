"""The store's database, SQLite or PostgreSQL: connections, transactions, queries and the schema's version."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import peewee

from kiosk.storage import disks, migrations
from kiosk.storage.locks import ADVISORY_KEY, Lock
from kiosk.storage.postgresql import Cluster, connect_postgresql
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.schema_check import differences
from kiosk.storage.sqlite_paths import sqlite_file
from kiosk.storage.tables import Installation, without_nul

Row = tuple[Any, ...]
"""A row of the database: its values in the order of the SELECT."""

BUSY_TIMEOUT = 60_000
"""Milliseconds that one process waits for the write of another one before it tries again, at most
`locks.TRIES` times.

A count of 500 units took 80 seconds on two overloaded cores. SQLite does not queue waiting writers in order,
so a guest may also have to wait for a start and a second count.
"""

SAFE_SETTINGS = ("fsync", "full_page_writes")
"""PostgreSQL settings that must be on; otherwise a power cut loses acknowledged writes."""

COMMIT_SAFETY = (
    "SELECT (SELECT count(*) FROM pg_stat_get_wal_senders()), current_setting('synchronous_standby_names'), "
    "current_setting('fsync'), current_setting('full_page_writes')"
)
"""SQL for the number of connected replicas, the names of those that commits wait for, and SAFE_SETTINGS."""

_REPLICAS = (
    "SELECT (SELECT count(*) FROM pg_stat_get_wal_senders()), current_setting('synchronous_standby_names')"
)

KEEP_COMMIT = (
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)
"""SQL that makes this transaction's commit wait for the disk and for synchronous replicas, whatever the
server's setting is.

It runs within each transaction, because a connection pool may run the next one in another session.
"""

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    # Not NORMAL: if a power cut lost a commit, a row whose key is destroyed would return.
    "synchronous": "full",
    "secure_delete": "on",
    "foreign_keys": "on",
    "busy_timeout": BUSY_TIMEOUT,
}


PEEWEE_ERRORS: Any = peewee.__exception_wrapper__  # type: ignore[attr-defined]
"""Converts a driver's errors to peewee's, which peewee does for statements but not for fetched rows."""


ROLLED_BACK = "no transaction is active"
"""SQLite's error for a ROLLBACK when SQLite has already rolled the transaction back, as after a full disk."""


@contextmanager
def _first_fault() -> Iterator[None]:
    """Raise the error that ended the transaction, such as a full disk, if the `with` block raises ROLLED_BACK
    in its place. Other errors go through."""
    try:
        yield
    except peewee.OperationalError as error:
        first: BaseException | None = error
        while first is not None and ROLLED_BACK in str(first):
            first = first.__context__
        if isinstance(first, peewee.PeeweeException) and first is not error:
            raise first from None
        raise


_GET = PreparedQuery(Installation.select(Installation.value).where(Installation.key == ""))

_SET = PreparedQuery(
    Installation.insert(key="", value="").on_conflict(
        conflict_target=[Installation.key], preserve=[Installation.value]
    )
)


class QueueLock:
    """A lock, used by `with`, that threads get in the order in which they asked for it. Not reentrant.

    `threading.Lock` goes to whichever thread runs first: one that releases it and asks again, such as a
    count between two steps, would keep guests waiting.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_held = False
        self._queue: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if not self._is_held:
                self._is_held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        try:
            turn.acquire()
        except BaseException:
            self._give_up(turn)
            raise

    def _give_up(self, turn: threading.Lock) -> None:
        """Leave the queue after an interrupted wait; pass the lock on if it was given in the meantime."""
        with self._lock:
            if turn in self._queue:
                self._queue.remove(turn)
                return
        self.__exit__()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._is_held = False


@dataclass(frozen=True)
class Replicas:
    """The replicas of a PostgreSQL server. `connected` is their number; a running pg_basebackup counts as
    one. `waited_for` is synchronous_standby_names: "" if no commit waits for a replica. `is_cluster` says
    that the database's address names several servers."""

    connected: int
    waited_for: str
    is_cluster: bool


class StoreError(Exception):
    """A fault in the installation's data, or a request that its data do not allow. A person must fix it; the
    message, in English, gives the remedy."""


_PG_SETTINGS = peewee.Table("pg_settings")

OVERRIDING = ("command line", "global", "database", "user", "database user", "client")
"""Sources of a setting (pg_settings.source) that come before the server's configuration files. The source
"session" is left out: it is of settings that this program changes for its own connection."""
_PG_SLOTS = peewee.Table("pg_replication_slots")


def _connect(url: str, *, durable: bool) -> peewee.Database:
    """Return peewee's database for KIOSK_DATABASE_URL, without connecting to it yet. Unless `durable`, SQLite
    does not wait for the disk. Raises StoreError."""
    if file := sqlite_file(url):
        pragmas = SQLITE_PRAGMAS if durable else {**SQLITE_PRAGMAS, "synchronous": "off"}
        return peewee.SqliteDatabase(str(file), pragmas=pragmas, lock_type="IMMEDIATE")
    try:
        return connect_postgresql(url)
    except (ValueError, peewee.ImproperlyConfigured) as error:
        raise StoreError(f"KIOSK_DATABASE_URL: cannot be used ({error})") from error


class Database:
    """Connections to sqlite:///FILE or postgresql://..., one per thread, kept open. Any other URL counts as
    PostgreSQL's: the settings have checked it. Raises StoreError for one that cannot be parsed. A thread
    connects at its first query; each query may raise peewee's errors.

    `durable=False` is not safe in a power cut; it is for simulations only.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._peewee = _connect(url, durable=durable)
        self._durable = durable
        self._writer = QueueLock()
        self._is_sqlite = isinstance(self._peewee, peewee.SqliteDatabase)
        self._get = self.prepared_row(_GET)
        self._set = self.prepared_write(_SET)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold this process's write lock in the `with` block, for one transaction and the work after its
        commit. Only `transaction` keeps other processes out. A thread that holds the lock and asks for it
        again waits for ever.

        Threads get it in the order in which they asked. SQLite's busy handler does not queue in order, so
        that without this lock a thread could wait for seconds.
        """
        with self._writer:
            yield

    @contextmanager
    def transaction(self, lock: Lock = Lock.ALONE) -> Iterator[None]:
        """Run the `with` block as one transaction, which holds `lock` on the installation. Any error rolls it
        back. Its commit waits for the disk. The caller holds `writing`, unless no other thread writes."""
        with _first_fault(), self._peewee.atomic():
            if self._durable and not self._is_sqlite:
                self._sql(KEEP_COMMIT)
            self._lock_installation(lock)
            yield

    @contextmanager
    def look(self) -> Iterator[None]:
        """Run the `with` block, which locks rows and changes none, as one transaction, which holds
        `Lock.ALONE` on the installation.

        The transaction is rolled back at its end: PostgreSQL logs row locks, so that a commit would wait for
        a replica, and for ever while none is connected.
        """
        with self._peewee.atomic() as transaction:
            self._lock_installation(Lock.ALONE)
            yield
            transaction.rollback()

    @contextmanager
    def part(self) -> Iterator[None]:
        """Run the `with` block as a part of this thread's transaction (a savepoint). An error undoes this
        part alone, and is raised."""
        with self._peewee.savepoint():
            yield

    def _lock_installation(self, lock: Lock) -> None:
        """Take PostgreSQL's lock on the installation until the transaction ends. Does nothing for SQLite,
        which locks its file at BEGIN."""
        if not self._is_sqlite:
            suffix = "_shared" if lock is Lock.SHARED else ""
            self._sql(f"SELECT pg_advisory_xact_lock{suffix}({ADVISORY_KEY})")

    def clear_log(self) -> None:
        """Empty SQLite's write-ahead log, which would reveal the units and the order in which ballots
        arrived. Does nothing for PostgreSQL.

        If a reader blocks it for 50 ms, the log stays until the next call, so that no guest has to wait.
        """
        if self._is_sqlite:
            self._sql("PRAGMA busy_timeout = 50")
            try:
                self._sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")

    def run(self, query: peewee.BaseQuery) -> None:
        """Execute an INSERT, UPDATE or DELETE. Outside a transaction it is committed at once."""
        query.execute(self._peewee)

    def row(self, query: peewee.BaseQuery) -> Row | None:
        """Return the first row of a SELECT; None if there is none."""
        with PEEWEE_ERRORS:
            return cast(Row | None, next(iter(query.tuples().execute(self._peewee)), None))

    def rows(self, query: peewee.BaseQuery) -> list[Row]:
        """Return all rows of a SELECT."""
        with PEEWEE_ERRORS:
            return list(query.tuples().execute(self._peewee))

    def prepared_write(self, statement: PreparedQuery) -> Callable[..., None]:
        """Return a function that executes an INSERT or UPDATE. Its arguments are the statement's values."""

        def write(*values: Any) -> None:
            self._execute(statement, values)

        return write

    def prepared_row(self, statement: PreparedQuery) -> Callable[..., Row | None]:
        """Return a function that executes a SELECT and returns its first row; None if there is none. Its
        arguments are the statement's values."""

        def row(*values: Any) -> Row | None:
            cursor = self._execute(statement, values)
            with PEEWEE_ERRORS:
                return cast(Row | None, cursor.fetchone())

        return row

    def prepared_rows(self, statement: PreparedQuery) -> Callable[..., list[Row]]:
        """Return a function that executes a SELECT and returns all its rows. Its arguments are the
        statement's values."""

        def rows(*values: Any) -> list[Row]:
            cursor = self._execute(statement, values)
            with PEEWEE_ERRORS:
                return cast(list[Row], cursor.fetchall())

        return rows

    def _execute(self, statement: PreparedQuery, values: tuple[Any, ...]) -> Any:
        return self._sql(statement.sql(self._peewee), tuple(map(without_nul, values)))

    def _sql(self, sql: str, values: tuple[object, ...] = ()) -> Any:
        return self._peewee.execute_sql(sql, values)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close this thread's connection; those of other threads stay open. The next query opens a new
        one."""
        self._peewee.close()

    # -- tables ----------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """The number of the last migration that ran here; 0 if there is no table `installation`."""
        return int(self.get("schema") or 0) if self._peewee.table_exists("installation") else 0

    def migrate(self, up_to: int | None = None) -> None:
        """Create or upgrade the tables, up to schema number `up_to`, or to the newest if None. Migrations
        that ran before are left out. The caller holds a transaction.

        Raises StoreError if `up_to` is None and the tables differ from the models afterwards.
        """
        done = self.version
        for number, step in list(enumerate(migrations.STEPS, start=1))[done:up_to]:
            step(self._peewee)
            self.set("schema", str(number))
        if up_to is None and (faults := differences(self._peewee)):
            raise StoreError(f"the tables are not those of this program: {'; '.join(faults)}")

    def check_version(self) -> None:
        """Raise StoreError, which names the remedy, unless the tables are there and of this program's
        schema."""
        self.check_upgradable()
        if self.version < migrations.newest_schema():
            raise StoreError("the tables are of an older version; stop kiosk serve and run: kiosk upgrade")

    def check_upgradable(self) -> None:
        """Raise StoreError if there are no tables, or if they are of a newer schema than this program's."""
        if self.version == 0:
            raise StoreError("there is no installation here yet; run: kiosk init")
        if self.version > migrations.newest_schema():
            raise StoreError("the tables are of a newer version of this program; upgrade the program")

    def schema(self) -> dict[str, tuple[str, ...]]:
        """Return table -> its columns in order, for every table in the database, sorted by name."""
        return {
            table: tuple(column.name for column in self._peewee.get_columns(table))
            for table in sorted(self._peewee.get_tables())
        }

    def server_settings(self) -> dict[str, str]:
        """Return name -> value of the PostgreSQL settings that this role may read, for this connection; empty
        for SQLite.

        Values are in each setting's base unit: -1, not -1ms (pg_settings.setting).
        """
        return (
            {}
            if self._is_sqlite
            else dict(self.rows(_PG_SETTINGS.select(_PG_SETTINGS.c.name, _PG_SETTINGS.c.setting)))
        )

    def overridden_settings(self) -> frozenset[str]:
        """Return the names of PostgreSQL settings that this role, this database, the connection's address or
        the server's command line sets (OVERRIDING), which come before its configuration files; empty for
        SQLite."""
        if self._is_sqlite:
            return frozenset()
        columns = _PG_SETTINGS.c
        rows = self.rows(_PG_SETTINGS.select(columns.name).where(columns.source.in_(OVERRIDING)))
        return frozenset(name for (name,) in rows)

    def replication_slots(self) -> list[str]:
        """Return the sorted names of PostgreSQL's replication slots, used or not, which keep the write-ahead
        log; empty for SQLite."""
        if self._is_sqlite:
            return []
        slot_name = _PG_SLOTS.c.slot_name
        return [row[0] for row in self.rows(_PG_SLOTS.select(slot_name).order_by(slot_name))]

    def replicas(self) -> Replicas | None:
        """Return the replicas of the PostgreSQL server; None for SQLite."""
        if self._is_sqlite:
            return None
        with PEEWEE_ERRORS:
            connected, waited_for = self._sql(_REPLICAS).fetchone()
        return Replicas(connected, waited_for, isinstance(self._peewee, Cluster))

    def faults(self) -> list[str]:
        """Return at most three faults of SQLite's file, in SQLite's words; empty if there are none, and for
        PostgreSQL, which checks its own files. Raises peewee's errors for a file that SQLite cannot read."""
        if not self._is_sqlite:
            return []
        with PEEWEE_ERRORS:
            return [row[0] for row in self._sql("PRAGMA quick_check(3)").fetchall() if row[0] != "ok"]

    def is_full(self) -> bool:
        """Return whether the disk of SQLite's file has less than `disks.LEAST_FREE_BYTES` free, or no inode;
        False for a database server, whose disk is not this machine's. Raises OSError if the file's folder is
        missing, or a folder above it cannot be entered."""
        return self._is_sqlite and disks.is_full(Path(self._peewee.database).parent)

    def check_writable(self) -> None:
        """Write a row and roll it back. Raises peewee's errors if the database cannot be written. The caller
        holds the write lock (`writing`)."""
        with self._peewee.atomic() as transaction:
            self.set("writable", "yes")
            transaction.rollback()

    def commit_risks(self) -> list[str]:
        """Return the reasons why the server may lose a commit that it has acknowledged, each an English
        clause with its remedy. Empty if there are none, for SQLite, and if not `durable`.

        https://www.postgresql.org/docs/current/runtime-config-wal.html
        """
        if self._is_sqlite or not self._durable:
            return []
        with PEEWEE_ERRORS:
            senders, waited_for, *settings = self._sql(COMMIT_SAFETY).fetchone()
        risks = [
            f"PostgreSQL's {name} is off: a power cut loses answers; set it to on"
            for name, value in zip(SAFE_SETTINGS, settings, strict=True)
            if value != "on"
        ]
        if senders and not waited_for:
            risks.append(
                "a replica of PostgreSQL is connected (or a pg_basebackup runs) and no commit waits for it: "
                "if it took over, answers would be lost; set synchronous_standby_names, such as 'ANY 1 (*)', "
                "or disconnect it"
            )
        return risks

    def check_keeps_commits(self) -> None:
        """Raise StoreError if the server may lose an acknowledged commit. Call it before every write: a
        replica may connect, and a setting change, while the program runs."""
        if risks := self.commit_risks():
            raise StoreError(f"KIOSK_DATABASE_URL: {'; '.join(risks)}")

    # -- key-value rows of the installation ------------------------------------------------------

    def get(self, key: str) -> str | None:
        """Return the installation's value with this key; None if there is none."""
        row = self._get(key)
        return row[0] if row else None

    def set(self, key: str, value: str) -> None:
        """Store a value of the installation, replacing the previous one. The caller holds a transaction."""
        self._set(key, value)
