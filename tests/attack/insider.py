"""The insider: a member of staff who knows the time of each guest's visit, every snapshot, and the rules.

Computes the answers that a guest may have given, by exact sets of candidates, and the best guess. A world is
an assignment of answers to guests; an answer is proven if all worlds that agree with the insider's
observations have the same answer there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.snapshot import Document

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

KINDS = len(NoAnswer)


@dataclass(frozen=True)
class Batch:
    """The difference of two successive snapshots at a node: its time, its number of ballots and, for each
    statement, the answers by option (kinds of no answer last) and the number of withheld answers."""

    at: datetime
    size: int
    counts: tuple[tuple[int, ...], ...]
    withheld: tuple[int, ...]

    def possible(self, statement: int) -> frozenset[int]:
        """Return the indices of the options that some ballot of the batch may have."""
        return self._possible[statement]

    def shares(self, statement: int) -> Vector:
        """Return the likeliest share of each option in the batch. Withheld answers are added to the largest
        option, where they usually belong."""
        return self._shares[statement]

    @cached_property
    def _possible(self) -> list[frozenset[int]]:
        return [
            frozenset(option for option, n in enumerate(counts) if n or withheld)
            for counts, withheld in zip(self.counts, self.withheld, strict=True)
        ]

    @cached_property
    def _shares(self) -> list[Vector]:
        counts = np.array(self.counts, dtype=float)
        counts[np.arange(len(counts)), counts.argmax(axis=1)] += self.withheld
        return list(counts / self.size)


def batches(seen: Sequence[tuple[datetime, Document]], node: str) -> list[Batch]:
    """Return the batches of one node, from the differences between successive snapshots `seen`."""
    differences: list[Batch] = []
    before: list[list[int]] | None = None
    for at, document in seen:
        [published] = document["rounds"]
        [shown] = [one for one in published["nodes"] if one["id"] == node]
        if shown["answered"] is None:
            continue
        now = [
            [*table["counts"], *(table["no_answer"][kind] for kind in NoAnswer), table["withheld"]]
            for table in shown["statements"].values()
        ]
        new = now if before is None else np.subtract(now, before).tolist()
        before = now
        if sum(new[0]):
            rows = tuple(tuple(row[:-1]) for row in new)
            differences.append(Batch(at, sum(new[0]), rows, tuple(row[-1] for row in new)))
    return differences


def candidates(at: datetime, published: Sequence[Batch], statement: int, *, stays: int) -> frozenset[int]:
    """Return the indices of all answers that the guest who arrived `at` may have given.

    `stays` ballots, drawn at random, remain in the box at each count, so any later batch may contain the
    guest's ballot. If none remain, the first batch after the visit contains it. The set is exact: any
    selection from a box is possible, and within a batch the guest's ballot may be any of them.
    """
    later = [batch for batch in published if batch.at > at]
    reachable = later if stays else later[:1]
    return frozenset().union(*(batch.possible(statement) for batch in reachable))


def posterior(at: datetime, published: Sequence[Batch], statement: int, *, stays: int) -> Vector | None:
    """Return the probability of each answer of the guest who arrived `at`; None if no batch contains the
    guest's ballot.

    A count takes `size` of the size + `stays` ballots in the box, each equally likely; the last count takes
    all.
    """
    later = [batch for batch in published if batch.at > at]
    if not later:
        return None
    chance, total = 1.0, np.zeros(len(later[0].counts[statement]))
    for batch in later:
        is_last = batch is published[-1]
        taken = 1.0 if is_last else batch.size / (batch.size + stays)
        total += chance * taken * batch.shares(statement)
        chance *= 1 - taken
    return total


def right_guesses(likely: Vector, truth: int) -> float:
    """Return the expected number of right guesses, 0 to 1, if the likeliest answer is guessed. Ties are
    broken at random. `truth` is the index of the right answer."""
    most = likely.max()
    # The comparison of numpy.isclose, in a tenth of the time.
    best = np.flatnonzero(abs(likely - most) <= 1e-8 + 1e-5 * most)
    return float(truth in best) / len(best)
