"""Changed texts of statements: the meaning decides whether it is the same statement.

The id identifies a statement. If the meaning is the same, the statement keeps its id and stores the earlier
text, so that the trend and the translations continue. If the meaning changes, it becomes a new statement with
a new id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.domain.survey import Statement
from kiosk.library.drafts import new_id


class Meaning(StrEnum):
    """The meaning of a changed text, compared with the text before."""

    SPELLING = "spelling"
    """The same meaning in the same words: only the spelling is corrected."""
    SAME = "same"
    """The same meaning in other words."""
    OTHER = "other"


@dataclass(frozen=True)
class Rewording:
    """A statement whose text was changed; `number` is its position in the survey, from 1. `meaning` is None
    until somebody has decided."""

    number: int
    before: Statement
    after: Statement
    meaning: Meaning | None


def changed_texts(
    before: Iterable[Statement], after: Sequence[Statement]
) -> list[tuple[int, Statement, Statement]]:
    """Return (position from 1, statement before, statement after) for each statement whose text was changed,
    in the order of `after`. Statements are the same by id; new ones are left out."""
    known = {statement.id: statement for statement in before}
    return [
        (number, known[statement.id], statement)
        for number, statement in enumerate(after, start=1)
        if statement.id in known and statement.text != known[statement.id].text
    ]


def reworded(before: Statement, after: Statement, meaning: Meaning, taken: Iterable[str]) -> Statement:
    """Return the statement `after`, which replaces `before`: with the earlier texts if the meaning is the
    same, otherwise with a new id that is not in `taken`."""
    if meaning is Meaning.OTHER:
        changed = replace(after, id=new_id(after.text, taken, "statement"))
        return replace(changed, earlier_spellings=(), earlier_wordings=())
    if meaning is Meaning.SPELLING:
        spellings, wordings = (before.text, *before.earlier_spellings), before.earlier_wordings
    else:
        spellings, wordings = (), before.texts
    return replace(
        after,
        earlier_spellings=_without(after.text, spellings),
        earlier_wordings=_without(after.text, wordings),
    )


def _without(text: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts in order, each once, without `text`."""
    return tuple(earlier for earlier in dict.fromkeys(texts) if earlier != text)
