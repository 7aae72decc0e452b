"""What slower counting would buy: the insider's best guess if boxes were counted less often or kept fuller.

`python -m tests.attack.slower [DAYS ...]` prints the table of docs/anonymity.md. Only the first and the last
rule are the product's; all run through the product's store, with that one rule in place of its own.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from math import sqrt
from random import Random
from unittest.mock import patch

from kiosk.ballot import Ballot
from kiosk.ticks import Daily, Rhythm, next_tick
from tests.attack.guests import OPENING, UNIT, lived, visits
from tests.attack.insider import batches
from tests.attack.reconstruction import MOST_POINTS, Score, Setting, attack

ROUNDS = {7: 1_000, 28: 250, 91: 40}
"""By a round's days: a week, where the bar is measured, a month, and a quarter, the usual length."""

CELLS = ((6.0, 5), (3.0, 5), (6.0, 8))
"""Guests a day and k; the answers are balanced, where a guess gains most."""


@dataclass(frozen=True)
class Rule:
    """Boxes are looked at every `days` days, or in a rhythm the product has, and give up all but k from
    `full` times k ballots on."""

    name: str
    days: int = 1
    full: int = 2
    rhythm: Rhythm = Rhythm.DAILY

    def next_tick(self, ticks: Daily, now: datetime) -> datetime:
        """The first count after `now`, on the round's day number `days`, twice that, and so on."""
        tick = next_tick(ticks, now)
        while ((tick - OPENING).days + 1) % self.days:
            tick = next_tick(ticks, tick)
        return tick


RULES = (
    Rule("as it is: every day, from 2k"),
    Rule("every second day", days=2),
    Rule("every third day", days=3),
    Rule("from 3k", full=3),
    Rule("from 4k", full=4),
    Rule("once a week: a choice", rhythm=Rhythm.WEEKLY),
)


class SlowDraw:
    """In place of the product's rule, for one box."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __call__(self, ballots: Sequence[Ballot], k: int, rng: Random) -> tuple[list[Ballot], list[Ballot]]:
        if len(ballots) < self.rule.full * k:
            return [], list(ballots)
        shuffled = rng.sample(list(ballots), len(ballots))
        return shuffled[k:], shuffled[:k]


@dataclass(frozen=True)
class Outcome:
    """One round: what the insider guessed, and what it cost those who wait for results."""

    score: Score
    ballots: int
    shown_early: int
    days_waited: float
    """Summed over all ballots, from a guest's visit to the count that took her ballot, or the closing."""


def outcome(rule: Rule, days: int, setting: Setting) -> Outcome:
    arrivals = visits(Random(setting.seed), setting.a_day, setting.profile, days)
    if not arrivals:
        return Outcome(Score(), 0, 0, 0.0)
    with (
        patch("kiosk.store.draw_batch", SlowDraw(rule)),
        patch("kiosk.simulate.next_tick", rule.next_tick),
    ):
        week = lived(arrivals, setting.k, days, rule.rhythm)
    closes_at = OPENING + timedelta(days=days)
    early = [batch for batch in batches(week.seen, UNIT) if batch.at < closes_at]
    shown = sum(batch.size for batch in early)
    # Who was in which batch is nobody's to know, but the sum of all waits does not depend on it.
    taken_at = sum(batch.size * (batch.at - OPENING).total_seconds() for batch in early)
    taken_at += (len(arrivals) - shown) * (closes_at - OPENING).total_seconds()
    came_at = sum((arrival.at - OPENING).total_seconds() for arrival in arrivals)
    score = attack(week, setting.k, stays=setting.k)
    return Outcome(score, len(arrivals), shown, (taken_at - came_at) / 86_400)


def standard_error(scores: Sequence[Score]) -> float:
    """Of Score.points over these rounds, in points: a round's guests are not independent, its rounds are."""
    whole = sum(scores, Score())
    off = [100 * (one.right - one.right_from_one_table) - whole.points * one.guessed for one in scores]
    return sqrt(sum(one * one for one in off)) / max(whole.guessed, 1)


def row(rule: Rule, days: int, a_day: float, k: int, pool: ProcessPoolExecutor) -> str:
    settings = [Setting("balanced", a_day, k, seed) for seed in range(ROUNDS[days])]
    found = list(pool.map(partial(outcome, rule, days), settings, chunksize=5))
    scores = [one.score for one in found]
    points, ballots = sum(scores, Score()).points, sum(one.ballots for one in found)
    early = 100 * sum(one.shown_early for one in found) / ballots
    waited = sum(one.days_waited for one in found) / ballots
    kept = "yes" if points <= MOST_POINTS else "**no**"
    guess = f"{points:+.1f} ± {standard_error(scores):.2f}"
    return f"| {rule.name} | {days} | {a_day:g} | {k} | {guess} | {kept} | {early:.0f} % | {waited:.1f} |"


def main(lengths: Sequence[str]) -> None:
    print("| counted | days | guests a day | k | best guess | at most +3 | shown early | days waited |")
    print("|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor() as pool:
        for days in [int(length) for length in lengths] or list(ROUNDS):
            for (a_day, k), rule in product(CELLS, RULES):
                print(row(rule, days, a_day, k, pool), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
