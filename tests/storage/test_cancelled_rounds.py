"""A round can be cancelled until it opens, and leaves nothing behind; an open one cannot."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.domain.rounds import Round
from kiosk.storage import RoundBegunError, Store, StoreError
from tests.tools.builders import MONDAY, a_round, a_store, ballot, tree

PLANNED = replace(a_round(tree("a", "b"), opens_at=MONDAY + timedelta(days=7)), name="Våren 2027")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = a_store(tmp_path)
    store.open_round(PLANNED, MONDAY)
    return store


def test_a_cancelled_round_leaves_no_row_slip_or_key(store: Store, tmp_path: Path) -> None:
    [slip] = store.print_slips("r", "a", 1)
    assert store.cancel_round("r", MONDAY) == PLANNED
    assert store.rounds() == []
    assert store.snapshot()["rounds"] == []
    assert store.unit_of_slip(slip) is None
    assert store.key_faults() == []
    assert [path for path in (tmp_path / "keys").rglob("*") if path.is_file()] == []
    store.open_round(PLANNED, MONDAY)
    assert store.unit_of_slip(slip) is None, "the id is used again"


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3), timedelta(days=200)])
def test_an_open_or_ended_round_cannot_be_cancelled(store: Store, late: timedelta) -> None:
    store.cast("r", "a", ballot(1, 1), PLANNED.opens_at)
    with pytest.raises(RoundBegunError, match="round r has opened"):
        store.cancel_round("r", PLANNED.opens_at + late)
    assert [state.round for state in store.rounds()] == [PLANNED]


def test_a_round_with_a_ballot_cannot_be_cancelled_after_the_clock_is_set_back(store: Store) -> None:
    store.cast("r", "a", ballot(1, 1), PLANNED.opens_at)
    with pytest.raises(RoundBegunError):
        store.cancel_round("r", MONDAY)


def test_a_counted_round_cannot_be_cancelled_after_the_clock_is_set_back(store: Store) -> None:
    store.count(PLANNED.opens_at + timedelta(hours=8))
    with pytest.raises(RoundBegunError):
        store.cancel_round("r", MONDAY)


def test_a_missing_round_cannot_be_cancelled(store: Store) -> None:
    with pytest.raises(StoreError, match="there is no round 'other'"):
        store.cancel_round("other", MONDAY)


def test_the_units_of_a_cancelled_round_can_join_another_round(store: Store) -> None:
    store.cancel_round("r", MONDAY)
    other: Round = replace(PLANNED, id="r2", opens_at=MONDAY)
    store.open_round(other, MONDAY)
    assert store.running_round("a", MONDAY) == other
