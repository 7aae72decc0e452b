"""From the snapshot to what a reader is told: shares, and the answers outside the percentage base."""

from collections.abc import Sequence
from dataclasses import dataclass

PERCENT_FROM = 20
"""Under this many answers only counts are shown: a percentage would look surer than it is."""


@dataclass(frozen=True)
class Share:
    """One option's answers; `percent` is None where there are too few answers for percentages."""

    count: int
    percent: int | None


def shares(counts: Sequence[int]) -> tuple[Share, ...]:
    """Each option's share of the answers on the scale. Whole percents, each rounded by itself."""
    n = sum(counts)
    return tuple(Share(count, round(100 * count / n) if n >= PERCENT_FROM else None) for count in counts)


def top_two(counts: Sequence[int]) -> int:
    """Answers on the scale's two highest options, the usual meaning of "agrees"."""
    return sum(counts[-2:])
