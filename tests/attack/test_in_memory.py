"""The count in memory publishes the same documents at the same ticks as the store, if both draw the same
random numbers."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from unittest.mock import patch

import pytest

from kiosk.domain.rounds import PublicationTime
from kiosk.library.trees import flat_tree
from kiosk.operation.simulate import Arrival, Plan, simulate
from tests.attack.guests import OPENING, SURVEY, UNIT, lived_hiding_under_k, visits
from tests.attack.guests import lived_hiding_under_k_in_memory as hiding_in_memory
from tests.attack.in_memory import simulate_in_memory
from tests.attack.reconstruction import always_from_2k
from tests.attack.siblings import A_DAY, TREE

pytestmark = pytest.mark.slow

ONE_UNIT = Plan(SURVEY, flat_tree([UNIT]), 5, OPENING, 28)

PLANS = {
    "live": ONE_UNIT,
    "k of 8": replace(ONE_UNIT, k=8),
    "at closing": replace(ONE_UNIT, figures=PublicationTime.AT_CLOSING),
    "a week": replace(ONE_UNIT, days=7),
    "a tree": replace(ONE_UNIT, tree=TREE, days=14),
}


def guests(plan: Plan, seed: int) -> list[Arrival]:
    """Return guests at every unit, some of them after the round has closed."""
    random, units = Random(seed), {UNIT: 6.0} if plan.tree != TREE else A_DAY
    arrivals = [
        replace(arrival, unit=unit)
        for unit, a_day in units.items()
        for arrival in visits(random, a_day, random.choice(["balanced", "skewed"]), plan.days + 1)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.at)


def both(plan: Plan, arrivals: Sequence[Arrival]) -> tuple[list[object], list[object]]:
    """Return (all that the store publishes, all that the count in memory publishes), each as (tick,
    document)."""
    return list(simulate(plan, arrivals, Random(1))), list(simulate_in_memory(plan, arrivals, Random(1)))


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_simulation_in_memory_publishes_what_the_store_publishes(plan: Plan) -> None:
    for seed in range(3):
        by_store, in_memory = both(plan, guests(plan, seed))
        assert by_store == in_memory
        assert by_store


def test_a_leaky_rule_leaks_equally_in_store_and_simulation() -> None:
    with patch("kiosk.storage.count.draw_batch", always_from_2k):
        by_store, in_memory = both(ONE_UNIT, guests(ONE_UNIT, 1))
    assert by_store == in_memory
    arrivals = visits(Random(1), 3.0, "balanced")
    assert lived_hiding_under_k(arrivals, 5) == hiding_in_memory(arrivals, 5)


def test_the_check_catches_a_rule_that_only_the_store_follows() -> None:
    """Run the control: if only the store follows a leaky rule, the documents differ."""
    arrivals = guests(ONE_UNIT, 1)
    with patch("kiosk.storage.count.draw_batch", always_from_2k):
        by_store, _ = both(ONE_UNIT, arrivals)
    _, in_memory = both(ONE_UNIT, arrivals)
    assert by_store != in_memory
