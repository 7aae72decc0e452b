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
from functools import partial
from math import exp, inf
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np

from kiosk.domain.ballot import Ballot
from kiosk.domain.noise import EPSILON
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
MOST_OVER_ONE_TABLE = 4.0
MOST_OVER_YEARS = 20.0
STEADY = 12
SHORT = 7
"""Days of a round on the real store. The length does not matter for one table at closing."""
STATEMENTS = range(len(SURVEY.statements))


# -- near-certainty ------------------------------------------------------------------------------------


def _near_certainty(profile: str, scale: Scale) -> Finding:
    chances = PROFILES[profile].tolist()
    reads = steered(chances, 100 if scale is Scale.FULL else 6, 21, exp(EPSILON))
    with patch("kiosk.domain.tally.protect", lambda cells, _rng, _epsilon: tuple(cells)):
        leaked = steered(chances, 2, 22, inf)
    sure = [read for read in reads if read.belief > SURE]
    return Finding(
        f"near-certainty, protected round over the store, {profile} answers: an insider who knows all other "
        f"ballots, {len(reads)} answers",
        f"over 90 % sure of {100 * len(sure) / len(reads):.1f} %; the highest belief is "
        f"{100 * max(read.belief for read in reads):.1f} %, from {100 * max(chances):.0f} % before",
        "never over 90 % sure",
        not sure,
        f"no noise: sure of {100 * sum(read.belief > SURE for read in leaked) / len(leaked):.0f} % (must be "
        "100 %)",
        all(read.belief > SURE for read in leaked),
        # The bound is promised if no answer was likelier than 2 to 1 before; for likelier ones it is not.
        is_promised=max(chances) <= 2 / 3,
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


def _gains(size: int, way: type[Turning] | Way, k: int, rounds: int) -> tuple[float, float]:
    """Return (gain from protected figures shown live, gain from exact figures with the veil). A gain is the
    percentage points by which the best guess is right more often than one from a single exact table at
    closing.

    `way` draws the answers of groups of `size` guests who answer alike.
    """
    rng, kind = np.random.default_rng(31), ZeroSum(RATE)
    protected: list[list[float]] = []
    exact: list[list[float]] = []
    for seed in range(rounds):
        played = play_round(size, way() if isinstance(way, type) else way, k, seed)
        for statement in STATEMENTS:
            tables = tables_of(played, statement)
            one_table = float((tables.sum(axis=0).argmax() == played.answers[:, statement]).mean())
            for gains, seen in ((protected, nearest(kind.add(tables, rng))), (exact, veiled(tables))):
                gains.append([share - one_table for share in guessed(played, seen, statement)])
    return tuple(100 * float(np.mean(gains, axis=0).max()) for gains in (protected, exact))  # type: ignore[return-value]


def _alike(name: str, size: int, way: type[Turning] | Way, scale: Scale) -> Finding:
    rounds = 200 if scale is Scale.FULL else 12
    gains = {k: _gains(size, way, k, rounds) for k in (5, 8)}
    worst, leaked = max(gain for gain, _ in gains.values()), max(gain for _, gain in gains.values())
    return Finding(
        f"{name}: {rounds} protected rounds, 6 guests a day, figures shown live, balanced answers",
        f"best guess k=5: {gains[5][0]:+.1f} points, k=8: {gains[8][0]:+.1f} over one exact table at the end",
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
        *(_alike(name, size, way, scale) for name, size, way in _ways()),
        *(_newcomer(profile, scale) for profile in ("balanced", "skewed")),
        *(_over_years(profile) for profile in ("balanced", "skewed")),
        _years_over_the_store(scale),
    ]
