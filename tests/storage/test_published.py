"""Everything that is published, over the real store: no step below k, correct sums, nothing lost or counted
twice.

Each claim about anonymity is also tested on a leaky rule, which the same check must catch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.box import draw_batch, veil
from kiosk.domain.snapshot import Document
from kiosk.domain.tree import Node, Tree
from tests.tools.builders import MEMORY, MONDAY, a_round, a_store
from tests.tools.published import answered, nodes, smallest_step

pytestmark = pytest.mark.slow

OPTIONS: list[Answer] = [1, 2, 3, 4, 5, *NoAnswer]


@dataclass(frozen=True)
class World:
    """A tree, k, and for each day the number of guests at each unit."""

    tree: Tree
    k: int
    days: tuple[Mapping[str, int], ...]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """One to three levels: some children of the root are units, some have units of their own."""
    nodes = [Node("root", "root", None)]
    for at in range(draw(st.integers(1, 3))):
        nodes.append(Node(f"n{at}", f"n{at}", "root"))
        nodes += [Node(f"n{at}{below}", "", f"n{at}") for below in range(draw(st.sampled_from([0, 0, 2, 3])))]
    return Tree(tuple(nodes))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    units = draw(trees())
    a_day = st.fixed_dictionaries(dict.fromkeys(units.leaves, st.integers(0, 7)))
    return World(units, draw(st.sampled_from([5, 8])), tuple(draw(st.lists(a_day, min_size=1, max_size=6))))


@dataclass(frozen=True)
class Lived:
    """All that a viewer saw at each tick, all ballots that were cast, and the times of each unit's
    batches."""

    seen: tuple[Document, ...]
    cast: Mapping[str, Sequence[Ballot]]
    reached: bool


def live(world: World, answers: Random, draws: Random) -> Lived:
    """The world's guests answer; boxes are counted each day, and the round is closed at the end."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        store = a_store(Path(folder), rng=draws)
        of_round = a_round(world.tree, world.k, days=30)
        store.open_round(of_round, MONDAY)
        seen, boxes, reached = [], dict.fromkeys(world.tree.leaves, 0), False
        cast: dict[str, list[Ballot]] = {unit: [] for unit in world.tree.leaves}
        for at, guests in enumerate(world.days):
            now = MONDAY + timedelta(days=at)
            for unit, number in guests.items():
                for _ in range(number):
                    one = Ballot((answers.choice(OPTIONS), answers.choice(OPTIONS)))
                    cast[unit].append(one)
                    store.cast("r", unit, one, now)
                boxes[unit] += number
                if boxes[unit] >= 2 * world.k:
                    boxes[unit], reached = world.k, True
            store.count(now + timedelta(hours=8))
            seen.append(store.snapshot())
        store.count(of_round.closes_at)
        seen.append(store.snapshot())
        store.close()
        return Lived(tuple(seen), cast, reached)


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(worlds(), st.integers(0, 10**6))
def test_two_published_figures_differ_by_zero_or_at_least_k(world: World, seed: int) -> None:
    lived = live(world, Random(seed), Random(seed))
    step = smallest_step(lived.seen)
    assert step is None or step >= world.k


@quick
@given(worlds(), st.integers(0, 10**6))
def test_a_parent_minus_its_children_is_zero_or_at_least_k(world: World, seed: int) -> None:
    for document in live(world, Random(seed), Random(seed)).seen:
        figures = answered(document)
        for name in figures:
            children = world.tree.children(name)
            own = figures[name] - sum(figures[child] for child in children)
            assert not children or own == 0 or own >= world.k


@quick
@given(worlds(), st.integers(0, 10**6))
def test_tables_add_up_and_parents_are_at_least_the_sum_of_their_children(world: World, seed: int) -> None:
    for document in live(world, Random(seed), Random(seed)).seen:
        published = nodes(document)
        for node in published.values():
            for table in node.get("statements", {}).values():
                parts = [*table["counts"], *table["no_answer"].values(), table["withheld"]]
                assert sum(parts) == node["answered"]
                assert min(parts) >= 0
        for name in (name for name in published if world.tree.children(name)):
            for statement, table in published[name].get("statements", {}).items():
                below = [published[child]["statements"][statement]["counts"]
                         for child in world.tree.children(name) if published[child]["answered"]]  # fmt: skip
                for option, count in enumerate(table["counts"]):
                    assert count >= sum(counts[option] for counts in below)


@quick
@given(worlds(), st.integers(0, 10**6))
def test_no_ballot_is_lost_or_counted_twice(world: World, seed: int) -> None:
    lived = live(world, Random(seed), Random(seed))
    root = nodes(lived.seen[-1])["root"]
    ballots = [one for cast in lived.cast.values() for one in cast]
    lost = len(ballots) - (root["answered"] or 0)
    assert 0 <= lost < world.k
    assert lost == 0 or not lived.reached
    for at, table in enumerate(root.get("statements", {}).values()):
        really = [sum(one.answers[at] == option for one in ballots) for option in OPTIONS]
        published = [*table["counts"], *(table["no_answer"][kind] for kind in NoAnswer)]
        missing = [true - shown for true, shown in zip(really, published, strict=True)]
        assert min(missing) >= 0
        assert sum(missing) == table["withheld"] + lost


@quick
@given(worlds(), st.integers(0, 10**6))
def test_the_time_of_publication_does_not_depend_on_answers(world: World, seed: int) -> None:
    one, other = (live(world, Random(answers), Random(seed)) for answers in (seed, seed + 1))
    assert [(d["made_at"], answered(d)) for d in one.seen] == [
        (d["made_at"], answered(d)) for d in other.seen
    ]


@quick
@given(worlds(), st.integers(0, 10**6))
def test_a_unit_below_2k_ballots_never_has_figures_of_its_own(world: World, seed: int) -> None:
    lived = live(world, Random(seed), Random(seed))
    assume(len(world.tree.leaves) > 1)
    last = nodes(lived.seen[-1])
    for unit, ballots in lived.cast.items():
        if len(ballots) < 2 * world.k:
            assert last[unit]["answered"] is None
            assert last[unit]["why"] == "too_few"


# -- controls: each leak must be caught by the check above that guards against it -----------------------

THREE_A_DAY = World(
    Tree((Node("root", "", None), Node("a", "", "root"), Node("b", "", "root"))),
    5,
    tuple({"a": 3, "b": 2} for _ in range(8)),
)


def live_counting(ballots: Sequence[Any], counted: int, k: int, rng: Random) -> tuple[list[Any], list[Any]]:
    del counted, k, rng
    return list(ballots), []


class HideUnderK:
    """The rule of most tools: nothing below k, then every answer as it arrives."""

    is_shown = False

    def __call__(
        self, ballots: Sequence[Any], counted: int, k: int, rng: Random
    ) -> tuple[list[Any], list[Any]]:
        del counted, rng
        self.is_shown = self.is_shown or len(ballots) >= k
        return (list(ballots), []) if self.is_shown else ([], list(ballots))


def refuse_the_unanimous(
    ballots: Sequence[Ballot], counted: int, k: int, rng: Random
) -> tuple[list[Ballot], list[Ballot]]:
    """A leaky rule: it withholds a box in which all agree on the first statement."""
    if len({one.answers[0] for one in ballots}) == 1:
        return [], list(ballots)
    return draw_batch(ballots, counted, k, rng)


def test_the_difference_check_catches_live_counting() -> None:
    with patch("kiosk.storage.count.draw_batch", live_counting):
        assert smallest_step(live(THREE_A_DAY, Random(1), Random(1)).seen) == 2


def test_the_difference_check_catches_a_mere_threshold_of_k() -> None:
    with patch("kiosk.storage.count.draw_batch", HideUnderK()):
        step = smallest_step(live(THREE_A_DAY, Random(1), Random(1)).seen)
    assert step is not None
    assert step < 5


def test_the_blindness_check_catches_a_rule_that_depends_on_answers() -> None:
    class Unanimous(Random):
        def choice(self, seq: Any) -> Any:
            return seq[0]

    with patch("kiosk.storage.count.draw_batch", refuse_the_unanimous):
        mixed, unanimous = (live(THREE_A_DAY, answers, Random(1)) for answers in (Random(1), Unanimous(1)))
    assert [answered(d) for d in mixed.seen] != [answered(d) for d in unanimous.seen]


# -- the veil -------------------------------------------------------------------------------------------


def published_table(answers: Sequence[Answer]) -> tuple[list[int], int]:
    """(counts of all options, withheld) of one statement when these are counted together."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        store = a_store(Path(folder))
        of_round = a_round(Tree((Node("u", "u", None),)))
        store.open_round(of_round, MONDAY)
        for answer in answers:
            store.cast("r", "u", Ballot((answer, 1)), MONDAY)
        store.count(of_round.closes_at)
        table = nodes(store.snapshot())["u"]["statements"]["s1"]
        store.close()
        return [*table["counts"], *table["no_answer"].values()], table["withheld"]


Counts = tuple[int, ...]


def all_counts(ballots: int, options: int) -> Iterator[Counts]:
    """Every distribution of that many ballots over that many options."""
    if options == 1:
        yield (ballots,)
        return
    for first in range(ballots + 1):
        yield from ((first, *others) for others in all_counts(ballots - first, options - 1))


@cache
def worlds_by_table(ballots: int) -> dict[tuple[Counts, int], list[Counts]]:
    """Published table -> the counts of answers that lead to it; without the veil, the counts themselves."""
    worlds: dict[tuple[Counts, int], list[Counts]] = {}
    for counts in all_counts(ballots, len(OPTIONS)):
        worlds.setdefault(veil(counts), []).append(counts)
    return worlds


def are_certain(worlds: Iterable[Counts]) -> bool:
    """Whether all counted guests gave the same answer in all these worlds, so that it is certain."""
    unanimous = {counts.index(sum(counts)) if sum(counts) in counts else None for counts in worlds}
    return len(unanimous) == 1 and None not in unanimous


def knows_the_others(worlds: Iterable[Counts], own: int) -> bool:
    """Whether a guest who answered `own` can tell what all others answered."""
    others = [
        tuple(n - (option == own) for option, n in enumerate(counts)) for counts in worlds if counts[own]
    ]
    return bool(others) and are_certain(others)


@quick
@given(st.lists(st.sampled_from(OPTIONS), min_size=5, max_size=8))
def test_no_published_table_makes_an_answer_certain_to_an_observer(answers: list[Answer]) -> None:
    counts, withheld = published_table(answers)
    worlds = worlds_by_table(len(answers))[tuple(counts), withheld]
    assert tuple(answers.count(option) for option in OPTIONS) in worlds
    assert not are_certain(worlds)


@pytest.mark.parametrize("ballots", [5, 6, 8])
def test_a_guest_learns_all_other_answers_only_if_their_own_is_withheld(ballots: int) -> None:
    for (counts, withheld), worlds in worlds_by_table(ballots).items():
        for own in range(len(OPTIONS)):
            if knows_the_others(worlds, own):
                assert (withheld, counts[own]) == (1, 0)


def test_a_unanimous_batch_and_one_with_one_dissenter_look_the_same() -> None:
    assert published_table([4] * 6) == published_table([4] * 5 + [NoAnswer.DONT_KNOW])


def test_the_certainty_check_catches_a_tally_without_the_veil() -> None:
    with patch("kiosk.domain.tally.veil", lambda counts: (tuple(counts), 0)):
        counts, withheld = published_table([4] * 6)
    assert withheld == 0
    assert are_certain([tuple(counts)])
    assert not are_certain([(6, 0), (5, 1)])
    assert not are_certain([(6, 0), (0, 6)])


def test_nothing_is_published_before_the_tick(tmp_path: Path) -> None:
    store, of_round = a_store(tmp_path), a_round(THREE_A_DAY.tree)
    store.open_round(of_round, MONDAY)
    before = store.snapshot_text()
    for _ in range(30):
        store.cast("r", "a", Ballot((1, 1)), MONDAY)
    assert store.snapshot_text() == before
    assert store.count(datetime(2026, 3, 2, 17))
    assert store.snapshot_text() != before
