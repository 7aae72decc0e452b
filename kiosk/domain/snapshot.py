"""The published document: everything that anybody is shown, the same for all viewers.

It is made at the count, from the tallies. A parent's figures are the sum of the batches published below it
and for itself, never a fresh count. So the difference of two published figures is never smaller than a batch.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from kiosk.domain.rounds import Round
from kiosk.domain.short_hash import short_hash
from kiosk.domain.tally import StatementDocument, Tally, add


class _Node(TypedDict):
    """`excluded_rapid` is there in closed rounds only."""

    id: str
    parent: str | None
    excluded_rapid: NotRequired[int]


class PublishedNode(_Node):
    """A node's published sums: ballots, and a table by statement id."""

    answered: int
    statements: dict[str, StatementDocument]


class UnpublishedNode(_Node):
    """A node without published figures, and the reason."""

    answered: None
    why: Literal["waiting", "too_few"]


NodeDocument = PublishedNode | UnpublishedNode


class RoundDocument(TypedDict):
    """A round in the snapshot. Times are local, in ISO 8601."""

    id: str
    survey: str
    version: str
    opens: str
    closes: str
    k: int
    state: Literal["open", "closed"]
    nodes: list[NodeDocument]


class Document(TypedDict):
    """The snapshot. `made_at` is the count it was made at; None before anything was published."""

    made_at: str | None
    demonstration: bool
    rounds: list[RoundDocument]


@dataclass(frozen=True)
class RoundTally:
    """A round and its tallies.

    `own` is the running sum of the batches published for each node itself. `excluded_rapid` is the number
    of rapid ballots from each unit's kiosks, known once the round is closed.
    """

    round: Round
    is_closed: bool
    own: Mapping[str, Tally]
    excluded_rapid: Mapping[str, int]


def node_tallies(round_tally: RoundTally) -> dict[str, Tally]:
    """Return each node's published sum, its descendants' batches included; nodes without any are absent."""
    totals: dict[str, Tally] = {}
    tree = round_tally.round.tree
    for node in tree.bottom_up():
        parts = [totals[child] for child in tree.children(node) if child in totals]
        if node in round_tally.own:
            parts.append(round_tally.own[node])
        if parts:
            totals[node] = add(parts)
    return totals


def make_snapshot(rounds: Iterable[RoundTally], made_at: datetime, *, demonstration: bool) -> Document:
    """Build the snapshot document, as `/results.json` and `kiosk results --json` return it."""
    return {
        "made_at": made_at.isoformat(timespec="seconds"),
        "demonstration": demonstration,
        "rounds": [_round_document(round_tally) for round_tally in rounds],
    }


def _round_document(round_tally: RoundTally) -> RoundDocument:
    of_round, totals = round_tally.round, node_tallies(round_tally)
    return {
        "id": of_round.id,
        "survey": of_round.survey.id,
        "version": of_round.survey.version,
        "opens": of_round.opens_at.isoformat(),
        "closes": of_round.closes_at.isoformat(),
        "k": of_round.k,
        "state": "closed" if round_tally.is_closed else "open",
        "nodes": [
            _node_document(round_tally, node.id, node.parent, totals.get(node.id))
            for node in of_round.tree.nodes
        ],
    }


def _node_document(
    round_tally: RoundTally, node_id: str, parent: str | None, tally: Tally | None
) -> NodeDocument:
    place: _Node = {"id": node_id, "parent": parent}
    if round_tally.is_closed:
        units = round_tally.round.tree.units_below(node_id)
        place["excluded_rapid"] = sum(round_tally.excluded_rapid.get(unit, 0) for unit in units)
    if tally is None:
        return {**place, "answered": None, "why": "too_few" if round_tally.is_closed else "waiting"}
    statements = zip(round_tally.round.survey.statements, tally, strict=True)
    return {
        **place,
        "answered": tally[0].answered,
        "statements": {statement.id: table.as_json() for statement, table in statements},
    }


def same_figures(one: Document, other: Document) -> bool:
    """Return whether two snapshots are equal except for the time they were made."""
    return {**one, "made_at": ""} == {**other, "made_at": ""}


def made_at(document: Document) -> datetime | None:
    """Return the time of the count that made this document; None before the first publication."""
    return datetime.fromisoformat(document["made_at"]) if document["made_at"] else None


def etag(document_text: str) -> str:
    """Return the document's ETag: 32 hex digits of SHA-256, the same for every viewer."""
    return short_hash(document_text, 32)


def as_text(document: Document) -> str:
    """Encode the document as it is stored and served."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
