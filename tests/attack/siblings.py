"""Attack 1 on a tree: the difference between a parent and its children reveals small units.

The insider knows each guest's unit and time, so she knows the number of ballots in each box at closing and,
by the rule of closing, the boxes of which a parent's batch consists.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import product
from random import Random
from typing import Any
from unittest.mock import patch

from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.box import Closing, plan_closing
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.domain.tally import StatementDocument
from kiosk.domain.tree import Node, Tree
from kiosk.operation.simulate import Arrival, Plan, simulate
from kiosk.storage.count import Count
from kiosk.storage.count_progress import UNCOUNTED
from tests.attack.finding import Finding, Scale
from tests.attack.guests import ANSWERS, DAYS, OPENING, PROFILES, SURVEY, Seen, visits
from tests.attack.in_memory import Publish, simulate_in_memory
from tests.attack.insider import Batch, batches
from tests.tools.published import statements

K = 5
TREE = Tree(
    (
        Node("root", "root", None),
        Node("north", "north", "root"),
        Node("n1", "n1", "north"),
        Node("n2", "n2", "north"),
        Node("s1", "s1", "root"),
        Node("s2", "s2", "root"),
    )
)
OF_CHOSEN_UNITS = (TREE, TREE.only(["n1", "s2"]), TREE.only(["n2"]))
"""The trees of three rounds: one for all units, one for two units of which one is small, one for a small
unit."""

A_DAY = {"n1": 3.0, "n2": 0.4, "s1": 2.0, "s2": 0.4}
"""Unit -> guests a day. `n2` and `s2` mostly have too few for figures of their own."""

Planning = Callable[[Tree, Mapping[str, int], frozenset[str], int, frozenset[str]], Closing]


def alone(
    tree: Tree, sizes: Mapping[str, int], counted: frozenset[str], k: int, steady: frozenset[str]
) -> Closing:
    """Plan a closing by a leaky rule: each small unit forms a batch of its own for its parent, however few
    ballots it has."""
    planned = plan_closing(tree, sizes, counted, k, steady)
    large = {leaf: sizes[leaf] for leaf in tree.leaves if leaf in counted or sizes[leaf] >= 2 * k}
    small = [leaf for leaf in tree.leaves if sizes[leaf] and leaf not in large]
    batches = [(leaf, (leaf,)) for leaf in large if sizes[leaf]]
    batches += [(str(tree.node(leaf).parent), (leaf,)) for leaf in small]
    return replace(planned, batches=tuple(batches), destroyed=())


def close_group_of_any_size(count: Count, of_round: Round, node: str, units: Sequence[str]) -> None:
    """Publish the batch of a group, with fewer than k ballots too, and delete its boxes: part of the leak."""
    if node != UNCOUNTED and (ballots := count._ballots(of_round, units)):
        count.tallies.add(of_round, node, count.tallies.published(of_round, ballots))
    count._remove(of_round, units)


@dataclass(frozen=True)
class Lived:
    """A round: its tree, each guest's arrival (unit, time and ballot), and all published documents."""

    tree: Tree
    arrivals: tuple[Arrival, ...]
    seen: Seen


def live(seed: int, profile: str, plan: Planning, publish: Publish = simulate, tree: Tree = TREE) -> Lived:
    """Return a week of guests at all units of the tree, with `plan` as the rule of closing."""
    random = Random(seed)
    arrivals = [
        replace(one, unit=unit) for unit in tree.leaves for one in visits(random, A_DAY[unit], profile)
    ]
    arrivals.sort(key=lambda one: one.at)
    with ExitStack() as stack:
        stack.enter_context(patch("kiosk.storage.count.plan_closing", plan))
        if plan is alone:
            stack.enter_context(patch("kiosk.domain.tally.veil", lambda counts: (tuple(counts), 0)))
            stack.enter_context(patch.object(Count, "_close_group", close_group_of_any_size))
        return Lived(tree, tuple(arrivals), list(publish(Plan(SURVEY, tree, K, OPENING, DAYS), arrivals)))


def _own(lived: Lived, node: str) -> Seen:
    """Return each document with the part of a node's figures only that is not in its children's."""
    return [(at, _without_children(document, node, lived.tree)) for at, document in lived.seen]


def _without_children(document: Document, node: str, tree: Tree) -> Any:
    [of_round] = document["rounds"]
    shown = {one["id"]: one for one in of_round["nodes"]}
    below = [shown[child] for child in tree.children(node) if shown[child]["answered"] is not None]
    own = shown[node]
    answered = (own["answered"] or 0) - sum(child["answered"] or 0 for child in below)
    if not answered:
        return {"rounds": [{"nodes": [{"id": node, "answered": None}]}]}
    tables = {name: _less(table, [statements(child)[name] for child in below])
              for name, table in statements(own).items()}  # fmt: skip
    return {"rounds": [{"nodes": [{"id": node, "answered": answered, "statements": tables}]}]}


def _less(table: StatementDocument, others: Sequence[StatementDocument]) -> StatementDocument:
    return {
        "counts": [n - sum(o["counts"][at] for o in others) for at, n in enumerate(table["counts"])],
        "no_answer": {
            kind: n - sum(o["no_answer"][kind] for o in others) for kind, n in table["no_answer"].items()
        },
        "withheld": table["withheld"] - sum(o["withheld"] for o in others),
    }


def reachable(lived: Lived, plan: Planning) -> list[list[Batch]]:
    """Return, for each guest in order of arrival, the batches that may contain the guest's ballot."""
    tree = lived.tree
    published = {node.id: batches(_own(lived, node.id), node.id) for node in tree.nodes}
    closes_at = OPENING + timedelta(days=DAYS)
    came = Counter(one.unit for one in lived.arrivals)
    live_ones = {unit: [one for one in published[unit] if one.at < closes_at] for unit in tree.leaves}
    sizes = {unit: came[unit] - sum(one.size for one in live_ones[unit]) for unit in tree.leaves}
    counted = frozenset(unit for unit in live_ones if live_ones[unit])
    days = {(one.unit, one.at.date()) for one in lived.arrivals}
    steady = frozenset(unit for unit in tree.leaves if sum(at == unit for at, _ in days) >= LEAST_DAYS)
    closing = plan(tree, sizes, counted, K, steady)
    last = {unit: published[node][-1] for node, members in closing.batches for unit in members}
    return [
        [*(b for b in live_ones[one.unit] if b.at > one.at), *([last[one.unit]] if one.unit in last else [])]
        for one in lived.arrivals
    ]


def attack(seed: int, *, profile: str, plan: Planning, publish: Publish, tree: Tree) -> tuple[int, int]:
    """Return (answers proven, answers of guests whose ballot may be in a published batch). Raises
    AssertionError if the insider excludes a true answer."""
    lived, proven, cells = live(seed, profile, plan, publish, tree), 0, 0
    for guest, may_hold in zip(lived.arrivals, reachable(lived, plan), strict=True):
        for statement in range(len(SURVEY.statements)) if may_hold else ():
            possible = frozenset().union(*(batch.possible(statement) for batch in may_hold))
            if ANSWERS.index(guest.ballot.answers[statement]) not in possible:
                raise AssertionError("the attacker excluded the truth: it is broken")
            cells, proven = cells + 1, proven + (len(possible) == 1)
    return proven, cells


def run(scale: Scale) -> list[Finding]:
    is_full = scale is Scale.FULL
    rounds, publish = (1_000, simulate) if is_full else (120, simulate_in_memory)
    findings = []
    with ProcessPoolExecutor() as pool:
        for tree, profile in product(OF_CHOSEN_UNITS, PROFILES):
            of_world = partial(attack, profile=profile, publish=publish, tree=tree)
            kept = list(pool.map(partial(of_world, plan=plan_closing), range(rounds), chunksize=4))
            leaky = list(pool.map(partial(of_world, plan=alone), range(rounds // 4), chunksize=2))
            proven, cells = (sum(column) for column in zip(*kept, strict=True))
            leaked, published = (sum(column) for column in zip(*leaky, strict=True))
            findings.append(
                Finding(
                    f"siblings: {rounds} rounds for {len(tree.leaves)} of {len(TREE.leaves)} units "
                    f"({', '.join(f'{A_DAY[unit]:g}' for unit in tree.leaves)} guests a day), "
                    f"{profile} answers, k={K}",
                    f"{proven} of {cells} answers proven",
                    "0",
                    proven == 0,
                    f"small units counted alone for their parent, without a veil: {leaked} of {published} "
                    "(must be > 0)",
                    leaked > 0,
                )
            )
    return findings
