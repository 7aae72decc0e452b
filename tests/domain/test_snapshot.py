"""The snapshot says for each node how many batches with noise its figures have."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kiosk.domain.rounds import Protection
from kiosk.domain.snapshot import RoundTally, as_text, etag, make_snapshot, same_figures
from kiosk.domain.snapshot_parts import SnapshotParts
from tests.tools.builders import MONDAY, a_round, tree


def test_a_node_has_the_batches_of_its_own_and_of_all_nodes_below_it() -> None:
    of_round = replace(a_round(tree("a", "b", "c")), protection=Protection.PROTECTED)
    counted = RoundTally(of_round, True, {}, {}, batches={"a": 3, "b": 2, "root": 1})
    [document] = make_snapshot([counted], MONDAY, demonstration=False)["rounds"]
    assert {node["id"]: node.get("batches", 0) for node in document["nodes"]} == {
        "root": 6, "a": 3, "b": 2, "c": 0,
    }  # fmt: skip


def test_rapid_ballots_are_counted_at_closing_for_each_node_and_all_below_it() -> None:
    excluded = {"a": 2}
    for is_closed, expected in ((True, {"root": 2, "a": 2, "b": 0, "c": 0}), (False, {})):
        counted = RoundTally(a_round(tree("a", "b", "c")), is_closed, {}, excluded)
        [document] = make_snapshot([counted], MONDAY, demonstration=False)["rounds"]
        shown = {n["id"]: n["excluded_rapid"] for n in document["nodes"] if "excluded_rapid" in n}
        assert shown == expected


def test_the_time_of_a_snapshot_is_no_part_of_its_figures() -> None:
    counted = RoundTally(a_round(tree("a", "b", "c")), False, {}, {})
    first, later = (
        make_snapshot([counted], at, demonstration=False) for at in (MONDAY, MONDAY + timedelta(1))
    )
    empty = make_snapshot([], MONDAY, demonstration=False)
    assert same_figures(first, later)
    assert not same_figures(first, empty)
    assert (first["made_at"], later["made_at"]) == ("2026-03-02T09:00:00", "2026-03-03T09:00:00")


def test_a_tag_is_32_hex_digits_that_depend_on_the_text() -> None:
    assert etag("") == "e3b0c44298fc1c149afbf4c8996fb924"
    assert etag("{}") != etag("{ }")


class ForgottenMeanwhile(dict[Any, Any]):
    """Parts that another thread forgets just after somebody has seen that one is there."""

    def __contains__(self, key: object) -> bool:
        is_there = super().__contains__(key)
        self.clear()
        return is_there


def test_a_part_that_another_thread_forgets_meanwhile_is_read_again() -> None:
    of_round = a_round(tree("a", "b"))
    document = make_snapshot([RoundTally(of_round, True, {}, {})], MONDAY, demonstration=False)
    parts = SnapshotParts(as_text(document))
    parts._rounds, parts._nodes = ForgottenMeanwhile(), ForgottenMeanwhile()
    for _ in range(2):
        assert parts.rounds(["r"])["rounds"][0]["id"] == "r"
        assert [node["id"] for node in parts.node(["r"], "a")["rounds"][0]["nodes"]] == ["a"]
