"""Taps count exactly once, and the tables of outputs have no room for a guest, a day or free text."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import count
from pathlib import Path
from random import Random

import pytest

from kiosk.domain.counters import Period, Tap, month_of
from kiosk.storage import Store
from tests.attack.views import lint_schema
from tests.tools.builders import a_store

FEBRUARY, MARCH = (month_of(date(2026, month, 1)) for month in (2, 3))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = a_store(tmp_path)
    yield store
    store.close()


def tap(number: int, *, step: int = 1, month: Period = MARCH, counter: str = "advise") -> Tap:
    return Tap(f"{number:032x}", "frida", month, counter, "", step)


def counted(store: Store, month: Period = MARCH) -> int:
    return store.outputs.all().taps.get(("frida", month, "advise", ""), 0)


def test_a_tap_that_is_sent_again_counts_once(store: Store) -> None:
    taps = [tap(1), tap(2), tap(2)]
    assert store.outputs.take(taps, FEBRUARY) == 2
    assert store.outputs.take([*taps, tap(3)], FEBRUARY) == 1
    assert counted(store) == 3


def test_an_undo_lowers_the_count_and_never_below_zero(store: Store) -> None:
    store.outputs.take([tap(1), tap(2), tap(3, step=-1)], FEBRUARY)
    store.outputs.take([tap(4, step=-1)], FEBRUARY)
    assert counted(store) == 0
    store.outputs.take([tap(5, step=-1), tap(6)], FEBRUARY)
    assert counted(store) == 0
    store.outputs.take([tap(7, step=-1)], FEBRUARY)
    assert counted(store) == 0


def test_tickets_of_past_months_are_deleted_and_their_taps_are_kept(store: Store, tmp_path: Path) -> None:
    store.outputs.take([tap(1, month=FEBRUARY), tap(2)], FEBRUARY)
    store.outputs.take([tap(3)], MARCH)
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        tickets = database.execute("SELECT ticket FROM output_ticket ORDER BY ticket").fetchall()
    assert tickets == [(tap(2).ticket,), (tap(3).ticket,)]
    assert (counted(store, FEBRUARY), counted(store)) == (1, 2)


@pytest.mark.slow
def test_taps_sent_twice_by_four_concurrent_phones_are_counted_exactly_once(store: Store) -> None:
    """Each phone sends its taps in batches, and each batch once more, as after a lost answer."""
    tickets = count()
    phones = [[[tap(next(tickets)) for _ in range(50)] for _ in range(10)] for _ in range(4)]

    def send(batches: list[list[Tap]]) -> int:
        again = [*batches, *batches]
        Random(1).shuffle(again)
        return sum(store.outputs.take(batch, FEBRUARY) for batch in again)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(send, phones)) == [500] * 4
    assert counted(store) == 2000


def test_the_tables_of_outputs_have_no_column_for_a_guest_or_a_day(tmp_path: Path) -> None:
    a_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        assert lint_schema(database) == []


@pytest.mark.parametrize("table", ["output_count", "output_ticket", "typed_figure"])
@pytest.mark.parametrize("column", ["note", "day", "at", "account"])
def test_the_column_check_catches_a_planted_column(tmp_path: Path, table: str, column: str) -> None:
    a_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        database.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")
        assert lint_schema(database) == [f"{table}.{column}"]
