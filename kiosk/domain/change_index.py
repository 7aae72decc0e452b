"""The changes that the results pages show first, computed once for all viewers at the count.

A change at a node with hundreds of units needs the tables of all of them. The index has only results of
`results.change` and `time_change` for one snapshot, whose ETag it names; for any other snapshot it is void.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from kiosk.domain.results import Change, Turn, over_time, over_time_as_one, with_direction_of
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import etag
from kiosk.domain.snapshot_parts import SnapshotParts
from kiosk.domain.statistics import Trend
from kiosk.domain.steps import last_step, last_two
from kiosk.domain.survey import Statement
from kiosk.domain.time_change import TimeChange, key_of_time_change, time_change

Kind = tuple[str | None, int, bool, bool] | None
"""A `results.Change` as JSON: (value of its trend or None, direction, has_several_units, has_mix_moved). None
if the rounds cannot be compared."""

TimeKind = tuple[Kind, Kind, tuple[bool, bool] | None]
"""A TimeChange as JSON: (overall, ends, (is_up, is_sure) of its turn, or None without a turn)."""


class IndexDocument(TypedDict):
    """The index as JSON. `tag` is the ETag of its snapshot, and `closed` the number of closed rounds. `kinds`
    has each different change once; `rounds` has round id -> node id -> for each statement, in the survey's
    order, the index of its change in `kinds`. `figures` has closed round's id -> hash of its figures
    (`SnapshotParts.figures_hash`), and `over_time` key_of_time_change -> the changes over all rounds, at
    nodes that have units below them, of statements whose options have an order; an index of an earlier
    version lacks both."""

    tag: str
    closed: int
    kinds: list[Kind]
    rounds: dict[str, dict[str, list[int]]]
    figures: NotRequired[dict[str, str]]
    over_time: NotRequired[dict[str, TimeKind]]


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
        """Return whether the changes at a node up to `of_round` are in the index, and it was made with as
        many closed rounds as there are in `closed`. The caller compares `tag` with the snapshot's ETag."""
        is_same = self.document["closed"] == len(closed)
        return is_same and node_id in self.document["rounds"].get(of_round.id, {})

    def change(self, of_round: Round, node_id: str, statement: Statement) -> Change | None:
        """Return the change between the last two closed rounds up to `of_round` that asked the statement at
        the node; None if there are not two that can be compared, or the options have no order. KeyError if
        the index has no such round, node or statement."""
        numbers = self.document["rounds"][of_round.id][node_id]
        return _change(self.document["kinds"][numbers[of_round.survey.position(statement.id)]])

    def time_change(self, key: str) -> TimeChange | None:
        """Return the changes over all rounds for a `key_of_time_change`; None if the index lacks the key."""
        kinds = self.document.get("over_time", {}).get(key)
        if kinds is None:
            return None
        overall, ends, turned = kinds
        return TimeChange(_change(overall), _change(ends), Turn(*turned) if turned else None)


def index_changes(
    text: str, closed: Sequence[Round], shown: Sequence[Round], before: ChangeIndex | None = None
) -> ChangeIndex:
    """Return the index of the changes for the rounds `shown`. For each of these rounds, each of its nodes and
    each of its statements, it has the change between the last two closed rounds, up to that round in the
    order of opening, that asked the statement at the node. For nodes that are no units, and statements whose
    options have an order, it also has the changes over all rounds. ValueError if the snapshot lacks a round.

    `text` is the snapshot as JSON (`snapshot.as_text`), and `closed` are its closed rounds, the latest
    opening first. Changes over all rounds are taken from the index `before` if no closed round's figures
    differ from those that it was made from.
    """
    # Every statement is compared over all rounds.
    parts, kinds = SnapshotParts(text, most_rounds=len(closed) + len(shown)), dict[Kind, int]()
    figures = {of_round.id: parts.figures_hash(of_round.id) for of_round in closed}
    known = before.document.get("over_time", {}) if before and _has_same(before, figures) else {}
    over_time = _index_over_time(parts, [*closed, *shown], shown, known)
    rounds = {}
    for of_round in shown:
        statements = of_round.survey.statements
        nodes = [node.id for node in of_round.tree.nodes]
        compared = {
            compared_round.id
            for node in nodes
            for statement in statements
            for compared_round in last_two(closed, of_round, node, statement.id)
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
    return ChangeIndex(
        {
            "tag": etag(text), "closed": len(closed), "kinds": list(kinds), "rounds": rounds,
            "figures": figures, "over_time": over_time,
        }
    )  # fmt: skip


def _has_same(before: ChangeIndex, figures: Mapping[str, str]) -> bool:
    """Return whether each closed round of an earlier index has the same figures now. `figures` is round id ->
    hash."""
    return before.document.get("figures", {}).items() <= figures.items()


def _index_over_time(
    parts: SnapshotParts, rounds: Iterable[Round], shown: Iterable[Round], known: Mapping[str, TimeKind]
) -> dict[str, TimeKind]:
    """Return key_of_time_change -> the changes over all of `rounds`, at the nodes of each of `shown` that are
    no units, of statements whose options have an order. Those in `known` are not computed again."""
    every = list({of_round.id: of_round for of_round in rounds}.values())
    changes = dict[str, TimeKind]()
    for of_round in shown:
        groups = [node.id for node in of_round.tree.nodes if node.id not in of_round.tree.leaves]
        for node_id in groups:
            asking = [candidate.id for candidate in every if candidate.tree.has(node_id)]
            at_node = parts.node(asking, node_id)
            for statement in of_round.survey.statements:
                if not statement.scale.is_ordered:
                    continue
                rows = over_time_as_one(at_node, every, node_id, statement.id)
                key = key_of_time_change(with_direction_of(rows, statement), node_id)
                if key not in changes:
                    changes[key] = known.get(key) or _time_kind(
                        time_change(
                            with_direction_of(
                                over_time(parts.rounds(asking), every, node_id, statement.id), statement
                            )
                        )
                    )
    return changes


def _time_kind(changes: TimeChange) -> TimeKind:
    """Return a TimeChange as JSON (see `TimeKind`)."""
    last = changes.turn
    return (_kind(changes.overall), _kind(changes.ends), (last.is_up, last.is_sure) if last else None)


def _change(kind: Kind) -> Change | None:
    """Return the change that `_kind` wrote."""
    if kind is None:
        return None
    trend, direction, has_several_units, has_mix_moved = kind
    return Change(Trend(trend) if trend else None, direction, has_several_units, has_mix_moved)


def _kind(change: Change | None) -> Kind:
    """Return a change as JSON (see `Kind`); None for None."""
    if change is None:
        return None
    return (
        change.trend.value if change.trend else None,
        change.direction,
        change.has_several_units,
        change.has_mix_moved,
    )
