"""When a box is counted, what leaves it, and what is published at closing."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.box import Closing, draw_batch, full_at, plan_closing, veil
from kiosk.domain.tree import Node, Tree
from kiosk.library.trees import flat_tree

ks = st.integers(5, 12)


@given(st.integers(0, 200), st.integers(0, 200), ks)
def test_a_box_gives_no_batch_until_it_is_full_and_always_keeps_k_ballots(
    size: int, counted: int, k: int
) -> None:
    batch, rest = draw_batch(range(size), counted, k, secrets.SystemRandom())
    assert sorted([*batch, *rest]) == list(range(size))
    assert (len(batch) == 0) == (size < full_at(counted, k))
    assert not batch or (len(batch) >= k and len(rest) == k)


def test_every_ballot_is_equally_likely_to_be_drawn() -> None:
    rng = secrets.SystemRandom()
    left = [0] * 15
    for _ in range(4500):
        for ballot in draw_batch(range(15), 0, 5, rng)[0]:
            left[ballot] += 1
    chi_square = sum((n - 3000) ** 2 / 1000 for n in left)
    assert chi_square < 42  # 14 degrees of freedom, p = 0.0001


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ((0, 8, 0), ((0, 7, 0), 1)),
        ((0, 7, 1), ((0, 7, 0), 1)),
        ((6, 2, 0), ((6, 2, 0), 0)),
        ((0, 0, 0), ((0, 0, 0), 0)),
        ((0,) * 300 + (8,), ((0,) * 300 + (7,), 1)),
    ],
    ids=["all agree", "all but one agree", "two differ", "nobody", "many options"],
)
def test_the_veil_publishes_all_but_one_of_the_agreeing_answers(
    counts: tuple[int, ...], published: tuple[tuple[int, ...], int]
) -> None:
    assert veil(counts) == published


@given(st.lists(st.integers(0, 30), min_size=2, max_size=9))
def test_the_veil_leaves_at_least_two_possible_answers(counts: list[int]) -> None:
    published, withheld = veil(counts)
    assert sum(published) + withheld == sum(counts)
    n = sum(counts)
    assert n < 5 or max(published) < n
    assert withheld == (1 if n and max(counts) >= n - 1 else 0)


@given(st.integers(2, 20), st.integers(0, 3), st.integers(0, 3))
def test_one_dissenting_answer_is_published_like_a_unanimous_batch(n: int, top: int, other: int) -> None:
    unanimous, lone = [0] * 4, [0] * 4
    unanimous[top] = n
    lone[top], lone[other] = n - 1, lone[other] + 1
    if n > 2 and top != other:
        assert veil(unanimous) == veil(lone)


def two_levels() -> Tree:
    names = [("root", None), ("north", "root"), ("n1", "north"), ("n2", "north"), ("south", "root")]
    return Tree(tuple(Node(name, name, parent) for name, parent in names))


@pytest.mark.parametrize(
    ("sizes", "counted", "batches", "destroyed"),
    [
        ({"n1": 5, "n2": 0, "south": 0}, {"n1"}, {("n1", ("n1",))}, ()),
        ({"n1": 12, "n2": 0, "south": 0}, set(), {("n1", ("n1",))}, ()),
        (
            {"n1": 5, "n2": 1, "south": 7},
            {"n1", "south"},
            {("north", ("n2", "n1")), ("south", ("south",))},
            (),
        ),
        ({"n1": 5, "n2": 1, "south": 1}, {"n1"}, {("root", ("n1", "n2", "south"))}, ()),
        ({"n1": 2, "n2": 1, "south": 6}, {"south"}, {("root", ("n1", "n2", "south"))}, ()),
        ({"n1": 4, "n2": 3, "south": 0}, set(), {("north", ("n1", "n2"))}, ()),
        ({"n1": 2, "n2": 1, "south": 1}, set(), set(), ("n1", "n2", "south")),
        ({"n1": 2, "n2": 1, "south": 2}, set(), {("root", ("n1", "n2", "south"))}, ()),
    ],
)
def test_small_units_are_pooled_with_the_smallest_last_batch_of_a_sibling(
    sizes: dict[str, int],
    counted: set[str],
    batches: set[tuple[str, tuple[str, ...]]],
    destroyed: tuple[str, ...],
) -> None:
    closing = plan_closing(two_levels(), sizes, frozenset(counted), 5)
    counted_batches = {(node, tuple(sorted(m))) for node, m in closing.batches}
    assert counted_batches == {(node, tuple(sorted(m))) for node, m in batches}
    assert tuple(sorted(closing.destroyed)) == tuple(sorted(destroyed))


counted_sizes = st.lists(st.integers(5, 30), min_size=2, max_size=5)
"""Ballots left in boxes that had a batch before, where k is 5: each is enough for a last batch."""

too_few = st.integers(1, 4)


@given(counted_sizes, too_few, st.data())
def test_a_small_unit_joins_the_smallest_last_batch_only(
    rests: list[int], small: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rests)))
    sizes = {f"u{number}": size for number, size in enumerate([*rests[:at], small, *rests[at:]])}
    tree, small_unit = flat_tree(list(sizes)), f"u{at}"
    closing = plan_closing(tree, sizes, frozenset(sizes) - {small_unit}, 5)
    [pool] = [members for node, members in closing.batches if node == tree.root.id]
    [joined] = set(pool) - {small_unit}
    assert sizes[joined] == min(rests)
    assert {members for node, members in closing.batches if node != tree.root.id} == {
        (unit,) for unit in sizes if unit not in pool
    }


STEADY_CASES = [
    # A full box of too few days has no batch of its own, and its parent's needs k ballots of steady units.
    ({"n1": 40, "n2": 0, "south": 0}, {"n2", "south"}, set(), set(), {"n1"}),
    ({"n1": 40, "n2": 0, "south": 5}, {"south"}, set(), {("root", ("n1", "south"))}, set()),
    ({"n1": 40, "n2": 4, "south": 0}, {"n2"}, set(), set(), {"n1", "n2"}),
    ({"n1": 40, "n2": 5, "south": 0}, {"n2"}, set(), {("north", ("n1", "n2"))}, set()),
    # A quiet unit's guest is counted with a steady sibling's rest, not with a filled one's.
    ({"n1": 29, "n2": 1, "south": 0}, set(), set(), set(), {"n1", "n2"}),
    ({"n1": 5, "n2": 1, "south": 0}, {"n1"}, {"n1"}, {("north", ("n1", "n2"))}, set()),
    ({"n1": 29, "n2": 1, "south": 7}, {"south"}, {"south"}, {("root", ("n1", "n2", "south"))}, set()),
    # A unit with figures whose box was lost begins again.
    ({"n1": 9, "n2": 0, "south": 12}, {"south"}, {"n1"}, {("root", ("n1", "south"))}, set()),
]


@pytest.mark.parametrize(("sizes", "steady", "counted", "batches", "destroyed"), STEADY_CASES)
def test_only_ballots_of_steady_units_count_towards_k(
    sizes: dict[str, int],
    steady: set[str],
    counted: set[str],
    batches: set[tuple[str, tuple[str, ...]]],
    destroyed: set[str],
) -> None:
    closing = plan_closing(two_levels(), sizes, frozenset(counted), 5, frozenset(steady))
    assert {(node, tuple(sorted(members))) for node, members in closing.batches} == batches
    assert set(closing.destroyed) == destroyed


units_at_closing = st.lists(st.tuples(st.integers(0, 25), st.booleans(), st.booleans()), max_size=7)


@given(units_at_closing, st.booleans())
def test_every_last_batch_has_k_steady_ballots_and_every_ballot_is_published_or_destroyed(
    branch: list[tuple[int, bool, bool]], is_deep: bool
) -> None:
    parent = "branch" if is_deep else "root"
    nodes = [Node("root", "root", None), *([Node("branch", "", "root")] if is_deep else [])]
    nodes += [Node(f"u{at}", "", parent) for at in range(len(branch))]
    tree = Tree((*nodes, Node("alone", "", "root")))
    sizes = dict.fromkeys(tree.leaves, 0) | {f"u{at}": size for at, (size, _, _) in enumerate(branch)}
    steady = frozenset(f"u{at}" for at, (_, is_steady, _) in enumerate(branch) if is_steady)
    counted = frozenset(f"u{at}" for at, (size, _, was) in enumerate(branch) if was and size >= 5)
    closing = plan_closing(tree, sizes, counted, 5, steady)
    for _, members in closing.batches:
        assert sum(sizes[unit] for unit in members if unit in steady) >= 5
    seen = [unit for _, members in closing.batches for unit in members] + list(closing.destroyed)
    assert sorted(seen) == sorted(unit for unit in tree.leaves if sizes[unit])
    assert sum(sizes[unit] for unit in closing.destroyed if unit in steady) < 5


def branches(number: int) -> Tree:
    """Branches b0, b1, ... of two units each (b0.0 and b0.1, ...), and one unit `alone` beside them."""
    nodes = [Node("root", "root", None)]
    for branch in range(number):
        nodes.append(Node(f"b{branch}", "", "root"))
        nodes += [Node(f"b{branch}.{at}", "", f"b{branch}") for at in range(2)]
    return Tree((*nodes, Node("alone", "", "root")))


pairs = st.lists(st.tuples(st.integers(3, 9), st.integers(3, 9)), min_size=2, max_size=4)
"""Two units in each branch, none with 2k ballots, together with at least k, where k is 5."""


def close_branches(of_branches: list[tuple[int, int]], alone: int) -> dict[str, set[str]]:
    """Which units' ballots each node's batch holds, where no unit has a batch of its own."""
    sizes = {f"b{at}.{unit}": size for at, pair in enumerate(of_branches) for unit, size in enumerate(pair)}
    closing = plan_closing(branches(len(of_branches)), {**sizes, "alone": alone}, frozenset(), 5)
    assert closing.destroyed == ()
    return {node: set(members) for node, members in closing.batches}


@given(pairs, too_few)
def test_a_pool_below_k_at_the_root_absorbs_the_smallest_batch_below(
    of_branches: list[tuple[int, int]], alone: int
) -> None:
    batches = close_branches(of_branches, alone)
    [lifted] = {f"b{at}" for at in range(len(of_branches))} - set(batches)
    assert sum(of_branches[int(lifted[1:])]) == min(map(sum, of_branches))
    assert batches["root"] == {"alone", f"{lifted}.0", f"{lifted}.1"}


@given(pairs, st.integers(5, 9))
def test_a_pool_of_k_at_the_root_absorbs_no_batch_below(
    of_branches: list[tuple[int, int]], alone: int
) -> None:
    batches = close_branches(of_branches, alone)
    own = {f"b{at}": {f"b{at}.0", f"b{at}.1"} for at in range(len(of_branches))}
    assert batches == {**own, "root": {"alone"}}


@given(st.lists(st.tuples(st.integers(0, 25), st.booleans()), min_size=1, max_size=8), ks)
def test_closing_publishes_or_destroys_every_box_once(units: list[tuple[int, bool]], k: int) -> None:
    tree = flat_tree([f"u{at}" for at in range(len(units))])
    sizes = {f"u{at}": size for at, (size, _) in enumerate(units)}
    counted = frozenset(f"u{at}" for at, (size, was) in enumerate(units) if was and size >= k)
    closing = plan_closing(tree, sizes, counted, k)
    seen = [leaf for _, members in closing.batches for leaf in members] + list(closing.destroyed)
    assert sorted(seen) == sorted(leaf for leaf in tree.leaves if sizes[leaf])
    assert all(sum(sizes[leaf] for leaf in members) >= k for _, members in closing.batches)
    assert sum(sizes[leaf] for leaf in closing.destroyed) < k


def test_the_first_batch_needs_3k_and_later_batches_need_2k_more_than_published() -> None:
    assert [full_at(counted, 5) for counted in (0, 10, 15, 20, 300)] == [15, 20, 25, 30, 30]
    lying, counted, batch_sizes = 0, 0, []
    for _ in range(150):
        lying += 1
        if lying >= full_at(counted, 5):
            batch_sizes.append(lying - 5)
            lying, counted = 5, counted + lying - 5
    assert batch_sizes == [10, 15, 25, 25, 25, 25]


@pytest.mark.parametrize("is_root", [True, False])
def test_a_unit_without_others_is_published_from_k_ballots_on(is_root: bool) -> None:
    """The only node of a tree is a unit and the root: nothing is above it to be pooled under."""
    root = () if is_root else (Node("root", "root", None),)
    tree = Tree((*root, Node("unit", "unit", None if is_root else "root")))
    assert plan_closing(tree, {"unit": 5}, frozenset(), 5) == Closing(((tree.root.id, ("unit",)),), ())
    assert plan_closing(tree, {"unit": 4}, frozenset(), 5) == Closing((), ("unit",))
