"""The same store on PostgreSQL, for an installation with many sites and several processes."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import peewee
import psycopg
import pytest

from kiosk.domain.envelope import COLUMN_BYTES
from kiosk.domain.rounds import Admission
from kiosk.domain.slips import UsedSlipError
from kiosk.operation.backup import write_backup
from kiosk.operation.restore import restore_backup
from kiosk.storage import KeyUnavailableError, RoundClosedError, Store, StoreError, open_store
from kiosk.storage.keys import KeyFolder
from kiosk.storage.sealed_rows import Sealed
from tests.tools.backups import OWN_FILES, TODAY, full_installation, listing, settings_of
from tests.tools.builders import MONDAY, a_round, ballot, cast_all, closed, random_ballots, tree
from tests.tools.envelopes import seal
from tests.tools.postgresql import SUPERUSER, new_database, new_server

pytestmark = pytest.mark.slow

ROUND = a_round(tree("a", "b"))


@pytest.fixture
def url(server: str, tmp_path: Path) -> str:
    return new_database(server, tmp_path.name)


def opened(url: str, folder: Path) -> Store:
    return open_store(folder, url, folder / "keys", durable=False)


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    made = opened(url, tmp_path)
    made.migrate()
    made.migrate()
    made.check_schema()
    made.open_round(ROUND, MONDAY)
    yield made
    made.close()


def test_postgresql_counts_and_closes_like_sqlite(store: Store) -> None:
    cast_all(store, "a", random_ballots(18, Random(1)))
    cast_all(store, "b", random_ballots(4, Random(2)))
    store.count(MONDAY + timedelta(hours=8))
    nodes = {node["id"]: node for node in store.snapshot()["rounds"][0]["nodes"]}
    assert [nodes[name]["answered"] for name in ("root", "a", "b")] == [13, 13, None]
    assert closed(store, ROUND) == {"root": 22, "a": 13, "b": None}
    with pytest.raises(RoundClosedError):
        store.cast("r", "a", ballot(1, 1), MONDAY)


def test_a_slip_is_used_once_and_a_refused_ballot_leaves_nothing(store: Store) -> None:
    [slip] = store.print_slips("r", "a", 1)
    assert store.unit_of_slip(slip) == ("r", "a")
    store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    with pytest.raises(UsedSlipError):
        store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    cast_all(store, "a", random_ballots(4, Random(1)))
    assert closed(store, ROUND)["root"] == 5


def test_a_lost_key_stops_the_count_until_it_is_given_up(store: Store, tmp_path: Path) -> None:
    cast_all(store, "a", random_ballots(12, Random(1)))
    cast_all(store, "b", random_ballots(7, Random(1)))
    [key] = (tmp_path / "keys" / "box.r.a").iterdir()
    key.unlink()
    with pytest.raises(KeyUnavailableError, match=r"box\.r\.a"):
        store.count(MONDAY + timedelta(hours=8))
    store.give_up_keys(store.key_faults())
    assert store.rounds()[0].lost_boxes == 1
    assert closed(store, ROUND)["root"] == 7


def answer_as_a_process(url: str, folder: Path, seed: int) -> None:
    store = opened(url, folder)
    cast_all(store, "a", random_ballots(30, Random(seed)))
    store.close()


def test_several_processes_lose_no_ballot(store: Store, url: str, tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=answer_as_a_process, args=(url, tmp_path, seed)) for seed in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert store.rounds()[0].lost_boxes == 0
    assert closed(store, ROUND)["a"] == 90


def test_connections_are_reopened_after_a_server_restart(server: str, url: str, store: Store) -> None:
    cast_all(store, "a", random_ballots(9, Random(1)))
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.rsplit("/")[-1]]
        )
    store.cast("r", "a", ballot(1, 1), MONDAY)
    assert closed(store, ROUND)["root"] == 10


def test_a_process_whose_session_ended_destroys_no_key_of_another_process(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process stalls between locking a box and writing it. PostgreSQL ends its session, as when another
    server takes over, and another process writes the box."""
    stall(store, opened(url, tmp_path), url)
    assert store.key_faults() == []
    assert closed(store, ROUND)["root"] == 10

    # Control: unused keys are destroyed before the commit.
    def at_once(self: KeyFolder, row: str, keep: str | None) -> list[str]:
        for name in unused(self, row, keep):
            self.destroy(row, name)
        return []

    unused = KeyFolder.unused
    monkeypatch.setattr(KeyFolder, "unused", at_once)
    store.open_round(replace(ROUND, id="control", opens_at=ROUND.closes_at, closes_at=LATER), ROUND.closes_at)
    stall(store, opened(url, tmp_path), url, "control", ROUND.closes_at)
    assert [fault.kind for fault in store.key_faults()] == [Sealed.LETTERBOX]


def test_organisations_on_one_server_are_apart(server: str, tmp_path: Path) -> None:
    """Each has a database, a role, and folders, as docs/en/processes.md says. Both have a round "r"."""
    names = [f"{kind}_{tmp_path.name}" for kind in ("first", "second")]
    address = server.replace(f"{SUPERUSER}@", "{}@")
    urls = [f"{address.format(name)}/{name}" for name in names]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
            connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"'.encode())
        stores = [opened(url, tmp_path / name) for url, name in zip(urls, names, strict=True)]
        for store in stores:
            store.migrate()
            store.open_round(ROUND, MONDAY)
        as_first = f"{address.format(names[0])}/{names[1]}"
        # Control: PostgreSQL's default lets every role connect to every database, and read its catalogue.
        assert psycopg.connect(as_first).execute("SELECT count(*) FROM pg_class").fetchone()
        for name in names:
            connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC'.encode())
    with pytest.raises(peewee.OperationalError, match="permission denied for database"):
        opened(as_first, tmp_path / names[1]).check_schema()
    first, second = stores
    link = first.links.add(Admission.KIOSK, "a")
    assert second.links.with_code(link.code) is None
    cast_all(first, "a", random_ballots(9, Random(1)))
    cast_all(second, "a", random_ballots(7, Random(1)))
    with pytest.raises(KeyUnavailableError):
        opened(urls[1], tmp_path / names[0]).renew()
    assert [closed(store, ROUND)["root"] for store in stores] == [9, 7]
    for store in stores:
        store.close()


LATER = ROUND.closes_at + timedelta(days=90)


def stall(store: Store, stalling: Store, url: str, of_round: str = "r", now: datetime = MONDAY) -> None:
    """Send an envelope to each of two processes. The second loses its session while it writes, and the first
    writes then."""

    def envelope() -> tuple[str, bytes]:
        key = store.public_key(of_round, "a")
        return key, seal(bytes.fromhex(key), b"s1=3", room=COLUMN_BYTES * 2)

    def lose_session(*, is_own: bool, statements: int) -> bool:
        del is_own, statements
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND state = 'idle in transaction'"
            )
        for _ in range(10):
            store.cast_envelope(*envelope(), now)
        return True

    with pytest.raises(peewee.OperationalError):
        stalling.cast_envelope(*envelope(), now, admit=lose_session)
    stalling.close()


def test_a_password_with_special_characters_can_be_percent_encoded(tmp_path: Path) -> None:
    with new_server({"fsync": "off"}) as server:
        url = server.create_database("kiosk")
        server.execute("CREATE ROLE \"k@x\" LOGIN SUPERUSER PASSWORD 'a@b/c%25'")
        access = Path(server.data, "pg_hba.conf")
        access.write_text(f'host all "k@x" 127.0.0.1/32 scram-sha-256\n{access.read_text()}')
        server.execute("SELECT pg_reload_conf()")
        with_password = url.replace(f"{SUPERUSER}@", "k%40x:{}@")
        opened(with_password.format("a%40b%2Fc%2525"), tmp_path).migrate()
        with pytest.raises(peewee.OperationalError, match="password authentication failed"):
            opened(with_password.format("a%40b%2Fc%25"), tmp_path).check_schema()


def test_a_lookup_with_a_null_byte_finds_nothing(store: Store) -> None:
    assert store.links.with_code("\0") is None
    assert store.unit_of_slip("BBB\0") is None
    assert store.accounts.named("anna\0") is None


@pytest.fixture(scope="module")
def durable_server() -> Iterator[str]:
    """A server that keeps its commits; a restore requires one."""
    with new_server() as server:
        yield server.address


@pytest.fixture
def durable_url(durable_server: str, tmp_path: Path) -> str:
    """An empty database of a server that keeps its commits."""
    return new_database(durable_server, tmp_path.name)


def test_a_backup_moves_an_installation_to_postgresql_and_back(durable_url: str, tmp_path: Path) -> None:
    full_installation(tmp_path / "first")
    moved = settings_of(tmp_path / "second", KIOSK_DATABASE_URL=durable_url)
    restore_backup(moved, tmp_path / "backup.zip")
    second = open_store(moved.data, moved.database_url, moved.keys)
    second.check_schema()
    write_backup(second, moved, tmp_path / "again.zip", TODAY)
    back = settings_of(tmp_path / "third")
    restore_backup(back, tmp_path / "again.zip")
    third, first = (opened_sqlite(tmp_path / name) for name in ("third", "first"))
    assert third.snapshot_text() == second.snapshot_text() == first.snapshot_text()
    dumps = [store.dump() for store in (first, second, third)]
    assert {str(dump["tally"]) for dump in dumps} == {str(dumps[0]["tally"])}
    restored_files = listing(tmp_path / "third")
    assert {name: restored_files[name] for name in OWN_FILES} == OWN_FILES
    for store in (first, second, third):
        store.close()


def opened_sqlite(folder: Path) -> Store:
    settings = settings_of(folder)
    return open_store(settings.data, settings.database_url, settings.keys)


def test_a_failed_restore_leaves_no_table_on_postgresql(durable_url: str, tmp_path: Path) -> None:
    full_installation(tmp_path / "first")
    settings = settings_of(tmp_path / "second", KIOSK_DATABASE_URL=durable_url)
    settings.data.mkdir()
    (settings.data / "mine").write_text("x")
    with pytest.raises(StoreError, match="mine exists already"):
        restore_backup(settings, tmp_path / "backup.zip")
    assert listing(settings.data) == {"mine": b"x"}
    assert not settings.keys.exists()
    with psycopg.connect(durable_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == []
