"""Attack 7: the same regulars answer in every round; an insider who knows the visits solves for their
answers.

Least squares over every batch of the year: each regular has the same unknown answer throughout, and each
batch shows the sum of its members' answers (the statistical disclosure attack: Danezis 2003; least squares on
a pool mix: Oya, Troncoso, Perez-Gonzalez). For regulars who answer once a round, figures shown live are safe
enough; for those who answer every week, only one table per round is.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from random import Random

import numpy as np

from kiosk.domain.ballot import Ballot
from kiosk.domain.rounds import TREND_BUDGET, Protection, PublicationTime
from kiosk.library.trees import flat_tree
from kiosk.operation.simulate import Arrival, Plan, simulate
from tests.attack.finding import Finding, Scale
from tests.attack.guests import ANSWERS, PROFILES, SURVEY, UNIT
from tests.attack.in_memory import Publish, simulate_in_memory
from tests.attack.insider import Batch, batches

REGULARS = 20
ATTENDANCE = 0.6
STABILITY = 0.9
YEAR = 364
MOST_POINTS = 15.0
PULLS = (0.1, 0.3, 1.0, 3.0)
"""Weights with which the attacker's solution is pulled towards the average. The best of them counts."""


@dataclass(frozen=True)
class Visit:
    """A regular's visit: the number of the regular, and the arrival of the ballot."""

    regular: int
    arrival: Arrival


@dataclass(frozen=True)
class Table:
    """A batch: the expected number of ballots of each regular in it, and its counts for each statement."""

    members: np.ndarray[tuple[int], np.dtype[np.float64]]
    batch: Batch


@dataclass(frozen=True)
class Habit:
    """A habit of regulars, and the rounds of a year. They want to answer every `every` days in `rounds`
    rounds a year. `length` is a round's length in days; None means an equal share of the year."""

    name: str
    every: int
    figures: PublicationTime
    rounds: int = TREND_BUDGET
    protection: Protection = Protection.EXACT
    length: int | None = None

    @property
    def days(self) -> int:
        """Length of a round in days."""
        return self.length or YEAR // self.rounds


ONCE_A_ROUND = Habit("once a round, figures shown live", YEAR // TREND_BUDGET, PublicationTime.LIVE)
EVERY_WEEK = Habit("every week, figures shown at closing", 7, PublicationTime.AT_CLOSING)


def attend(
    random: Random, base: Sequence[Ballot], opens: datetime, habit: Habit, profile: str
) -> list[Visit]:
    """Return the visits of one round, sorted by time: each regular comes at random, and mostly gives the
    usual answer. `base` has the usual ballot of each regular."""
    visits = []
    for start in range(0, habit.days, habit.every):
        for regular, usual in enumerate(base):
            if random.random() < ATTENDANCE:
                day = start + random.randrange(habit.every)
                at = opens + timedelta(days=day, hours=9, minutes=10 * regular)
                answers = tuple(
                    answer if random.random() < STABILITY else random.choices(ANSWERS, PROFILES[profile])[0]
                    for answer in usual.answers
                )
                visits.append(Visit(regular, Arrival(at, UNIT, Ballot(answers))))
    return sorted(visits, key=lambda visit: visit.arrival.at)


def tables(visits: Sequence[Visit], opens: datetime, habit: Habit, k: int, publish: Publish) -> list[Table]:
    """Return the batches that one round publishes, with the expected number of each regular's ballots in
    them."""
    plan = Plan(
        SURVEY,
        flat_tree([UNIT]),
        k,
        opens,
        habit.days,
        figures=habit.figures,
        protection=habit.protection,
    )
    published = batches(list(publish(plan, [visit.arrival for visit in visits])), UNIT)
    chances = [1.0] * len(visits)
    tables_seen = []
    for batch in published:
        members = np.zeros(REGULARS)
        for at, visit in enumerate(visits):
            if visit.arrival.at < batch.at:
                taken = 1.0 if batch is published[-1] else batch.size / (batch.size + k)
                members[visit.regular] += chances[at] * taken
                chances[at] *= 1 - taken
        tables_seen.append(Table(members, batch))
    return tables_seen


def solve(tables_seen: Sequence[Table], statement: int, pull: float) -> tuple[list[int], int]:
    """Return (each regular's likeliest answer, the best single guess for all) for a statement, as indices of
    ANSWERS."""
    chances = np.array([table.members for table in tables_seen])
    counts = np.array([table.batch.shares(statement) * table.batch.size for table in tables_seen])
    everybody = counts.sum(axis=0) / counts.sum()
    apart = np.linalg.solve(
        chances.T @ chances + pull * np.eye(REGULARS),
        chances.T @ counts + pull * np.tile(everybody, (REGULARS, 1)),
    )
    return [int(at) for at in apart.argmax(axis=1)], int(everybody.argmax())


def attack_year(
    seed: int, *, habit: Habit, profile: str, k: int, publish: Publish, years: int = 1
) -> tuple[dict[float, int], int, int]:
    """Return (pull -> number of right answers, number of answers right by one guess for all, number of
    answers) over one or more years."""
    random = Random(seed)
    base = [Ballot(tuple(random.choices(ANSWERS, PROFILES[profile])[0] for _ in SURVEY.statements))
            for _ in range(REGULARS)]  # fmt: skip
    tables_seen = []
    for number in range(habit.rounds * years):
        opens = datetime(2026, 1, 1) + timedelta(days=number * (YEAR // habit.rounds))
        tables_seen += tables(attend(random, base, opens, habit, profile), opens, habit, k, publish)
    right, blind = dict.fromkeys(PULLS, 0), 0
    for statement in range(len(SURVEY.statements)):
        truth = [ANSWERS.index(ballot.answers[statement]) for ballot in base]
        for pull in PULLS:
            guesses, common = solve(tables_seen, statement, pull)
            right[pull] += sum(guess == true for guess, true in zip(guesses, truth, strict=True))
        blind += truth.count(common)
    return right, blind, REGULARS * len(SURVEY.statements)


def rates(years: int, habit: Habit, profile: str, k: int, publish: Publish) -> tuple[float, float]:
    """Return (percentage of regulars' answers that the best pull finds, percentage that one guess for all
    finds)."""
    attack = partial(attack_year, habit=habit, profile=profile, k=k, publish=publish)
    with ProcessPoolExecutor() as pool:
        attacks = list(pool.map(attack, range(years), chunksize=2))
    cells = sum(answers for _, _, answers in attacks)
    best = max(sum(right[pull] for right, _, _ in attacks) for pull in PULLS)
    return 100 * best / cells, 100 * sum(blind for _, blind, _ in attacks) / cells


LEAKS = {
    ONCE_A_ROUND: replace(ONCE_A_ROUND, name="a round a week", every=7, rounds=52),
    EVERY_WEEK: replace(EVERY_WEEK, name="the same shown live", figures=PublicationTime.LIVE),
}
"""Habit -> its control, a leaky variant."""


CONTROL_YEARS = {ONCE_A_ROUND: 30, EVERY_WEEK: 100}
"""Habit -> years that its control simulates. The closest control, the second with skewed answers, is right
about 18 percentage points more often than one guess for all. Its standard deviation is 5.6 points from year
to year, 4.2 of them from the draws of the batches, so the mean of 100 years is 5 standard errors over
MOST_POINTS, and 7 for the fixed seeds."""

QUICK_YEARS = 30
"""Years that the quick version simulates. The result is at most 10 points (docs/attack.md), with a standard
deviation of 5 points from year to year: the mean of 30 years is 5 standard errors under MOST_POINTS."""


def run(scale: Scale) -> list[Finding]:
    return [
        finding for habit, profile in product(LEAKS, PROFILES) for finding in run_habit(habit, profile, scale)
    ]


def run_habit(habit: Habit, profile: str, scale: Scale) -> list[Finding]:
    """Return the findings for one habit and one profile of answers."""
    is_full = scale is Scale.FULL
    years, publish = (200, simulate) if is_full else (QUICK_YEARS, simulate_in_memory)
    leak = LEAKS[habit]
    leaky, leaky_blind = rates(CONTROL_YEARS[habit], leak, profile, 5, publish)
    findings = []
    for k in (5, 8):
        solved, blind = rates(years, habit, profile, k, publish)
        findings.append(
            Finding(
                f"a year of {habit.rounds} rounds, {REGULARS} regulars, {100 * ATTENDANCE:g} % answer "
                f"{habit.name}, {profile} answers, k={k}, {years} years",
                f"least squares {solved:.1f} %, one guess for all {blind:.1f} %: "
                f"{solved - blind:+.1f} points",
                f"at most {MOST_POINTS:+g} points",
                solved - blind <= MOST_POINTS,
                f"{leak.name}, k=5: {leaky:.1f} % against {leaky_blind:.1f} % (must be over "
                f"{MOST_POINTS:+g})",
                leaky - leaky_blind > MOST_POINTS,
            )
        )
    return findings
