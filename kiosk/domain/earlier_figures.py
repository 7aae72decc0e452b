"""Figures counted elsewhere, before there was a kiosk: what a person read in a report and entered.

They were not counted by this program: they are shown beside the rounds, marked, and take part in no trend
and no sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

from kiosk.domain.message import Message
from kiosk.domain.survey import Survey

MOST_ANSWERS = 100_000

LONGEST_COUNT_CHARACTERS = 12
"""Characters of a count or percentage."""


@dataclass(frozen=True)
class Known:
    """What is known of one statement: its words as they were entered, and a count for each option, the
    lowest first; None where the report does not say."""

    statement_id: str
    text: str
    labels: tuple[str, ...]
    counts: tuple[int | None, ...]


@dataclass(frozen=True)
class Figures:
    """Known counts of `n` answers at one node, from the first day to the last."""

    node_id: str
    first: date
    last: date
    n: int
    source: str
    statements: tuple[Known, ...]

    def known(self, statement_id: str) -> Known | None:
        """What is known of a statement, if anything."""
        return next((one for one in self.statements if one.statement_id == statement_id), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "node": self.node_id,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "n": self.n,
            "source": self.source,
            "statements": [
                {"id": one.statement_id, "text": one.text, "labels": one.labels, "counts": one.counts}
                for one in self.statements
            ],
        }


def figures_from_json(row: Mapping[str, Any]) -> Figures:
    """The inverse of `Figures.as_json`."""
    return Figures(
        row["node"],
        date.fromisoformat(row["first"]),
        date.fromisoformat(row["last"]),
        row["n"],
        row["source"],
        tuple(
            Known(one["id"], one["text"], tuple(one["labels"]), tuple(one["counts"]))
            for one in row["statements"]
        ),
    )


class FiguresError(ValueError):
    """Figures that cannot be right; `messages` are message ids of the staff catalogue, with values."""

    def __init__(self, *messages: Message) -> None:
        super().__init__(" ".join(message.render(str) for message in messages))
        self.messages = messages


def read_count(words: str, n: int) -> int | None:
    """A count as it was typed: "10", "50 %" of n, or nothing. Raises ValueError for anything else.

    A percentage stands for the nearest count; where that count would have been printed as another whole
    percentage, n cannot be right.
    """
    words = words.strip()
    if not words:
        return None
    if len(words) > LONGEST_COUNT_CHARACTERS:
        raise ValueError(words[:LONGEST_COUNT_CHARACTERS])
    if not words.endswith("%"):
        return int(words)
    share = float(words[:-1].strip().replace(",", "."))
    if not isfinite(share):
        raise ValueError(words)
    count = round(n * share / 100)
    if n == 0 or abs(100 * count / n - share) > 0.5:
        raise ValueError(words)
    return count


def read_figures(
    survey: Survey,
    node_id: str,
    first: date,
    last: date,
    n: int,
    source: str,
    typed: Mapping[tuple[str, int], str],
) -> Figures:
    """Figures from what was typed for each (statement id, option from 1).

    Raises FiguresError, with every message: no count, an option over n, options that add up to more than n.
    """
    messages, statements = [], []
    for statement in survey.statements:
        counts: list[int | None] = []
        for option, label in enumerate(statement.scale.labels, start=1):
            words = typed.get((statement.id, option), "")
            try:
                count = read_count(words, n)
            except ValueError:
                count = -1
            if count is not None and not 0 <= count <= n:
                messages.append(
                    Message(
                        "”{text}”, ”{label}”: {typed} kan inte stämma med {n} svar. Skriv ett antal eller en "
                        "andel i hela procent, som 35 %, eller inget.",
                        {"text": statement.text, "label": label, "typed": words.strip()[:20], "n": n},
                    )
                )
            counts.append(count)
        known = sum(count for count in counts if count is not None and count > 0)
        if known > n:
            messages.append(
                Message(
                    "”{text}”: antalen blir {known} tillsammans, men {n} svarade.",
                    {"text": statement.text, "known": known, "n": n},
                )
            )
        if any(count is not None for count in counts):
            statements.append(Known(statement.id, statement.text, statement.scale.labels, tuple(counts)))
    if not statements:
        messages.append(Message("Skriv minst ett antal.", {}))
    if last < first:
        messages.append(Message("Sista dagen kommer före den första.", {}))
    if messages:
        raise FiguresError(*messages)
    return Figures(node_id, first, last, n, source, tuple(statements))
