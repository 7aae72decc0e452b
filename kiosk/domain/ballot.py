"""Ballots: one guest's answers, and nothing else.

A ballot has one field, so there is nothing to link it by: no time, number, language, device, session or slip.
"No answer" is an answer like any other. If it were left out, a table in which most people are missing would
single out the guests who are in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.ballot_days import NO_BALLOT_DAYS, BallotDays
from kiosk.domain.survey import Survey


class NoAnswer(StrEnum):
    """The kinds of no answer. Each is tallied separately; none is part of the percentage base."""

    DONT_KNOW = "dont_know"
    PREFER_NOT = "prefer_not"
    SKIPPED = "skipped"


Answer = int | NoAnswer
"""1..n on the statement's scale, 1 the lowest option; or a kind of no answer."""


class BallotError(ValueError):
    """The submitted form is no valid ballot of this survey. The message quotes nothing of the form."""


@dataclass(frozen=True)
class Ballot:
    """One answer per statement, in the survey's order."""

    answers: tuple[Answer, ...]


_BYTE_OF_NO_ANSWER = {NoAnswer.SKIPPED: 0, NoAnswer.DONT_KNOW: 254, NoAnswer.PREFER_NOT: 255}
_BYTE_OF_ANSWER: dict[Answer, int] = {option: option for option in range(1, 254)} | _BYTE_OF_NO_ANSWER
_ANSWER_OF_BYTE = {byte: answer for answer, byte in _BYTE_OF_ANSWER.items()}


def read_ballot(survey: Survey, values: Mapping[str, Sequence[str]]) -> Ballot:
    """Read the ballot from a submitted form.

    `values` maps a statement's id to the values sent for it: at most one of "1".."n", "", "dont_know" and
    "prefer_not". A statement that is missing or empty counts as skipped. Raises BallotError for a statement
    that the survey does not have, a value that its scale does not have, or two values for one statement.
    """
    if set(values) - {statement.id for statement in survey.statements}:
        raise BallotError("a statement that is not in this survey")
    return Ballot(tuple(_read_answer(values.get(s.id, ()), len(s.scale.labels)) for s in survey.statements))


def _read_answer(sent: Sequence[str], options: int) -> Answer:
    if len(sent) > 1:
        raise BallotError("two answers to one statement")
    value = sent[0] if sent else ""
    if value == "":
        return NoAnswer.SKIPPED
    if value in (NoAnswer.DONT_KNOW, NoAnswer.PREFER_NOT):
        return NoAnswer(value)
    if value in {str(option) for option in range(1, options + 1)}:
        return int(value)
    raise BallotError("an answer that is not on the statement's scale")


_GUARD_FIRED = 1 << 31
_HAS_NEW = 1 << 30
_DAYS_AT = 28
_MOST_EXCLUDED = (1 << _DAYS_AT) - 1


def pack(ballots: Sequence[Ballot]) -> bytes:
    """Encode ballots as bytes, one byte per answer, sorted: the order of arrival is lost."""
    return b"".join(sorted(bytes(map(_BYTE_OF_ANSWER.__getitem__, ballot.answers)) for ballot in ballots))


def unpack(packed: bytes, statements: int) -> list[Ballot]:
    """Decode the output of `pack`; `statements` is the number of statements per ballot."""
    rows = (packed[at : at + statements] for at in range(0, len(packed), statements))
    return [Ballot(tuple(map(_ANSWER_OF_BYTE.__getitem__, row))) for row in rows]


@dataclass(frozen=True)
class BoxContent:
    """The content of a box.

    `excluded_rapid` is the number of ballots excluded as rapid submissions. `guard_fired` says whether a
    ballot was excluded as rapid, or refused as too early, since the last count. `ballot_days` counts the days
    with ballots.
    """

    ballots: Sequence[Ballot]
    excluded_rapid: int = 0
    guard_fired: bool = False
    ballot_days: BallotDays = NO_BALLOT_DAYS


def pack_box(content: BoxContent) -> bytes:
    """Encode a box's content as bytes: a header of four bytes, then the ballots as `pack` encodes them.

    The header's bits, from the highest: `guard_fired`, `ballot_days.has_new`, `ballot_days.days` (two bits),
    and `excluded_rapid`, capped at 28 bits.
    """
    head = min(content.excluded_rapid, _MOST_EXCLUDED) | content.ballot_days.days << _DAYS_AT
    head |= content.ballot_days.has_new * _HAS_NEW | content.guard_fired * _GUARD_FIRED
    return head.to_bytes(4) + pack(content.ballots)


def unpack_box(packed: bytes, statements: int) -> BoxContent:
    """Decode the output of `pack_box`; `statements` is the number of statements per ballot."""
    head = int.from_bytes(packed[:4])
    return BoxContent(
        unpack(packed[4:], statements),
        head & _MOST_EXCLUDED,
        bool(head & _GUARD_FIRED),
        BallotDays(head >> _DAYS_AT & 3, bool(head & _HAS_NEW)),
    )
