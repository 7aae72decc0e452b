"""Simulated guests of one kiosk over a week, and all snapshots of their round, made by the program's code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import Survey
from kiosk.library.trees import flat_tree
from kiosk.operation.simulate import Arrival, Plan, simulate
from kiosk.storage import Store
from tests.attack.in_memory import MemoryStore, Publish
from tests.tools.builders import a_store, survey

Seen = list[tuple[datetime, Document]]

OPENING = datetime(2026, 3, 2)
DAYS = 7
SHORTEST_VISIT = 0.002
"""Shortest time between two guests, in hours: about 7 seconds."""

UNIT = "u"

ANSWERS: list[Answer] = [1, 2, 3, 4, 5, *NoAnswer]
PROFILES = {
    "balanced": (0.12, 0.16, 0.30, 0.22, 0.14, 0.02, 0.02, 0.02),
    "skewed": (0.01, 0.02, 0.06, 0.20, 0.65, 0.02, 0.02, 0.02),
}
"""Profile -> probability of each answer, in the order of ANSWERS. "balanced" spreads the answers evenly;
"skewed" is as for the statement "I feel safe here"."""

SURVEY: Survey = survey(statements=4)


@dataclass(frozen=True)
class Week:
    """One round at one kiosk: arrivals sorted by time, and (time, published document) after each count in
    `seen`."""

    arrivals: tuple[Arrival, ...]
    seen: Seen

    @property
    def times(self) -> list[datetime]:
        return [arrival.at for arrival in self.arrivals]

    def truth(self, guest: int, statement: int) -> int:
        """Return the index in ANSWERS of the answer of a guest, given by the index in `arrivals`, to a
        statement."""
        return ANSWERS.index(self.arrivals[guest].ballot.answers[statement])


def ballot(random: Random, profile: str) -> Ballot:
    return Ballot(tuple(random.choices(ANSWERS, PROFILES[profile])[0] for _ in SURVEY.statements))


def visits(random: Random, a_day: float, profile: str, days: int = DAYS) -> list[Arrival]:
    """Return the guests of a round: random arrivals within the opening hours, `a_day` on average each day."""
    arrivals = []
    for day in range(days):
        hours = random.expovariate(a_day) * 8
        while hours < 8:
            at = OPENING + timedelta(days=day, hours=8 + hours)
            arrivals.append(Arrival(at.replace(microsecond=0), UNIT, ballot(random, profile)))
            hours += max(random.expovariate(a_day) * 8, SHORTEST_VISIT)
    return arrivals


def lived(
    arrivals: Sequence[Arrival],
    k: int,
    days: int = DAYS,
    publish: Publish = simulate,
    least_days: int = LEAST_DAYS,
) -> Week:
    """Return a round with these arrivals, run as by `kiosk simulate`; `publish` can run it in memory
    instead."""
    in_order = tuple(sorted(arrivals, key=lambda arrival: arrival.at))
    plan = Plan(SURVEY, flat_tree([UNIT]), k, OPENING, days, least_days=least_days)
    return Week(in_order, list(publish(plan, in_order)))


class HideUnderK:
    """A leaky rule, that of most tools: no batch below k ballots, then each ballot at once."""

    def __init__(self) -> None:
        self.is_shown = False

    def __call__(
        self, ballots: Sequence[Ballot], counted: int, k: int, rng: Random
    ) -> tuple[list[Ballot], list[Ballot]]:
        del counted, rng
        self.is_shown = self.is_shown or len(ballots) >= k
        return (list(ballots), []) if self.is_shown else ([], list(ballots))


def lived_hiding_under_k(arrivals: Sequence[Arrival], k: int) -> Week:
    """Return a round on the real store with the leaky rule HideUnderK."""
    with TemporaryDirectory() as folder:
        store = a_store(Path(folder))
        week = _hiding_under_k(store, arrivals, k)
        store.close()
    return week


def lived_hiding_under_k_in_memory(arrivals: Sequence[Arrival], k: int) -> Week:
    """Return a round in memory with the leaky rule HideUnderK."""
    return _hiding_under_k(MemoryStore(), arrivals, k)


def _hiding_under_k(store: Store | MemoryStore, arrivals: Sequence[Arrival], k: int) -> Week:
    """Return a round with the leaky rule HideUnderK: counted after each arrival, without a veil."""
    in_order = tuple(sorted(arrivals, key=lambda arrival: arrival.at))
    of_round, seen = Plan(SURVEY, flat_tree([UNIT]), k, OPENING, DAYS, least_days=0).round, []
    with (
        patch("kiosk.storage.count.draw_batch", HideUnderK()),
        patch("kiosk.domain.tally.veil", lambda counts: (tuple(counts), 0)),
    ):
        store.open_round(of_round, OPENING)
        for arrival in in_order:
            store.cast(of_round.id, UNIT, arrival.ballot, arrival.at)
            at = arrival.at + timedelta(seconds=1)
            store.count(at)
            seen.append((at, store.snapshot()))
    return Week(in_order, seen)
