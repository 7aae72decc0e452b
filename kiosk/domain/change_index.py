"""The changes that the results pages show first, computed once for all viewers at the count.

A change at a place with hundreds of units needs the tables of all of them. The index has only what
`results.change` returns for the snapshot with its tag; for any other snapshot it is void.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from kiosk.domain.results import Change
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import etag
from kiosk.domain.snapshot_parts import SnapshotParts
from kiosk.domain.statistics import Trend
from kiosk.domain.steps import last_step, last_two
from kiosk.domain.survey import Statement

Kind = tuple[str | None, int, bool, bool] | None
"""A change as JSON: (trend, direction, whether several units were compared, whether their mix moved). None if
the rounds cannot be compared."""


class IndexDocument(TypedDict):
    """The index as JSON. `closed` is the number of closed rounds. `kinds` has each different change once;
    `rounds` has round id -> node id -> for each statement, in the survey's order, the index of its change in
    `kinds`."""

    tag: str
    closed: int
    kinds: list[Kind]
    rounds: dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class ChangeIndex:
    """The changes of some rounds in the snapshot whose ETag is `tag`. An installation without a stored index
    has an empty one."""

    document: IndexDocument = field(
        default_factory=lambda: IndexDocument(tag="", closed=0, kinds=[], rounds={})
    )

    @property
    def tag(self) -> str:
        return self.document["tag"]

    def has(self, closed: Sequence[Round], of_round: Round, node_id: str) -> bool:
        """Return whether the changes at a node are in the index, computed with the same closed rounds."""
        is_same = self.document["closed"] == len(closed)
        return is_same and node_id in self.document["rounds"].get(of_round.id, {})

    def change(self, of_round: Round, node_id: str, statement: Statement) -> Change | None:
        """Return the change of a statement at a node in the index. KeyError if the index has no such node."""
        numbers = self.document["rounds"][of_round.id][node_id]
        kind = self.document["kinds"][numbers[of_round.survey.position(statement.id)]]
        if kind is None:
            return None
        trend, direction, has_several_units, has_mix_moved = kind
        return Change(Trend(trend) if trend else None, direction, has_several_units, has_mix_moved)


def index_changes(text: str, closed: Sequence[Round], shown: Sequence[Round]) -> ChangeIndex:
    """Return the index of the changes between the last two closed rounds up to each of the rounds `shown`, at
    all nodes of that round.

    `text` is the snapshot, and `closed` are its closed rounds, the latest opening first.
    """
    parts, kinds = SnapshotParts(text), dict[Kind, int]()
    rounds = {}
    for of_round in shown:
        statements = of_round.survey.statements
        nodes = [node.id for node in of_round.tree.nodes]
        compared = {
            one.id
            for node in nodes
            for statement in statements
            for one in last_two(closed, of_round, node, statement.id)
        }
        document = parts.rounds(sorted({of_round.id, *compared}))
        rounds[of_round.id] = {
            node: [
                kinds.setdefault(
                    _kind(last_step(document, closed, of_round, node, statement).change), len(kinds)
                )
                for statement in statements
            ]
            for node in nodes
        }
    return ChangeIndex({"tag": etag(text), "closed": len(closed), "kinds": list(kinds), "rounds": rounds})


def _kind(change: Change | None) -> Kind:
    if change is None:
        return None
    return (
        change.trend.value if change.trend else None,
        change.direction,
        change.has_several_units,
        change.has_mix_moved,
    )
