"""Reads trees of units from questions/trees/*.toml."""

import re
from collections.abc import Container
from functools import partial
from pathlib import Path

from kiosk.domain.respondent import Respondent
from kiosk.domain.tree import Node, Tree
from kiosk.library.definition import (
    DefinitionError,
    Read,
    definition_files,
    is_there,
    read_definition,
    refuse_taken,
    strictly,
)

MOST_UNITS = 500
"""Most units and areas of a tree."""


def flat_tree(unit_ids: list[str]) -> Tree:
    """Return a tree of these units, named by their ids: one unit is its own root; several units have the root
    `all`, or `_all` and so on if a unit has that id. No unit gives the root alone. The ids are different.

    Raises DefinitionError for an id that does not begin with a letter, a digit or _, that has other
    characters than these, spaces, . and -, or that has over 80.
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
    """Return the tree in a file: `id` and `name` of the root, then [[units]] with id, name and an optional
    parent. The root and each unit may have a `respondent`: the word for those who answer there.

    A unit with `closed = true` is left out: guests do not answer there any more. Raises DefinitionError, with
    the line, for any fault, such as an id that occurs twice, two open units of one name and parent, a parent
    that comes later, an open unit below a closed one, or a tree whose units are all closed.
    """
    table, tree_id = read_definition(path)
    root = Node(tree_id, table.text("name"), None)
    nodes, closed = [root], set[str]()
    words = {root.id: table.optional_choice("respondent", Respondent)}
    for row in table.tables("units", at_least=1, at_most=MOST_UNITS):
        unit = Node(row.identifier("id"), row.text("name"), row.optional_text("parent") or root.id)
        if unit.id in {node.id for node in nodes}:
            raise row.error("id", f"{unit.id!r} occurs twice; every unit needs its own id")
        if unit.parent not in {node.id for node in nodes}:
            raise row.error("parent", f"no unit {unit.parent!r} precedes this one; put the parent first")
        if row.optional_flag("closed"):
            closed.add(unit.id)
        elif unit.parent in closed:
            raise row.error("parent", f"the unit {unit.parent!r} is closed; choose another parent")
        elif (unit.name, unit.parent) in {
            (node.name, node.parent) for node in nodes if node.id not in closed
        }:
            raise row.error("name", f"{unit.name!r} occurs twice in one place; use different names")
        words[unit.id] = row.optional_choice("respondent", Respondent)
        row.finish()
        nodes.append(unit)
    table.finish()
    if len(nodes) - len(closed) == 1:
        raise table.error("units", "all units are closed; open one")
    return Tree(
        tuple(node for node in nodes if node.id not in closed),
        {node_id: Respondent(word) for node_id, word in words.items() if word},
    )


def read_trees(folder: Path, read: Read = strictly, taken: Container[str] = ()) -> dict[str, Tree]:
    """Return all trees of a folder, by id. An id in `taken` is a fault of the file. `read` decides what
    happens to a faulty file: `strictly` raises DefinitionError. A file without a replacement is left out.

    Raises DefinitionError if there is no folder.
    """
    if not is_there(folder):
        raise DefinitionError(f"{folder}: is not a folder")
    trees = {
        path.stem: read(path, partial(_read_new_tree, taken=taken)) for path in definition_files(folder, read)
    }
    return {name: tree for name, tree in trees.items() if tree is not None}


def _read_new_tree(path: Path, taken: Container[str]) -> Tree:
    refuse_taken(path, taken)
    return read_tree(path)
