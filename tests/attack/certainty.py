"""Attacks 6 to 10 on protected rounds: how sure an insider becomes, and how often she is right.

Where thousands of tables are needed, the rule of counting is the program's and the noise is drawn with numpy
(tests/tools/fast_noise.py); one attack of each kind runs on the real store. Some bounds are measured but not
promised: noise hides the answer of one guest, but not an answer that a group, a day or a month shares.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from math import exp, inf
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from scipy.stats import poisson

from kiosk.domain.ballot import Ballot
from kiosk.domain.noise import EPSILON, STRONG_EPSILON
from kiosk.domain.rounds import Protection, PublicationTime
from kiosk.library.trees import flat_tree
from kiosk.operation.simulate import Plan, simulate
from kiosk.storage import Store
from tests.attack.finding import Finding, Scale
from tests.attack.guests import ANSWERS, DAYS, OPENING, SURVEY
from tests.attack.noise_attacks import (
    COMPANY,
    SURE,
    YEARS,
    Beliefs,
    Way,
    answers_of,
    guessed,
    normal,
    play_round,
    regulars,
    solved,
    tables_of,
    veiled,
    with_targets,
)
from tests.attack.noise_kinds import CELLS, PROFILES, Floats, ZeroSum
from tests.attack.protected import steered
from tests.attack.year import ONCE_A_ROUND, attack_year
from tests.attack.year import PULLS as YEAR_PULLS
from tests.tools.builders import a_store
from tests.tools.fast_noise import Tables, nearest
from tests.tools.published import nodes, statements

K = 5
A_YEAR = 4
RATE = float(EPSILON)
STRONG_RATE = float(STRONG_EPSILON)
MOST_OVER_ONE_TABLE = 4.0
MOST_OVER_YEARS = 20.0
STEADY = 12
SHORT = 7
"""Days of a round on the real store. The length does not matter for one table at closing."""
STATEMENTS = range(len(SURVEY.statements))


# -- near-certainty ------------------------------------------------------------------------------------


def _near_certainty(profile: str, scale: Scale, epsilon: Fraction = EPSILON) -> Finding:
    chances, kind = PROFILES[profile].tolist(), "protected" if epsilon == EPSILON else "strongly protected"
    reads = steered(chances, 100 if scale is Scale.FULL else 6, 21, exp(epsilon), epsilon)
    with patch("kiosk.domain.tally.protect", lambda cells, _rng, _epsilon: tuple(cells)):
        leaked = steered(chances, 2, 22, inf)
    sure = [read for read in reads if read.belief > SURE]
    return Finding(
        f"near-certainty, {kind} round over the store, {profile} answers: an insider who knows all other "
        f"ballots, {len(reads)} answers",
        f"over 90 % sure of {100 * len(sure) / len(reads):.1f} %; the highest belief is "
        f"{100 * max(read.belief for read in reads):.1f} %, from {100 * max(chances):.0f} % before",
        "never over 90 % sure",
        not sure,
        f"no noise: sure of {100 * sum(read.belief > SURE for read in leaked) / len(leaked):.0f} % (must be "
        "100 %)",
        all(read.belief > SURE for read in leaked),
        # The bound is promised if no answer was likelier before than 2 to 1, in a strongly protected round
        # than 4 to 1; for likelier ones it is not.
        is_promised=max(chances) <= (2 / 3 if epsilon == EPSILON else 4 / 5),
    )


# -- an observer who does not know the others ----------------------------------------------------------


def unhappy(rng: np.random.Generator, guests: int) -> Tables:
    """Return the answers of one day's guests, of whom 80 % give the lowest one."""
    answers: Tables = rng.choice(CELLS, (guests, len(STATEMENTS)), p=PROFILES["unhappy"])
    return answers


def observed_shares(noisy: Sequence[int], size: int, profile: Floats, epsilon: float) -> Floats:
    """Return the expected share of each answer in a batch of `size` ballots, for somebody who knows nothing
    but the profile of all guests and the batch's noisy table, before it was made whole.

    By Bayes' rule, exact: without a condition on their sums, both the counts (Poisson) and the noise
    (geometric) of the cells are independent. The sum of the counts is `size`; the noise then adds up to zero
    by itself.
    """
    counts = np.arange(size + 1)
    likely = poisson.logpmf(counts, size * profile[:, None]) - epsilon / 2 * abs(
        np.array(noisy)[:, None] - counts
    )
    weights = np.exp(likely - likely.max(axis=1, keepdims=True))
    turns = np.exp(2j * np.pi * np.outer(counts, np.arange(CELLS * size + 1)) / (CELLS * size + 1))
    of_counts, of_means = weights @ turns, (weights * counts) @ turns
    chance = (of_counts.prod(axis=0) * turns[size].conj()).mean().real
    means = [
        (np.delete(of_counts, cell, axis=0).prod(axis=0) * of_means[cell] * turns[size].conj()).mean().real
        for cell in range(CELLS)
    ]
    shares: Floats = np.array(means) / (chance * size)
    return shares


def observed(rounds: int, k: int) -> dict[str, Floats]:
    """Return the observer's highest belief about each answer in rounds of a month with 6 unhappy guests a day
    by themselves: from protected, strongly protected and exact figures shown live, and from one exact table
    at the end. She knows when each guest came."""
    profile = PROFILES["unhappy"]
    rates = {"protected": RATE, "strongly protected": STRONG_RATE}
    rngs = {name: np.random.default_rng(61) for name in rates}
    beliefs: dict[str, list[Floats]] = {name: [] for name in (*rates, "exact", "one table")}
    for seed in range(rounds):
        played = play_round(1, unhappy, k, seed)
        for statement in STATEMENTS:
            tables = tables_of(played, statement)
            tables, chances = tables[tables.sum(axis=1) > 0], played.chances[:, tables.sum(axis=1) > 0]
            sizes = tables.sum(axis=1, keepdims=True)
            for name, rate in rates.items():
                noisy = ZeroSum(rate).add(tables, rngs[name])
                shares = [
                    observed_shares(row, int(size), profile, rate)
                    for row, size in zip(noisy.tolist(), sizes[:, 0], strict=True)
                ]
                beliefs[name].append((chances @ np.array(shares)).max(axis=1))
            beliefs["exact"].append((chances @ (veiled(tables) / sizes)).max(axis=1))
            whole = tables.sum(axis=0) / sizes.sum()
            beliefs["one table"].append(np.full(len(chances), whole.max()))
    return {name: np.concatenate(parts) for name, parts in beliefs.items()}


def _observer(scale: Scale) -> Iterator[Finding]:
    """Yield the findings of somebody who knows who came when, and the profile, and no ballot."""
    rounds = 400 if scale is Scale.FULL else 8
    beliefs = observed(rounds, K)
    sure = {name: 100 * float((of_all >= SURE).mean()) for name, of_all in beliefs.items()}
    for name in ("protected", "strongly protected"):
        yield Finding(
            f"near-certainty of an observer who knows no other answer, {name} rounds, unhappy answers: "
            f"{rounds} rounds of a month, 6 guests a day, figures shown live, k={K}, "
            f"{len(beliefs[name])} answers",
            f"90 % sure or more of {sure[name]:.1f} %, from one exact table at the end of "
            f"{sure['one table']:.1f} %; the highest belief is {100 * beliefs[name].max():.1f} %, from 80 % "
            "before",
            "sure of no more than from one exact table",
            sure[name] <= sure["one table"],
            f"exact figures: sure of {sure['exact']:.1f} % (must be over {sure['one table']:.1f} %)",
            sure["exact"] > sure["one table"],
            # Even with all other ballots, no belief rises from 80 to over 90 % in a strongly protected round.
            is_promised=name == "strongly protected",
        )


# -- guests who answer alike ---------------------------------------------------------------------------


class Turning:
    """Draws the answers of each day of a month whose guests all have a good mood in its first half, and a bad
    one in its second."""

    def __init__(self) -> None:
        self.day = 0

    def __call__(self, rng: np.random.Generator, guests: int) -> Tables:
        self.day += 1
        mood = 1.0 if self.day <= 14 else -1.0
        return answers_of(rng, np.array([mood]), np.zeros(guests, dtype=int), 0.5)


def moody(rng: np.random.Generator, guests: int) -> Tables:
    """Return the answers of one day's guests, who share a mood that decides much of their answers."""
    return answers_of(rng, rng.standard_normal(1), np.zeros(guests, dtype=int), 0.6)


def _ways() -> Iterator[tuple[str, int, type[Turning] | Way]]:
    for name in ("couples who answer alike", "parties of four who answer alike"):
        yield (name, *COMPANY[name])
    yield "days that share a mood", 1, moody
    yield "a month that turns", 1, Turning


def _gains(size: int, way: type[Turning] | Way, k: int, rounds: int) -> tuple[float, float, float]:
    """Return (gain from protected figures shown live, from strongly protected ones, from exact ones with the
    veil). A gain is the percentage points by which the best guess is right more often than one from a single
    exact table at closing.

    `way` draws the answers of groups of `size` guests who answer alike.
    """
    rngs = {rate: np.random.default_rng(31) for rate in (RATE, STRONG_RATE)}
    gains: tuple[list[list[float]], ...] = ([], [], [])
    for seed in range(rounds):
        played = play_round(size, way() if isinstance(way, type) else way, k, seed)
        for statement in STATEMENTS:
            tables = tables_of(played, statement)
            one_table = float((tables.sum(axis=0).argmax() == played.answers[:, statement]).mean())
            shown = [nearest(ZeroSum(rate).add(tables, rng)) for rate, rng in rngs.items()]
            for gain, seen in zip(gains, (*shown, veiled(tables)), strict=True):
                gain.append([share - one_table for share in guessed(played, seen, statement)])
    return tuple(100 * float(np.mean(gain, axis=0).max()) for gain in gains)  # type: ignore[return-value]


def _alike(name: str, size: int, way: type[Turning] | Way, scale: Scale) -> Finding:
    rounds = 200 if scale is Scale.FULL else 12
    gains = {k: _gains(size, way, k, rounds) for k in (5, 8)}
    worst, leaked = max(gain for gain, _, _ in gains.values()), max(gain for _, _, gain in gains.values())
    return Finding(
        f"{name}: {rounds} protected rounds, 6 guests a day, figures shown live, balanced answers",
        f"best guess k=5: {gains[5][0]:+.1f} points, k=8: {gains[8][0]:+.1f} over one exact table at the end "
        f"(strongly protected: {gains[5][1]:+.1f} and {gains[8][1]:+.1f})",
        f"at most {MOST_OVER_ONE_TABLE:+g} points",
        # Few rounds have a standard error of about a point.
        worst <= MOST_OVER_ONE_TABLE + (0 if scale is Scale.FULL else 2),
        f"exact figures: {leaked:+.1f} (must be over {MOST_OVER_ONE_TABLE:+g})",
        leaked > MOST_OVER_ONE_TABLE,
        is_promised=size == 2,
    )


# -- a newcomer ----------------------------------------------------------------------------------------

_REACH, _TURNS = 40, 64

Turned = np.ndarray[tuple[int, int], np.dtype[np.complex128]]


def _difference_weights() -> Turned:
    """Return, for each difference of two noises in one cell (row) and each of several angles (column), the
    sum of probabilities over the first noise, each multiplied by a rotation of its angle.

    The mean over the angles of the product over all cells is the likelihood of the differences, because the
    noises of a table add up to 0.
    """
    noise = np.arange(-3 * _REACH, 3 * _REACH + 1)
    apart = np.arange(-_REACH, _REACH + 1)
    turns = np.exp(2j * np.pi * np.outer(noise, np.arange(_TURNS)) / _TURNS)
    weights: Turned = np.exp(-RATE / 2 * (abs(noise) + abs(noise + apart[:, None]))) @ turns
    return weights


def newcomer_beliefs(apart: Tables, profile: Floats) -> Floats:
    """Return the probability of each answer of a newcomer, one row for each row of `apart`: the noisy table
    of the second round minus that of the first, in which the same guests without her gave the same
    answers."""
    table = _difference_weights()
    at = apart.clip(1 - _REACH, _REACH) + _REACH
    logs = np.log(table[at])
    total = logs.sum(axis=1)
    likelihoods = np.stack(
        [np.exp(total - logs[:, cell] + np.log(table[at[:, cell] - 1])).mean(axis=1).real
         for cell in range(CELLS)], axis=1,
    )  # fmt: skip
    return normal(np.maximum(likelihoods, 0) * profile)


def _two_rounds(
    store: Store, groups: int, profile: Floats, protection: Protection
) -> tuple[Tables, list[int]]:
    """Return (second published table minus the first, the newcomer's answer), a row for each group and
    statement. Each group is a unit whose guests answer in both rounds, and the newcomer only in the
    second."""
    random, units = Random(41), [f"u{at}" for at in range(groups)]
    chances = profile.tolist()
    steady = {unit: [_drawn(random, chances) for _ in range(STEADY)] for unit in units}
    new = {unit: _drawn(random, chances) for unit in units}
    seen: list[dict[str, list[list[int]]]] = []
    for number in range(2):
        opens = OPENING + number * timedelta(days=100)
        plan = Plan(
            SURVEY,
            flat_tree(units),
            K,
            opens,
            DAYS,
            figures=PublicationTime.AT_CLOSING,
            protection=protection,
        )
        of_round = plan.round
        store.open_round(of_round, opens)
        for day in range(4):
            for unit in units:
                for one in [*steady[unit], *([new[unit]] if number else [])][day::4]:
                    store.cast(of_round.id, unit, one, opens + timedelta(days=day, hours=9))
            store.count(opens + timedelta(days=day, hours=17))
        store.count(of_round.closes_at)
        document = store.snapshot()
        document = {**document, "rounds": [one for one in document["rounds"] if one["id"] == of_round.id]}
        shown = nodes(document)
        seen.append({unit: [_cells(table) for table in statements(shown[unit]).values()] for unit in units})
    apart = [np.subtract(seen[1][unit][at], seen[0][unit][at]) for unit in units for at in STATEMENTS]
    return np.array(apart), [ANSWERS.index(new[unit].answers[at]) for unit in units for at in STATEMENTS]


def _drawn(random: Random, chances: Sequence[float]) -> Ballot:
    return Ballot(tuple(random.choices(ANSWERS, chances)[0] for _ in STATEMENTS))


def _cells(table: object) -> list[int]:
    """Return the counts of a statement's table, kinds of no answer last, without the withheld answers."""
    return [*table["counts"], *table["no_answer"].values()]  # type: ignore[index]


def _newcomer(profile: str, scale: Scale) -> Finding:
    is_full, chances = scale is Scale.FULL, PROFILES[profile]
    rng, targets = np.random.default_rng(42), 20_000 if is_full else 2_000
    truth = rng.choice(CELLS, targets, p=chances)
    nobody = np.zeros((targets, CELLS), dtype=int)
    kind = ZeroSum(RATE)
    beliefs = Beliefs(
        newcomer_beliefs(kind.add(with_targets(nobody, truth), rng) - kind.add(nobody, rng), chances),
        truth,
        chances,
    )
    groups = 50 if is_full else 4
    with TemporaryDirectory() as folder, closing(a_store(Path(folder))) as store:
        apart, new = _two_rounds(store, groups, chances, Protection.PROTECTED)
        right = 100 * float((newcomer_beliefs(apart, chances).argmax(axis=1) == new).mean())
    with (
        TemporaryDirectory() as folder,
        closing(a_store(Path(folder))) as store,
        patch("kiosk.domain.tally.veil", lambda counts: (tuple(counts), 0)),
    ):
        leaked, leaked_new = _two_rounds(store, 2, chances, Protection.EXACT)
    leaked_right = 100 * float((leaked.argmax(axis=1) == leaked_new).mean())
    return Finding(
        f"a newcomer among {STEADY} guests who answer as before, two protected rounds at closing, {profile} "
        f"answers, {targets} targets",
        f"over 90 % sure of {beliefs.sure}, the highest belief is {beliefs.highest}; right about "
        f"{beliefs.right}, {100 * chances.max():.0f} % before ({right:.0f} % of {4 * groups} answers over "
        "the store)",
        "never over 90 % sure",
        float(beliefs.after.max()) <= SURE,
        f"exact tables: right about {leaked_right:.0f} % (must be 100 %)",
        leaked_right == 100,
        is_promised=float(chances.max()) <= 2 / 3,
    )


# -- years ---------------------------------------------------------------------------------------------


def _over_years(profile: str) -> Finding:
    gains: dict[int, float] = {}
    leaked: dict[int, float] = {}
    for years in YEARS:
        rng = np.random.default_rng(51)
        usual, came, exact = regulars(PROFILES[profile], A_YEAR * years, 1, rng)
        shown = nearest(ZeroSum(RATE).add(exact.reshape(-1, CELLS), rng)).reshape(exact.shape)
        for tables, into in ((shown, gains), (exact, leaked)):
            right, blind = solved(came, tables, usual)
            into[years] = right - blind
    return Finding(
        f"{', '.join(map(str, YEARS))} years, 20 regulars who answer once a round, 4 protected rounds a year "
        f"at closing, {profile} answers",
        f"least squares {', '.join(f'{gain:+.1f}' for gain in gains.values())} points over one guess for all",
        f"at most {MOST_OVER_YEARS:+g} points after 5 years",
        max(gains.values()) <= MOST_OVER_YEARS,
        f"exact figures, 5 years: {leaked[5]:+.1f} (must be over {MOST_OVER_YEARS:+g})",
        leaked[5] > MOST_OVER_YEARS,
    )


def _years_over_the_store(scale: Scale) -> Finding:
    """Return the finding of five years on the real store, with exact figures as its control."""
    habit = replace(ONCE_A_ROUND, figures=PublicationTime.AT_CLOSING, every=SHORT, length=SHORT)
    runs = 20 if scale is Scale.FULL else 1
    gains = []
    for protection, number in ((Protection.PROTECTED, runs), (Protection.EXACT, max(1, runs // 8))):
        attack = partial(
            attack_year,
            habit=replace(habit, protection=protection),
            profile="balanced",
            k=K,
            publish=simulate,
            years=5,
        )
        with ProcessPoolExecutor() as pool:
            attacks = list(pool.map(attack, range(number)))
        answers = sum(one[2] for one in attacks)
        best = max(sum(right[pull] for right, _, _ in attacks) for pull in YEAR_PULLS)
        gains.append(100 * (best - sum(blind for _, blind, _ in attacks)) / answers)
    return Finding(
        f"5 years of 20 regulars, as above, over the store, runs: {runs}, balanced answers",
        f"{gains[0]:+.1f} points",
        f"at most {MOST_OVER_YEARS:+g} points",
        # One run has a standard error of 5 points.
        gains[0] <= MOST_OVER_YEARS + (0 if scale is Scale.FULL else 15),
        f"exact figures: {gains[1]:+.1f} (must be over {MOST_OVER_YEARS:+g})",
        gains[1] > MOST_OVER_YEARS,
    )


def run(scale: Scale) -> list[Finding]:
    """Run all attacks on the beliefs of an insider about answers in protected rounds."""
    return [
        *(_near_certainty(profile, scale) for profile in ("balanced", "skewed", "unhappy")),
        _near_certainty("unhappy", scale, STRONG_EPSILON),
        *_observer(scale),
        *(_alike(name, size, way, scale) for name, size, way in _ways()),
        *(_newcomer(profile, scale) for profile in ("balanced", "skewed")),
        *(_over_years(profile) for profile in ("balanced", "skewed")),
        _years_over_the_store(scale),
    ]
