"""The insider: a member of staff who knows who answered when, sees every snapshot, and knows the rules.

What follows for certain, by exact sets of candidates; and her best guess. A guest's answer to a statement
is proven if every world consistent with all she saw gives the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.snapshot import Document

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

KINDS = len(NoAnswer)


@dataclass(frozen=True)
class Batch:
    """What one change of the published figures tells: when, how many ballots, and for each statement
    the answers by option (kinds of no answer last) and the number withheld."""

    at: datetime
    size: int
    counts: tuple[tuple[int, ...], ...]
    withheld: tuple[int, ...]

    def possible(self, statement: int) -> frozenset[int]:
        """Options some ballot of the batch may hold."""
        if self.withheld[statement]:
            return frozenset(range(len(self.counts[statement])))
        return frozenset(option for option, n in enumerate(self.counts[statement]) if n)

    def shares(self, statement: int) -> Vector:
        """The likeliest share of each option: a withheld answer is most often like the others."""
        told = np.array(self.counts[statement], dtype=float)
        told[told.argmax()] += self.withheld[statement]
        return told / self.size


def batches(seen: Sequence[tuple[datetime, Document]], node: str) -> list[Batch]:
    """The batches of one node, as differences between successive snapshots."""
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
    """Every answer the guest who came `at` may have given.

    `stays` ballots remain in the box at each count, drawn at random, so any later batch may be hers;
    with none staying it is the first one after her visit. Exact: any choice of a box's ballots is
    possible, and within a batch any of its ballots may be hers.
    """
    later = [batch for batch in published if batch.at > at]
    reachable = later if stays else later[:1]
    return frozenset().union(*(batch.possible(statement) for batch in reachable))


def posterior(at: datetime, published: Sequence[Batch], statement: int, *, stays: int) -> Vector | None:
    """How likely each answer is for the guest who came `at`; None if nothing of hers is published.

    A count takes `size` of the size + stays ballots in the box, each as likely; the last takes all.
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
    """Expected number of right guesses when the likeliest answer is named, ties drawn by lot."""
    best = np.flatnonzero(np.isclose(likely, likely.max()))
    return float(truth in best) / len(best)
