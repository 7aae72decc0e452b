"""The tree of units: the only partition results are ever shown by.

Guests answer at the leaves. A second partition (age, language) would let two tables be subtracted
from each other, so there is none.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.definition import DefinitionError, check_own_name, read_table


@dataclass(frozen=True)
class Node:
    """A place in the tree; `parent` is None at the root only."""

    id: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class Tree:
    """Nodes in the file's order, the root first, parents before their children."""

    nodes: tuple[Node, ...]

    @property
    def root(self) -> Node:
        return self.nodes[0]

    @property
    def leaves(self) -> tuple[str, ...]:
        """Ids of the units guests answer at."""
        parents = {node.parent for node in self.nodes}
        return tuple(node.id for node in self.nodes if node.id not in parents)

    def node(self, node_id: str) -> Node:
        """The node of that id; KeyError if there is none."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def children(self, node_id: str) -> tuple[str, ...]:
        return tuple(node.id for node in self.nodes if node.parent == node_id)

    def upwards(self, node_id: str) -> tuple[str, ...]:
        """The node itself, its parent, and so on to the root."""
        path = [self.node(node_id)]
        while path[-1].parent is not None:
            path.append(self.node(path[-1].parent))
        return tuple(node.id for node in path)

    def units_below(self, node_id: str) -> tuple[str, ...]:
        """Ids of the units a node's figures are made of, sorted; of a unit, itself."""
        return tuple(sorted(leaf for leaf in self.leaves if node_id in self.upwards(leaf)))

    def bottom_up(self) -> tuple[str, ...]:
        """All ids, children before their parents."""
        return tuple(node.id for node in reversed(self.nodes))

    def as_json(self) -> list[dict[str, Any]]:
        return [{"id": n.id, "name": n.name, "parent": n.parent} for n in self.nodes]


def tree_from_json(rows: list[dict[str, Any]]) -> Tree:
    """The inverse of `Tree.as_json`."""
    return Tree(tuple(Node(row["id"], row["name"], row["parent"]) for row in rows))


def flat_tree(unit_ids: list[str]) -> Tree:
    """A tree made of names alone: one unit is its own root, several stand under a root `all`.

    Raises DefinitionError for a name that could not be a file's.
    """
    for unit in unit_ids:
        if not re.fullmatch(r"\w[\w .-]{0,79}", unit):
            raise DefinitionError(f"unit {unit!r}: write letters, digits, spaces, . - and _, at most 80")
    if len(unit_ids) == 1:
        return Tree((Node(unit_ids[0], unit_ids[0], None),))
    root = "all"
    while root in unit_ids:
        root = f"_{root}"
    return Tree((Node(root, root, None), *(Node(unit, unit, root) for unit in unit_ids)))


def read_tree(path: Path) -> Tree:
    """Read a tree file: `id` and `name` of the root, then [[units]] with id, name, optional parent."""
    table = read_table(path)
    root = Node(check_own_name(table, path), table.text("name"), None)
    nodes = [root]
    for row in table.tables("units", at_least=1, at_most=500):
        unit = Node(row.identifier("id"), row.text("name"), row.optional_text("parent") or root.id)
        if unit.id in {node.id for node in nodes}:
            raise row.error("id", f"{unit.id!r} stands twice; every unit needs its own id")
        if unit.parent not in {node.id for node in nodes}:
            raise row.error("parent", f"no unit {unit.parent!r} stands above this one; put the parent first")
        if (unit.name, unit.parent) in {(node.name, node.parent) for node in nodes}:
            raise row.error("name", f"{unit.name!r} stands twice in one place; nobody could tell them apart")
        row.finish()
        nodes.append(unit)
    table.finish()
    return Tree(tuple(nodes))


def read_trees(folder: Path) -> dict[str, Tree]:
    """All tree files of a folder, by id."""
    if not folder.is_dir():
        raise DefinitionError(f"{folder}: is not a folder")
    return {path.stem: read_tree(path) for path in sorted(folder.glob("*.toml"))}
