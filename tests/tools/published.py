"""Figures in published documents."""

from collections.abc import Sequence
from typing import Any, cast

from kiosk.domain.snapshot import Document, NodeDocument, PublishedNode
from kiosk.domain.tally import StatementDocument


def nodes(document: Document) -> dict[str, Any]:
    [published] = document["rounds"]
    return {node["id"]: node for node in published["nodes"]}


def statements(node: NodeDocument) -> dict[str, StatementDocument]:
    """Return statement id -> table of a node; empty for a node without published figures."""
    return cast(PublishedNode, node)["statements"] if "statements" in node else {}


def answered(document: Document) -> dict[str, int]:
    return {name: node["answered"] or 0 for name, node in nodes(document).items()}


def smallest_step(seen: Sequence[Document]) -> int | None:
    """Return the smallest number of ballots, above 0, by which a node's figures in a document differ from
    those in an earlier document, or from 0; None if there are no figures."""
    figures = [answered(document) for document in seen]
    steps = [
        abs(later[name] - earlier[name])
        for at, later in enumerate(figures)
        for earlier in [dict.fromkeys(later, 0), *figures[:at]]
        for name in later
    ]
    return min((step for step in steps if step), default=None)
