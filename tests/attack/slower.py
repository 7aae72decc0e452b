"""Compares rules of counting: the insider's best guess, and how long results are delayed.

`python -m tests.attack.slower` writes docs/counting.md; with lengths of rounds in days as arguments, it
prints only their rows. The first rule is the program's; all run in the program's store with the rule
replaced.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from math import sqrt
from pathlib import Path
from random import Random
from unittest.mock import patch

from kiosk.domain.ballot import Ballot
from kiosk.domain.box import draw_batch
from tests.attack.guests import OPENING, UNIT, lived, visits
from tests.attack.insider import batches
from tests.attack.reconstruction import MOST_POINTS, Score, Setting, attack

ROUNDS = {7: 1_000, 28: 250, 91: 40}
"""Length of a round in days -> number of simulated rounds: a week, for which the bound is defined, a month,
and a quarter, the usual length."""

CELLS = ((6.0, 5), (3.0, 5), (6.0, 8))
"""(Guests a day, k) of each column. Answers are balanced, because a guess gains most from these."""


class Slow:
    """A rule of counting for one box. From `full` times k ballots on, all ballots but k form a batch; after
    it, no batch is formed for `pause` days."""

    def __init__(self, full: int, pause: int = 0) -> None:
        self.full, self.pause, self.since_batch = full, pause, pause

    def __call__(
        self, ballots: Sequence[Ballot], counted: int, k: int, rng: Random
    ) -> tuple[list[Ballot], list[Ballot]]:
        del counted
        self.since_batch += 1
        if len(ballots) < self.full * k or self.since_batch <= self.pause:
            return [], list(ballots)
        self.since_batch = 0
        shuffled = rng.sample(list(ballots), len(ballots))
        return shuffled[k:], shuffled[:k]


def _the_product() -> Callable[..., tuple[list[Ballot], list[Ballot]]]:
    return draw_batch


def _early() -> Callable[..., tuple[list[Ballot], list[Ballot]]]:
    """Return the program's rule with a first batch from 2k ballots on instead of 3k."""

    def draw(
        ballots: Sequence[Ballot], counted: int, k: int, rng: Random
    ) -> tuple[list[Ballot], list[Ballot]]:
        with patch("kiosk.domain.box.FIRST_BATCH_FACTOR", 2):
            return draw_batch(ballots, counted, k, rng)

    return draw


RULES: dict[str, Callable[[], Callable[..., tuple[list[Ballot], list[Ballot]]]]] = {
    "the product's: from 3k, then 2k more than shown, 6k at most": _the_product,
    "from 2k, then as the product's": _early,
    "from 2k, always": partial(Slow, 2),
    "from 6k, always": partial(Slow, 6),
    "from 2k, at most one batch a week": partial(Slow, 2, pause=7),
}
"""Rule -> function that returns a new rule for one box."""


@dataclass(frozen=True)
class Outcome:
    """The result of one round: the insider's score, the number of ballots, the number shown before the
    closing, and the delay."""

    score: Score
    ballots: int
    shown_early: int
    days_waited: float
    """Sum over all ballots of the days from a guest's visit to the count of the ballot."""


def outcome(rule: str, days: int, setting: Setting) -> Outcome:
    arrivals = visits(Random(setting.seed), setting.a_day, setting.profile, days)
    if not arrivals:
        return Outcome(Score(), 0, 0, 0.0)
    with patch("kiosk.storage.count.draw_batch", RULES[rule]()):
        week = lived(arrivals, setting.k, days)
    closes_at = OPENING + timedelta(days=days)
    early = [batch for batch in batches(week.seen, UNIT) if batch.at < closes_at]
    shown = sum(batch.size for batch in early)
    # The sum of all delays does not depend on which ballot was in which batch.
    taken_at = sum(batch.size * (batch.at - OPENING).total_seconds() for batch in early)
    taken_at += (len(arrivals) - shown) * (closes_at - OPENING).total_seconds()
    came_at = sum((arrival.at - OPENING).total_seconds() for arrival in arrivals)
    score = attack(week, setting.k, stays=setting.k)
    return Outcome(score, len(arrivals), shown, (taken_at - came_at) / 86_400)


def standard_error(scores: Sequence[Score]) -> float:
    """Return the standard error of Score.points over all rounds, in percentage points. The guests of one
    round depend on each other, so the rounds are the sample."""
    whole = sum(scores, Score())
    off = [100 * (one.right - one.right_from_one_table) - whole.points * one.guessed for one in scores]
    return sqrt(sum(one * one for one in off)) / max(whole.guessed, 1)


def row(rule: str, days: int, a_day: float, k: int, pool: ProcessPoolExecutor) -> str:
    settings = [Setting("balanced", a_day, k, seed) for seed in range(ROUNDS[days])]
    outcomes = list(pool.map(partial(outcome, rule, days), settings, chunksize=5))
    scores = [one.score for one in outcomes]
    points, ballots = sum(scores, Score()).points, sum(one.ballots for one in outcomes)
    early = 100 * sum(one.shown_early for one in outcomes) / ballots
    waited = sum(one.days_waited for one in outcomes) / ballots
    kept = "yes" if points <= MOST_POINTS else "**no**"
    guess = f"{points:+.1f} ± {standard_error(scores):.2f}"
    return f"| {rule} | {days} | {a_day:g} | {k} | {guess} | {kept} | {early:.0f} % | {waited:.1f} |"


REPORT = Path(__file__).parents[2] / "docs" / "counting.md"

HEAD = f"""# Other counting rules compared

Printed by `python -m tests.attack.slower`; do not edit. Balanced answers. Each row uses the product's
store with the counting rule changed, over {ROUNDS[7]} rounds of a week, {ROUNDS[28]} of four weeks and
{ROUNDS[91]} of a quarter. "Best guess" is in percentage points over one table at the end, ± its standard
error; "shown early" is the share of ballots counted before the closing; "days waited" is the average time
from a visit to the count that shows it.
[anonymity.md](anonymity.md#what-the-rule-of-counting-costs) explains the rows.

| counted | days | guests a day | k | best guess | at most +3 | shown early | days waited |
|---|---|---|---|---|---|---|---|
"""


def main(lengths: Sequence[str]) -> None:
    rows = []
    with ProcessPoolExecutor() as pool:
        for days in [int(length) for length in lengths] or list(ROUNDS):
            for (a_day, k), rule in product(CELLS, RULES):
                rows.append(row(rule, days, a_day, k, pool))
                print(rows[-1], flush=True)
    if not lengths:
        REPORT.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
