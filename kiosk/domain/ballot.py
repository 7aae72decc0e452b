"""Ballots: one guest's answers, and nothing else.

A ballot has one field, so there is nothing to link it by: no time, number, language, device, session or slip.
"No answer" is an answer like any other. If it were left out, a table in which most people are missing would
single out the guests who are in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from kiosk.domain.ballot_days import NO_BALLOT_DAYS, BallotDays
from kiosk.domain.survey import Statement, Survey


class NoAnswer(StrEnum):
    """The kinds of no answer. Each is counted by itself; percentages are of the other answers only."""

    DONT_KNOW = "dont_know"
    PREFER_NOT = "prefer_not"
    SKIPPED = "skipped"


Answer = int | NoAnswer
"""An option of a column, 1 the lowest; NOT_ASKED, in a follow-up's column; or a kind of no answer."""


NONE_CHOSEN, SOME_CHOSEN = 1, 2
"""Answers of the column that says whether any of several options was chosen (`ColumnSubject.WHETHER`)."""

NOT_CHOSEN, CHOSEN = 1, 2
"""Answers of the column of one of several options (`ColumnSubject.OPTION`)."""


NOT_ASKED = 253
"""Answer of the column of a follow-up whose statement got another answer than those that it follows. No scale
has so many options."""

NOT_CONCERNED_VALUE = "0"
"""The value that a form sends for "something else", an answer on the page of a follow-up. It has one
character, as the value of an option has, so that both forms have the same length."""


class BallotError(ValueError):
    """The submitted form is no valid ballot of this survey. The message quotes nothing of the form."""


@dataclass(frozen=True)
class Ballot:
    """One answer per column of the survey, in its order (`Survey.columns`): one per statement, and more for a
    question of which several options may be chosen."""

    answers: tuple[Answer, ...]


_BYTE_OF_NO_ANSWER = {NoAnswer.SKIPPED: 0, NoAnswer.DONT_KNOW: 254, NoAnswer.PREFER_NOT: 255}
_BYTE_OF_ANSWER: dict[Answer, int] = {option: option for option in range(1, 254)} | _BYTE_OF_NO_ANSWER
_ANSWER_OF_BYTE = {byte: answer for answer, byte in _BYTE_OF_ANSWER.items()}


def read_ballot(survey: Survey, values: Mapping[str, Sequence[str]]) -> Ballot:
    """Read the ballot from a submitted form.

    `values` maps a statement's id to the values sent for it:

    - a statement with one answer: at most one of "1".."n", "", "dont_know" and "prefer_not";
    - a question with several options: any of these and "none". An option counts before "none", and both
      before "dont_know" and "prefer_not";
    - a follow-up: as a statement with one answer, or "0", which a guest sends whom it does not concern, and
      which counts as skipped.

    A statement that is missing or empty counts as skipped. A follow-up counts only after the answers that it
    follows; otherwise its answer is NOT_ASKED, whichever of these values was sent for it.

    Raises BallotError for a statement that the survey does not have, and for a value that is no answer to
    its statement. Also for two values for one statement; if several options may be chosen, for two kinds of
    no answer.
    """
    if set(values) - {statement.id for statement in survey.statements}:
        raise BallotError("a statement that is not in this survey")
    return Ballot(tuple(chain.from_iterable(_read(s, values) for s in survey.statements)))


def _read(statement: Statement, values: Mapping[str, Sequence[str]]) -> tuple[Answer, ...]:
    """Return a statement's answers, one for each of its columns. Raises BallotError as `read_ballot` does."""
    options, sent = len(statement.scale.labels), values.get(statement.id, ())
    if statement.follows:
        answer = NoAnswer.SKIPPED if list(sent) == [NOT_CONCERNED_VALUE] else _read_answer(sent, options)
        is_asked = list(values.get(statement.follows.statement, ())) in [
            [str(option)] for option in statement.follows.when
        ]
        return (answer if is_asked else NOT_ASKED,)
    return _read_several(sent, options) if statement.several else (_read_answer(sent, options),)


NONE = "none"
"""The value that a form sends for "none of these", an answer to a question with several options."""


def _read_several(sent: Sequence[str], options: int) -> tuple[Answer, ...]:
    """Return the answer about whether any option was chosen (NONE_CHOSEN, SOME_CHOSEN or a kind of no
    answer), then CHOSEN or NOT_CHOSEN for each option, the lowest first. Raises BallotError as `read_ballot`
    does.

    A page without its script can send values that contradict each other. An option counts before "none of
    these", and both before a kind of no answer, so that no ballot contradicts itself.
    """
    numbers = {str(option): option for option in range(1, options + 1)}
    chosen = {numbers[value] for value in sent if value in numbers}
    # The page's "skip" is ticked from the beginning, so any other kind was ticked by the guest.
    ticked = {_read_answer([value], 0) for value in sent if value not in {*numbers, NONE, ""}}
    if len(ticked) > 1:
        raise BallotError("two answers to one statement")
    whether: Answer = next(iter(ticked), NoAnswer.SKIPPED)
    if chosen:
        whether = SOME_CHOSEN
    elif NONE in sent:
        whether = NONE_CHOSEN
    return (whether, *(CHOSEN if option in chosen else NOT_CHOSEN for option in numbers.values()))


def _read_answer(sent: Sequence[str], options: int) -> Answer:
    """Return the one answer that was sent for a statement with so many options; SKIPPED for no value or "".
    Raises BallotError for two values, and for a value that is neither an option nor a kind of no answer."""
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
"""Parts of a box's header (see `pack_box`): the bit of `guard_fired`, the bit of `has_new`, the position of
the lowest bit of the days, and the largest number of excluded ballots, which takes all bits below it."""


def pack(ballots: Sequence[Ballot]) -> bytes:
    """Encode ballots of one survey as bytes, one byte per answer. The ballots are sorted, so that the order
    of arrival is lost."""
    return b"".join(sorted(bytes(map(_BYTE_OF_ANSWER.__getitem__, ballot.answers)) for ballot in ballots))


def unpack(packed: bytes, columns: int) -> list[Ballot]:
    """Return the ballots that `pack` encoded, in its order; `columns` is the number of answers per ballot, at
    least 1. Nothing is checked: with another number, or from other bytes, the ballots are wrong."""
    rows = (packed[at : at + columns] for at in range(0, len(packed), columns))
    return [Ballot(tuple(map(_ANSWER_OF_BYTE.__getitem__, row))) for row in rows]


@dataclass(frozen=True)
class BoxContent:
    """The content of a box.

    `excluded_rapid` is the number of ballots excluded as rapid submissions in the round so far. `guard_fired`
    says whether the play guard excluded a ballot as rapid, or refused one of a sender above the rate limit,
    since the last count. `ballot_days` counts the days with ballots.
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


def unpack_box(packed: bytes, columns: int) -> BoxContent:
    """Return the content that `pack_box` encoded; `columns` is the number of answers per ballot, at least 1.
    Nothing is checked: with another number, or from other bytes, the content is wrong."""
    head = int.from_bytes(packed[:4])
    return BoxContent(
        unpack(packed[4:], columns),
        head & _MOST_EXCLUDED,
        bool(head & _GUARD_FIRED),
        BallotDays(head >> _DAYS_AT & 3, bool(head & _HAS_NEW)),
    )
