"""An organisation's theme: its name, logo, accent colour and corners, and the contrast that a colour must
have.

Contrast: WCAG 2.2, success criteria 1.4.3 and 1.4.11, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from kiosk.domain.rounding import half_up

ACCENT = "#1b4f5a"
"""The accent colour of an installation without a theme."""

WHITE = "#ffffff"

LEAST_TEXT_CONTRAST = 4.5
"""Least contrast of text (WCAG 2.2 AA)."""

LEAST_SHAPE_CONTRAST = 3.0
"""Least contrast of pictures and borders that carry meaning (WCAG 2.2 AA)."""

TINT_PARTS = 0.12
"""Part of the accent colour, 0 to 1, in the background of a chosen answer, where it is mixed with white."""


@dataclass(frozen=True)
class Logo:
    """A logo: the name of its file in the folder KIOSK_DATA, its media type, and the file's content."""

    file: str
    media_type: str
    content: bytes

    @property
    def address(self) -> str:
        """The logo as a `data:` URL, which a page can contain."""
        return f"data:{self.media_type};base64,{b64encode(self.content).decode()}"


@dataclass(frozen=True)
class Theme:
    """The look of an organisation's screens and paper.

    `name` is the organisation's, or ""; `accent` is a colour, #rrggbb; `corner` is the radius of the corners
    of buttons in CSS pixels, or None for that of the style sheet.
    """

    name: str = ""
    logo: Logo | None = None
    accent: str = ACCENT
    corner: int | None = None

    @property
    def tint(self) -> str:
        """The colour of the background of a chosen answer, #rrggbb."""
        return mixed(self.accent, WHITE, TINT_PARTS)


def contrast(colour: str, other: str) -> float:
    """Return the contrast ratio of two colours, #rrggbb: 1 to 21. ValueError for a text without these
    digits."""
    darker, lighter = sorted((_luminance(colour), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def shown_contrast(colour: str, other: str) -> str:
    """Return the contrast ratio of two colours with two decimals, rounded down, so that a ratio below a limit
    never reads as the limit."""
    hundredths = floor(100 * contrast(colour, other))
    return f"{hundredths // 100}.{hundredths % 100:02}"


def mixed(colour: str, other: str, part: float) -> str:
    """Return the mixture of two colours, #rrggbb, with `part` of `colour`, 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{half_up(part * a + (1 - part) * b):02x}" for a, b in pairs)


def is_readable(accent: str) -> bool:
    """Return whether a colour has enough contrast for white text on it, and for pictures in it on white and
    on its tint."""
    shapes = contrast(accent, Theme(accent=accent).tint)
    return contrast(accent, WHITE) >= LEAST_TEXT_CONTRAST and shapes >= LEAST_SHAPE_CONTRAST


def nearest_readable(accent: str) -> str:
    """Return the lightest shade of a colour that `is_readable`: the colour itself, or mixed with as little
    black as possible."""
    return next(shade for shade in _shades(accent) if is_readable(shade))


def _shades(colour: str) -> Iterator[str]:
    """Yield a colour mixed with more and more black, from the colour itself to black."""
    yield from (mixed(colour, "#000000", part / 255) for part in range(255, -1, -1))


def _channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Return the relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
