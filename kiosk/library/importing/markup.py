"""Turns a text of another program into one line as guests see it: without markup and control characters."""

import html
import re
import unicodedata
from enum import Enum

from kiosk.library.text_rules import TURNING, tidied

REFERENCE_TO_ANSWER = re.compile(r"\$\{[^{}]*\}")
"""A reference to an earlier answer, which this program cannot fill in."""

ESCAPED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character as Excel writes it in a file, such as _x000D_ for a carriage return."""

TAG = re.compile(
    r"</?(?:a|b|big|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strike|strong|"
    r"style|sub|sup|table|tbody|td|th|tr|u|ul)(?:\s[^<>]*)?/?>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]+\)")
HEADING = re.compile(r"^#{1,6} +")
EMPHASIS = re.compile(r"(?<![\w*_])([*_]{1,3})(?=[^\s*_])(.+?)(?<=[^\s*_])\1(?![\w*_])")
DOUBLE_ASTERISKS = re.compile(r"\*\*+")


class Change(Enum):
    """The kind of change by which a text differs from the file: markup was removed, line breaks became
    spaces, or characters that no screen shows were removed (HIDDEN)."""

    MARKUP = "markup"
    LINE_BREAK = "line break"
    HIDDEN = "hidden"


def plain_text(text: str) -> tuple[str, frozenset[Change]]:
    """Return (a text on one line without markup, how it was changed), with no change for a text that stays as
    it is. Spaces and the composition of letters are normalised without being counted as a change."""
    unescaped = ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), text).strip()
    changes = {Change.HIDDEN} if unescaped != text.strip() else set[Change]()
    unmarked = _without_markup(unescaped)
    if unmarked != unescaped:
        changes.add(Change.MARKUP)
    one_line = "".join(" " if _breaks_line(char) else char for char in unmarked)
    if one_line != unmarked:
        changes.add(Change.LINE_BREAK)
    shown = "".join(char for char in one_line if not _is_hidden(char))
    if shown != one_line:
        changes.add(Change.HIDDEN)
    return tidied(shown), frozenset(changes)


def _without_markup(text: str) -> str:
    text = TAG.sub(_space_for_block, text)
    text = TAG.sub(" ", ENTITY.sub(lambda match: html.unescape(match[0]), text))
    # Underscores in a reference to an answer are no emphasis.
    if not REFERENCE_TO_ANSWER.search(text):
        text = EMPHASIS.sub(r"\2", EMPHASIS.sub(r"\2", text))
    return DOUBLE_ASTERISKS.sub("", LINK.sub(r"\1", HEADING.sub("", text))).strip()


def _space_for_block(match: re.Match[str]) -> str:
    """Return a space for a tag that separates words, such as <br>; "" for any other tag."""
    is_inline = re.match(r"</?(?:a|b|big|em|font|i|s|small|span|strike|strong|sub|sup|u)\b", match[0], re.I)
    return "" if is_inline else " "


def _breaks_line(char: str) -> bool:
    return char in "\t\n\r\v\f\x85" or unicodedata.category(char) in {"Zl", "Zp"}


def _is_hidden(char: str) -> bool:
    is_control = unicodedata.category(char) in {"Cc", "Cs"} or char == "\ufeff"
    return is_control or unicodedata.bidirectional(char) in TURNING
