"""Soft hyphens for long Swedish words in narrow columns.

Chromium on Linux and Windows has no Swedish dictionary, so that `hyphens: auto` divides nothing there, and a
word that is too long breaks without a hyphen.
"""

import re
from itertools import pairwise

SOFT_HYPHEN = "\N{SOFT HYPHEN}"

LONG = 14
"""Fewest letters of a word that `divisible` divides unless told otherwise."""

LEAST = 3
"""Fewest letters of a word's first and last part."""

CONSONANTS = re.compile("(?<=[aeiouyåäö])[bcdfghjklmnpqrstvwxz]+(?=[aeiouyåäö])", re.IGNORECASE)
"""The consonants between two vowels."""
PAIR = re.compile("(?:[bfgkp]l|[bdfgkptv]r|tj|^sk)$", re.IGNORECASE)
"""A pair of consonants that often begins a Swedish word, at the end of a group of consonants; "sk" only if it
is the whole group."""


def divisible(text: str, long: int = LONG) -> str:
    """Return the text with soft hyphens in its words of at least `long` letters.

    A part begins with the last consonant before a vowel (the Swedish rule of one consonant), or with a pair
    of consonants that often begins words. The rule knows no compounds, so that a division may be unusual.
    """
    return re.sub(rf"[^\W\d_]{{{long},}}", lambda word: _divided(word[0]), text)


def _divided(word: str) -> str:
    """Return a word with soft hyphens between its parts; unchanged if it has no place for one."""
    ends = (group.end() - _next_part(group[0]) for group in CONSONANTS.finditer(word))
    places = [0, *(end for end in ends if LEAST <= end <= len(word) - LEAST), len(word)]
    return SOFT_HYPHEN.join(word[start:end] for start, end in pairwise(places))


def _next_part(consonants: str) -> int:
    """Return the number of letters of a group of consonants, from its end, that begin the next part: 0 to
    2."""
    if consonants.lower().endswith("ck"):
        return 0
    is_doubled = consonants[-3:-2].lower() == consonants[-2:-1].lower()
    return 2 if PAIR.search(consonants) and not is_doubled else 1
