"""Numbers in the digits of a language."""

from collections.abc import Mapping

PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
DIGITS: Mapping[str, str] = {"fa": PERSIAN_DIGITS, "ps": PERSIAN_DIGITS}
"""Language code -> the language's digits, 0 to 9, for numbers that a screen computes. Other languages use
0-9. The emergency number has the digits of telephone keys in every language."""


def in_digits(number: int | str, language: str) -> str:
    """Return a number, or a text, with its digits 0-9 as those of a language, given by its code; unchanged if
    the language has no digits of its own."""
    digits = DIGITS.get(language)
    return str(number).translate(str.maketrans("0123456789", digits)) if digits else str(number)
