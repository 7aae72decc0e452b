"""A count writes a few units at a time: guests' ballots come between its steps, and a count that was stopped
goes on where it stopped."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import peewee
import pytest

from kiosk.domain.clock import ClockRecord
from kiosk.domain.rounds import Round
from kiosk.storage import KeyUnavailableError, Store, open_store, read_dump
from kiosk.storage.count import Count
from kiosk.storage.count_progress import COUNT_PROGRESS, UNITS_A_STEP
from kiosk.storage.sealed_rows import box_row
from kiosk.storage.snapshots import Snapshots
from tests.storage.steps import StoppedError, before_each_step, stop_at_step
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, closed, random_ballots, tree

UNITS = [f"u{number:02}" for number in range(3 * UNITS_A_STEP)]
ROUND = a_round(tree(*UNITS))
TICK = MONDAY + timedelta(hours=8)
ENOUGH = 17
"""Ballots of a box that gives up a batch of 12."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = a_store(tmp_path)
    store.open_round(ROUND, MONDAY)
    for unit in (UNITS[0], UNITS[-1]):
        cast_all(store, unit, random_ballots(ENOUGH, Random(1)))
    return store


def answered(store: Store) -> dict[str, int | None]:
    [published] = store.snapshot()["rounds"]
    return {node["id"]: node["answered"] for node in published["nodes"] if node["answered"] is not None}


def test_guests_answer_between_the_steps_of_a_count(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ballots = iter(random_ballots(100, Random(2)))
    sent: list[str] = []

    def answer() -> None:
        for unit in (UNITS[0], UNITS[-1]):
            store.cast("r", unit, next(ballots), MONDAY)
            sent.append(unit)

    before_each_step(monkeypatch, answer)
    assert store.count(TICK)
    assert len(sent) == 2 * len(UNITS) / UNITS_A_STEP
    assert closed(store, ROUND)["root"] == 2 * ENOUGH + len(sent)
    assert store.rounds()[0].lost_boxes == 0


def test_no_step_writes_more_than_a_few_units(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    together: list[int] = []
    count_boxes = Count.count_boxes

    def counted(self: Count, of_round: Round, units: tuple[str, ...], **day: bool) -> frozenset[str]:
        together.append(len(units))
        return count_boxes(self, of_round, units, **day)

    monkeypatch.setattr(Count, "count_boxes", counted)
    store.count(TICK)
    assert together == [UNITS_A_STEP] * (len(UNITS) // UNITS_A_STEP)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_stopped_count_publishes_nothing_and_goes_on_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with monkeypatch.context() as patched:
        stop_at_step(patched, step)
        with pytest.raises(StoppedError):
            store.count(TICK)
    assert answered(store) == {}
    assert store.last_tick is None
    cast_all(store, UNITS[0], random_ballots(15, Random(3)))
    assert store.count(TICK)
    assert store.last_tick == TICK
    # A unit that was counted before the stop is not counted again at this tick, whatever came since.
    own = ENOUGH - ROUND.k if step > 1 else ENOUGH + 15 - ROUND.k
    assert answered(store)[UNITS[0]] == own
    assert not store.count(TICK)
    assert closed(store, ROUND)["root"] == 2 * ENOUGH + 15


def test_a_round_is_opened_or_cancelled_only_after_the_count(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = replace(a_round(tree("elsewhere"), opens_at=MONDAY + timedelta(days=1)), id="later")
    with monkeypatch.context() as patched:
        stop_at_step(patched, 2)
        with pytest.raises(StoppedError):
            store.count(TICK)
    store.open_round(later, TICK)
    assert store.last_tick == TICK
    assert sum(store.snapshot()["rounds"][at]["id"] == "later" for at in (0, 1)) == 1


def test_a_stopped_count_of_a_wrong_clock_goes_on_at_the_confirmed_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        stop_at_step(patched, 2)
        with pytest.raises(StoppedError):
            store.count(TICK.replace(year=2026, month=5))
    store.confirm_clock(ClockRecord(), TICK)
    store.count(TICK)
    assert store.last_tick == TICK
    assert closed(store, ROUND)["root"] == 2 * ENOUGH


def test_no_backup_holds_the_progress_of_a_count(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        stop_at_step(patched, 2)
        with pytest.raises(StoppedError):
            store.count(TICK)
    assert COUNT_PROGRESS not in {row["key"] for row in store.dump()["installation"]}


def stopped(store: Store, monkeypatch: pytest.MonkeyPatch, step: int = 2, tick: datetime = TICK) -> None:
    with monkeypatch.context() as patched:
        stop_at_step(patched, step)
        with pytest.raises(StoppedError):
            store.count(tick)


def test_a_stopped_count_becomes_that_of_a_later_tick(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each unit would be counted twice at once, and two days with ballots end within a minute."""
    counted: list[str] = []
    count_boxes = Count.count_boxes

    def recorded(self: Count, of_round: Round, units: tuple[str, ...], **day: bool) -> frozenset[str]:
        counted.extend(units)
        assert day == {"is_first_of_day": True}
        return count_boxes(self, of_round, units, **day)

    monkeypatch.setattr(Count, "count_boxes", recorded)
    stopped(store, monkeypatch)
    assert store.count(TICK + timedelta(days=1))
    assert store.last_tick == TICK + timedelta(days=1)
    assert counted == UNITS
    assert not store.count(TICK)


def test_a_stopped_count_closes_the_rounds_that_have_ended_since(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(store, monkeypatch)
    assert store.count(ROUND.closes_at)
    [state] = store.rounds()
    assert state.is_closed
    assert answered(store)["root"] == 2 * ENOUGH
    assert store.count(ROUND.closes_at + timedelta(days=1))


@pytest.mark.slow
def test_a_backup_made_between_the_steps_can_be_restored(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(store, monkeypatch)
    rows = json.loads(json.dumps(store.dump()))
    folder = tmp_path / "other"
    other = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", durable=False)
    other.load(read_dump(rows), lambda: None)
    # The batches of the steps that were made. What waited in boxes is in no backup.
    assert answered(other) == {"root": ENOUGH - ROUND.k, UNITS[0]: ENOUGH - ROUND.k}
    assert other.count(TICK)
    assert other.last_tick == TICK


def test_figures_that_could_not_be_published_are_published_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object) -> None:
        raise peewee.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Snapshots, "put", is_full)
        with pytest.raises(peewee.OperationalError):
            store.count(TICK)
    assert answered(store) == {}
    assert store.last_tick is None
    tallies = [row for row in store.dump()["tally"] if row["node_id"] == UNITS[0]]
    assert store.count(TICK)
    assert answered(store)[UNITS[0]] == ENOUGH - ROUND.k
    # The batch was drawn once.
    assert tallies == [row for row in store.dump()["tally"] if row["node_id"] == UNITS[0]]


def test_a_key_that_is_missing_at_a_later_step_stops_the_count_until_it_is_back(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(store, monkeypatch)
    row = tmp_path / "keys" / box_row("r", UNITS[-1])
    [key] = row.iterdir()
    key.rename(tmp_path / "away")
    for tick in (TICK, TICK + timedelta(days=1)):
        with pytest.raises(KeyUnavailableError):
            store.count(tick)
    assert answered(store) == {}
    store.cast("r", UNITS[0], random_ballots(1, Random(4))[0], MONDAY)
    (tmp_path / "away").rename(key)
    assert store.count(TICK)
    assert closed(store, ROUND)["root"] == 2 * ENOUGH + 1


def test_two_processes_count_each_unit_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process counts all that is left between two steps of the first."""
    second, is_first = a_store(tmp_path), [True]

    def count_all() -> None:
        if is_first.pop() if is_first else False:
            assert second.count(TICK)

    with monkeypatch.context() as patched:
        before_each_step(patched, count_all)
        assert not store.count(TICK)
    assert answered(store) == {"root": 2 * (ENOUGH - ROUND.k)} | dict.fromkeys(
        (UNITS[0], UNITS[-1]), ENOUGH - ROUND.k
    )
    assert {len(list(row.iterdir())) for row in (tmp_path / "keys").iterdir()} == {1}
    assert closed(store, ROUND)["root"] == 2 * ENOUGH


CLOSING = ROUND.closes_at
LATER_ROUND = replace(a_round(tree("elsewhere"), opens_at=CLOSING), id="later")
