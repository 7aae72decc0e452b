"""Attack 1: an insider who knows the time of each visit and every snapshot reconstructs guests' answers."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from random import Random
from unittest.mock import patch

import numpy as np

from kiosk.domain.ballot import Ballot
from kiosk.domain.box import draw_batch
from kiosk.operation.simulate import Arrival, simulate
from tests.attack.finding import Finding, Scale
from tests.attack.guests import (
    ANSWERS,
    PROFILES,
    SURVEY,
    Week,
    lived,
    lived_hiding_under_k,
    lived_hiding_under_k_in_memory,
    visits,
)
from tests.attack.in_memory import Publish, simulate_in_memory
from tests.attack.insider import batches, candidates, posterior, right_guesses
from tests.attack.integer import is_possible

STATEMENTS = range(len(SURVEY.statements))
A_DAY = (1.5, 3.0, 6.0)
KS = (5, 8)
MOST_POINTS = 3.0
CONTROL_PERCENT = 75.0
LEAST_QUESTIONS = 5_000

QUARTER = 91
"""Length of most rounds, in days."""

QUARTERS = ((6.0, 5), (3.0, 5), (6.0, 8))
"""(Guests a day, k) of each long round. Its answers are balanced, because a guess gains most from these."""


@dataclass
class Score:
    """The success of an insider. A cell is one guest's answer to one statement. There are `cells`, and the
    insider is certain of `proven` of them. Of `guessed` cells, her best guess is expected to have `right`
    right, and the commonest answer of one table at the end `right_from_one_table`."""

    cells: int = 0
    proven: int = 0
    guessed: int = 0
    right: float = 0.0
    right_from_one_table: float = 0.0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def points(self) -> float:
        """Percentage points by which the insider guesses better than from one table at the end."""
        return 100 * (self.right - self.right_from_one_table) / max(self.guessed, 1)


@dataclass(frozen=True)
class Setting:
    profile: str
    a_day: float
    k: int
    seed: int
    is_in_memory: bool = False

    @property
    def publish(self) -> Publish:
        return simulate_in_memory if self.is_in_memory else simulate


def attack(week: Week, k: int, *, stays: int) -> Score:
    """Return the score of an insider in one round. Raises AssertionError if she excludes a true answer."""
    published, score = batches(week.seen, "u"), Score()
    for statement in STATEMENTS:
        truths = [week.truth(guest, statement) for guest in range(len(week.times))]
        one_table = np.bincount(truths, minlength=len(ANSWERS)).astype(float)
        for at, truth in zip(week.times, truths, strict=True):
            possible = candidates(at, published, statement, stays=stays)
            if possible and truth not in possible:
                raise AssertionError("the attacker excluded the truth: it is broken")
            score.cells += 1
            score.proven += len(possible) == 1
            likely = posterior(at, published, statement, stays=k if stays else 0)
            if likely is not None:
                score.guessed += 1
                score.right += right_guesses(likely, truth)
                score.right_from_one_table += right_guesses(one_table, truth)
    return score


def attack_box(setting: Setting) -> Score:
    """Return the score in one round of the program."""
    arrivals = visits(Random(setting.seed), setting.a_day, setting.profile)
    if not arrivals:
        return Score()
    week = lived(arrivals, setting.k, publish=setting.publish)
    return attack(week, setting.k, stays=setting.k)


def attack_quarter(setting: Setting) -> Score:
    """Return the score in one long round of the program."""
    arrivals = visits(Random(setting.seed), setting.a_day, setting.profile, QUARTER)
    week = lived(arrivals, setting.k, QUARTER, setting.publish)
    return attack(week, setting.k, stays=setting.k)


def always_from_2k(
    ballots: Sequence[Ballot], counted: int, k: int, rng: Random
) -> tuple[list[Ballot], list[Ballot]]:
    """Draw a batch by a leaky rule: from 2k ballots on, always, so that later batches are as small as the
    first."""
    del counted
    with patch("kiosk.domain.box.FIRST_BATCH_FACTOR", 2):
        return draw_batch(ballots, 0, k, rng)


def attack_small_batches(setting: Setting) -> Score:
    """Return the score in one long round with the leaky rule `always_from_2k`."""
    with patch("kiosk.storage.count.draw_batch", always_from_2k):
        return attack_quarter(setting)


def attack_hiding(setting: Setting) -> Score:
    """Return the score in one round of a tool that hides groups below k and then shows each ballot at
    once."""
    arrivals = visits(Random(setting.seed), setting.a_day, setting.profile)
    live = lived_hiding_under_k_in_memory if setting.is_in_memory else lived_hiding_under_k
    return attack(live(arrivals, setting.k), setting.k, stays=0) if arrivals else Score()


def total(attack_one: Callable[[Setting], Score], settings: Sequence[Setting]) -> Score:
    with ProcessPoolExecutor() as pool:
        return sum(pool.map(attack_one, settings, chunksize=20), Score())


def agreement(questions: int, publish: Publish = simulate) -> tuple[int, int]:
    """Return (number of questions, number of questions on which this attack and the integer programme agree)
    about guests of the program's rounds. A question is whether a guest can have given a certain answer."""
    asked = agreed = 0
    random = Random(7)
    while asked < questions:
        profile, a_day, k = random.choice(list(PROFILES)), random.choice(A_DAY), random.choice(KS)
        arrivals: list[Arrival] = visits(random, a_day, profile)
        week = lived(arrivals, k, publish=publish) if arrivals else None
        published = batches(week.seen, "u") if week else []
        if not week or not published:
            continue
        for _ in range(25):
            guest, statement = random.randrange(len(week.times)), random.choice(STATEMENTS)
            option = random.randrange(len(ANSWERS))
            by_sets = option in candidates(week.times[guest], published, statement, stays=k)
            by_programme = is_possible(week.times, published, statement, guest, option)
            asked, agreed = asked + 1, agreed + (by_sets == by_programme)
    return asked, agreed


def run(scale: Scale) -> list[Finding]:
    is_full = scale is Scale.FULL
    rounds = 1_000 if is_full else 20
    findings = []
    for profile, k in product(PROFILES, KS):
        control, caught = _control(profile, k, scale)
        for a_day in A_DAY:
            settings = [Setting(profile, a_day, k, seed, not is_full) for seed in range(rounds)]
            score = total(attack_box, settings)
            # A few rounds do not suffice to measure a few points.
            guesses_badly = score.points <= MOST_POINTS or not is_full
            findings.append(
                Finding(
                    f"reconstruction: {rounds} rounds, {profile} answers, {a_day:g} guests a day, k={k}",
                    f"{score.proven} of {score.cells} answers proven; best guess {score.points:+.1f} points",
                    f"0 proven; best guess at most {MOST_POINTS:+g} points over one table at the end",
                    score.proven == 0 and guesses_badly,
                    control,
                    caught,
                )
            )
    findings += [_quarter(a_day, k, scale) for a_day, k in QUARTERS]
    asked, agreed = agreement(LEAST_QUESTIONS) if is_full else agreement(100, simulate_in_memory)
    findings.append(
        Finding(
            "reconstruction by an integer programme, independent of the first attack",
            f"agrees on {agreed} of {asked} questions",
            "agrees on all",
            agreed == asked,
            *_control_of_the_programme(),
        )
    )
    return findings


def _quarter(a_day: float, k: int, scale: Scale) -> Finding:
    is_full = scale is Scale.FULL
    settings = [Setting("balanced", a_day, k, seed, not is_full) for seed in range(40 if is_full else 1)]
    score, leaky = total(attack_quarter, settings), total(attack_small_batches, settings)
    return Finding(
        f"reconstruction: {len(settings)} rounds of {QUARTER} days, {a_day:g} guests a day, k={k}",
        f"{score.proven} of {score.cells} answers proven; best guess {score.points:+.1f} points",
        f"0 proven; best guess at most {MOST_POINTS:+g} points over one table at the end",
        score.proven == 0 and (score.points <= MOST_POINTS or not is_full),
        f"every batch from 2k on: {leaky.points:+.1f} points (must be over {MOST_POINTS:+g})",
        leaky.points > MOST_POINTS or not is_full,
    )


def _control(profile: str, k: int, scale: Scale) -> tuple[str, bool]:
    # The leaky tool also hides the first k ballots, so with k = 8 only a week with more guests shows the
    # leak.
    a_day = 3.0 if k == min(KS) else 6.0
    # These rounds draw nothing at random, so the same 60 of them always have the same result.
    is_full = scale is Scale.FULL
    settings = [Setting(profile, a_day, k, seed, not is_full) for seed in range(1_000 if is_full else 60)]
    leaky = total(attack_hiding, settings)
    percent = 100 * leaky.proven / leaky.cells
    words = f"hiding under k, {a_day:g} a day: {percent:.1f} % proven (must be >= {CONTROL_PERCENT:g} %)"
    return words, percent >= CONTROL_PERCENT


def _control_of_the_programme() -> tuple[str, bool]:
    """Return the control of the integer programme, as a sentence and whether it is passed: if all other
    ballots of a batch are known, it proves the last one."""
    week = lived(visits(Random(3), 3.0, "balanced"), 5)
    published = batches(week.seen, "u")
    unveiled = [
        statement for statement in STATEMENTS if not any(one.withheld[statement] for one in published)
    ]
    statement, target = unveiled[0], 0
    others = {guest: week.truth(guest, statement) for guest in range(1, len(week.times))}
    possible = [
        option
        for option in range(len(ANSWERS))
        if is_possible(week.times, published, statement, target, option, others)
    ]
    return (
        f"with all answers but one known, {len(possible)} is possible (must be the true one)",
        possible == [week.truth(target, statement)],
    )
