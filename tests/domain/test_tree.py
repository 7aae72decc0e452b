"""Tree files: the units as data, and what is said of a broken file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.tree import Node, Tree, tree_from_json
from kiosk.library.definition import DefinitionError
from kiosk.library.trees import flat_tree, read_tree, read_trees
from kiosk.settings import shipped_folder

GOOD_TREE = """\
id = "good"
name = "Stadsmissionen"

[[units]]
id = "house"
name = "Huset"

[[units]]
id = "kitchen"
name = "Köket"
parent = "house"

[[units]]
id = "shop"
name = "Butiken"
"""


def good_tree(tmp_path: Path, text: str = GOOD_TREE) -> Tree:
    path = tmp_path / "good.toml"
    path.write_text(text, encoding="utf-8")
    return read_tree(path)


def test_the_shipped_tree_has_the_units_of_vasteras() -> None:
    tree = read_trees(shipped_folder("questions") / "trees")["vasteras"]
    assert tree.root.name == "Västerås stadsmission"
    assert [tree.node(leaf).name for leaf in tree.leaves] == [
        "Talk2Me",
        "Dagverksamheten",
        "Matcentralen",
        "FRIDA",
        "Second hand",
    ]


def test_guests_answer_at_the_leaves(tmp_path: Path) -> None:
    tree = good_tree(tmp_path)
    assert tree.leaves == ("kitchen", "shop")
    assert tree.children("good") == ("house", "shop")
    assert tree.upwards("kitchen") == ("kitchen", "house", "good")


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Any tree whose parents stand before their children."""
    nodes = [Node("n0", "n0", None)]
    for number in range(1, draw(st.integers(1, 12))):
        parent = nodes[draw(st.integers(0, number - 1))]
        nodes.append(Node(f"n{number}", f"n{number}", parent.id))
    return Tree(tuple(nodes))


@given(trees())
def test_the_bottom_up_order_has_children_before_their_parents(tree: Tree) -> None:
    order = tree.bottom_up()
    assert sorted(order) == sorted(node.id for node in tree.nodes)
    for node in tree.nodes:
        assert all(order.index(child) < order.index(node.id) for child in tree.children(node.id))
        assert tree.upwards(node.id)[-1] == tree.root.id


@given(trees())
def test_a_tree_survives_conversion_to_json_and_back(tree: Tree) -> None:
    assert tree_from_json(json.loads(json.dumps(tree.as_json()))) == tree


@given(st.lists(st.sampled_from(["a", "b", "all", "_all", "__all"]), min_size=1, unique=True))
def test_a_flat_tree_has_a_root_whose_id_differs_from_all_units(units: list[str]) -> None:
    tree = flat_tree(units)
    assert list(tree.leaves) == units
    assert len({node.id for node in tree.nodes}) == len(tree.nodes)


def edited(old: str, new: str) -> Callable[[str], bytes]:
    """A small edit of the good file; it must find what it replaces."""

    def edit(text: str) -> bytes:
        assert old in text
        return text.replace(old, new, 1).encode()

    return edit


BROKEN_TREES: dict[str, tuple[Callable[[str], bytes], str, str]] = {
    # what is wrong: the edit, where the message points, the way out it names
    "unknown parent": (
        edited('parent = "house"', 'parent = "hous"'),
        "units[2].parent",
        "put the parent first",
    ),
    "parent below": (
        edited('"Huset"', '"Huset"\nparent = "kitchen"'),
        "units[1].parent",
        "put the parent first",
    ),
    "its own parent": (edited('parent = "house"', 'parent = "kitchen"'), "units[2].parent", "parent first"),
    "parent as list": (
        edited('parent = "house"', 'parent = ["house"]'),
        "units[2].parent",
        "a text in quotes",
    ),
    "empty parent": (edited('parent = "house"', 'parent = ""'), "units[2].parent", "write the text"),
    "duplicate unit": (edited('id = "shop"', 'id = "house"'), "units[3].id", "its own id"),
    "unit with the root's id": (edited('id = "shop"', 'id = "good"'), "units[3].id", "its own id"),
    "same name beside it": (edited("Butiken", "Huset"), "units[3].name", "use different names"),
    "unit without a name": (edited('name = "Köket"\n', ""), "units[2].name", "add a line name ="),
    "unit without an id": (edited('id = "shop"\n', ""), "units[3].id", "add a line id ="),
    "bad id": (edited('"kitchen"', '"Köket"'), "units[2].id", "small letters"),
    "misspelt parent": (edited("parent =", "parrent ="), "units[2].parrent", "did you mean 'parent'"),
    "no units": (lambda _: b'id = "good"\nname = "X"\n', ": units", "add [[units]]"),
    "units not sections": (lambda _: b'id = "good"\nname = "X"\nunits = ["a"]\n', "units[1]", "[[units]]"),
    "501 units": (
        lambda _: (
            b'id = "good"\nname = "X"\n'
            + b"".join(b'[[units]]\nid = "u%d"\nname = "U%d"\n' % (n, n) for n in range(501))
        ),
        ": units",
        "1 to 500",
    ),
    "open below a closed one": (edited('"Huset"', '"Huset"\nclosed = true'), "units[2].parent", "is closed"),
    "all closed": (
        lambda _: b'id = "good"\nname = "X"\n[[units]]\nid = "a"\nname = "A"\nclosed = true\n',
        ": units",
        "open one",
    ),
    "no name": (edited('name = "Stadsmissionen"\n', ""), ": name", "add a line name ="),
    "id of another file": (edited('id = "good"', 'id = "other"'), ": id", "rename one of them"),
    "not TOML": (lambda _: b"{}", "line 1", "correct"),
}


@pytest.mark.parametrize("case", BROKEN_TREES)
def test_the_error_for_a_broken_tree_names_the_place_and_the_remedy(case: str, tmp_path: Path) -> None:
    edit, where, remedy = BROKEN_TREES[case]
    path = tmp_path / "good.toml"
    path.write_bytes(edit(GOOD_TREE))
    with pytest.raises(DefinitionError) as raised:
        read_tree(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert where in message.removeprefix(str(tmp_path))
    assert remedy in message


def test_a_closed_unit_is_left_out_and_frees_its_name(tmp_path: Path) -> None:
    tree = good_tree(tmp_path, GOOD_TREE.replace('"Butiken"', '"Huset"\nclosed = true'))
    assert tree.leaves == ("kitchen",)


def test_units_with_the_same_name_and_different_parents_are_accepted(tmp_path: Path) -> None:
    assert good_tree(tmp_path, GOOD_TREE.replace("Köket", "Butiken")).leaves == ("kitchen", "shop")


def test_a_missing_folder_of_trees_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="is not a folder"):
        read_trees(tmp_path / "trees")


def test_the_position_of_a_node_is_its_index_in_the_tree() -> None:
    tree = flat_tree(["a", "b"])
    assert [tree.position(node.id) for node in tree.nodes] == list(range(len(tree.nodes)))
