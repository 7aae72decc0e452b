"""Protected rounds over the real store: noise is drawn once for each batch, and nothing exact is kept."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from kiosk.domain.rounds import Protection, PublicationTime, Round
from kiosk.domain.tree import Node, Tree
from kiosk.operation.backup import write_backup
from kiosk.operation.restore import restore_backup
from kiosk.storage import Store
from tests.tools.backups import TODAY, installation, opened, settings_of
from tests.tools.builders import MONDAY, a_round, a_store, ballot, cast_all, random_ballots, tree
from tests.tools.published import nodes

TICK = MONDAY.replace(hour=17)


def protected(units: Tree, figures: PublicationTime = PublicationTime.LIVE) -> Round:
    return replace(a_round(units), protection=Protection.PROTECTED, figures=figures)


def counts_of(store: Store, node: str) -> list[list[int]]:
    """Each statement's published cells: options and kinds of no answer."""
    statements = nodes(store.snapshot())[node]["statements"].values()
    return [[*table["counts"], *table["no_answer"].values()] for table in statements]


def tables_of(folder: Path, draws: int) -> list[list[list[int]]]:
    """The published cells of ten ballots of one answer each, in that many units: one batch each."""
    units = [f"u{number}" for number in range(draws)]
    store = a_store(folder)
    of_round = protected(tree(*units), PublicationTime.AT_CLOSING)
    store.open_round(of_round, MONDAY)
    for unit in units:
        cast_all(store, unit, [ballot(1, 3)] * 10)
    store.count(of_round.closes_at)
    tables = [counts_of(store, unit) for unit in units]
    store.close()
    return tables


def is_never_exact(tables: list[list[list[int]]]) -> bool:
    """Whether several draws differ: ten equal ballots would show as 10 each time."""
    return all(len({tuple(table[at]) for table in tables}) > 1 for at in range(2))


@pytest.mark.slow
def test_each_batch_gets_noise_that_keeps_its_size(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, 20)
    assert is_never_exact(tables)
    assert {sum(cells) for table in tables for cells in table} == {10}
    assert min(count for table in tables for cells in table for count in cells) == 0


@pytest.mark.slow
def test_the_noise_check_catches_a_store_without_noise(tmp_path: Path) -> None:
    """Control."""
    with patch("kiosk.domain.tally.protect", lambda cells, _rng, _epsilon: tuple(cells)):
        assert not is_never_exact(tables_of(tmp_path, 20))


def test_nothing_is_withheld_in_a_protected_round(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.open_round(protected(tree("a")), MONDAY)
    cast_all(store, "a", [ballot(1, 1)] * 20)
    store.count(TICK)
    assert {table["withheld"] for table in nodes(store.snapshot())["a"]["statements"].values()} == {0}


def test_noise_is_drawn_with_the_epsilon_of_the_round(tmp_path: Path) -> None:
    seen = []

    def note(cells: Sequence[int], _rng: Random, epsilon: object) -> tuple[int, ...]:
        seen.append(epsilon)
        return tuple(cells)

    of_round = replace(protected(tree("a")), epsilon=protected(tree("a")).epsilon / 2)
    with patch("kiosk.domain.tally.protect", note):
        store = a_store(tmp_path)
        store.open_round(of_round, MONDAY)
        cast_all(store, "a", random_ballots(15, Random(1)))
        store.count(TICK)
    assert seen == [of_round.epsilon] * 2


def test_noise_is_not_redrawn_by_later_counts_dumps_and_an_upgrade(tmp_path: Path) -> None:
    """Two counts, a page read twice, an upgrade and a dump before and after: one draw."""
    store = a_store(tmp_path)
    store.open_round(protected(tree("a", "b")), MONDAY)
    cast_all(store, "a", random_ballots(20, Random(1)))
    store.count(TICK)
    drawn, dumped = store.snapshot_text(), store.dump()
    for days in range(1, 6):
        store.count(TICK + timedelta(days=days))
    store.upgrade()
    assert store.snapshot_text() == drawn
    assert store.dump()["tally"] == dumped["tally"]
    assert store.dump()["batches"] == dumped["batches"] == [{"round_id": "r", "node_id": "a", "number": 1}]


@pytest.mark.slow
def test_a_restored_backup_has_the_same_noisy_figures(tmp_path: Path) -> None:
    settings, store = installation(tmp_path / "first")
    store.open_round(protected(tree("a", "b")), MONDAY)
    cast_all(store, "a", random_ballots(20, Random(1)))
    store.count(TICK)
    write_backup(store, settings, tmp_path / "backup.zip", TODAY)
    restore_backup(settings_of(tmp_path / "second"), tmp_path / "backup.zip")
    second = opened(settings_of(tmp_path / "second"))
    assert second.snapshot_text() == store.snapshot_text()
    second.count(TICK + timedelta(days=1))
    assert counts_of(second, "a") == counts_of(store, "a")


def test_a_failed_count_leaves_no_noisy_figures(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.open_round(protected(tree("a")), MONDAY)
    cast_all(store, "a", random_ballots(20, Random(1)))
    before = store.dump()
    count_boxes = store._count_steps._round_count.count_boxes

    def fail_at_the_end(_: object, *args: Any, **options: Any) -> None:
        count_boxes(*args, **options)
        raise OSError("the disk is full")

    with (
        patch.object(type(store._count_steps._round_count), "count_boxes", fail_at_the_end),
        pytest.raises(OSError, match="the disk is full"),
    ):
        store.count(TICK)
    assert store.dump() == before
    store.count(TICK)
    assert nodes(store.snapshot())["a"]["answered"] == 15


DEEP = Tree(
    (
        Node("root", "root", None),
        Node("town", "town", "root"),
        Node("a", "a", "town"),
        Node("b", "b", "town"),
        Node("c", "c", "root"),
    )
)


def test_a_parent_is_the_sum_of_its_children_and_of_its_own_batch(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    of_round = protected(DEEP)
    store.open_round(of_round, MONDAY)
    cast_all(store, "a", random_ballots(30, Random(1)))
    cast_all(store, "b", random_ballots(4, Random(2)))
    cast_all(store, "c", random_ballots(12, Random(3)))
    store.count(TICK)
    store.count(of_round.closes_at)
    published = nodes(store.snapshot())
    own = published["town"]["answered"] - published["a"]["answered"]
    assert (published["town"]["answered"], own, published["root"]["answered"]) == (34, 9, 46)
    assert [published[node].get("batches") for node in ("a", "b", "town", "c", "root")] == [1, None, 2, 1, 3]
    [*_, rows] = [row for row in store.dump()["batches"] if row["node_id"] == "town"]
    assert rows["number"] == 1
    parts = zip(counts_of(store, "town"), counts_of(store, "c"), counts_of(store, "root"), strict=True)
    assert all([a + b for a, b in zip(one, other, strict=True)] == total for one, other, total in parts)


def test_the_snapshot_names_the_protection_of_each_round(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.open_round(a_round(tree("a")), MONDAY)
    other = replace(protected(tree("b")), id="other")
    store.open_round(other, MONDAY)
    cast_all(store, "a", random_ballots(20, Random(1)))
    store.count(TICK)
    rounds: dict[str, Any] = {one["id"]: one for one in json.loads(store.snapshot_text())["rounds"]}
    assert (rounds["r"]["protection"], "epsilon" in rounds["r"]) == ("exact", False)
    assert (rounds["other"]["protection"], rounds["other"]["epsilon"]) == ("protected", "3/2")
    assert "batches" not in json.dumps(rounds["r"])
    assert store.dump()["batches"] == []
