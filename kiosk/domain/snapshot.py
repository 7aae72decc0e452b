"""The snapshot: the document with all published figures, the same for all viewers.

It is made at the count, from the tallies. A parent's figures are the sum of the batches published below it
and for itself, never a fresh count. So a node's figures minus those of nodes below it are a sum of batches.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from kiosk.domain.rounds import Round
from kiosk.domain.short_hash import short_hash
from kiosk.domain.tally import StatementDocument, Tally, add
from kiosk.domain.tree import Node


class _Node(TypedDict):
    """The members of every node.

    `excluded_rapid`, the number of rapid submissions at the node's units, exists in closed rounds only.
    `guard_fired` exists if it is true: the play guard fired at one of these units between the last two
    counts. `batches` exists in protected rounds, if the node has figures: the number of batches in them, each
    with noise of its own.
    """

    id: str
    parent: str | None
    excluded_rapid: NotRequired[int]
    batches: NotRequired[int]
    guard_fired: NotRequired[bool]


class PublishedNode(_Node):
    """A node's published sums: ballots, and a table by statement id. A question of which several options may
    be chosen has a table for whether any was, and one for each option (`Column`)."""

    answered: int
    statements: dict[str, StatementDocument]


class UnpublishedNode(_Node):
    """A node without published figures, and the reason: in an open round its figures are "waiting" for more
    ballots, in a closed one there were "too_few"."""

    answered: None
    why: Literal["waiting", "too_few"]


NodeDocument = PublishedNode | UnpublishedNode


class RoundDocument(TypedDict):
    """A round in the snapshot. `survey` and `version` are the id and the version of its survey. Times are
    local, in ISO 8601. `protection` is a value of `Protection`. `epsilon`, a fraction such as 3/2, exists in
    protected rounds only. `state` is "open" until the count that closes the round, also before it opens.
    `nodes` has all nodes of the round's tree, in its order."""

    id: str
    survey: str
    version: str
    opens: str
    closes: str
    k: int
    protection: str
    epsilon: NotRequired[str]
    state: Literal["open", "closed"]
    nodes: list[NodeDocument]


class Document(TypedDict):
    """The snapshot. `made_at` is the time of the count that made it, local, in ISO 8601; None before the
    first publication. `demonstration` says whether the answers are invented."""

    made_at: str | None
    demonstration: bool
    rounds: list[RoundDocument]


@dataclass(frozen=True)
class RoundTally:
    """A round and its tallies.

    `sums` is the running sum of the batches published for each node itself, without the nodes below it.
    `is_closed` says whether a count has closed the round. `excluded_rapid` is the number of rapid ballots
    from each unit's kiosks, known from then on.
    `guard_fired` has the units at which the play guard excluded or refused a ballot between the last two
    counts. `batches` is the number of batches published for each node itself, in a protected round.
    """

    round: Round
    is_closed: bool
    sums: Mapping[str, Tally]
    excluded_rapid: Mapping[str, int]
    guard_fired: frozenset[str] = frozenset()
    batches: Mapping[str, int] = field(default_factory=dict)


def node_tallies(round_tally: RoundTally) -> dict[str, Tally]:
    """Return node id -> published sum, the batches of the nodes below it included; nodes without any batch
    are absent."""
    totals: dict[str, Tally] = {}
    tree = round_tally.round.tree
    for node in tree.bottom_up():
        parts = [totals[child] for child in tree.children(node) if child in totals]
        if node in round_tally.sums:
            parts.append(round_tally.sums[node])
        if parts:
            totals[node] = add(parts)
    return totals


def make_snapshot(rounds: Iterable[RoundTally], made_at: datetime, *, demonstration: bool) -> Document:
    """Return the snapshot, as `/results.json` and `kiosk results --json` show it, with the rounds in the
    given order. `made_at` is the local time of the count; `demonstration` becomes the member of that name."""
    return {
        "made_at": made_at.isoformat(timespec="seconds"),
        "demonstration": demonstration,
        "rounds": [_round_document(round_tally) for round_tally in rounds],
    }


def _round_document(round_tally: RoundTally) -> RoundDocument:
    """Return a round's part of the document, with all nodes of its tree in their order."""
    of_round, totals = round_tally.round, node_tallies(round_tally)
    batches = _node_batches(round_tally)
    document: RoundDocument = {
        "id": of_round.id,
        "survey": of_round.survey.id,
        "version": of_round.survey.version,
        "opens": of_round.opens_at.isoformat(),
        "closes": of_round.closes_at.isoformat(),
        "k": of_round.k,
        "protection": of_round.protection.value,
        "state": "closed" if round_tally.is_closed else "open",
        "nodes": [
            _node_document(round_tally, _head_of(node, batches[node.id]), totals.get(node.id))
            for node in of_round.tree.nodes
        ],
    }
    if of_round.is_protected:
        document["epsilon"] = str(of_round.epsilon)
    return document


def _node_batches(round_tally: RoundTally) -> dict[str, int]:
    """Return node id -> number of batches with noise in the node's figures, those of the nodes below it
    included; 0 in an exact round."""
    totals: dict[str, int] = {}
    tree = round_tally.round.tree
    for node in tree.bottom_up():
        totals[node] = round_tally.batches.get(node, 0) + sum(totals[child] for child in tree.children(node))
    return totals


def _head_of(node: Node, batches: int) -> _Node:
    """Return the members of a node's document that need no figures. `batches` is the number of batches
    in the node's figures, each with noise of its own; 0 adds no member."""
    head: _Node = {"id": node.id, "parent": node.parent}
    if batches:
        head["batches"] = batches
    return head


def _node_document(round_tally: RoundTally, head: _Node, tally: Tally | None) -> NodeDocument:
    """Return `head` with the figures of its node, or the reason why it has none."""
    units = round_tally.round.tree.units_below(head["id"])
    if round_tally.is_closed:
        head["excluded_rapid"] = sum(round_tally.excluded_rapid.get(unit, 0) for unit in units)
    if not round_tally.guard_fired.isdisjoint(units):
        head["guard_fired"] = True
    if tally is None:
        return {**head, "answered": None, "why": "too_few" if round_tally.is_closed else "waiting"}
    columns = zip(round_tally.round.survey.columns, tally, strict=True)
    return {
        **head,
        "answered": tally[0].ballots,
        "statements": {column.id: table.as_json() for column, table in columns},
    }


def nodes_with_guard_fired(document: Document) -> dict[str, frozenset[str]]:
    """Return round id, of every round in the document -> ids of its nodes, units included, with
    `guard_fired`; an empty set if it has none."""
    return {
        round_document["id"]: frozenset(
            node["id"] for node in round_document["nodes"] if node.get("guard_fired")
        )
        for round_document in document["rounds"]
    }


def same_figures(document: Document, other: Document) -> bool:
    """Return whether two snapshots are equal except for their `made_at`."""
    return {**document, "made_at": ""} == {**other, "made_at": ""}


def made_at(document: Document) -> datetime | None:
    """Return the local time of the count that made this document; None before the first publication."""
    return datetime.fromisoformat(document["made_at"]) if document["made_at"] else None


def etag(document_text: str) -> str:
    """Return the ETag of the document whose text is given (`as_text`): 32 hex digits of SHA-256."""
    return short_hash(document_text, 32)


def as_text(document: Document) -> str:
    """Return the document as JSON, the text that is stored and served."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
