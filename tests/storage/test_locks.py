"""Concurrent writes never deadlock, and a write that the database rolls back is repeated."""

import multiprocessing
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import peewee
import psycopg
import pytest
from psycopg import sql

import kiosk.storage.count_progress
import kiosk.storage.database
from kiosk.storage import Store, open_store, sealed_rows
from kiosk.storage.database import Database
from kiosk.storage.locks import ADVISORY_KEY, Lock
from kiosk.storage.prepared_query import PreparedQuery
from tests.storage.concurrent_writes import together
from tests.tools.builders import MONDAY, a_round, a_store, ballot, cast_all, closed, random_ballots, tree
from tests.tools.postgresql import new_database
from tests.tools.write_load import End, Installation, counting, differences, guest, load

pytestmark = pytest.mark.slow

ROUND = a_round(tree("a", "b"))
TICK = MONDAY + timedelta(hours=8)


@pytest.fixture
def url(server: str, tmp_path: Path) -> str:
    return new_database(server, tmp_path.name)


@pytest.fixture(params=["PostgreSQL", "SQLite"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    is_sqlite = request.param == "SQLite"
    url = f"sqlite:///{tmp_path / 'k.sqlite'}" if is_sqlite else request.getfixturevalue("url")
    made = Installation(url, tmp_path, units=12)
    made.set_up()
    return made


def test_concurrent_ballots_counts_starts_and_desk_writes_all_succeed(installation: Installation) -> None:
    with ThreadPoolExecutor(12) as threads:
        outcomes = load(installation, threads, guests=8, answering=End(turns=12), others=End(turns=3))
    assert differences(installation, outcomes) == []


@pytest.mark.parametrize("installation", ["SQLite"], indirect=True)
def test_two_processes_write_to_sqlite_without_errors(installation: Installation) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        futures = [
            processes.submit(guest, installation, End(turns=40), 1),
            processes.submit(counting, installation, End(turns=4)),
        ]
        outcomes = [future.result() for future in futures]
    assert differences(installation, outcomes) == []


def test_the_load_test_catches_writes_without_a_lock_order(
    server: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """Control: no write locks the installation, a box's row is locked together with its round's, and a count
    is one transaction.

    Whether two writes cross is chance, so the load is repeated until they do.
    """
    monkeypatch.setattr(Database, "_lock_installation", lambda *_: None)
    monkeypatch.setattr(kiosk.storage.count_progress, "UNITS_A_STEP", 12)
    of_one_table = PreparedQuery.sql

    def of_all_tables(statement: PreparedQuery, database: peewee.Database) -> str:
        return re.sub(r" FOR UPDATE OF \S+$", " FOR UPDATE", of_one_table(statement, database))

    monkeypatch.setattr(PreparedQuery, "sql", of_all_tables)
    assert any(has_deadlocks(server, tmp_path / f"{tmp_path.name}-{number}") for number in range(20))


def has_deadlocks(server: str, folder: Path) -> bool:
    """Whether the load on a new installation ends some of its writes by a deadlock."""
    folder.mkdir()
    installation = Installation(new_database(server, folder.name), folder, units=12)
    installation.set_up()
    with ThreadPoolExecutor(12) as threads:
        outcomes = load(installation, threads, guests=8, answering=End(turns=12), others=End(turns=3))
    return any(difference.startswith("deadlocks") for difference in differences(installation, outcomes))


def keys(folder: Path) -> dict[str, int]:
    """Number of keys of each sealed row."""
    return {row.name: len(list(row.iterdir())) for row in (folder / "keys").iterdir()}


def waiting(connection: psycopg.Connection[Any]) -> int:
    """Number of sessions of this database that wait for a lock."""
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    ).fetchone()
    return int(row[0]) if row else 0


def lock_row(connection: psycopg.Connection[Any], table: str, unit: str) -> None:
    query = sql.SQL("SELECT 1 FROM {} WHERE unit_id = {} FOR UPDATE")
    connection.execute(query.format(sql.Identifier(table), sql.Literal(unit)))


def test_a_count_rolled_back_by_a_deadlock_is_retried_and_made_once(url: str, tmp_path: Path) -> None:
    """Another session locks rows in another order; the database rolls the count back."""
    store = open_store(tmp_path, url, tmp_path / "keys", durable=False)
    store.migrate()
    store.open_round(ROUND, MONDAY)
    cast_all(store, "a", random_ballots(20, Random(1)))
    with (
        psycopg.connect(url, autocommit=True) as watching,
        psycopg.connect(url) as gate,
        psycopg.connect(url) as other,
        ThreadPoolExecutor(2) as threads,
    ):
        lock_row(gate, "slip_set", "a")
        other.execute("SET deadlock_timeout = '1h'")
        lock_row(other, "slip_set", "b")
        count = threads.submit(store.count, TICK)
        while waiting(watching) < 1:
            pass
        crossing = threads.submit(lock_row, other, "box", "a")
        while waiting(watching) < 2:
            pass
        gate.rollback()
        crossing.result()
        other.rollback()
        assert count.result()
    assert set(keys(tmp_path).values()) == {1}
    nodes = {node["id"]: node["answered"] for node in store.snapshot()["rounds"][0]["nodes"]}
    assert nodes == {"root": 15, "a": 15, "b": None}
    assert closed(store, ROUND)["root"] == 20
    store.close()


def test_ballots_committed_together_lock_boxes_in_the_order_of_other_processes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process locks box a, then box b."""
    store = running(url, tmp_path)
    assert writes_beside_another_process(store, url) == 2
    # Control: they are locked in the opposite order, and written again after a deadlock.
    monkeypatch.setattr(sealed_rows, "_place_in_order", lambda write: [-ord(char) for char in write.unit[1]])
    assert writes_beside_another_process(store, url) > 2
    assert store.key_faults() == []
    store.close()


def test_ballots_committed_together_do_not_wait_for_other_units_of_another_process(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = running(url, tmp_path)
    assert not waits_for_another_unit(store, url)
    # Control: they hold the installation alone.
    real = Database.transaction
    monkeypatch.setattr(Database, "transaction", lambda database, _=None: real(database, Lock.ALONE))
    assert waits_for_another_unit(store, url)
    store.close()


def running(url: str, folder: Path) -> Store:
    """Return the store of a new installation with a running round."""
    store = open_store(folder, url, folder / "keys", durable=False)
    store.migrate()
    store.open_round(ROUND, MONDAY)
    return store


@contextmanager
def another_process(url: str, unit: str) -> Iterator[psycopg.Connection[Any]]:
    """Yield a session in the midst of a write of this unit."""
    with psycopg.connect(url) as other:
        other.execute("SET deadlock_timeout = '1h'")
        other.execute(f"SELECT pg_advisory_xact_lock_shared({ADVISORY_KEY})")
        lock_row(other, "box", unit)
        yield other
        other.rollback()


def waits_for_another_unit(store: Store, url: str) -> bool:
    """Return whether two ballots for a wait for another process that writes b."""
    works = [partial(store.cast, "r", "a", ballot(5, 5), MONDAY)] * 2
    with psycopg.connect(url, autocommit=True) as watching, ThreadPoolExecutor(1) as threads:
        with another_process(url, "b"):
            casting = threads.submit(together, store, works)
            while not (casting.done() or waiting(watching)):
                pass
            waited = not casting.done()
        for future in casting.result():
            future.result()
    return waited


def writes_beside_another_process(store: Store, url: str) -> int:
    """Return how often two ballots, for a and for b, are written until they are stored."""
    written: list[str] = []

    def write(unit: str) -> None:
        written.append(unit)
        # Within the write: `cast` would wait for this thread's own.
        type(store).cast.__wrapped__(store, "r", unit, ballot(5, 5), MONDAY)  # type: ignore[attr-defined]

    with psycopg.connect(url, autocommit=True) as watching, ThreadPoolExecutor(1) as threads:
        with another_process(url, "a") as other:
            works = [partial(store._writer.run_for_unit, ("r", unit), partial(write, unit)) for unit in "ba"]
            casting = threads.submit(together, store, works)
            while waiting(watching) < 1:
                pass
            lock_row(other, "box", "b")
        for future in casting.result():
            future.result()
    return len(written)


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """SQLite's write lock, held by another connection."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with one ballot, on SQLite, that waits 1 ms at a time for other processes."""
    monkeypatch.setitem(kiosk.storage.database.SQLITE_PRAGMAS, "busy_timeout", 1)
    monkeypatch.setattr(kiosk.storage.database, "BUSY_TIMEOUT", 1)
    store = a_store(tmp_path)
    store.open_round(ROUND, MONDAY)
    store.cast("r", "a", ballot(1, 1), MONDAY)
    return store


def test_a_ballot_is_retried_while_sqlite_is_locked_and_stored_once(
    hasty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    real = Database.transaction

    def counted(database: Database, lock: Lock = Lock.ALONE) -> Any:
        nonlocal tries
        tries += 1
        if tries == 2:
            other.rollback()
        return real(database, lock)

    monkeypatch.setattr(Database, "transaction", counted)
    with held(tmp_path / "k.sqlite") as other:
        hasty.cast("r", "a", ballot(1, 1), MONDAY)
    assert tries == 2
    cast_all(hasty, "a", random_ballots(5, Random(1)))
    assert closed(hasty, ROUND)["root"] == 7


def test_a_ballot_is_refused_and_leaves_nothing_if_sqlite_stays_locked(hasty: Store, tmp_path: Path) -> None:
    before = sorted((tmp_path / "keys").rglob("*"))
    with (
        held(tmp_path / "k.sqlite"),
        pytest.raises(peewee.OperationalError, match="database is locked"),
    ):
        hasty.cast("r", "a", ballot(1, 1), MONDAY)
    assert sorted((tmp_path / "keys").rglob("*")) == before
    cast_all(hasty, "a", random_ballots(5, Random(1)))
    assert closed(hasty, ROUND)["root"] == 6


def test_a_rolled_back_write_leaves_no_key(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON letterbox WHEN new.unit_id = 'b' "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    with pytest.raises(peewee.IntegrityError, match="no room"):
        store.open_round(ROUND, MONDAY)
    assert set(keys(tmp_path).values()) <= {0}
    assert store.rounds() == []
