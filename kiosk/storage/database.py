"""The database below the store, SQLite or PostgreSQL: its tables' version, and one writer at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import peewee
from playhouse import db_url
from playhouse.shortcuts import ReconnectMixin

from kiosk.storage import migrations
from kiosk.storage.locks import ADVISORY_KEY, Lock
from kiosk.storage.schema_check import differences
from kiosk.storage.tables import Installation, Table, without_nul

Row = tuple[Any, ...]

BUSY_TIMEOUT = 60_000
"""Milliseconds one process waits for another's write before it tries again, at most `locks.TRIES` times.

A count of 500 units took 80 seconds on two overloaded cores, and SQLite's waiting is not fair: a guest may
wait for a start and another count too.
"""

SAFE_SETTINGS = ("fsync", "full_page_writes")
"""PostgreSQL's settings that must be on: else a power cut loses writes that were acknowledged."""

KEEP_COMMIT = (
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)
"""Has this transaction's commit wait for the disk, and for replicas that confirm, whatever the server's own
setting. Within the transaction, since a pool may hand the next one to another session."""

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    # Not NORMAL: a commit lost in a power cut would bring back a row whose key is destroyed.
    "synchronous": "full",
    "secure_delete": "on",
    "foreign_keys": "on",
    "busy_timeout": BUSY_TIMEOUT,
}


PEEWEE_ERRORS: Any = peewee.__exception_wrapper__  # type: ignore[attr-defined]
"""Turns a driver's errors into peewee's. peewee does so for statements, not for fetched rows."""


class StoreError(Exception):
    """Something about the installation's data that a person must mend; the message says how."""


class Postgresql(ReconnectMixin, peewee.PostgresqlDatabase):
    """Connects again, outside transactions only, where the server was restarted."""

    reconnect_errors: Any = ((peewee.OperationalError, ""), (peewee.InterfaceError, ""))


_PG_SETTINGS = peewee.Table("pg_settings", ("name", "setting"))
_PG_SLOTS = peewee.Table("pg_replication_slots")

db_url.register_database(Postgresql, "postgresql", "postgres")  # type: ignore[no-untyped-call]


def _connect(url: str, *, durable: bool) -> peewee.Database:
    if url.startswith("sqlite:///"):
        pragmas = SQLITE_PRAGMAS if durable else {**SQLITE_PRAGMAS, "synchronous": "off"}
        path = url.removeprefix("sqlite:///")
        return peewee.SqliteDatabase(path, pragmas=pragmas, lock_type="IMMEDIATE")
    try:
        database = db_url.connect(url, unquote_password=True, unquote_user=True)  # type: ignore[no-untyped-call]
        return cast(peewee.Database, database)
    except (RuntimeError, peewee.ImproperlyConfigured) as error:
        raise StoreError(f"KIOSK_DATABASE_URL: cannot be used ({error})") from error


class Database:
    """Connections to sqlite:///FILE or postgresql://..., one a thread, kept open.

    `durable=False` gives up safety in a power cut, for throw-away simulations only.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._peewee = _connect(url, durable=durable)
        self._durable = durable
        self._keeps_commits = False
        self._writer = threading.Lock()
        self._is_sqlite = isinstance(self._peewee, peewee.SqliteDatabase)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The writer's place, for one transaction and what follows on it.

        SQLite's own busy handler is not fair (a thread can wait for seconds), hence the lock.
        """
        with self._writer:
            yield

    @contextmanager
    def transaction(self, lock: Lock = Lock.ALONE) -> Iterator[None]:
        """All that is written within is committed together, or not at all. `lock` is on the installation."""
        with self._peewee.atomic():
            if self._durable and not self._is_sqlite:
                self._sql(KEEP_COMMIT)
            self._lock_installation(lock)
            yield

    def _lock_installation(self, lock: Lock) -> None:
        """Wait for the installation's lock, held until the transaction ends; SQLite took its own at BEGIN."""
        if not self._is_sqlite:
            suffix = "_shared" if lock is Lock.SHARED else ""
            self._sql(f"SELECT pg_advisory_xact_lock{suffix}({ADVISORY_KEY})")

    def clear_log(self) -> None:
        """Empty SQLite's log, which would tell at which units ballots came and in which order.

        Where somebody reads just then it stays, and the next write clears it: no guest waits for that.
        """
        if self._is_sqlite:
            self._sql("PRAGMA busy_timeout = 50")
            try:
                self._sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")

    def locking(self, query: peewee.Select, table: type[Table]) -> peewee.Select:
        """SQLite locks the whole file at BEGIN; PostgreSQL must be told to lock the table's rows it reads."""
        return query if self._is_sqlite else query.for_update(of=table)

    def run(self, query: peewee.BaseQuery) -> None:
        """Execute an INSERT, UPDATE or DELETE."""
        query.execute(self._peewee)

    def row(self, query: peewee.BaseQuery) -> Row | None:
        """The first row of a SELECT."""
        with PEEWEE_ERRORS:
            return cast(Row | None, next(iter(query.tuples().execute(self._peewee)), None))

    def rows(self, query: peewee.BaseQuery) -> list[Row]:
        """All rows of a SELECT."""
        with PEEWEE_ERRORS:
            return list(query.tuples().execute(self._peewee))

    def prepared_write(self, query: peewee.BaseQuery) -> Callable[..., None]:
        """An INSERT or UPDATE compiled once, called with values in the order of its placeholders.

        For the sealed rows, which each ballot rewrites: building the two statements of a box takes 0.42 ms of
        CPU and executing them 0.01 ms, where a ballot takes 0.55 ms of CPU and 2.1 ms on a quiet disk.
        """
        sql = self._compiled(query)

        def write(*values: Any) -> None:
            self._sql(sql, tuple(map(without_nul, values)))

        return write

    def prepared_row(self, query: peewee.BaseQuery) -> Callable[..., Row | None]:
        """A SELECT compiled once, as `prepared_write` is. The call returns its first row."""
        sql = self._compiled(query)

        def row(*values: Any) -> Row | None:
            cursor = self._sql(sql, tuple(map(without_nul, values)))
            with PEEWEE_ERRORS:
                return cast(Row | None, cursor.fetchone())

        return row

    def _compiled(self, query: peewee.BaseQuery) -> str:
        sql, _ = self._peewee.get_sql_context().parse(query)  # type: ignore[no-untyped-call]
        return cast(str, sql)

    def _sql(self, sql: str, values: tuple[object, ...] = ()) -> Any:
        return self._peewee.execute_sql(sql, values)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self._peewee.close()

    # -- tables ----------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """The number of the last migration made here; 0 where there are no tables."""
        return int(self.get("schema") or 0) if self._peewee.table_exists("installation") else 0

    def migrate(self, up_to: int | None = None) -> None:
        """Create or upgrade the tables, within a transaction of the caller's: to the schema of that number,
        or to this program's.

        Raises StoreError where they are not what the models say afterwards.
        """
        done = self.version
        for number, step in list(enumerate(migrations.STEPS, start=1))[done:up_to]:
            step(self._peewee)
            self.set("schema", str(number))
        if up_to is None and (found := differences(self._peewee)):
            raise StoreError(f"the tables are not those of this program: {'; '.join(found)}")

    def check_version(self) -> None:
        """Raise StoreError unless the tables are this program's version."""
        self.check_upgradable()
        if self.version < migrations.newest_schema():
            raise StoreError("the tables are of an older version; stop kiosk serve and run: kiosk upgrade")

    def check_upgradable(self) -> None:
        """Raise StoreError unless there are tables, of this program's version or an older one."""
        if self.version == 0:
            raise StoreError("there is no installation here yet; run: kiosk init")
        if self.version > migrations.newest_schema():
            raise StoreError("the tables are of a newer version of this program; upgrade the program")

    def schema(self) -> dict[str, tuple[str, ...]]:
        """Every table there is, with its columns in order."""
        return {
            table: tuple(column.name for column in self._peewee.get_columns(table))
            for table in sorted(self._peewee.get_tables())
        }

    def server_settings(self) -> dict[str, str]:
        """PostgreSQL's settings that this role may see, as they hold for this connection; SQLite has none.

        Values are in the setting's own unit: -1, not -1ms (pg_settings.setting).
        """
        return {} if self._is_sqlite else dict(self.rows(_PG_SETTINGS.select()))

    def replication_slots(self) -> list[str]:
        """Names of PostgreSQL's replication slots, each of which keeps the log of writes; SQLite has none."""
        if self._is_sqlite:
            return []
        slot_name = _PG_SLOTS.c.slot_name
        return [row[0] for row in self.rows(_PG_SLOTS.select(slot_name).order_by(slot_name))]

    def faults(self) -> list[str]:
        """What SQLite finds damaged in its file, at most three lines; a database server checks its own."""
        if not self._is_sqlite:
            return []
        with PEEWEE_ERRORS:
            return [row[0] for row in self._sql("PRAGMA quick_check(3)").fetchall() if row[0] != "ok"]

    def check_writable(self) -> None:
        """Write a row and take it back. Raises peewee's errors where the database takes no writes."""
        with self._peewee.atomic() as transaction:
            self.set("writable", "yes")
            transaction.rollback()

    def commit_risks(self) -> list[str]:
        """Why the server may lose a commit it has acknowledged, in plain words with the way out.

        https://www.postgresql.org/docs/current/runtime-config-wal.html
        """
        if self._is_sqlite or not self._durable:
            return []
        risks = [
            f"PostgreSQL's {name} is off: a power cut loses answers; set it to on"
            for name in SAFE_SETTINGS
            if self._setting(name) != "on"
        ]
        [senders] = self._sql("SELECT count(*) FROM pg_stat_get_wal_senders()").fetchone()
        if senders and not self._setting("synchronous_standby_names"):
            risks.append(
                "a replica of PostgreSQL is connected (or a pg_basebackup runs) and no commit waits for it: "
                "if it took over, answers would be lost; set synchronous_standby_names, such as 'ANY 1 (*)', "
                "or disconnect it"
            )
        return risks

    def check_keeps_commits(self) -> None:
        """Raise StoreError where the server may lose a commit it has acknowledged. Looks until it is safe,
        and once only then."""
        if not self._keeps_commits:
            if risks := self.commit_risks():
                raise StoreError(f"KIOSK_DATABASE_URL: {'; '.join(risks)}")
            self._keeps_commits = True

    def _setting(self, name: str) -> str:
        return str(self._sql("SELECT current_setting(%s)", (name,)).fetchone()[0])

    # -- what an installation remembers about itself ---------------------------------------------

    def get(self, key: str) -> str | None:
        row = self.row(Installation.select(Installation.value).where(Installation.key == key))
        return row[0] if row else None

    def set(self, key: str, value: str) -> None:
        self.run(
            Installation.insert(key=key, value=value).on_conflict(
                conflict_target=[Installation.key], preserve=[Installation.value]
            )
        )
