"""Attack 1 on several files: two overlapping groupings are subtracted, and their difference is a few guests.

An organisation sends its figures as aggregates, once for the whole and once with every unit. The attacker has
all files, adds and subtracts their groups in every way, and looks for a difference of fewer than k ballots.
In the leaky variant, the same units are also grouped in a second way, and its figures are counted from the
ballots themselves.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from kiosk.domain.aggregate import Aggregate, Scope, aggregate_of
from kiosk.domain.box import plan_closing
from kiosk.library.aggregate_file import read_aggregate, write_aggregate
from kiosk.operation.simulate import Plan, simulate
from kiosk.settings import Settings, read_settings
from tests.attack.finding import Finding, Scale
from tests.attack.guests import DAYS, OPENING, SURVEY
from tests.attack.in_memory import Publish, simulate_in_memory
from tests.attack.siblings import A_DAY, TREE, K, Lived, live

ASKED = replace(SURVEY, title="Frågor", source="Staden", licence="CC0")
ROUND = Plan(ASKED, TREE, K, OPENING, DAYS).round

Groups = Mapping[frozenset[str], int]
"""Units of a group -> number of published ballots."""

SECOND = (frozenset({"n1", "s1"}), frozenset({"n1", "n2", "s1"}), frozenset({"n1", "s1", "s2"}))
"""The groups of a second grouping, which overlap those of the tree."""


def sent(settings: Settings, lived: Lived) -> Iterator[Aggregate]:
    """Yield two aggregates of a closed round, after they were written, signed and read back: of the whole,
    and with every unit."""
    _, document = lived.seen[-1]
    for has_units in (False, True):
        scope = Scope("Staden", ROUND.closes_at.year, has_units)
        made = aggregate_of(scope, document, [ROUND], [], ROUND.closes_at)
        if made.rounds:
            yield read_aggregate(write_aggregate(settings, made)).aggregate


def groups_of(aggregates: Iterable[Aggregate]) -> Groups:
    return {
        frozenset(TREE.units_below(node)): figures.answered
        for aggregate in aggregates
        for of_round in aggregate.rounds
        for node, figures in of_round.nodes.items()
    }


def counted_afresh(lived: Lived) -> Groups:
    """Return the leak: the groups of the second grouping, each with all ballots of its units."""
    came = Counter(one.unit for one in lived.arrivals)
    return {units: sum(came[unit] for unit in units) for units in SECOND}


def differences(groups: Groups) -> Iterator[int]:
    """Yield the number of ballots of each sum or difference of groups in which each unit occurs once or not
    at all."""
    units = sorted(frozenset().union(*groups))
    for signs in product((-1, 0, 1), repeat=len(groups)):
        chosen = list(zip(signs, groups, strict=True))
        covered = [sum(sign for sign, group in chosen if unit in group) for unit in units]
        if any(signs) and set(covered) <= {0, 1}:
            yield abs(sum(sign * groups[group] for sign, group in chosen))


def attack(seed: int, *, profile: str, publish: Publish) -> tuple[int, int, int, int]:
    """Return four numbers: for the program, the differences of fewer than k ballots and all differences; then
    both for the leaky variant."""
    lived = live(seed, profile, plan_closing, publish)
    with TemporaryDirectory() as folder:
        groups = groups_of(sent(read_settings({"KIOSK_DATA": str(Path(folder) / "data")}), lived))
    kept = list(differences(groups)) if groups else []
    leaky = list(differences({**groups, **counted_afresh(lived)}))
    return _under_k(kept), len(kept), _under_k(leaky), len(leaky)


def _under_k(ballots: Iterable[int]) -> int:
    return sum(0 < number < K for number in ballots)


def run(scale: Scale) -> list[Finding]:
    rounds, publish = (100, simulate) if scale is Scale.FULL else (12, simulate_in_memory)
    with ProcessPoolExecutor() as pool:
        each = partial(attack, profile="balanced", publish=publish)
        results = list(pool.map(each, range(rounds), chunksize=2))
    under, tried, leaked, of = (sum(column) for column in zip(*results, strict=True))
    return [
        Finding(
            f"overlapping groupings: {rounds} rounds of a tree with {len(A_DAY)} units, two of them small, "
            f"sent as aggregates of the whole and of every unit, added and subtracted in every way, k={K}",
            f"{under} of {tried} differences have fewer than {K} ballots",
            "0",
            under == 0 and tried > rounds,
            f"with a second grouping counted afresh: {leaked} of {of} (must be > 0)",
            leaked > 0,
        )
    ]
