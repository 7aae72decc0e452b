"""A process reads rounds and the published document anew only after a change, whichever process made it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import peewee
import pytest

from kiosk.storage import Store, open_store, rounds
from kiosk.storage.publication_tag import PUBLICATION_TAG
from kiosk.storage.snapshots import Snapshots
from tests.tools.builders import MONDAY, a_round, random_ballots, tree
from tests.tools.postgresql import new_database

PLANNED = a_round(tree("a", "b"), opens_at=MONDAY + timedelta(days=7))
OTHER_TERMS = replace(PLANNED, k=8)
TICK = MONDAY + timedelta(hours=8)


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Store, Store]:
    """Two processes of one installation: each with its own store."""
    url = f"sqlite:///{tmp_path / 'k.sqlite'}"
    if request.param == "PostgreSQL":
        url = new_database(request.getfixturevalue("server"), tmp_path.name)
    one, other = (open_store(tmp_path, url, tmp_path / "keys", durable=False) for _ in range(2))
    one.migrate()
    return one, other


def terms(store: Store) -> list[object]:
    return [state.round for state in store.rounds()]


def test_each_process_sees_the_rounds_of_another_one_at_once(two: tuple[Store, Store]) -> None:
    one, other = two
    assert terms(one) == terms(other) == []
    for planned in (PLANNED, OTHER_TERMS):
        other.open_round(planned, MONDAY)
        assert terms(one) == terms(other) == [planned]
        other.cancel_round("r", MONDAY)
        assert terms(one) == terms(other) == []


def test_each_process_sees_at_once_that_another_one_closed_a_round(two: tuple[Store, Store]) -> None:
    one, other = two
    other.open_round(PLANNED, MONDAY)
    assert [state.is_closed for state in one.rounds()] == [False]
    other.count(PLANNED.closes_at)
    assert [state.is_closed for state in one.rounds()] == [True]


def test_a_round_whose_opening_was_rolled_back_is_forgotten(
    two: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    seen: list[list[object]] = []

    def fail(*_: object) -> None:
        seen.append(terms(one))
        raise peewee.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Snapshots, "put", fail)
        with pytest.raises(peewee.OperationalError):
            one.open_round(PLANNED, MONDAY)
    assert seen == [[PLANNED]], "within its own write the round is stored"
    assert terms(one) == terms(other) == []
    put = Snapshots.put

    def see(self: Snapshots, text: str | None) -> None:
        seen.append(terms(one))
        put(self, text)

    with monkeypatch.context() as patched:
        patched.setattr(Snapshots, "put", see)
        one.open_round(OTHER_TERMS, MONDAY)
    assert seen[1:] == [[OTHER_TERMS]]
    assert terms(one) == terms(other) == [OTHER_TERMS]


def test_the_terms_are_read_once_until_they_change(
    two: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    other.open_round(PLANNED, MONDAY)
    assert terms(one) == [PLANNED]

    def read(_: object) -> None:
        raise AssertionError("the terms were read again")

    with monkeypatch.context() as patched:
        patched.setattr(rounds.Rounds, "_read_terms", read)
        assert terms(one) == [PLANNED]
    other.cancel_round("r", MONDAY)
    assert terms(one) == []


CHANGES: dict[str, Callable[[Store], object]] = {
    "opening": lambda store: store.open_round(replace(PLANNED, id="new", tree=tree("c", "d")), MONDAY),
    "cancelling": lambda store: store.cancel_round("later", MONDAY),
    "count": lambda store: store.count(TICK),
    "change index": lambda store: store.store_change_index(),
    "demonstration": lambda store: store.mark_demonstration(),
}
NO_CHANGES: dict[str, Callable[[Store], object]] = {
    "ballot": lambda store: store.cast("r", "b", random_ballots(1, Random(3))[0], MONDAY),
    "rapid ballot": lambda store: store.exclude_rapid("r", "b", MONDAY),
    "printed slips": lambda store: store.print_slips("r", "b", 3),
    "count without new figures": lambda store: store.count(TICK),
    "count of a box with a ballot": lambda store: (
        store.cast("r", "b", random_ballots(1, Random(3))[0], MONDAY),
        store.count(TICK),
    ),
}


@pytest.mark.parametrize("change", [*CHANGES, *NO_CHANGES])
def test_the_tag_changes_with_what_is_published_and_never_with_a_ballot(
    two: tuple[Store, Store], change: str
) -> None:
    one, other = two
    one.open_round(replace(PLANNED, opens_at=MONDAY), MONDAY)
    later = replace(
        PLANNED,
        id="later",
        opens_at=PLANNED.closes_at,
        closes_at=PLANNED.closes_at + timedelta(days=90),
    )
    one.open_round(replace(later, tree=tree("e", "f")), MONDAY)
    if change in CHANGES:
        for ballot in random_ballots(17, Random(1)):
            one.cast("r", "a", ballot, MONDAY)
    before = other.publication_tag()
    assert len(before) == 32
    (CHANGES | NO_CHANGES)[change](one)
    assert (other.publication_tag() != before) == (change in CHANGES)


def test_no_backup_has_the_tag(two: tuple[Store, Store]) -> None:
    one, _ = two
    one.open_round(PLANNED, MONDAY)
    assert one.publication_tag()
    assert PUBLICATION_TAG not in {row["key"] for row in one.dump()["installation"]}
