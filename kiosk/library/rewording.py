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
    """Return the statement `after`, which replaces `before`. With OTHER meaning it gets a new id that is not
    in `taken`, and no earlier texts; otherwise the text of `before` and the earlier texts of that, as earlier
    spellings or wordings."""
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


def with_known_ids(
    before: Sequence[Statement], after: Sequence[Statement], asked: Sequence[Statement]
) -> tuple[Statement, ...]:
    """Return the statements `after` of an edited survey, one for each row of the form. A new or changed
    statement gets the id of the statement that had its text, so that its trend continues:

    - that of a statement of the saved survey (`before`) whose row has another text now, as when two texts
      change places;
    - else that of a statement that a round of the survey asked (`asked`, the latest round first) and whose id
      no row has.

    The statement with the text must also have the same answers, asked in the same way, and no other good end.
    A changed statement whose id was given to another one gets the id "".
    """
    known = {statement.id: statement for statement in before}
    kept = {
        statement.id
        for statement in after
        if statement.id in known and statement.text == known[statement.id].text
    }
    moved = [statement for statement in before if statement.id not in kept]
    rows = {statement.id for statement in after}
    # A wording of today comes before an earlier one: a text can be both, of two statements.
    asked = [statement for statement in asked if statement.id not in rows]
    given: dict[int, Statement] = {}
    taken = set(kept)
    for at, statement in enumerate(after):
        if statement.id in kept:
            continue
        candidates = [candidate for candidate in moved if candidate.text == statement.text]
        candidates += [candidate for candidate in asked if candidate.text == statement.text]
        if statement.id not in known or statement.text not in known[statement.id].texts:
            candidates += [candidate for candidate in asked if statement.text in candidate.texts]
        for candidate in candidates:
            if candidate.id not in taken and _is_same_question(candidate, statement):
                texts_of_id = (same for same in (*moved, *asked) if same.id == candidate.id)
                latest = next(same for same in texts_of_id if statement.text in same.texts)
                given[at] = _continued(latest, statement)
                taken.add(candidate.id)
                break
    return tuple(
        given.get(at) or (_anew(statement) if statement.id in taken - kept else statement)
        for at, statement in enumerate(after)
    )


def _is_same_question(statement: Statement, other: Statement) -> bool:
    """Return whether two statements with the same text have the same answers, asked in the same way, and the
    same good end; a statement that does not say which end is good can have any."""
    directions = {statement.good_share, other.good_share} - {None}
    return (
        (statement.answers, statement.several, _when(statement))
        == (other.answers, other.several, _when(other))
        and statement.scale.is_ordered == other.scale.is_ordered
        and len(directions) < 2
    )


def _when(statement: Statement) -> tuple[int, ...]:
    """Return the numbers of the answers after which a follow-up is asked; () for any other statement."""
    return statement.follows.when if statement.follows else ()


def _continued(earlier: Statement, statement: Statement) -> Statement:
    """Return the statement with the id of `earlier`, which has or had the same text, and with the other texts
    of `earlier` as earlier texts."""
    meaning = Meaning.SAME if statement.text in earlier.earlier_wordings else Meaning.SPELLING
    return reworded(earlier, replace(statement, id=earlier.id), meaning, ())


def _anew(statement: Statement) -> Statement:
    """Return the statement as a new one: with the id "" and no earlier texts."""
    return replace(statement, id="", earlier_spellings=(), earlier_wordings=())


def _without(text: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts in order, each once, without `text`."""
    return tuple(earlier for earlier in dict.fromkeys(texts) if earlier != text)
