"""Advice on the wording of a statement, for its author. It never refuses a statement.

Guests who read badly, or in a second language, need short sentences about one thing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.message import Code, Message
from kiosk.domain.rounding import half_up

HARD_LIX = 50
"""From this value of `lix` on, a statement is called hard (Björnsson 1968: 40 to 50 is medium, over 50 is
hard, as official prose is)."""

LONG_WORD_LETTERS = 6
"""A word with more letters counts as long in LIX."""
MOST_WORDS = 15
"""Most words of a statement that is not called long."""

NEGATIONS = frozenset({"inte", "ej", "aldrig", "ingen", "inget", "inga", "utan"})
"""Words that negate a sentence, in small letters."""
ABBREVIATIONS = re.compile(r"\b(?:t\.? ?ex|m\.? ?m|bl\.? ?a|o\.? ?s\.? ?v|d\.? ?v\.? ?s)\.", re.IGNORECASE)
"""Abbreviations whose full stops end no sentence."""
SEVERAL = re.compile(r",|\b(?:och|eller|samt|tex|t\.ex)\b", re.IGNORECASE)
"""Signs and words that join several things."""


class Concern(StrEnum):
    """A kind of wording that makes answers unreliable: a LIX of HARD_LIX or more (HARD), more than MOST_WORDS
    words (LONG), several things in one statement (SEVERAL), or a word of NEGATIONS (NEGATED)."""

    HARD = "hard"
    LONG = "long"
    SEVERAL = "several"
    NEGATED = "negated"


class WordingAdvice(Code):
    """The advice on a statement's wording."""

    SEVERAL = "wording.several"
    HARD = "wording.hard"
    LONG = "wording.long"
    NEGATED = "wording.negated"


@dataclass(frozen=True)
class Advice:
    """One concern, and the message about it."""

    concern: Concern
    message: Message


def words_of(text: str) -> list[str]:
    """Return the words of a text in order: its runs of letters."""
    return re.findall(r"[^\W\d_]+", text)


def lix(text: str) -> float:
    """Return the readability of a Swedish text, LIX (Björnsson 1968): the mean number of words per sentence,
    plus the percentage of words longer than six letters. 0 for a text without words."""
    words = words_of(text)
    if not words:
        return 0.0
    plain = ABBREVIATIONS.sub(" ", text)
    sentences = max(len(re.findall(r"[^.!?:]*\w[^.!?:]*(?:[.!?:]|$)", plain)), 1)
    long = sum(len(word) > LONG_WORD_LETTERS for word in words)
    return len(words) / sentences + 100 * long / len(words)


def advice(text: str) -> tuple[Advice, ...]:
    """Return the concerns about one statement in Swedish, the reference language; () if there is none."""
    return tuple(_advice(text))


def _advice(text: str) -> Iterator[Advice]:
    """Yield the concerns in a fixed order: several things, hard, long, negated."""
    words, score = words_of(text), lix(text)
    if SEVERAL.search(text):
        yield Advice(
            Concern.SEVERAL,
            Message(WordingAdvice.SEVERAL, {}),
        )
    if score >= HARD_LIX:
        message = Message(WordingAdvice.HARD, {"lix": half_up(score)})
        yield Advice(Concern.HARD, message)
    if len(words) > MOST_WORDS:
        message = Message(WordingAdvice.LONG, {"words": len(words), "most": MOST_WORDS})
        yield Advice(Concern.LONG, message)
    if negations := [word for word in words if word.lower() in NEGATIONS]:
        message = Message(WordingAdvice.NEGATED, {"word": negations[0]})
        yield Advice(Concern.NEGATED, message)
