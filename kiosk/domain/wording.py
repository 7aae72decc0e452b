"""What to think over in a statement's wording, told to whoever writes it. Advice, never a refusal.

Guests who read badly, or in a second language, need short sentences about one thing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.message import Message

HARD_LIX = 50
"""From here on a text is as hard as official prose (Björnsson 1968: 40 to 50 is medium, over 50 hard)."""

LONG_WORD_LETTERS = 6
MOST_WORDS = 15

NEGATIONS = frozenset({"inte", "ej", "aldrig", "ingen", "inget", "inga", "utan"})
ABBREVIATIONS = re.compile(r"\b(?:t\.? ?ex|m\.? ?m|bl\.? ?a|o\.? ?s\.? ?v|d\.? ?v\.? ?s)\.", re.IGNORECASE)
SEVERAL = re.compile(r",|\b(?:och|eller|samt|tex|t\.ex)\b", re.IGNORECASE)


class Concern(StrEnum):
    """A kind of wording that makes answers unsure."""

    HARD = "hard"
    LONG = "long"
    SEVERAL = "several"
    NEGATED = "negated"


@dataclass(frozen=True)
class Advice:
    """One concern, and what to say of it."""

    concern: Concern
    message: Message


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text)


def lix(text: str) -> float:
    """Readability of a Swedish text (Björnsson 1968): words a sentence, and words of more than six letters
    in a hundred. 0 for a text without words."""
    words = words_of(text)
    if not words:
        return 0.0
    plain = ABBREVIATIONS.sub(" ", text)
    sentences = max(len(re.findall(r"[^.!?:]*\w[^.!?:]*(?:[.!?:]|$)", plain)), 1)
    long = sum(len(word) > LONG_WORD_LETTERS for word in words)
    return len(words) / sentences + 100 * long / len(words)


def advice(text: str) -> tuple[Advice, ...]:
    """What to think over in one statement, in Swedish, the reference language."""
    return tuple(_advice(text))


def _advice(text: str) -> Iterator[Advice]:
    words, score = words_of(text), lix(text)
    if SEVERAL.search(text):
        yield Advice(
            Concern.SEVERAL,
            Message(
                "Frågar om flera saker på en gång. Vad svarar den som bara håller med om en av dem?",
                {},
            ),
        )
    if score >= HARD_LIX:
        told = Message("Svår att läsa (LIX {lix}). Välj kortare ord.", {"lix": round(score)})
        yield Advice(Concern.HARD, told)
    if len(words) > MOST_WORDS:
        told = Message(
            "Lång: {words} ord. Försök med högst {most}.", {"words": len(words), "most": MOST_WORDS}
        )
        yield Advice(Concern.LONG, told)
    if negations := [word for word in words if word.lower() in NEGATIONS]:
        told = Message(
            "Har ett nekande ord (”{word}”). Att inte hålla med om något nekat är svårt att förstå.",
            {"word": negations[0]},
        )
        yield Advice(Concern.NEGATED, told)
