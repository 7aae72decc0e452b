"""A unit's figures need ballots on three days. tests/attack/steering.py looks for traces of a day."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.domain.ballot import Ballot
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.rounds import PublicationTime, Round
from kiosk.storage import Store
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, closed, tree

K = 5


def a_round_of_three_days(*units: str) -> Round:
    return replace(a_round(tree(*units), K), least_days=LEAST_DAYS)


def tick(day: int, hour: int = 17) -> datetime:
    return MONDAY.replace(hour=hour) + timedelta(days=day)


def figures(store: Store) -> dict[str, int | None]:
    [published] = store.snapshot()["rounds"]
    return {node["id"]: node["answered"] for node in published["nodes"]}


def fill(store: Store, unit: str, number: int, day: int) -> None:
    at = MONDAY + timedelta(days=day)
    cast_all(store, unit, [Ballot((1 + n % 5, 1 + n % 3)) for n in range(number)], at)


def opened(folder: Path, *units: str) -> tuple[Store, Round]:
    store, of_round = a_store(folder), a_round_of_three_days(*units)
    store.open_round(of_round, MONDAY)
    return store, of_round


def test_a_box_filled_on_one_day_is_never_published(tmp_path: Path) -> None:
    store, of_round = opened(tmp_path, "a", "b")
    fill(store, "a", 12 * K, day=0)
    for day in range(9):
        store.count(tick(day))
        assert figures(store)["a"] is None
    assert set(closed(store, of_round).values()) == {None}


def test_figures_are_published_on_the_third_day_with_ballots(tmp_path: Path) -> None:
    store, _ = opened(tmp_path, "a")
    shown = []
    for day in range(3):
        fill(store, "a", 2 * K, day)
        store.count(tick(day))
        shown.append(figures(store)["a"])
    assert shown == [None, None, 5 * K]


def test_several_counts_on_one_day_are_one_day_with_ballots(tmp_path: Path) -> None:
    store, of_round = opened(tmp_path, "a")
    for hour in (10, 12, 14, 16):
        fill(store, "a", 2 * K, day=0)
        store.count(tick(0, hour))
    assert figures(store)["a"] is None
    assert closed(store, of_round)["a"] is None


def test_days_with_ballots_survive_counts_renewal_and_upgrade(tmp_path: Path) -> None:
    store, of_round = opened(tmp_path, "a")
    for day in range(3):
        fill(store, "a", 2, day)
        store.renew()
        store.upgrade()
        store.count(tick(day))
    fill(store, "a", 4, day=4)
    assert closed(store, of_round)["a"] == 10


def test_the_last_day_before_closing_counts_as_a_day_with_ballots(tmp_path: Path) -> None:
    store, of_round = opened(tmp_path, "a")
    for day in (0, 1):
        fill(store, "a", K, day)
        store.count(tick(day))
    cast_all(store, "a", [Ballot((1, 1))], of_round.closes_at - timedelta(hours=1))
    assert closed(store, of_round)["a"] == 2 * K + 1


def test_a_round_without_the_rule_of_days_is_counted_without_it(tmp_path: Path) -> None:
    store, of_round = a_store(tmp_path), a_round(tree("a"), K)
    assert "least_days" not in of_round.as_json()
    store.open_round(of_round, MONDAY)
    fill(store, "a", 3 * K, day=0)
    store.count(tick(0))
    assert figures(store)["a"] == 2 * K


def test_figures_at_closing_need_three_days_with_ballots_too(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    of_round = replace(a_round_of_three_days("a", "b"), figures=PublicationTime.AT_CLOSING)
    store.open_round(of_round, MONDAY)
    for day in range(4):
        fill(store, "a", 3, day)
        store.count(tick(day))
    fill(store, "b", 40, day=5)
    store.count(tick(5))
    # b is counted with the last batch of a, which is large enough without it.
    assert closed(store, of_round) == {"root": 52, "a": None, "b": None}


def test_a_sibling_filled_in_one_day_does_not_publish_a_small_units_guest(tmp_path: Path) -> None:
    store, of_round = opened(tmp_path, "quiet", "filled")
    fill(store, "quiet", 1, day=3)
    store.count(tick(3))
    fill(store, "filled", 29, day=4)
    assert set(closed(store, of_round).values()) == {None}
