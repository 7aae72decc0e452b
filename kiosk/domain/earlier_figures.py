"""Earlier figures: counts from a report made before there was a kiosk, typed in by a person.

This program did not count them. They are shown beside the rounds, marked as imported, and are part of no
trend and no sum.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from typing import Any

from kiosk.domain.message import Code, Message
from kiosk.domain.rounding import half_up
from kiosk.domain.survey import Scale, Statement

MOST_ANSWERS = 100_000
"""Largest number of answers in a report."""

LONGEST_COUNT_CHARACTERS = 12
"""Longest text of a count or percentage."""


_THOUSANDS = re.compile("(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
"""The space in a number such as 1 250, as reports print it."""


class EntryReason(StrEnum):
    """The reasons for typing in or changing earlier figures: an earlier report has them (REPORT), a survey on
    paper was counted (PAPER), or they were mistyped."""

    REPORT = "report"
    PAPER = "paper"
    MISTYPED = "mistyped"
    OTHER = "other"


class RemovalReason(StrEnum):
    """The reasons for removing earlier figures."""

    MISTYPED = "mistyped"
    REPLACED = "replaced"
    OTHER = "other"


@dataclass(frozen=True)
class KnownCounts:
    """The known counts of one statement in a report from before the kiosk, with the text and the labels that
    it had there.

    `labels` and `counts` have an entry for each option, the lowest first. A count that the report does not
    have is None.
    """

    statement_id: str
    text: str
    labels: tuple[str, ...]
    counts: tuple[int | None, ...]

    @property
    def statement(self) -> Statement:
        """A statement with the text and the labels of the report."""
        return Statement(self.statement_id, self.text, "", Scale("imported", self.labels, bipolar=False))


@dataclass(frozen=True)
class EarlierFigures:
    """Known counts of the `n` answers to each statement at one node, from the `first` day to the `last`, both
    included. `source` names the report that has them."""

    node_id: str
    first: date
    last: date
    n: int
    source: str
    statements: tuple[KnownCounts, ...]

    def known(self, statement_id: str) -> KnownCounts | None:
        """Return the known counts of a statement; None if these figures have none of that statement."""
        return next((known for known in self.statements if known.statement_id == statement_id), None)

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready copy, as it is stored."""
        return {
            "node": self.node_id,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "n": self.n,
            "source": self.source,
            "statements": [
                {"id": known.statement_id, "text": known.text, "labels": known.labels, "counts": known.counts}
                for known in self.statements
            ],
        }


def figures_from_json(row: Mapping[str, Any]) -> EarlierFigures:
    """Return figures from their JSON: the inverse of `EarlierFigures.as_json`. KeyError, TypeError or
    ValueError for another shape. Types of texts and numbers, and the counts' sums, are not checked."""
    return EarlierFigures(
        row["node"],
        date.fromisoformat(row["first"]),
        date.fromisoformat(row["last"]),
        row["n"],
        row["source"],
        tuple(
            KnownCounts(known["id"], known["text"], tuple(known["labels"]), tuple(known["counts"]))
            for known in row["statements"]
        ),
    )


class FiguresFault(Code):
    """The reason why earlier figures cannot be right."""

    COUNT_IMPOSSIBLE = "earlier_figures.count_impossible"
    SUM_ABOVE_ANSWERS = "earlier_figures.sum_above_answers"
    NO_COUNT = "earlier_figures.no_count"
    DAYS_REVERSED = "earlier_figures.days_reversed"
    ENDS_AFTER_TODAY = "earlier_figures.ends_after_today"


class FiguresError(ValueError):
    """Figures that cannot be right. `messages` has every fault, for the person who typed them."""

    def __init__(self, *messages: Message) -> None:
        super().__init__(*messages)
        self.messages = messages


def read_count(text: str, n: int) -> int | None:
    """Read a typed count: "10", "1 250", "50 %" of n, or nothing (None). A number is returned even if it is
    below 0 or above n. Raises ValueError for anything else.

    A percentage stands for the nearest count. If that count's share is more than half a percentage point from
    it, n cannot be right: ValueError too, as for every percentage of 0 answers.
    """
    text = _THOUSANDS.sub("", text.strip())
    if not text:
        return None
    if len(text) > LONGEST_COUNT_CHARACTERS:
        raise ValueError(text[:LONGEST_COUNT_CHARACTERS])
    if not text.endswith("%"):
        return int(text)
    share = float(text[:-1].strip().replace(",", "."))
    if not isfinite(share):
        raise ValueError(text)
    count = half_up(Fraction(n) * Fraction(share) / 100)
    if n == 0 or abs(Fraction(100 * count, n) - Fraction(share)) > Fraction(1, 2):
        raise ValueError(text)
    return count


def read_figures(
    asked: Sequence[Statement],
    node_id: str,
    first: date,
    last: date,
    n: int,
    source: str,
    typed: Mapping[tuple[str, int], str],
    *,
    today: date,
) -> EarlierFigures:
    """Build figures of the `asked` statements from the text typed for each (statement id, option from 1).

    A text is a count, a percentage or nothing (see `read_count`); a statement with nothing but empty texts is
    left out. `n` is the number of answers to each statement, `first` and `last` are days, and `source` names
    the report. The caller checks the node, and that `n` is from 1 to MOST_ANSWERS. Raises FiguresError with
    every fault: text that is no count, no count at all, an option larger than n, options that sum to more
    than n, days in the wrong order, or a last day after `today`.
    """
    messages, statements = [], []
    for statement in asked:
        counts: list[int | None] = []
        for option, label in enumerate(statement.scale.labels, start=1):
            typed_count = typed.get((statement.id, option), "")
            try:
                count = read_count(typed_count, n)
            except ValueError:
                count = -1
            if count is not None and not 0 <= count <= n:
                messages.append(
                    Message(
                        FiguresFault.COUNT_IMPOSSIBLE,
                        {"text": statement.text, "label": label, "typed": typed_count.strip()[:20], "n": n},
                    )
                )
            counts.append(count)
        known = sum(count for count in counts if count is not None and count > 0)
        if known > n:
            messages.append(
                Message(FiguresFault.SUM_ABOVE_ANSWERS, {"text": statement.text, "known": known, "n": n})
            )
        if any(count is not None for count in counts):
            statements.append(
                KnownCounts(statement.id, statement.text, statement.scale.labels, tuple(counts))
            )
    if not statements:
        messages.append(Message(FiguresFault.NO_COUNT, {}))
    if last < first:
        messages.append(Message(FiguresFault.DAYS_REVERSED, {}))
    if last > today:
        messages.append(Message(FiguresFault.ENDS_AFTER_TODAY, {}))
    if messages:
        raise FiguresError(*messages)
    return EarlierFigures(node_id, first, last, n, source, tuple(statements))
