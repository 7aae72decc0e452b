"""Rules for fitting texts into a chart's bars, for the page's charts and for the pictures on paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from kiosk.output.hyphenation import SOFT_HYPHEN, divisible

PADDING = 4
"""Space around a number in its segment, in pixels."""

THIN = " \N{NO-BREAK SPACE}.,:;'!|ijlI"
"""Signs that are taken to be 0.32 font sizes wide; those of SLIM 0.42, those of BROAD 1."""
SLIM = "ftr()[]-–·"
BROAD = "mwMW%@—…"

AROUND_WORDS = "”\"'.,:;!?()"
"""Signs before and after a word."""

SHORTEST_DIVIDED = 6
"""Fewest letters of a word that is divided where it does not fit."""


@dataclass(frozen=True)
class PlacedNumbers:
    """A segment's numbers: `lines` inside it, () if not even the first fits; then `below` is the first line,
    drawn below the bar, else "".

    `middle` is the middle of the lines or of the number below, in pixels from the bar's start.
    """

    lines: tuple[str, ...]
    below: str
    middle: float


def text_width(text: str, size: float) -> float:
    """Return an estimate of a text's width, in the unit of `size`: in the fonts that may be used, usual
    Swedish and English words are narrower. A text of a few letters such as O or I may be 6 % wider, one with
    Æ, | or an emoji more."""
    return size * sum(map(_letter, text))


@lru_cache(maxsize=1024)
def _letter(letter: str) -> float:
    """Return the width that a letter, digit or sign is taken to have, in font sizes (see `text_width`)."""
    if letter in THIN:
        return 0.32
    if letter in SLIM:
        return 0.42
    if letter in BROAD:
        return 1
    return 0.76 if letter.isupper() else 0.64


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Split a text at spaces into lines whose `text_width` is at most `room`; that of a single letter may be
    more. Longer words are divided with a hyphen, or cut where they cannot be divided. A text without words
    gives no line.

    `size` is the font's, in the unit of `room`.
    """
    lines: list[str] = []
    for word in filter(None, text.split(" ")):
        if lines and text_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
            continue
        lines.append(word)
        while len(lines[-1]) > 1 and text_width(lines[-1], size) > room:
            lines[-1:] = _cut(lines[-1], size, room)
    return lines


def _cut(word: str, size: float, room: float) -> tuple[str, str]:
    """Return (the beginning of a word that fits in `room`, its remaining letters). The beginning ends with a
    hyphen, unless the word has other signs than letters, as an address has, or no place to divide it."""
    if word.strip(AROUND_WORDS).isalpha():
        parts = divisible(word, long=SHORTEST_DIVIDED).split(SOFT_HYPHEN)
        beginnings = [f"{beginning}-" for beginning in accumulate(parts[:-1])]
        if fitting := [beginning for beginning in beginnings if text_width(beginning, size) <= room]:
            return fitting[-1], word[len(fitting[-1]) - 1 :]
    end = max(at for at in range(1, len(word)) if at == 1 or text_width(word[:at], size) <= room)
    return word[:end], word[end:]


def wrapped_between(text: str, separator: str, size: float, room: float) -> list[str]:
    """Split a text at separators only, into lines no wider than `room` if its parts allow that. The separator
    at a break is left out. `size` is the font size, in the unit of `room`."""
    lines: list[str] = []
    for part in text.split(separator):
        if lines and text_width(longer := lines[-1] + separator + part, size) <= room:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def room_for(lines: Sequence[str], size: float) -> float:
    """Return the width that a segment's numbers need, padding included, in the unit of `size`, the font size.
    `lines` has at least one."""
    return max(text_width(line, size) for line in lines) + PADDING


def fit_numbers(
    numbers: Sequence[tuple[float, str]], length: float, size: float, small: float
) -> Iterator[PlacedNumbers]:
    """Yield the placement of each segment's numbers: inside the segment, or below the bar if they are too
    wide.

    `length` is the bar's length in pixels. `numbers` has (percent of the bar's length, text) for each
    segment; lines of the text are separated by `<br>`. `size` is the font size inside the bar, `small` that
    below it. Numbers below the bar do not overlap; for that the last may stand beyond the bar's end.
    """
    start = free = 0.0
    for percent, text in numbers:
        width = length * percent / 100
        middle = start + width / 2
        lines = fitting_lines(text, width, size)
        below = "" if lines or not text else text.split("<br>")[0]
        if below:
            half = room_for([below], small) / 2
            middle = max(middle, free + half)
            free = middle + half
        yield PlacedNumbers(lines, below, middle)
        start += width


def fitting_lines(text: str, room: float, size: float) -> tuple[str, ...]:
    """Return the lines of a segment's text that fit in it: all of them, only the first, or (). `room` is the
    segment's width and `size` the font size, in the same unit."""
    lines = tuple(text.split("<br>")) if text else ()
    return next((some for some in (lines, lines[:1]) if some and room_for(some, size) < room), ())
