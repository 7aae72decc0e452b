"""The store: what it accepts, what it refuses, and what its tables can never reveal."""

import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

import kiosk.storage
from kiosk.domain.rounds import PublicationTime, RoundError
from kiosk.storage import Account, KeyFault, Role, RoundClosedError, Store, open_store
from kiosk.storage.database import StoreError
from tests.tools.builders import MONDAY, a_round, a_store, ballot, cast_all, closed, random_ballots, tree

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = a_store(tmp_path)
    made.open_round(a_round(tree("a", "b")), MONDAY)
    return made


def columns(folder: Path) -> dict[str, list[str]]:
    database = sqlite3.connect(folder / "k.sqlite")
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")] for name in tables}


def test_tables_of_guests_have_no_column_for_a_time_a_number_or_a_second_key(
    store: Store, tmp_path: Path
) -> None:
    store.print_slips("r", "a", 1)
    columns_by_table = columns(tmp_path)
    assert columns_by_table["box"] == ["round_id", "unit_id", "key_id", "sealed"]
    assert columns_by_table["slip_set"] == ["round_id", "unit_id", "tag", "key_id", "sealed"]
    assert columns_by_table["tally"] == ["round_id", "node_id", "statement_id", "option", "answers"]


def test_every_sqlite_table_is_strict(tmp_path: Path) -> None:
    a_store(tmp_path)
    database = sqlite3.connect(tmp_path / "k.sqlite")
    made = [row[0] for row in database.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")]
    assert len(made) >= 8
    assert [sql for sql in made if not sql.endswith("STRICT")] == []


def test_a_box_is_one_row_whose_length_does_not_depend_on_its_ballots(store: Store, tmp_path: Path) -> None:
    def rows() -> list[tuple[str, int]]:
        database = sqlite3.connect(tmp_path / "k.sqlite")
        return database.execute("SELECT unit_id, length(sealed) FROM box ORDER BY 1").fetchall()

    before = rows()
    cast_all(store, "a", random_ballots(9, Random(1)))
    assert rows() == before
    assert [unit for unit, _ in before] == ["a", "b"]


def test_the_write_ahead_log_is_emptied_after_each_write(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "k.sqlite-wal"
    for unit in ("a", "b", "a"):
        store.cast("r", unit, ballot(1, 1), MONDAY)
        assert log.stat().st_size == 0
    # While somebody reads, the log must stay; the next write clears it.
    reader = sqlite3.connect(tmp_path / "k.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM box").fetchall()
    store.cast("r", "a", ballot(1, 1), MONDAY)
    assert log.stat().st_size > 0
    reader.close()
    store.cast("r", "a", ballot(1, 1), MONDAY)
    assert log.stat().st_size == 0


def test_ballots_are_accepted_between_opening_and_closing_only(tmp_path: Path) -> None:
    store, of_round = a_store(tmp_path), a_round(tree("a"))
    store.open_round(of_round, MONDAY)
    instant = timedelta(microseconds=1)
    for now in (MONDAY - instant, of_round.closes_at, of_round.closes_at + DAY):
        with pytest.raises(RoundClosedError):
            store.cast("r", "a", ballot(1, 1), now)
        with pytest.raises(RoundClosedError):
            store.running_round("a", now)
    for now in (MONDAY, of_round.closes_at - instant):
        store.cast("r", "a", ballot(1, 1), now)
    cast_all(store, "a", random_ballots(3, Random(1)))
    assert closed(store, of_round)["root"] == 5


@pytest.mark.parametrize(("of_round", "unit"), [("r", "root"), ("r", "nowhere"), ("none", "a")])
def test_a_ballot_for_a_missing_box_is_refused(store: Store, of_round: str, unit: str) -> None:
    with pytest.raises(RoundClosedError):
        store.cast(of_round, unit, ballot(1, 1), MONDAY)


def test_a_box_below_3k_is_not_counted_and_a_count_leaves_k_ballots(store: Store) -> None:
    def shown() -> dict[str, int | None]:
        return {node["id"]: node["answered"] for node in store.snapshot()["rounds"][0]["nodes"]}

    cast_all(store, "a", random_ballots(14, Random(1)))
    store.count(MONDAY + DAY)
    assert shown() == {"root": None, "a": None, "b": None}
    cast_all(store, "a", random_ballots(4, Random(2)), MONDAY + DAY)
    store.count(MONDAY + 2 * DAY)
    assert shown() == {"root": 13, "a": 13, "b": None}
    store.count(MONDAY + 3 * DAY)
    assert shown() == {"root": 13, "a": 13, "b": None}


def test_a_round_with_figures_at_closing_publishes_nothing_before(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    waits = replace(a_round(tree("a", "b")), figures=PublicationTime.AT_CLOSING)
    store.open_round(waits, MONDAY)
    for days in range(1, 9):
        cast_all(store, "a", random_ballots(10, Random(days)), MONDAY + days * DAY)
        store.count(MONDAY + days * DAY)
        assert store.snapshot()["rounds"][0]["nodes"][0]["answered"] is None
    assert closed(store, waits)["root"] == 80


def test_a_tick_is_counted_once(store: Store) -> None:
    cast_all(store, "a", random_ballots(17, Random(1)))
    assert store.count(MONDAY + DAY)
    text = store.snapshot_text()
    cast_all(store, "a", random_ballots(20, Random(2)), MONDAY + DAY)
    assert not store.count(MONDAY + DAY)
    assert not store.count(MONDAY)
    assert store.snapshot_text() == text


def test_the_snapshot_is_unchanged_until_a_figure_changes(store: Store) -> None:
    text = store.snapshot_text()
    for days in range(1, 5):
        cast_all(store, "a", random_ballots(2, Random(days)), MONDAY)
        store.count(MONDAY + days * DAY)
        assert store.snapshot_text() == text


def test_ballots_cast_at_the_same_moment_are_all_stored(store: Store) -> None:
    failures: list[Exception] = []

    def answer(seed: int) -> None:
        try:
            cast_all(store, "a", random_ballots(25, Random(seed)))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=answer, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert closed(store, store.rounds()[0].round)["a"] == 100


@pytest.mark.slow
def test_a_key_check_during_ballots_reports_no_fault(tmp_path: Path) -> None:
    answering = a_store(tmp_path)
    answering.open_round(a_round(tree("a")), MONDAY)
    done = threading.Event()

    def look() -> list[KeyFault]:
        looking, faults = a_store(tmp_path), list[KeyFault]()
        while not done.is_set():
            faults += looking.key_faults()
        looking.close()
        return faults

    with ThreadPoolExecutor(1) as others:
        looks = others.submit(look)
        cast_all(answering, "a", random_ballots(150, Random(1)))
        done.set()
    assert looks.result() == []


def test_the_terms_of_a_round_never_change(store: Store) -> None:
    before = store.rounds()[0].round
    cast_all(store, "a", random_ballots(17, Random(1)))
    store.print_slips("r", "a", 3)
    store.count(MONDAY + DAY)
    with pytest.raises(RoundError):
        store.open_round(before, MONDAY)
    store.migrate()
    assert store.rounds()[0].round == before
    sources = [path.read_text("utf-8") for path in Path(kiosk.storage.__file__).parent.glob("*.py")]
    writes = re.findall(r"tables\.Round\.update\((.*?)\)", " ".join(sources))
    assert set(writes) == {"closed=CLOSING", "closed=CLOSED", "lost_boxes=lost"}


def test_a_refused_round_leaves_no_row_and_no_key(store: Store, tmp_path: Path) -> None:
    keys = set((tmp_path / "keys").rglob("*"))
    with pytest.raises(RoundError):
        store.open_round(replace(a_round(tree("a")), id="other", k=4), MONDAY)
    assert len(store.rounds()) == 1
    assert set((tmp_path / "keys").rglob("*")) == keys


def test_a_reopened_store_has_accounts_rounds_and_ballots(store: Store, tmp_path: Path) -> None:
    cast_all(store, "a", random_ballots(12, Random(1)))
    store.accounts.set(Account("anna", Role.COORDINATOR, "hash"))
    account = store.accounts.named("anna")
    store.close()
    again = open_store(tmp_path, f"sqlite:///{tmp_path / 'k.sqlite'}", tmp_path / "keys")
    again.check_schema()
    assert account is not None
    assert (account.role, account.password) == (Role.COORDINATOR, "hash")
    assert again.accounts.named("anna") == account
    assert closed(again, again.rounds()[0].round)["a"] == 12


def test_the_error_for_tables_of_another_version_names_the_remedy(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = open_store(tmp_path / "empty", f"sqlite:///{tmp_path / 'empty' / 'k.sqlite'}", tmp_path / "keys")
    with pytest.raises(StoreError, match="kiosk init"):
        empty.check_schema()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        database.execute("UPDATE installation SET value = '999' WHERE key = 'schema'")
    with pytest.raises(StoreError, match="upgrade the program"):
        store.check_schema()


def test_discarding_an_installation_destroys_its_own_keys_only(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "keys" / "box.r-of-another.a"
    other.mkdir()
    store.forget_all_keys()
    assert list((tmp_path / "keys").iterdir()) == [other]
