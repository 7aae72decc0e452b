"""What a text that guests or staff read may hold: one set of rules for every reader and every form.

A file written by hand, a form at the desk, a spreadsheet and a translator's file are checked by the same
functions, so that nothing is kept that the next start would refuse.
"""

import re
import unicodedata
from dataclasses import dataclass
from string import Formatter

from kiosk.domain.message import Message

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")

LONGEST_TEXT = 500
"""Characters of a text in a definition file."""

LONGEST_TRANSLATION = 4 * LONGEST_TEXT
"""Characters. Other languages may need more room than Swedish; no text needs four times as much."""

TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes that make a text read otherwise than it is stored (Unicode UAX 9)."""


@dataclass(frozen=True)
class Fault:
    """The reason a text is refused, and the way out.

    `english` is for files and commands, `message` for the desk.
    """

    english: str
    message: Message


def tidied(text: str) -> str:
    """In NFC, without spaces at its ends, and with one where several stood: what a screen would show."""
    return re.sub(" {2,}", " ", unicodedata.normalize("NFC", text)).strip()


def can_be_read(text: str) -> bool:
    """Whether there is anything in a text but spaces and marks nobody sees."""
    return any(unicodedata.category(char)[0] not in "ZC" for char in text)


def is_one_line(text: str) -> bool:
    """Whether a text can be shown on one line, as written: no line breaks, no control characters, and
    none that turn the direction of what comes after them."""
    return not any(
        unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(char) in TURNING
        for char in text
    )


def find_fault(text: str, longest: int = LONGEST_TEXT) -> Fault | None:
    """Why a text cannot be shown, or None."""
    if not is_one_line(text):
        return Fault(
            "holds a line break or control character; keep it on one line",
            Message("texten har radbrytning eller tecken som inte går att visa. Skriv den på en rad.", {}),
        )
    if not can_be_read(text):
        return Fault(
            "is empty; write the text between the quotes", Message("skriv något som går att läsa.", {})
        )
    if len(text) > longest:
        return Fault(
            f"is {len(text)} characters long; write at most {longest}",
            Message("högst {longest} tecken, inte {length}.", {"longest": longest, "length": len(text)}),
        )
    return None


def find_translation_fault(message: str, text: str) -> Fault | None:
    """Why a text cannot stand where its Swedish text `message` stands, or None.

    A message with a stray brace, such as a smiley, is no template: nothing is filled in, so the braces of its
    translation are not compared.
    """
    if fault := find_fault(text, LONGEST_TRANSLATION):
        return fault
    try:
        wanted = _placeholders(message)
    except ValueError:
        return None
    try:
        actual = _placeholders(text)
    except ValueError as error:
        return Fault(
            f"has a brace that opens or closes nothing ({error}); mend it",
            Message("en klammer öppnas eller stängs utan den andra. Ta bort den.", {}),
        )
    if actual != wanted:
        return Fault(
            f"must have the same {{placeholders}} as {message!r}",
            Message("samma ord inom klamrar som svenskan måste stå här, och inga andra.", {}),
        )
    return None


def _placeholders(text: str) -> list[str]:
    """Each {placeholder} and %(placeholder)s of a text, with all that stands in its braces, sorted.

    Raises ValueError for a brace that opens or closes nothing.
    """
    braced = (f"{name}!{kind}:{form}" for _, name, form, kind in Formatter().parse(text) if name is not None)
    return sorted([*braced, *re.findall(r"%\(\w+\)\w?", text)])
