"""The program crashes at every durable step of every write; the state before or after the write is intact.

A child process runs one write and ends itself at step n (a sync, a deleted key, a commit), before or after
it. The parent opens the remaining files. n grows until the write completes.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import kiosk.storage.count_progress
from kiosk.domain.slips import UsedSlipError
from kiosk.storage import Sealed, Store
from kiosk.storage.keys import KeyFolder
from kiosk.storage.sealed_rows import sealed_rows
from tests.storage.crashes import ROUND, Ready, crash, has_one_key_a_row, make_ready, reopen
from tests.tools.builders import MEMORY, MONDAY, a_round, ballot, closed, tree

pytestmark = pytest.mark.slow

TICK = MONDAY + timedelta(hours=8)


@pytest.fixture
def ready() -> Iterator[Ready]:
    """In memory: a process that ends loses nothing that it wrote, synced or not."""
    with TemporaryDirectory(dir=MEMORY) as name:
        yield make_ready(Path(name) / "ready")


def leftovers(ready: Ready, write: Callable[[Store], object], *, every: int = 1) -> list[Path]:
    """A copy of the folder for every step, or every n-th one, at which the write can crash, and last one in
    which it completed."""
    copies: list[Path] = []
    died = True
    while died:
        copy = ready.folder.with_name(f"copy-{len(copies)}")
        shutil.copytree(ready.folder, copy)
        died = crash(copy, every * len(copies) + 1, write)
        copies.append(copy)
    assert len(copies) > 8
    return copies


def was_used(store: Store, slip: str) -> bool:
    """Whether the slip was used; uses it if not."""
    try:
        store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    except UsedSlipError:
        return True
    return False


def test_after_a_crash_a_ballot_and_its_slip_are_both_stored_or_neither(ready: Ready) -> None:
    copies = leftovers(ready, lambda store: store.cast("r", "a", ballot(5, 5), MONDAY, ready.slip))
    seen = set()
    for copy in copies:
        store = reopen(copy)
        store.renew()
        assert has_one_key_a_row(copy)
        used = was_used(store, ready.slip)
        # 21 ballots were there; one came by the slip, now or before.
        assert closed(store, ROUND)["root"] == 21 + 1
        assert store.rounds()[0].lost_boxes == 0
        seen.add(used)
        store.close()
    assert seen == {True, False}


def test_after_a_crash_a_ballot_without_slip_is_stored_or_not(ready: Ready) -> None:
    totals = []
    for copy in leftovers(ready, lambda store: store.cast("r", "a", ballot(5, 5), MONDAY)):
        store = reopen(copy)
        store.count(TICK)
        assert has_one_key_a_row(copy)
        totals.append(closed(store, ROUND)["root"])
        assert store.rounds()[0].lost_boxes == 0
        store.close()
    assert set(totals) == {21, 22}
    assert totals == sorted(totals, key=lambda total: total or 0)
    assert totals[-1] == 22


def test_after_a_crash_a_count_is_complete_or_not_made_and_never_made_twice(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk.storage.count_progress, "UNITS_A_STEP", 1)
    for copy in leftovers(ready, lambda store: store.count(TICK)):
        store = reopen(copy)
        store.count(TICK)
        [published] = store.snapshot()["rounds"]
        assert {node["id"]: node["answered"] for node in published["nodes"]} == {
            "root": 12,
            "a": 12,
            "b": None,
        }
        store.count(TICK + timedelta(days=1))
        assert has_one_key_a_row(copy)
        assert closed(store, ROUND) == {"root": 21, "a": 12, "b": None}
        assert store.rounds()[0].lost_boxes == 0
        store.close()


def test_after_a_crash_an_opening_is_finished_or_leaves_nothing(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk.storage.count_progress, "UNITS_A_STEP", 1)
    new = replace(a_round(tree("c", "d")), id="new")
    outcomes = []
    for copy in leftovers(ready, lambda store: store.open_round(new, MONDAY)):
        store = reopen(copy)
        before = {state.round.id for state in store.rounds()}
        assert {one["id"] for one in store.snapshot()["rounds"]} == before
        store.renew()
        rounds = {state.round.id for state in store.rounds()}
        assert {one["id"] for one in store.snapshot()["rounds"]} == rounds
        assert has_one_key_a_row(copy)
        assert len(list((copy / "keys").iterdir())) == 6 * len(rounds)
        assert store.key_faults() == []
        assert before == rounds
        outcomes.append(len(rounds))
        store.close()
    assert sorted(set(outcomes)) == sorted(dict.fromkeys(outcomes)) == [1, 2]


def test_after_a_crash_a_closing_is_complete_or_repeated_and_leaves_no_key(ready: Ready) -> None:
    for copy in leftovers(ready, lambda store: store.count(ROUND.closes_at)):
        store = reopen(copy)
        store.count(ROUND.closes_at)
        store.count(ROUND.closes_at + timedelta(days=1))
        assert closed(store, ROUND)["root"] == 21
        assert list((copy / "keys").iterdir()) == []
        store.close()


def test_after_a_crash_a_closing_that_pools_small_units_counts_every_ballot_once(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kiosk.storage.count_progress, "UNITS_A_STEP", 2)
    store, small = reopen(ready.folder), replace(a_round(tree("c", "d", "e", "f")), id="small")
    store.open_round(small, MONDAY)
    for number, unit in enumerate(small.tree.leaves):
        store.cast("small", unit, ballot(1, 1 + number), MONDAY)
        store.cast("small", unit, ballot(2, 2), MONDAY)
    store.close()
    for copy in leftovers(ready, lambda store: store.count(small.closes_at), every=11):
        store = reopen(copy)
        assert {one["nodes"][0]["answered"] for one in store.snapshot()["rounds"]} in ({None}, {21, 8})
        store.renew()
        # Those of counted boxes are gone after a start, also while the closing waits for its next count.
        rows = {row.name for row in (copy / "keys").iterdir() if any(row.iterdir())}
        assert rows == {
            name
            for of_round in (small, ROUND)
            for unit in store._boxes.key_ids(of_round.id)
            for name in sealed_rows(of_round.id, unit)
        }
        store.count(small.closes_at)
        assert {one["nodes"][0]["answered"] for one in store.snapshot()["rounds"]} == {21, 8}
        assert list((copy / "keys").iterdir()) == []
        store.close()


def test_the_crash_check_catches_a_key_destroyed_too_early(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the old key is destroyed before the row is committed under the new one."""
    honest = KeyFolder.seal

    def hasty(self: KeyFolder, row: str, plain: bytes, *step: int) -> tuple[str, bytes]:
        for name in self.unused(row, keep=None):
            self.destroy(row, name)
        return honest(self, row, plain, *step)

    monkeypatch.setattr(KeyFolder, "seal", hasty)
    copies = leftovers(ready, lambda store: store.cast("r", "a", ballot(5, 5), MONDAY))
    faulty = []
    for copy in copies:
        store = reopen(copy)
        faulty.append([(fault.kind, fault.unit_id) for fault in store.key_faults()])
        store.close()
    assert [(Sealed.BOX, "a")] in faulty
