"""A closing deletes a few boxes in each write, and publishes when all are gone: guests' ballots come between
its steps, and a closing that was stopped goes on where it stopped."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

import kiosk.storage.count_progress
from kiosk.domain.box import Closing, plan_closing
from kiosk.domain.rounds import Round
from kiosk.storage import RoundClosedError, Store, open_store, read_dump
from kiosk.storage.count import Count
from kiosk.storage.count_progress import UNITS_A_STEP, ClosingPlan
from kiosk.storage.keys import KeyFolder
from kiosk.storage.sealed_rows import Sealed
from tests.storage.stopped_closing import (
    CLOSING,
    LARGE,
    OF_LARGE,
    OF_SMALL,
    ROUND,
    SMALL,
    UNITS,
    after_each_step,
    stopped,
)
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, random_ballots, tree
from tests.tools.published import statements

TOTAL = OF_LARGE * len(LARGE) + OF_SMALL * len(SMALL)
LATER_ROUND = replace(a_round(tree("elsewhere"), opens_at=CLOSING), id="later")
STEPS, FIRST_BATCH = 5, 4
"""Steps of the closing, and the first one with a batch: before it, small units are put together."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return filled(tmp_path)


def filled(folder: Path, rng: Random | None = None) -> Store:
    """A store in which each large unit has a last batch of its own, and all small units have one together."""
    store, random = a_store(folder, rng=rng), Random(1)
    store.open_round(ROUND, MONDAY)
    store.open_round(LATER_ROUND, CLOSING)
    for units, number in ((LARGE, OF_LARGE), (SMALL, OF_SMALL)):
        for unit in units:
            cast_all(store, unit, random_ballots(number, random))
    return store


def published(store: Store, round_id: str = "r") -> dict[str, int | None]:
    """Return node id -> number of a round's published ballots."""
    [of_round] = [one for one in store.snapshot()["rounds"] if one["id"] == round_id]
    return {node["id"]: node["answered"] for node in of_round["nodes"]}


ALL_PUBLISHED = {
    "root": TOTAL,
    "group": OF_SMALL * len(SMALL),
    **dict.fromkeys(LARGE, OF_LARGE),
    **dict.fromkeys(SMALL),
}


def test_guests_of_other_rounds_answer_between_the_steps_and_see_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballots, before, moved = random_ballots(100, Random(5)), store.snapshot_text(), list[int]()
    close_part = Count.close_part

    def answer() -> None:
        store.cast("later", "elsewhere", ballots.pop(), CLOSING)
        with pytest.raises(RoundClosedError):
            store.cast("r", LARGE[-1], ballots[0], MONDAY)
        assert store.snapshot_text() == before
        assert not any(state.is_closed for state in store.rounds())
        assert store.obstacle() is None
        assert store.key_faults() == []

    def closed(self: Count, of_round: Round, plan: ClosingPlan) -> ClosingPlan:
        boxes = len(self.boxes.key_ids(of_round.id))
        left = close_part(self, of_round, plan)
        moved.append(boxes - len(self.boxes.key_ids(of_round.id)))
        return left

    with monkeypatch.context() as patched:
        after_each_step(patched, answer)
        patched.setattr(Count, "close_part", closed)
        assert store.count(CLOSING)
    assert len(moved) == STEPS
    assert max(moved) <= UNITS_A_STEP
    assert sum(moved) == len(UNITS.leaves)
    assert published(store) == ALL_PUBLISHED
    assert store.count(LATER_ROUND.closes_at)
    assert published(store, "later")["root"] == 100 - len(ballots) == 1 + STEPS


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_a_stopped_closing_publishes_nothing_and_goes_on_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = store.snapshot_text()
    stopped(store, monkeypatch, step)
    tallies = _tallies(store)
    assert store.snapshot_text() == before
    assert store.last_tick is None
    store.renew()
    assert store.count(CLOSING)
    assert published(store) == ALL_PUBLISHED
    # Noise that was drawn before the stop is not drawn again.
    assert tallies.items() <= _tallies(store).items()
    assert bool(tallies) == (step >= FIRST_BATCH)
    assert not store.count(CLOSING)
    assert store.rounds()[-1].is_closed


def _tallies(store: Store) -> dict[tuple[str, str, str], int]:
    rows = store._database.rows(kiosk.storage.tables.Tally.select())
    return {tuple(row[1:4]): row[4] for row in rows}


def test_a_parents_figures_are_the_sum_of_its_childrens_and_its_own(store: Store) -> None:
    assert store.count(CLOSING)
    [document] = [one for one in store.snapshot()["rounds"] if one["id"] == "r"]
    tables = {node["id"]: statements(node) for node in document["nodes"] if node["answered"]}
    for statement, table in tables["root"].items():
        below = [tables[node][statement]["counts"] for node in (*LARGE, "group")]
        assert table["counts"] == [sum(column) for column in zip(*below, strict=True)]


@pytest.mark.slow
def test_a_backup_made_while_a_round_closes_has_the_whole_closing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(store, monkeypatch, 2)
    rows = json.loads(json.dumps(store.dump()))
    assert published(store) == ALL_PUBLISHED
    folder = tmp_path / "other"
    other = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", durable=False)
    other.load(read_dump(rows), lambda: None)
    assert published(other) == ALL_PUBLISHED


def test_a_closing_goes_on_after_the_clock_was_set_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that was ahead began it. Boxes are gone by then."""
    stopped(store, monkeypatch, 1)
    store.confirm_clock(store.clock_record, MONDAY)
    store.count(MONDAY)
    assert store.last_tick == MONDAY
    assert published(store) == ALL_PUBLISHED


def test_two_processes_close_each_unit_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, is_first = a_store(tmp_path), [True]

    def finish() -> None:
        if is_first.pop() if is_first else False:
            assert second.count(CLOSING)

    with monkeypatch.context() as patched:
        after_each_step(patched, finish)
        assert not store.count(CLOSING)
    assert published(store) == ALL_PUBLISHED


def test_a_batch_whose_box_is_lost_is_not_published(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(store, monkeypatch, 0)
    lose(store, tmp_path, LARGE[-1])
    assert store.count(CLOSING)
    lost = {"root": TOTAL - OF_LARGE, LARGE[-1]: None}
    assert published(store) == {**ALL_PUBLISHED, **lost}


def lose(store: Store, folder: Path, unit: str) -> None:
    """Lose the key of a unit's box for good."""
    [key] = (folder / "keys" / f"box.r.{unit}").iterdir()
    key.unlink()
    [fault] = store.key_faults()
    assert fault.kind is Sealed.BOX
    store.give_up_keys([fault])


def test_units_whose_ballots_are_together_get_no_figures_of_their_own_when_a_box_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a batch is in the box of its first unit by then, which has enough for a batch of its own."""
    store, small = a_store(tmp_path), [f"s{number}" for number in range(UNITS_A_STEP + 1)]
    store.open_round(a_round(tree(*small, "large")), MONDAY)
    for unit in small:
        cast_all(store, unit, random_ballots(3, Random(1)))
    cast_all(store, "large", random_ballots(OF_LARGE, Random(2)))
    stopped(store, monkeypatch, 1)
    assert store._boxes.key_ids("r").keys() == {small[0], small[-1], "large"}
    lose(store, tmp_path, small[-1])
    assert store.count(CLOSING)
    of_units = dict.fromkeys([*small, "large"])
    assert published(store) == {"root": 3 * UNITS_A_STEP + OF_LARGE, **of_units}


def test_a_ballot_that_comes_while_a_round_closes_is_counted_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose clock is behind accepts it after the boxes were read, until the plan is stored."""
    assert counted_with_a_late_ballot(tmp_path / "product", monkeypatch) == OF_LARGE + ROUND.k
    # Control: the closing does not notice the ballots, and destroys them with a box that was empty.
    monkeypatch.setattr(Count, "is_current", lambda *_: True)
    assert counted_with_a_late_ballot(tmp_path / "control", monkeypatch) == OF_LARGE


def counted_with_a_late_ballot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int | None:
    store = a_store(folder)
    store.open_round(a_round(tree("a", "b")), MONDAY)
    cast_all(store, "a", random_ballots(OF_LARGE, Random(1)))
    plan, late = Count.plan, random_ballots(ROUND.k, Random(6))

    def planned(self: Count, *args: Any) -> ClosingPlan:
        made = plan(self, *args)
        while late:
            store.cast("r", "b", late.pop(), MONDAY)
        return made

    with monkeypatch.context() as patched:
        patched.setattr(Count, "plan", planned)
        assert store.count(CLOSING)
    with pytest.raises(RoundClosedError):
        store.cast("r", "b", random_ballots(1, Random(7))[0], MONDAY)
    return published(store)["root"]


def test_no_guest_waits_until_the_keys_of_a_closed_round_are_destroyed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    forget = KeyFolder.forget

    def forgotten(self: KeyFolder, row: str) -> None:
        held.append(store._database._writer._is_held)
        forget(self, row)

    monkeypatch.setattr(KeyFolder, "forget", forgotten)
    store.cancel_round("later", MONDAY)
    # Control: the id of a cancelled round may return, so its keys are destroyed before the next write.
    assert set(held) == {True}
    held.clear()
    assert store.count(CLOSING)
    assert held == [False] * (3 * len(UNITS.leaves))
    assert list((tmp_path / "keys").iterdir()) == []


def test_the_stored_plan_does_not_tell_whether_a_small_unit_had_ballots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thief of the disk reads the plan of a closing that was stopped."""
    assert stored_plan(tmp_path / "one", monkeypatch, SMALL) == stored_plan(
        tmp_path / "other", monkeypatch, SMALL[1:]
    )
    # Control: units without ballots are named apart.
    monkeypatch.setattr("kiosk.storage.count.plan_closing", plan_without_empty_units)
    assert stored_plan(tmp_path / "full", monkeypatch, SMALL) != stored_plan(
        tmp_path / "empty", monkeypatch, SMALL[1:]
    )


def plan_without_empty_units(*args: Any) -> Closing:
    return replace(plan_closing(*args), without_ballots={})


def stored_plan(folder: Path, monkeypatch: pytest.MonkeyPatch, units: list[str]) -> str | None:
    store = a_store(folder)
    store.open_round(ROUND, MONDAY)
    for unit in units:
        cast_all(store, unit, random_ballots(OF_SMALL, Random(1)))
    stopped(store, monkeypatch, 0)
    return store._database.get(kiosk.storage.count_progress.COUNT_PROGRESS)


def test_no_number_of_used_slips_is_read_before_the_closing_is_published(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.print_slips("r", SMALL[1], 30)
    stopped(store, monkeypatch, 2)
    assert store.slip_counts("r") == {}
    assert store.count(CLOSING)
    assert store.slip_counts("r") == {SMALL[1]: ((30, 0),)}
