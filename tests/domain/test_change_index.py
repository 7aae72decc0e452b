"""Parts of the snapshot and its index of changes: neither differs from what the whole snapshot says."""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from kiosk.domain import change_index
from kiosk.domain.change_index import index_changes
from kiosk.domain.results import Row, over_time, with_direction_of
from kiosk.domain.rounds import Protection, Round
from kiosk.domain.snapshot import Document, RoundTally, as_text, etag, make_snapshot
from kiosk.domain.snapshot_parts import SnapshotParts
from kiosk.domain.steps import last_step
from kiosk.domain.survey import Statement, Survey
from kiosk.domain.tally import StatementTally
from kiosk.domain.time_change import NOTHING_COMPARED, TimeChange, key_of_time_change, time_change
from kiosk.domain.tree import Node, Tree
from tests.tools.builders import MONDAY, a_round, survey

TREE = Tree(
    (
        Node("survey", "Survey", None),
        Node("r1", "R", "survey"),
        Node("nodes", "N", "survey"),
        Node("a", "A", "r1"),
        Node("b", '{"id":"a","parent":', "r1"),
    )
)
"""Ids and names that look like other parts of the text."""


def asked(at: int) -> Survey:
    """A survey with a statement named "survey", and a third statement in odd rounds only."""
    plain = survey(2 + at % 2)
    first = replace(plain.statements[0], id="survey")
    return replace(plain, statements=(first, *plain.statements[1:]))


def rounds_with_figures(number: int = 5) -> tuple[list[Round], Document, list[Round]]:
    """Return rounds, the latest first, their snapshot, and those that are closed; the latest one runs."""
    random, rounds, tallies = Random(7), list[Round](), list[RoundTally]()
    for at in range(number):
        of_round = replace(
            a_round(TREE, opens_at=MONDAY + timedelta(days=100 * at)),
            id=f"r{at}",
            survey=asked(at),
            protection=Protection.PROTECTED if at % 3 else Protection.EXACT,
        )
        own = {
            unit: tuple(
                StatementTally(
                    tuple(random.randint(0, 12 + 9 * at) for _ in range(5)), (1, 0, 2), random.randint(0, 1)
                )
                for _ in of_round.survey.statements
            )
            for unit in TREE.leaves
            if random.random() < 0.8
        }
        rounds.append(of_round)
        tallies.append(RoundTally(of_round, at < number - 1, own, {}, batches=dict.fromkeys(own, 2)))
    document = make_snapshot(tallies, MONDAY, demonstration=True)
    return rounds[::-1], document, rounds[-2::-1]


def test_the_index_has_the_change_that_the_snapshot_gives_at_every_node() -> None:
    rounds, document, closed = rounds_with_figures()
    text = as_text(document)
    index = index_changes(text, closed, rounds)
    assert index.tag == etag(text)
    computed = {
        (of_round.id, node.id, statement.id): last_step(document, closed, of_round, node.id, statement).change
        for of_round in rounds
        for node in TREE.nodes
        for statement in of_round.survey.statements
    }
    assert len({change for change in computed.values() if change}) > 3
    for of_round in rounds:
        for node in TREE.nodes:
            assert index.has(closed, of_round, node.id)
            for statement in of_round.survey.statements:
                key = of_round.id, node.id, statement.id
                assert index.change(of_round, node.id, statement) == computed[key]


def history(document: Document, rounds: list[Round], node_id: str, statement: Statement) -> tuple[Row, ...]:
    return with_direction_of(over_time(document, rounds, node_id, statement.id), statement)


@pytest.mark.slow
def test_the_index_has_the_changes_over_all_rounds_at_every_node_that_is_no_unit() -> None:
    rounds, document, closed = rounds_with_figures(12)
    index = index_changes(as_text(document), closed, rounds)
    computed = list[TimeChange]()
    for of_round in rounds:
        for node in TREE.nodes:
            for statement in of_round.survey.statements:
                rows = history(document, rounds, node.id, statement)
                known = index.time_change(key_of_time_change(rows, node.id))
                if node.id in TREE.leaves:
                    assert known is None
                else:
                    assert known == time_change(rows)
                    computed.append(known)
    assert any(changes.overall != changes.ends for changes in computed)


def test_changes_over_all_rounds_are_computed_again_only_if_figures_of_a_closed_round_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rounds, document, closed = rounds_with_figures()
    before = index_changes(as_text(document), closed, rounds[:1])
    running, earlier = document["rounds"][-1], document["rounds"][1]
    assert running["state"] == "open"
    running["k"] = 9
    counted: list[TimeChange] = []

    def count(rows: tuple[Row, ...]) -> TimeChange:
        counted.append(time_change(rows))
        return counted[-1]

    monkeypatch.setattr(change_index, "time_change", count)
    after = index_changes(as_text(document), closed, rounds[:1], before)
    assert counted == []
    assert after.document["over_time"] == before.document["over_time"]
    earlier["k"] = 9
    index_changes(as_text(document), closed, rounds[:1], after)
    assert counted


def test_an_index_of_an_earlier_version_is_read_and_its_missing_changes_are_computed() -> None:
    rounds, document, closed = rounds_with_figures()
    index = index_changes(as_text(document), closed, rounds)
    del index.document["figures"], index.document["over_time"]
    assert index.time_change("any") is None
    again = index_changes(as_text(document), closed, rounds, index)
    assert again.document["over_time"]


def test_the_key_of_changes_differs_with_what_the_test_compares() -> None:
    rounds, document, _ = rounds_with_figures()
    statement = rounds[0].survey.statements[0]
    rows = history(document, rounds, "survey", statement)
    of_low_end = history(document, rounds, "survey", replace(statement, agreeing=(1, 2)))
    keys = {
        key_of_time_change(rows, "survey"),
        key_of_time_change(rows, "r1"),
        key_of_time_change(of_low_end, "survey"),
        key_of_time_change(rows[:-2], "survey"),
    }
    assert len(keys) == 4
    assert key_of_time_change(rows[:-1], "survey") in keys, "a running round is not compared"


def test_the_index_lacks_rounds_not_shown_and_is_void_once_another_round_is_closed() -> None:
    rounds, document, closed = rounds_with_figures()
    index = index_changes(as_text(document), closed, rounds[:1])
    assert index.has(closed, rounds[0], "a")
    assert not index.has(rounds, rounds[0], "a")
    assert not index.has(closed, rounds[1], "a")


def test_the_index_survives_its_way_through_json() -> None:
    rounds, document, closed = rounds_with_figures()
    index = index_changes(as_text(document), closed, rounds)
    again = replace(index, document=json.loads(json.dumps(index.document)))
    for statement in rounds[0].survey.statements:
        assert again.change(rounds[0], "a", statement) == index.change(rounds[0], "a", statement)
        key = key_of_time_change(history(document, rounds, "survey", statement), "survey")
        assert again.time_change(key) == index.time_change(key) != NOTHING_COMPARED


def test_rounds_and_nodes_alone_are_as_in_the_whole_snapshot() -> None:
    rounds, document, _ = rounds_with_figures()
    parts = SnapshotParts(as_text(document))
    whole = {of_round["id"]: of_round for of_round in document["rounds"]}
    for of_round in rounds:
        assert parts.rounds([of_round.id]) == {**document, "rounds": [whole[of_round.id]]}
        for node in TREE.nodes:
            [part] = parts.node([of_round.id], node.id)["rounds"]
            assert part["nodes"] == [node_ for node_ in whole[of_round.id]["nodes"] if node_["id"] == node.id]
            assert part["state"] == whole[of_round.id]["state"]
    two = [rounds[3].id, rounds[0].id]
    assert [of_round["id"] for of_round in parts.rounds(two)["rounds"]] == two


@pytest.mark.parametrize(
    "column_ids", [["no_answer"], ["id", "statements"], ["counts", "parent", "survey"], []]
)
def test_tables_of_chosen_columns_equal_those_in_the_whole_snapshot(column_ids: list[str]) -> None:
    random, asked_here = Random(3), survey(7)
    names = ("survey", "no_answer", "id", "statements", "counts", "parent", "nodes")
    named = zip(names, asked_here.statements, strict=True)
    asked_here = replace(asked_here, statements=tuple(replace(one, id=name) for name, one in named))
    of_round = replace(a_round(TREE), survey=asked_here)
    own = {
        unit: tuple(StatementTally((random.randint(0, 99),) * 5, (1, 2, 3), 0) for _ in names)
        for unit in TREE.leaves[1:]
    }
    tally = RoundTally(of_round, True, own, dict.fromkeys(TREE.leaves, 4), frozenset(TREE.leaves))
    document = make_snapshot(
        [tally, replace(tally, round=replace(of_round, id="nodes"))], MONDAY, demonstration=True
    )
    parts = SnapshotParts(as_text(document))
    for whole in document["rounds"]:
        [part] = parts.tables(whole["id"], column_ids)["rounds"]
        assert part["state"] == whole["state"]
        reduced = [
            {**node, "statements": {name: node["statements"][name] for name in column_ids}}
            if node["answered"] is not None
            else node
            for node in whole["nodes"]
        ]
        assert part["nodes"] == reduced
    assert {node["answered"] is None for node in document["rounds"][0]["nodes"]} == {True, False}


def test_a_part_that_the_snapshot_lacks_is_refused() -> None:
    rounds, document, _ = rounds_with_figures()
    parts = SnapshotParts(as_text(document))
    with pytest.raises(ValueError, match="r9"):
        parts.rounds(["r9"])
    with pytest.raises(ValueError, match="substring"):
        parts.node([rounds[1].id], "c")
    with pytest.raises(ValueError, match="substring"):
        parts.tables(rounds[1].id, ["another_column"])
