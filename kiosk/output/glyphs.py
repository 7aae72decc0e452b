"""The signs that the shipped fonts of a report can draw, read from the fonts' own tables.

The typesetter refuses a file with a sign that no font has. With these tables, the desk names such a sign
while somebody writes it.
"""

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache

from kiosk.settings import shipped_folder

FONTS = ("NotoSans-Regular", "NotoNaskhArabic-Regular", "NotoSansEthiopic-Regular")
"""The fonts of report.typ: names of files in static/fonts, without their ending."""

SEGMENTS, GROUPS = 4, 12
"""Formats of a table of glyphs (OpenType, cmap)."""


def undrawable(text: str) -> tuple[str, ...]:
    """Return the signs of a text that no font of a report can draw, each once, in the order of the text.

    Spaces and signs that are never drawn, such as joiners, are not among them.
    """
    known = _drawable()
    return tuple(dict.fromkeys(sign for sign in text if ord(sign) not in known and _is_drawn(sign)))


def _is_drawn(sign: str) -> bool:
    return (
        unicodedata.category(sign) not in {"Cc", "Cf", "Zs", "Zl", "Zp"} and not 0xFE00 <= ord(sign) <= 0xFE0F
    )


@cache
def _drawable() -> frozenset[int]:
    """Return the code points that one of the fonts of a report can draw."""
    folder = shipped_folder("static") / "fonts"
    return frozenset(code for name in FONTS for code in _codes((folder / f"{name}.ttf").read_bytes()))


def _codes(font: bytes) -> Iterator[int]:
    """Yield the code points that a font maps to a glyph, some more than once. StopIteration or struct.error
    for bytes that are no TrueType font."""
    (tables,) = struct.unpack_from(">H", font, 4)
    directory = (struct.unpack_from(">4sIII", font, 12 + 16 * number) for number in range(tables))
    cmap = next(start for tag, _, start, _ in directory if tag == b"cmap")
    (subtables,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(subtables):
        _, _, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * number)
        (kind,) = struct.unpack_from(">H", font, cmap + offset)
        if kind == SEGMENTS:
            yield from _of_segments(font, cmap + offset)
        elif kind == GROUPS:
            yield from _of_groups(font, cmap + offset)


def _of_segments(font: bytes, start: int) -> Iterator[int]:
    """Yield the code points of a table of glyphs in the format SEGMENTS, which begins at `start`."""
    (twice,) = struct.unpack_from(">H", font, start + 6)
    count = twice // 2
    ends, firsts, deltas, offsets = (
        struct.unpack_from(f">{count}H", font, start + 14 + place * twice + (2 if place else 0))
        for place in range(4)
    )
    for segment, (first, end) in enumerate(zip(firsts, ends, strict=True)):
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if offsets[segment]:
                place = start + 16 + 3 * twice + 2 * segment + offsets[segment] + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", font, place)
            if glyph and (glyph + deltas[segment]) % 0x10000:
                yield code


def _of_groups(font: bytes, start: int) -> Iterator[int]:
    """Yield the code points of a table of glyphs in the format GROUPS, which begins at `start`."""
    (count,) = struct.unpack_from(">I", font, start + 12)
    for number in range(count):
        first, end, _ = struct.unpack_from(">III", font, start + 16 + 12 * number)
        yield from range(first, end + 1)
