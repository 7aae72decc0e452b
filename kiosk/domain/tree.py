"""The tree of units: the only partition of the results.

Guests answer at the leaves. With a second partition, such as age or language, two tables could be subtracted
from each other, so there is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kiosk.domain.respondent import Respondent


@dataclass(frozen=True)
class Node:
    """A unit or a group of units in the tree. `parent` is the id of the node above it; None for the root
    only."""

    id: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class Tree:
    """Nodes in the file's order: the root first, parents before their children.

    `respondents` maps the id of a node to its own word for the people who answer there; nodes without a word
    of their own are absent. A round's frozen tree has no words.
    """

    nodes: tuple[Node, ...]
    respondents: Mapping[str, Respondent] = field(default_factory=dict, compare=False)

    @property
    def root(self) -> Node:
        """The node that all others are below."""
        return self.nodes[0]

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Ids of the nodes without children, where guests answer, in the order of `nodes`."""
        parents = {node.parent for node in self.nodes}
        return tuple(node.id for node in self.nodes if node.id not in parents)

    def node(self, node_id: str) -> Node:
        """Return the node with that id; KeyError if there is none."""
        return self._by_id[node_id]

    def has(self, node_id: str) -> bool:
        """Return whether there is a node with that id."""
        return node_id in self._by_id

    def position(self, node_id: str) -> int:
        """Return the node's index in `nodes`; KeyError if there is none."""
        return self._positions[node_id]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {node.id: at for at, node in enumerate(self.nodes)}

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    def children(self, node_id: str) -> tuple[str, ...]:
        """Return the ids of the nodes directly below a node, in the file's order; () for a unit or an unknown
        node."""
        return self._children.get(node_id, ())

    @cached_property
    def _children(self) -> dict[str | None, tuple[str, ...]]:
        """Parent -> its children, in the file's order."""
        children: dict[str | None, tuple[str, ...]] = {}
        for node in self.nodes:
            children[node.parent] = (*children.get(node.parent, ()), node.id)
        return children

    def upwards(self, node_id: str) -> tuple[str, ...]:
        """Return the ids of the node, its parent, and so on up to the root. KeyError for an unknown node."""
        path = [self.node(node_id)]
        while path[-1].parent is not None:
            path.append(self.node(path[-1].parent))
        return tuple(node.id for node in path)

    def units_below(self, node_id: str) -> tuple[str, ...]:
        """Return the sorted ids of the units that a node's figures include; for a unit, its own id; () for an
        unknown node."""
        return self._units_below.get(node_id, ())

    @cached_property
    def _units_below(self) -> dict[str, tuple[str, ...]]:
        """Node -> the sorted units at it or below it."""
        units: dict[str, list[str]] = {}
        for leaf in sorted(self.leaves):
            for node_id in self.upwards(leaf):
                units.setdefault(node_id, []).append(leaf)
        return {node_id: tuple(leaves) for node_id, leaves in units.items()}

    def only(self, units: Iterable[str]) -> "Tree":
        """Return the tree of the leaves with these ids, at least one, and their ancestors, without
        `respondents`. KeyError for an unknown id; the caller checks that no id is that of a group."""
        kept = {node_id for unit in units for node_id in self.upwards(unit)}
        return Tree(tuple(node for node in self.nodes if node.id in kept))

    def respondent(self, node_id: str) -> Respondent:
        """Return the word for the people who answer at a node: its own, or that of the nearest node above it
        that has one; GUEST if none has. KeyError for an unknown node."""
        words = (self.respondents.get(above) for above in self.upwards(node_id))
        return next(filter(None, words), Respondent.GUEST)

    def bottom_up(self) -> tuple[str, ...]:
        """Return all ids, children before their parents."""
        return tuple(node.id for node in reversed(self.nodes))

    def as_json(self) -> list[dict[str, Any]]:
        """Return a JSON-ready copy, as a round freezes it: without `respondents`."""
        return [{"id": n.id, "name": n.name, "parent": n.parent} for n in self.nodes]


def tree_from_json(rows: list[dict[str, Any]]) -> Tree:
    """Return a tree from its JSON: the inverse of `Tree.as_json`. KeyError or TypeError for another shape;
    types of texts are not checked, nor whether the nodes form a tree."""
    return Tree(tuple(Node(row["id"], row["name"], row["parent"]) for row in rows))
