"""Tables of what an insider learns from figures with noise, compared with her knowledge before and with exact
figures. Each function that returns rows makes one table of docs/noise-study.md."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

import numpy as np
from scipy.special import ndtr, ndtri

from kiosk.domain.box import draw_batch, veil
from kiosk.domain.noise import STRONG_EPSILON, protect
from tests.attack.noise_kinds import CELLS, KINDS, PROFILES, SCALE, Floats, Kind, ZeroSum, draw
from tests.attack.noise_price import EPSILON, Row
from tests.tools.fast_noise import Tables, nearest, zero_sum

TARGETS = 40_000
SURE = 0.9
EPSILONS = (1.0, 1.5, 2.0, 3.0)
STRONG = float(STRONG_EPSILON)
PRIORS = (1 / 8, 0.3, 0.5, 0.65, 0.8)
STATEMENTS = 4


@dataclass(frozen=True)
class Beliefs:
    """An insider's probabilities of each answer after she saw the figures, one row for each target; the index
    of each target's true answer; and her probabilities before, the same for all targets."""

    after: Floats
    truth: np.ndarray[tuple[int], np.dtype[np.int64]]
    before: Floats

    @property
    def right(self) -> str:
        return f"{100 * (self.after.argmax(axis=1) == self.truth).mean():.1f} %"

    @property
    def sure(self) -> str:
        """Percent of targets for whom some answer has a probability above SURE."""
        return f"{100 * (self.after.max(axis=1) > SURE).mean():.1f} %"

    @property
    def sure_of_the_unlikely(self) -> str:
        """Percent of targets for whom an answer that was unlikely before (under 50 %) has a probability above
        SURE."""
        at = self.after.argmax(axis=1)
        return f"{100 * ((self.after.max(axis=1) > SURE) & (self.before[at] < 0.5)).mean():.1f} %"

    @property
    def certain(self) -> str:
        return f"{100 * (self.after.max(axis=1) > 1 - 1e-9).mean():.1f} %"

    @property
    def highest(self) -> str:
        return f"{100 * self.after.max():.1f} %"


def normal(weights: Floats) -> Floats:
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def with_targets(others: Tables, truth: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Tables:
    counts = others.copy()
    counts[np.arange(len(counts)), truth] += 1
    return counts


def know_all_others() -> Iterator[Row]:
    """Yield the rows for one statement and one table of 20 ballots, of which the insider knows all but the
    target's."""
    yield from _insiders(KINDS, 11)


def strong_insiders() -> Iterator[Row]:
    """Yield the rows of `know_all_others` for strongly protected rounds."""
    yield from _insiders((ZeroSum(STRONG),), 15)


def _insiders(kinds: Sequence[Kind], seed: int) -> Iterator[Row]:
    rng = np.random.default_rng(seed)
    for (name, profile), kind in product(PROFILES.items(), kinds):
        others = draw(19, profile, TARGETS, rng)
        truth = rng.choice(CELLS, TARGETS, p=profile)
        noisy = kind.add(with_targets(others, truth), rng)
        beliefs = Beliefs(normal(kind.weigh(noisy, others) * profile), truth, profile)
        before = f"{100 * profile.max():.0f} %"
        yield (
            name, kind.name, before, beliefs.right, beliefs.sure, beliefs.sure_of_the_unlikely,
            beliefs.certain, beliefs.highest,
        )  # fmt: skip


def bounds() -> Iterator[Row]:
    """Yield the largest possible probability after the figures for each probability before: arithmetic,
    without simulation."""
    for epsilon, times in product((STRONG, *EPSILONS), (1, STATEMENTS)):
        what = "one statement" if times == 1 else f"a ballot of {times} statements"
        odds = [before / (1 - before) * np.exp(times * epsilon) for before in PRIORS]
        limit = SURE / (1 - SURE) / np.exp(times * epsilon)
        shares = (100 * one / (1 + one) for one in (*odds, limit))
        yield (f"{epsilon:g}", what, *(f"{share:.1f} %" for share in shares))


def answer_chances(profile: Floats, alike: float, moods: Floats) -> Floats:
    """Return the probability of each answer (column), for guests with these moods (row). A mood shifts all
    answers of a guest; `alike`, 0 to 1, is the correlation of the answers that have the same mood."""
    on_scale = profile[:SCALE].sum()
    cuts = ndtri(np.cumsum(profile[: SCALE - 1]) / on_scale)
    below = ndtr((cuts - np.sqrt(alike) * moods[:, None]) / np.sqrt(1 - alike))
    edges = np.column_stack([np.zeros(len(moods)), below, np.ones(len(moods))])
    none = np.tile(profile[SCALE:], (len(moods), 1))
    return np.column_stack([np.diff(edges, axis=1) * on_scale, none])


def drawn_by_mood(chances: Floats, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the index of one answer drawn for each row of probabilities."""
    drawn = (rng.random((len(chances), 1)) > np.cumsum(chances, axis=1)).sum(axis=1)
    answers: np.ndarray[tuple[int], np.dtype[np.int64]] = np.minimum(drawn, CELLS - 1)
    return answers


def whole_ballots() -> Iterator[Row]:
    """Yield the rows for four statements that a guest answers similarly: what all four tables together tell
    about one answer."""
    rng = np.random.default_rng(12)
    moods, weights = np.polynomial.hermite_e.hermegauss(61)
    for name, alike in product(("balanced", "skewed"), (0.0, 0.3, 0.5, 0.7, 0.9)):
        profile = PROFILES[name]
        by_mood = answer_chances(profile, alike, moods)
        of_targets = answer_chances(profile, alike, rng.standard_normal(TARGETS))
        truths = [drawn_by_mood(of_targets, rng) for _ in range(STATEMENTS)]
        nobody = np.zeros((TARGETS, CELLS), dtype=int)
        for epsilon in EPSILONS:
            kind = ZeroSum(epsilon)
            seen = [kind.weigh(kind.add(with_targets(nobody, truth), rng), nobody) for truth in truths]
            others = np.prod([one @ by_mood.T for one in seen[1:]], axis=0) * weights
            beliefs = Beliefs(normal((others @ by_mood) * seen[0]), truths[0], profile)
            alone = Beliefs(normal(seen[0] * profile), truths[0], profile)
            yield (
                name, f"{alike:g}", f"{epsilon:g}", f"{100 * profile.max():.0f} %",
                alone.right, beliefs.right,
                alone.sure, beliefs.sure, beliefs.sure_of_the_unlikely, beliefs.highest,
            )  # fmt: skip


def parties() -> Iterator[Row]:
    """Yield the rows for groups of guests who all answer alike. The insider knows this, and every other
    ballot."""
    rng = np.random.default_rng(13)
    for name, size, epsilon in product(("balanced", "skewed"), (1, 2, 4), EPSILONS):
        profile = PROFILES[name]
        truth = rng.choice(CELLS, TARGETS, p=profile)
        noisy = zero_sum(epsilon, TARGETS, rng)
        noisy[np.arange(TARGETS), truth] += size
        # e^(-epsilon / 2 * (|noise if the group is in the cell| - |noise if not|))
        weights = np.exp(-epsilon / 2 * (abs(noisy - size) - abs(noisy)))
        beliefs = Beliefs(normal(weights * profile), truth, profile)
        before = f"{100 * profile.max():.0f} %"
        yield name, size, f"{epsilon:g}", before, beliefs.right, beliefs.sure, beliefs.sure_of_the_unlikely


A_DAY, DAYS, ROUNDS = 6.0, 28, 120
PULLS = (0.0, 5.0, 20.0, 80.0)
"""Weights with which the attacker pulls a batch's table towards that of the whole round, in numbers of
ballots. The best of them counts."""

Way = Callable[[np.random.Generator, int], Tables]


def by_themselves(rng: np.random.Generator, guests: int) -> Tables:
    return answers_of(rng, np.zeros(guests), np.arange(guests), 0.0)


def in_parties(size: int) -> Way:
    """Return a function that draws the answers of guests who come in groups of `size` and answer alike."""

    def way(rng: np.random.Generator, guests: int) -> Tables:
        single = by_themselves(rng, -(-guests // size))
        return np.repeat(single, size, axis=0)[:guests]

    return way


def with_moods(rng: np.random.Generator, guests: int) -> Tables:
    """Return the answers of one day's guests, who share a mood."""
    return answers_of(rng, rng.standard_normal(guests), np.zeros(guests, dtype=int), 0.3)


def answers_of(
    rng: np.random.Generator, moods: Floats, mood_of: np.ndarray[tuple[int], np.dtype[np.int64]], alike: float
) -> Tables:
    """Return answers, one row for each guest, one column for each statement. `mood_of` has the index in
    `moods` of each guest's mood; `alike` is that of `answer_chances`."""
    chances = answer_chances(PROFILES["balanced"], alike, moods)[mood_of]
    return np.column_stack([drawn_by_mood(chances, rng) for _ in range(STATEMENTS)])


COMPANY: dict[str, tuple[int, Way]] = {
    "by themselves": (1, by_themselves),
    "couples who answer alike": (2, in_parties(2)),
    "parties of four who answer alike": (4, in_parties(4)),
    "days that share a mood": (1, with_moods),
}


@dataclass(frozen=True)
class Played:
    """One round: the answers, one row for each guest and one column for each statement; the guests of each
    batch; and the probability, computed from the times of all visits, that each guest (row) is in each batch
    (column)."""

    answers: Tables
    members: list[list[int]]
    chances: Floats


def play(company: str, k: int, seed: int) -> Played:
    """Return a round of four weeks, counted by the program's rule every evening and at closing, whose guests
    come in the company of this name in COMPANY."""
    size, way = COMPANY[company]
    return play_round(size, way, k, seed)


def play_round(size: int, way: Way, k: int, seed: int) -> Played:
    """Return a round of four weeks, counted by the program's rule every evening and at closing. The guests
    come in groups of `size`, and `way`, which is called once a day, draws their answers."""
    random, rng = Random(seed), np.random.default_rng(seed)
    box: list[int] = []
    answers: list[Tables] = []
    came: list[int] = []
    members: list[list[int]] = []
    counted_on: list[int] = []
    for day in range(DAYS):
        guests = size * int(rng.poisson(A_DAY / size))
        box += range(len(came), len(came) + guests)
        came += [day] * guests
        answers.append(way(rng, guests))
        batch, box = draw_batch(box, sum(map(len, members)), k, random)
        if batch:
            members.append(batch)
            counted_on.append(day)
    members.append(box)
    counted_on.append(DAYS)
    chances, left = np.zeros((len(came), len(members))), np.ones(len(came))
    for at, (batch, day) in enumerate(zip(members, counted_on, strict=True)):
        taken = 1.0 if day == DAYS else len(batch) / (len(batch) + k)
        chances[:, at] = np.where(np.array(came) <= day, left * taken, 0.0)
        left -= chances[:, at]
    return Played(np.concatenate(answers), members, chances)


def tables_of(played: Played, statement: int) -> Tables:
    return np.array(
        [np.bincount(played.answers[batch, statement], minlength=CELLS) for batch in played.members]
    )


def guessed(played: Played, tables: Tables, statement: int) -> list[float]:
    """Return the share of right guesses for each weight in PULLS."""
    everybody = tables.sum(axis=0) / max(int(tables.sum()), 1)
    sizes = np.maximum(tables.sum(axis=1, keepdims=True), 1)
    shares_right = []
    for pull in PULLS:
        shares = (tables + pull * everybody) / (sizes + pull)
        best = (played.chances @ shares).argmax(axis=1)
        shares_right.append(float((best == played.answers[:, statement]).mean()))
    return shares_right


def company() -> Iterator[Row]:
    """Yield the rows for the best guess from figures shown live, in percentage points over a guess from one
    exact table at closing."""
    protections: dict[str, Kind | None] = {
        "exact, veiled": None, **{f"epsilon {epsilon:g}": ZeroSum(epsilon) for epsilon in EPSILONS}
    }  # fmt: skip
    for name, k in product(COMPANY, (5, 8)):
        rng = np.random.default_rng(14)
        gains: dict[str, list[list[float]]] = {protection: [] for protection in protections}
        for seed in range(ROUNDS):
            played = play(name, k, seed)
            for statement in range(STATEMENTS):
                exact = tables_of(played, statement)
                one_table = (exact.sum(axis=0).argmax() == played.answers[:, statement]).mean()
                for protection, kind in protections.items():
                    seen = nearest(kind.add(exact, rng)) if kind else veiled(exact)
                    gains[protection].append([one - one_table for one in guessed(played, seen, statement)])
        yield name, k, *(f"{100 * np.mean(gain, axis=0).max():+.1f}" for gain in gains.values())


def veiled(exact: Tables) -> Tables:
    """Return exact tables as an insider completes them after the veil: withheld answers are added to the
    largest option, where they usually belong."""
    tables = []
    for row in exact.tolist():
        counts, withheld = veil(row)
        at = int(np.argmax(counts))
        tables.append([n + withheld * (place == at) for place, n in enumerate(counts)])
    return np.array(tables)


Counts = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
"""Tables of several runs and rounds: the last axis has the cells of one table."""

REGULARS, ATTENDANCE, STABILITY = 20, 0.6, 0.9
A_YEAR = 4
YEARS = (1, 2, 3, 5)
RUNS = 400
YEAR_PULLS = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Weights of the pull of a regular's estimated answer towards the average, in numbers of visits. Regulars who
come more often are pulled less."""

HABITS = {"once a round": 1, "every week": 13}
"""Habit -> number of times that a regular wants to answer in a round."""


def regulars(
    profile: Floats, rounds: int, visits: int, rng: np.random.Generator
) -> tuple[Tables, Floats, Counts]:
    """Return (usual answers by run and regular, visits by run, round and regular, exact tables by run and
    round). `visits` is the number of times that a regular wants to answer in a round."""
    usual: Tables = rng.choice(CELLS, (RUNS, REGULARS), p=profile)
    came = np.zeros((RUNS, rounds, REGULARS))
    tables = np.zeros((RUNS, rounds, CELLS), dtype=int)
    for _ in range(visits):
        is_there = rng.random(came.shape) < ATTENDANCE
        other = rng.choice(CELLS, came.shape, p=profile)
        given = np.where(rng.random(came.shape) < STABILITY, usual[:, None, :], other)
        came += is_there
        tables += np.stack([((given == cell) & is_there).sum(axis=2) for cell in range(CELLS)], axis=2)
    return usual, came, tables


def solved(came: Floats, tables: Counts, usual: Tables) -> tuple[float, float]:
    """Return (percent of the usual answers that least squares finds with the best pull, percent that the same
    guess for all regulars finds). `came`, `tables` and `usual` are those of `regulars`."""
    everybody = tables.sum(axis=1) / np.maximum(tables.sum(axis=(1, 2)), 1)[:, None]
    across, shares_right = came.transpose(0, 2, 1), []
    for pull in YEAR_PULLS:
        left = across @ came + pull * np.eye(REGULARS)
        right = across @ tables + pull * everybody[:, None, :]
        shares_right.append((np.linalg.solve(left, right).argmax(axis=2) == usual).mean())
    return 100 * max(shares_right), 100 * (everybody.argmax(axis=1)[:, None] == usual).mean()


def years() -> Iterator[Row]:
    """Yield the rows for twenty regulars, four rounds a year, figures at closing: least squares over all
    tables."""
    for (habit, visits), name, epsilon in product(HABITS.items(), ("balanced", "skewed"), (None, *EPSILONS)):
        cells = []
        for count in YEARS:
            rng = np.random.default_rng(15)
            usual, came, exact = regulars(PROFILES[name], A_YEAR * count, visits, rng)
            shown = exact
            if epsilon is not None:
                flat = exact.reshape(-1, CELLS)
                shown = nearest(ZeroSum(epsilon).add(flat, rng)).reshape(exact.shape)
            right, blind = solved(came, shown, usual)
            cells.append(f"{right:.0f} % ({right - blind:+.0f})")
        yield (habit, name, "exact" if epsilon is None else f"epsilon {epsilon:g}", *cells)


def years_knowing_all_others() -> Iterator[Row]:
    """Yield the rows for one regular, if the insider knows every other ballot of every round."""
    for name, epsilon in product(("balanced", "skewed"), EPSILONS):
        rng, profile = np.random.default_rng(16), PROFILES[name]
        usual = rng.choice(CELLS, TARGETS // 4, p=profile)
        weights, cells = np.tile(profile, (len(usual), 1)), []
        for count in range(1, A_YEAR * YEARS[-1] + 1):
            came = rng.random(len(usual)) < ATTENDANCE
            other = rng.choice(CELLS, len(usual), p=profile)
            given = np.where(rng.random(len(usual)) < STABILITY, usual, other)
            nobody = np.zeros((len(usual), CELLS), dtype=int)
            kind = ZeroSum(epsilon)
            seen = kind.weigh(kind.add(with_targets(nobody, given), rng), nobody)
            likelihood = STABILITY * seen + (1 - STABILITY) * (seen @ profile)[:, None]
            weights = normal(weights * np.where(came[:, None], likelihood, 1.0))
            if count % A_YEAR == 0 and count // A_YEAR in YEARS:
                beliefs = Beliefs(weights, usual, profile)
                cells.append(f"{beliefs.right}, {beliefs.sure} sure")
        yield (name, f"epsilon {epsilon:g}", *cells)


STEADY = 12


def newcomers() -> Iterator[Row]:
    """Yield the rows for twelve regular guests in one round, and the same with one more in the next: what the
    difference of the two tables tells about the newcomer."""
    for name, stability in product(("balanced", "skewed"), (1.0, 0.95, 0.9)):
        cells = []
        for epsilon in (None, *EPSILONS):
            rng, profile = np.random.default_rng(17), PROFILES[name]
            usual = rng.choice(CELLS, (TARGETS, STEADY), p=profile)
            again = np.where(
                rng.random(usual.shape) < stability, usual, rng.choice(CELLS, usual.shape, p=profile)
            )
            truth = rng.choice(CELLS, TARGETS, p=profile)
            first, second = (
                np.stack([(one == cell).sum(axis=1) for cell in range(CELLS)], axis=1)
                for one in (usual, again)
            )
            second = with_targets(second, truth)
            if epsilon is not None:
                first, second = (nearest(ZeroSum(epsilon).add(one, rng)) for one in (first, second))
            cells.append(f"{100 * likeliest_by_difference(second - first, truth, profile):.1f} %")
        yield (name, f"{stability:g}", f"{100 * profile.max():.0f} %", *cells)


def likeliest_by_difference(
    apart: Tables, truth: np.ndarray[tuple[int], np.dtype[np.int64]], profile: Floats
) -> float:
    """Return the share of right guesses of the newcomer's answer from the tables' differences `apart`.

    A guess weighs each cell's difference by how much more often it occurs with the newcomer in that cell than
    without. These frequencies are learned from one half of the trials and used on the other.
    """
    half, reach = len(apart) // 2, 8
    at = apart.clip(-reach, reach) + reach
    weights = np.zeros((half, CELLS))
    for cell in range(CELLS):
        is_there = truth[:half] == cell
        with_her, without = (
            np.bincount(at[:half, cell][which], minlength=2 * reach + 1) + 0.5
            for which in (is_there, ~is_there)
        )
        weights[:, cell] = np.log(with_her / with_her.sum() / (without / without.sum()))[at[half:, cell]]
    return float(((weights + np.log(profile)).argmax(axis=1) == truth[half:]).mean())


LOOKS = (1, 10, 100)


def looks() -> Iterator[Row]:
    """Yield the rows for an insider who knows all other ballots and reads the figures again and again, in
    pages, dumps or a restored backup."""
    profile, rng = PROFILES["balanced"], Random(18)
    targets, seed = 1000, np.random.default_rng(18)
    others = draw(19, profile, targets, seed)
    truth = seed.choice(CELLS, targets, p=profile)
    counts = with_targets(others, truth).tolist()
    sealed = [protect(row, rng) for row in counts]
    ways: dict[str, Callable[[int], tuple[int, ...]]] = {
        "drawn once, sealed with the batch": lambda at: sealed[at],
        "control: drawn anew at each look": lambda at: protect(counts[at], rng),
    }
    for way, look in ways.items():
        cells = []
        for number in LOOKS:
            right = 0
            for at in range(targets):
                tables = np.array(sorted({look(at) for _ in range(number)}))
                beliefs = EPSILON * (tables > others[at]).sum(axis=0) + np.log(profile)
                right += int(beliefs.argmax() == truth[at])
            cells.append(f"{100 * right / targets:.0f} %")
        yield (way, *cells)


def veils() -> Iterator[Row]:
    """Yield the rows for noisy tables that also show whether the veil would withhold an answer: how often the
    target's answer is then certain."""
    rng = np.random.default_rng(19)
    for n, (name, profile) in product((5, 10, 15, 20), PROFILES.items()):
        others = draw(n - 1, profile, TARGETS, rng)
        truth = rng.choice(CELLS, TARGETS, p=profile)
        answers = np.stack(
            [with_targets(others, np.full(TARGETS, cell)).max(axis=1) >= n - 1 for cell in range(CELLS)],
            axis=1,
        )
        seen = answers[np.arange(TARGETS), truth]
        possible = (answers == seen[:, None]).sum(axis=1)
        yield n, name, f"{100 * seen.mean():.1f} %", f"{100 * (possible == 1).mean():.1f} %"
