"""An opening writes a few units at a time: guests' ballots come between its steps, and nobody sees the round
before the last one."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import peewee
import pytest

from kiosk.domain.rounds import RoundError
from kiosk.storage import RoundClosedError, Store, StoreError
from kiosk.storage.count_progress import UNITS_A_STEP
from kiosk.storage.database import Database
from kiosk.storage.opening_progress import OPENING, Opening, write_opening
from kiosk.storage.opening_steps import LONGEST_OPENING, OpeningSteps
from kiosk.storage.snapshots import Snapshots
from tests.storage.crashes import crash, has_one_key_a_row, reopen
from tests.storage.steps import StoppedError, before_each_step, stop_at_step
from tests.tools.builders import MEMORY, MONDAY, a_round, a_store, ballot, random_ballots, tree

UNITS = [f"u{number:02}" for number in range(3 * UNITS_A_STEP)]
NEW = replace(a_round(tree(*UNITS)), id="new")
RUNNING = a_round(tree("a"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return a_running_store(tmp_path)


def a_running_store(folder: Path) -> Store:
    store = a_store(folder)
    store.open_round(RUNNING, MONDAY)
    return store


def ids(store: Store) -> set[str]:
    return {state.round.id for state in store.rounds()}


def published(store: Store) -> set[str]:
    return {one["id"] for one in store.snapshot()["rounds"]}


def rows(store: Store, folder: Path) -> tuple[set[str], list[str]]:
    """The names of the rows that have keys, and what is stored for the units of the new round."""
    stored = [*store._boxes.key_ids("new"), *store._slip_sets.key_ids("new")]
    stored += [store.public_key("new", unit) for unit in UNITS]
    return {row.name for row in (folder / "keys").iterdir()}, list(filter(None, stored))


def test_guests_answer_between_the_steps_and_nobody_sees_the_round(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ballots = store.snapshot_text(), random_ballots(100, Random(1))

    def answer() -> None:
        store.cast("r", "a", ballots.pop(), MONDAY)
        for unit in UNITS:
            with pytest.raises(RoundClosedError):
                store.cast("new", unit, ballot(1, 1), MONDAY)
            with pytest.raises(RoundClosedError):
                store.running_round(unit, MONDAY)
        assert ids(store) == {"r"}
        assert store.snapshot_text() == before
        assert OPENING not in {row["key"] for row in store.dump()["installation"]}
        assert store.key_faults() == []
        assert store.obstacle() is None

    with monkeypatch.context() as patched:
        before_each_step(patched, answer)
        store.open_round(NEW, MONDAY)
    assert 100 - len(ballots) == len(UNITS) / UNITS_A_STEP
    assert ids(store) == published(store) == {"r", "new"}
    for unit in UNITS:
        store.cast("new", unit, ballot(1, 1), MONDAY)


def test_an_opening_that_fails_leaves_no_row_and_no_key(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, snapshot = rows(store, tmp_path), store.snapshot_text()
    for step in range(1, len(UNITS) // UNITS_A_STEP + 1):
        with monkeypatch.context() as patched:
            stop_at_step(patched, step)
            with pytest.raises(StoppedError):
                store.open_round(NEW, MONDAY)
        assert (rows(store, tmp_path), store.snapshot_text()) == (before, snapshot)

    def is_full(*_: object) -> None:
        raise peewee.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Snapshots, "put", is_full)
        with pytest.raises(peewee.OperationalError):
            store.open_round(NEW, MONDAY)
    assert (rows(store, tmp_path), store.snapshot_text()) == (before, snapshot)
    store.open_round(NEW, MONDAY)
    assert ids(store) == {"r", "new"}
    assert has_one_key_a_row(tmp_path)


@pytest.mark.parametrize("step", [1, 12, 45, 90])
def test_the_round_of_a_killed_process_never_opens(step: int) -> None:
    """Whoever opened it got no answer, and nobody may find it open on another day."""
    with TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        a_running_store(folder).close()
        assert crash(folder, step, lambda store: store.open_round(NEW, MONDAY))
        store = reopen(folder)
        assert ids(store) == published(store) == {"r"}
        store.renew()
        assert ids(store) == published(store) == {"r"}
        assert len(rows(store, folder)[0]) == 3
        assert has_one_key_a_row(folder)
        assert store.key_faults() == []
        store.close()


def test_a_round_whose_opening_failed_on_a_full_disk_does_not_open_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of the database has no room for the deletion either."""
    before = rows(store, tmp_path)
    stop_at_step(monkeypatch, 2)

    def is_full(database: Database, opening: Opening | None) -> None:
        if opening is None or opening.is_given_up:
            raise peewee.OperationalError("database or disk is full")
        write_opening(database, opening)

    monkeypatch.setattr("kiosk.storage.opening_steps.write_opening", is_full)
    with pytest.raises(peewee.OperationalError):
        store.open_round(NEW, MONDAY)
    monkeypatch.undo()
    assert rows(store, tmp_path) != before
    store.renew()
    assert ids(store) == published(store) == {"r"}
    assert rows(store, tmp_path) == before


def test_a_later_opening_deletes_the_one_that_was_stopped(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, stored = replace(a_round(tree("b")), id="later"), rows(store, tmp_path)[1]
    stopped(store, monkeypatch)
    with pytest.raises(RoundError, match="other_opening"):
        store.open_round(later, MONDAY)
    store.open_round(later, MONDAY + LONGEST_OPENING)
    assert ids(store) == published(store) == {"r", "later"}
    assert rows(store, tmp_path)[1] == stored
    assert len(rows(store, tmp_path)[0]) == 6


def stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open a round, and stop before the second step, as a killed process does."""
    with monkeypatch.context() as patched:
        stop_at_step(patched, 2)
        patched.setattr(OpeningSteps, "_discard", lambda *_: None)
        with pytest.raises(StoppedError):
            store.open_round(NEW, MONDAY)


def test_an_opening_is_given_up_if_another_round_has_its_units_by_then(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules are read again in the write that adds the round."""
    before = rows(store, tmp_path)
    rival = replace(NEW, id="rival")

    def add() -> None:
        if rival.id not in ids(store):
            store._rounds.add(rival)

    with monkeypatch.context() as patched:
        before_each_step(patched, add)
        with pytest.raises(RoundError):
            store.open_round(NEW, MONDAY)
    assert ids(store) == {"r", rival.id}
    assert rows(store, tmp_path) == before


def test_a_round_is_added_after_the_count_that_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of a count that is not published yet do not appear when a round opens."""
    for one in random_ballots(17, Random(2)):
        store.cast("r", "a", one, MONDAY)
    tick = MONDAY + timedelta(hours=8)
    with monkeypatch.context() as patched:
        stop_at_step(patched, 2)
        patched.setattr("kiosk.storage.count_steps.CountSteps._publish_count", stop)
        with pytest.raises(StoppedError):
            store.count(tick)
    store.open_round(NEW, tick)
    assert store.last_tick == tick
    assert ids(store) == published(store) == {"r", "new"}


def stop(*_: object) -> None:
    raise StoppedError


def test_a_process_that_starts_meanwhile_makes_the_opening_fail(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot know whether the first process was killed. A second one that opens a round has to wait."""
    before, second, is_first = rows(store, tmp_path), a_store(tmp_path), [True]

    def start() -> None:
        if is_first.pop() if is_first else False:
            with pytest.raises(RoundError, match="other_opening"):
                second.open_round(NEW, MONDAY)
            second.renew()

    with monkeypatch.context() as patched:
        before_each_step(patched, start)
        with pytest.raises(StoreError, match="open it again"):
            store.open_round(NEW, MONDAY)
    assert ids(store) == published(store) == {"r"}
    assert rows(store, tmp_path)[1] == before[1]
    store.open_round(NEW, MONDAY)
    assert ids(store) == published(store) == {"r", "new"}
    assert has_one_key_a_row(tmp_path)
    assert store.key_faults() == []


def test_figures_that_a_count_publishes_meanwhile_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot of an opening is made before its last write. A whole count may come between."""
    for one in random_ballots(17, Random(2)):
        store.cast("r", "a", one, MONDAY)
    make, ticks = Snapshots.make, [MONDAY + timedelta(hours=8)]

    def made(self: Snapshots, *args: Any, **options: Any) -> str | None:
        text = make(self, *args, **options)
        if options and ticks:
            assert store.count(ticks.pop())
        return text

    with monkeypatch.context() as patched:
        patched.setattr(Snapshots, "make", made)
        store.open_round(NEW, MONDAY)
    answered = {one["id"]: one["nodes"][0]["answered"] for one in store.snapshot()["rounds"]}
    assert answered == {"r": 17 - RUNNING.k, "new": None}
