"""What noise costs readers of the figures: errors beside those of sampling, answers that nobody gave, wider
intervals and weaker tests. Each function that returns rows makes one table of docs/noise-study.md."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from kiosk.domain.noise import STRONG_EPSILON
from kiosk.domain.noisy_statistics import (
    Noise,
    NoisyPlaceCount,
    differ,
    noise_of,
    noisy_stratum,
    share_interval,
)
from kiosk.domain.statistics import Trend, trend
from tests.attack.noise_kinds import (
    CELLS,
    KINDS,
    PROFILES,
    SCALE,
    Floats,
    Kind,
    ZeroSum,
    agreeing,
    batch_sizes,
    draw,
    whole,
)
from tests.tools.fast_noise import Tables, nearest

Row = tuple[object, ...]

NS = (15, 20, 60, 350)
TABLES = 20_000
TRIES = 3_000
AGREE = tuple(range(SCALE - 2, SCALE))
EPSILON = 1.5
"""The program's epsilon, as in all tables except those that compare several."""

STRONG = float(STRONG_EPSILON)

NOISE_FREE = noise_of(0, CELLS)


def rms(values: Floats) -> float:
    return float(np.sqrt((values**2).mean()))


def true_share(profile: Floats) -> float:
    return float(profile[list(AGREE)].sum() / profile[:SCALE].sum())


def errors() -> Iterator[Row]:
    """Yield the rows with the error of the share that agrees, at closing."""
    rng = np.random.default_rng(1)
    for name, profile in PROFILES.items():
        exact = {n: draw(n, profile, TABLES, rng) for n in NS}
        chance = (f"{100 * rms(agreeing(exact[n]) - true_share(profile)):.1f}" for n in NS)
        yield (name, "none: the error of chance", *chance)
        for kind in KINDS:
            cells = []
            for n in NS:
                off = 100 * (agreeing(whole(kind.add(exact[n], rng), n)) - agreeing(exact[n]))
                cells.append(f"{rms(off):.1f} ({off.mean():+.1f})")
            yield (name, kind.name, *cells)


def hide_under(least: int, noisy: Tables) -> Tables:
    """Return the tables with counts below `least` set to 0. The difference is spread over the other counts,
    the largest first."""
    kept = np.where(noisy < least, 0, noisy)
    missing = noisy.sum(axis=1) - kept.sum(axis=1)
    number = np.maximum((kept > 0).sum(axis=1), 1)
    each, left = (part[:, None] for part in np.divmod(np.maximum(missing, 0), number))
    rank = np.argsort(np.argsort(-kept, axis=1, kind="stable"), axis=1, kind="stable")
    lifted = kept + np.where(kept > 0, each + (rank < left), 0)
    return nearest_of(lifted, noisy.sum(axis=1))


def nearest_of(tables: Tables, sums: Tables) -> Tables:
    """Return the tables, which have too many ballots, lowered to these sums as in `nearest`."""
    owed = np.column_stack([tables, sums - tables.sum(axis=1)])
    return nearest(owed)[:, :-1]


def multiples_of(base: int, noisy: Tables) -> Tables:
    """Return the tables with each count rounded to a multiple of `base`, so that their sums change."""
    rounded: Tables = base * np.maximum(np.rint(noisy / base).astype(int), 0)
    return rounded


def phantoms() -> Iterator[Row]:
    """Yield the rows with answers that are shown although nobody gave them, and given answers that are not
    shown, for each method of making tables whole."""
    rng = np.random.default_rng(2)
    for n, (name, profile) in product(NS, PROFILES.items()):
        counts = draw(n, profile, TABLES, rng)
        noisy = ZeroSum(EPSILON).add(counts, rng)
        ways = {
            "none: noisy counts, under 0 too": noisy,
            "nearest whole table": nearest(noisy),
            "nearest, without 1": hide_under(2, noisy),
            "nearest, without 1 and 2": hide_under(3, noisy),
            "rounded to multiples of 3": multiples_of(3, noisy),
        }
        for way, shown in ways.items():
            off = 100 * (agreeing(shown) - agreeing(counts))
            yield (
                n, name, way, f"{abs(shown - counts).mean():.2f}", f"{rms(off):.1f} ({off.mean():+.1f})",
                *(f"{100 * (shown[counts == 0] >= least).mean():.0f} %" for least in (1, 2, 3)),
                *(f"{100 * (shown[counts == true] <= 0).mean():.0f} %" for true in (1, 2, 3)),
            )  # fmt: skip


def batches() -> Iterator[Row]:
    """Yield the rows that compare figures shown live, where each batch has noise, with figures at closing."""
    rng = np.random.default_rng(3)
    settings = [(n, k, 6) for n in NS[1:] for k in (5, 8, 12)] + [(350, 5, 1000)]
    for n, k, largest in settings:
        sizes = batch_sizes(n, k, is_live=True, largest=largest)
        for name, profile in PROFILES.items():
            counts, noisy_sum, shown = (np.zeros((TABLES // 2, CELLS), dtype=int) for _ in range(3))
            for size in sizes:
                of_batch = draw(size, profile, len(counts), rng)
                noisy = ZeroSum(EPSILON).add(of_batch, rng)
                counts, noisy_sum, shown = counts + of_batch, noisy_sum + noisy, shown + nearest(noisy)
            cells = []
            for estimate in (shown, nearest(noisy_sum)):
                off = 100 * (agreeing(estimate) - agreeing(counts))
                missed = (estimate[counts == 0] > 0).mean() if (counts == 0).any() else 0.0
                cells += [f"{rms(off):.1f} ({off.mean():+.1f})", f"{100 * missed:.0f} %"]
            chance = rms(agreeing(counts) - true_share(profile))
            limit = f"k={k}" if largest == 6 else f"k={k}, no largest box"
            yield (n, limit, len(sizes), name, f"{100 * chance:.1f}", *cells)


def published(kind: Kind | None, sizes: Sequence[int], profile: Floats, rng: np.random.Generator) -> Tables:
    """Return published tables. Each is the sum of the tables of batches of these sizes, with noise of this
    kind; None adds no noise."""
    shown = np.zeros((TRIES, CELLS), dtype=int)
    for size in sizes:
        counts = draw(size, profile, TRIES, rng)
        shown += whole(kind.add(counts, rng), size) if kind else counts
    return shown


def coverage(tables: Tables, noise: Noise, share: float) -> str:
    """Return, as text, how often the 95 % interval contains the true share, and its mean width in percentage
    points. Tables without an answer on the scale, which have no interval, are left out."""
    intervals = [
        share_interval(row[:SCALE], AGREE, noise, row[SCALE:]) for row in tables.tolist() if sum(row[:SCALE])
    ]
    held = sum(one.low <= share <= one.high for one in intervals) / len(intervals)
    return f"{100 * held:.1f} % ({100 * np.mean([one.high - one.low for one in intervals]):.0f})"


def intervals() -> Iterator[Row]:
    """Yield the rows with the coverage of intervals: of noisy counts, with and without regard to the noise,
    and of exact counts."""
    rng = np.random.default_rng(4)
    places = {
        "at closing": (False, 1),
        "live, k=5": (True, 1),
        "20 such units, at closing": (False, 20),
    }
    for (name, profile), n, (place, (is_live, units)) in product(PROFILES.items(), NS[1:], places.items()):
        sizes = batch_sizes(n, 5, is_live=is_live) * units
        if n == 350 and units > 1:
            continue
        shown, exact = (published(kind, sizes, profile, rng) for kind in (ZeroSum(EPSILON), None))
        share = true_share(profile)
        yield (
            n, place, name, coverage(shown, noise_of(len(sizes), CELLS), share),
            coverage(shown, NOISE_FREE, share), coverage(exact, NOISE_FREE, share),
        )  # fmt: skip


def towards(share: float) -> Floats:
    """Return a profile between the balanced one (`share` 0) and the skewed one (1)."""
    return (1 - share) * PROFILES["balanced"] + share * PROFILES["skewed"]


def share_of_claims(tables: Sequence[Tables], noise: Noise) -> str:
    """Return, as text, how often consecutive rounds are reported to go up or down."""
    rows = zip(*(table[:, :SCALE].tolist() for table in tables), strict=True)
    agreeing = (SCALE - 2, SCALE - 1)
    trends = [trend([noisy_stratum(row, [0] * len(row), agreeing, [noise] * len(row))]) for row in rows]
    return f"{100 * sum(one is not Trend.CHANCE for one in trends) / len(trends):.1f} %"


def apart(tables: Sequence[Tables], noise: Noise) -> str:
    """Return, as text, how often the highest and the lowest of several places are reported to differ."""
    differing = 0
    for rows in zip(*(table[:, :SCALE].tolist() for table in tables), strict=True):
        counts = sorted((sum(row[-2:]) / max(sum(row), 1), sum(row[-2:]), sum(row)) for row in rows)
        most, least = (NoisyPlaceCount(count, n, 2, SCALE, noise) for _, count, n in (counts[-1], counts[0]))
        differing += differ(most, least, len(rows))
    return f"{100 * differing / len(tables[0]):.1f} %"


CHANGES = {
    "no change, balanced": ("balanced",) * 4,
    "no change, skewed": ("skewed",) * 4,
    "38 % agree, then 47, 55, 64 %": (0.0, 1 / 6, 2 / 6, 3 / 6),
    "38 % agree, then 55, 72, 90 %": (0.0, 1 / 3, 2 / 3, 1.0),
}
"""Case -> its four rounds, each a profile's name or a `share` for `towards`."""


def trends() -> Iterator[Row]:
    """Yield the rows with changes claimed over four rounds: how often without a true change, and how often
    with one."""
    rng = np.random.default_rng(5)
    for n, (name, steps) in product(NS[1:], CHANGES.items()):
        profiles = [PROFILES[one] if isinstance(one, str) else towards(one) for one in steps]
        shown = [published(ZeroSum(EPSILON), (n,), profile, rng) for profile in profiles]
        exact = [published(None, (n,), profile, rng) for profile in profiles]
        yield (
            n,
            name,
            share_of_claims(shown, noise_of(1, CELLS)),
            share_of_claims(shown, NOISE_FREE),
            share_of_claims(exact, NOISE_FREE),
        )


PLACES = {
    "all alike, balanced": (0.0,) * 6,
    "all alike, skewed": (1.0,) * 6,
    "five at 38 %, one at 64 %": (0.0,) * 5 + (1 / 2,),
    "five at 38 %, one at 90 %": (0.0,) * 5 + (1.0,),
}


def differences() -> Iterator[Row]:
    """Yield the rows with differences claimed between the extremes of six places: how often without a true
    difference, and how often with one."""
    rng = np.random.default_rng(6)
    for n, (name, steps) in product(NS[1:], PLACES.items()):
        shown = [published(ZeroSum(EPSILON), (n,), towards(step), rng) for step in steps]
        exact = [published(None, (n,), towards(step), rng) for step in steps]
        yield n, name, apart(shown, noise_of(1, CELLS)), apart(shown, NOISE_FREE), apart(exact, NOISE_FREE)


def strong_errors() -> Iterator[Row]:
    """Yield the rows with the error of the share that agrees in strongly protected rounds, beside those of
    chance and of protected rounds."""
    rng = np.random.default_rng(7)
    for name, profile in PROFILES.items():
        exact = (agreeing(draw(n, profile, TABLES, rng)) for n in NS)
        chance = (f"{100 * rms(shares - true_share(profile)):.1f}" for shares in exact)
        yield (name, "none: the error of chance", *chance)
        for is_live, (kind, epsilon) in product(
            (False, True), (("protected", EPSILON), ("strongly protected", STRONG))
        ):
            cells = []
            for n in NS:
                counts, shown = (np.zeros((TABLES // 2, CELLS), dtype=int) for _ in range(2))
                for size in batch_sizes(n, 5, is_live=is_live):
                    of_batch = draw(size, profile, len(counts), rng)
                    counts += of_batch
                    shown += nearest(ZeroSum(epsilon).add(of_batch, rng))
                off = 100 * (agreeing(shown) - agreeing(counts))
                cells.append(f"{rms(off):.1f} ({off.mean():+.1f})")
            yield (name, f"{kind}, {'live, k=5' if is_live else 'at closing'}", *cells)


def strong_tests() -> Iterator[Row]:
    """Yield the rows with the coverage of intervals in strongly protected rounds, and with changes claimed
    without a true one."""
    rng = np.random.default_rng(8)
    kind = ZeroSum(STRONG)
    for n, (name, profile) in product(NS[1:], PROFILES.items()):
        share, noise = true_share(profile), noise_of(1, CELLS, STRONG_EPSILON)
        rounds = [published(kind, (n,), profile, rng) for _ in range(4)]
        sizes = batch_sizes(n, 5, is_live=True)
        live = published(kind, sizes, profile, rng)
        yield (
            n, name, coverage(rounds[0], noise, share),
            coverage(live, noise_of(len(sizes), CELLS, STRONG_EPSILON), share),
            coverage(rounds[0], NOISE_FREE, share),
            share_of_claims(rounds[:2], noise), share_of_claims(rounds, noise),
            share_of_claims(rounds, NOISE_FREE),
        )  # fmt: skip
