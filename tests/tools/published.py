"""What is published over time."""

from collections.abc import Sequence
from typing import Any

from kiosk.domain.snapshot import Document


def nodes(document: Document) -> dict[str, Any]:
    [published] = document["rounds"]
    return {node["id"]: node for node in published["nodes"]}


def answered(document: Document) -> dict[str, int]:
    return {name: node["answered"] or 0 for name, node in nodes(document).items()}


def smallest_step(seen: Sequence[Document]) -> int | None:
    """The smallest number of ballots by which any two published documents differ at any node."""
    figures = [answered(document) for document in seen]
    steps = [
        abs(later[name] - earlier[name])
        for at, later in enumerate(figures)
        for earlier in [dict.fromkeys(later, 0), *figures[:at]]
        for name in later
    ]
    return min((step for step in steps if step), default=None)
