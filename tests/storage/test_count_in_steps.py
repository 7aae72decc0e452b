"""A count writes a few units at a time: guests' ballots come between its steps, and a count that was stopped
goes on where it stopped."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from kiosk.domain.clock import ClockRecord
from kiosk.domain.rounds import Round
from kiosk.storage import Store
from kiosk.storage.count import Count
from kiosk.storage.count_progress import COUNT_PROGRESS, UNITS_A_STEP
from kiosk.storage.keys import KeyFolder
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, closed, random_ballots, tree

UNITS = [f"u{number:02}" for number in range(3 * UNITS_A_STEP)]
ROUND = a_round(tree(*UNITS))
TICK = MONDAY + timedelta(hours=8)
ENOUGH = 17
"""Ballots of a box that gives up a batch of 12."""


class StoppedError(Exception):
    """The process was killed, for a test."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = a_store(tmp_path)
    store.open_round(ROUND, MONDAY)
    for unit in (UNITS[0], UNITS[-1]):
        cast_all(store, unit, random_ballots(ENOUGH, Random(1)))
    return store


def before_each_step(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    prepare = KeyFolder.prepare

    def prepared(self: KeyFolder, rows: Iterable[str]) -> None:
        work()
        prepare(self, rows)

    monkeypatch.setattr(KeyFolder, "prepare", prepared)


def stop_at_step(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    steps = iter(range(1, number))

    def step() -> None:
        if next(steps, None) is None:
            raise StoppedError

    before_each_step(monkeypatch, step)


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
