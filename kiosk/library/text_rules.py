"""The rules for texts that guests or staff read, the same for every file reader and every form.

Files written by hand, forms at the desk, spreadsheets and translators' files are checked by the same
functions, so that nothing is saved that the next start refuses.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

from kiosk.domain.message import Message

SPACES = re.compile(" {2,}")

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""Pattern of an id in a definition file."""

LONGEST_TEXT = 500
"""Most characters of a text in a definition file."""

LONGEST_TRANSLATION = 4 * LONGEST_TEXT
"""Most characters of a translation. Other languages may need more room than Swedish; no text needs four times
as much."""

TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes that make a text appear in another order than it is stored (Unicode UAX 9)."""


@dataclass(frozen=True)
class Fault:
    """The reason why a text is refused, and the remedy.

    `english` is for files and commands, `message` for the desk.
    """

    english: str
    message: Message


def tidied(text: str) -> str:
    """Return a text in Unicode's form NFC, trimmed, and with single spaces."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def can_be_read(text: str) -> bool:
    """Return whether a text has a visible character."""
    return any(unicodedata.category(char)[0] not in "ZC" for char in text)


def is_one_line(text: str) -> bool:
    """Return whether a text can be shown on one line as it is stored: no line breaks, no control characters,
    and no characters that change the direction of the text after them. An empty text can."""
    return all(map(_stands_in_a_line, set(text)))


@lru_cache(maxsize=4096)
def _stands_in_a_line(char: str) -> bool:
    """Return whether a character may stand in a text on one line. Cached, because every text of every
    language is checked when the library is read."""
    is_shown = unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
    return is_shown and unicodedata.bidirectional(char) not in TURNING


def find_fault(text: str, longest: int = LONGEST_TEXT) -> Fault | None:
    """Return the reason why a text cannot be shown; None if it can. It cannot if it has no visible character,
    is over `longest` characters, or has a line break, a control character, or one that changes the direction
    of the text after it."""
    if not is_one_line(text):
        return _line_fault(text)
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


def _line_fault(text: str) -> Fault:
    """Return the reason why a text cannot be stored as one line: a character that changes the direction, a
    line break or a control character."""
    turning = [f"{ord(char):04X}" for char in text if unicodedata.bidirectional(char) in TURNING]
    if turning:
        return Fault(
            f"has the invisible character U+{turning[0]}, which changes the direction; remove it",
            Message(
                "texten har det osynliga tecknet U+{code}, som vänder skrivriktningen. Ta bort det.",
                {"code": turning[0]},
            ),
        )
    return Fault(
        "has a line break or a control character; keep it on one line",
        Message("texten har radbrytning eller tecken som inte går att visa. Skriv den på en rad.", {}),
    )


def find_translation_fault(message: str, text: str) -> Fault | None:
    """Return the reason why a text cannot be the translation of the Swedish text `message`; None if it can.
    It cannot if no screen can show it (`find_fault`), or if it has other {placeholders} than the message.

    A message with a stray brace, such as a smiley, is not a template: nothing is filled in, so the braces of
    its translation are not compared.
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
            f"has an unbalanced brace ({error}); correct it",
            Message("en klammer öppnas eller stängs utan den andra. Ta bort den.", {}),
        )
    if actual != wanted:
        return Fault(
            f"must have the same {{placeholders}} as {message!r}",
            Message("samma ord inom klamrar som svenskan måste stå här, och inga andra.", {}),
        )
    return None


def _placeholders(text: str) -> list[str]:
    """Return each {placeholder} and %(placeholder)s of a text, with the whole content of its braces, sorted.

    Raises ValueError for an unbalanced brace.
    """
    braced = (f"{name}!{kind}:{form}" for _, name, form, kind in Formatter().parse(text) if name is not None)
    return sorted([*braced, *re.findall(r"%\(\w+\)\w?", text)])
