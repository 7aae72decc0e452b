"""The fonts a guest is served are parts of those shipped, and have every letter the catalogues use."""

import io
import re
from pathlib import Path

import pytest
import uharfbuzz
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from kiosk.library.autonyms import AUTONYMS
from kiosk.library.catalogues import read_catalogues
from kiosk.screen.pages import STYLE, compact
from kiosk.settings import shipped_folder
from tests.tools.fonts import (
    AUTONYM_SOURCES,
    FONTS,
    SCRIPTS,
    WEIGHTS,
    autonym_letters,
    make,
    subset,
    words_of,
)

PARTS = [
    (f"guest-{script.lower()}-{number}.woff2", f"NotoSans{script}-{weight}.ttf")
    for script in SCRIPTS
    for weight, number in WEIGHTS.items()
] + [("guest-autonyms.woff2", f"{source}.ttf") for source in AUTONYM_SOURCES]


def drawing(font: TTFont, letter: int) -> object:
    glyphs, name = font.getGlyphSet(), font.getBestCmap()[letter]
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    return glyphs[name].width, pen.value


@pytest.mark.slow
@pytest.mark.parametrize(("part", "whole"), PARTS)
def test_every_glyph_of_a_font_subset_equals_that_of_the_full_font(part: str, whole: str) -> None:
    small, large = TTFont(FONTS / part), TTFont(FONTS / whole)
    shared = [letter for letter in small.getBestCmap() if letter in large.getBestCmap()]
    assert len(shared) > 3
    assert [hex(one) for one in shared if drawing(small, one) != drawing(large, one)] == []


def test_font_subsets_have_letters_of_their_source_fonts_only() -> None:
    for part in {part for part, _ in PARTS}:
        wholes = [TTFont(FONTS / whole).getBestCmap() for of, whole in PARTS if of == part]
        assert set(TTFont(FONTS / part).getBestCmap()) <= {letter for whole in wholes for letter in whole}


@pytest.mark.parametrize(("language", "script"), [("ar", "Arabic"), ("fa", "Arabic"), ("ti", "Ethiopic")])
def test_the_fonts_have_every_letter_of_the_catalogues(language: str, script: str) -> None:
    texts = read_catalogues([shipped_folder("translations")], "guest")[language].texts.values()
    needed = {ord(letter) for text in texts for letter in text if ord(letter) > 0x2FF and letter != "…"}
    assert len(needed) > 30
    for number in WEIGHTS.values():
        font = TTFont(FONTS / f"guest-{script.lower()}-{number}.woff2")
        assert {hex(letter) for letter in needed - {0x2019} - set(font.getBestCmap())} == set()


def font_faces(css: str) -> list[str]:
    """The @font-face rules of a style, as a page has them."""
    return re.findall(r"@font-face\{.*?\}", compact(css))


def test_the_language_pickers_font_has_exactly_the_letters_of_language_names() -> None:
    letters = {ord(letter) for letters_of_one in autonym_letters().values() for letter in letters_of_one}
    assert letters <= set(TTFont(FONTS / "guest-autonyms.woff2").getBestCmap())
    [rule] = [rule for rule in font_faces(STYLE) if '"Guest Autonyms"' in rule]
    asked: set[int] = set()
    for part in rule.split("unicode-range:")[1].split(";")[0].split(","):
        first, _, last = part.removeprefix("U+").partition("-")
        asked |= set(range(int(first, 16), int(last or first, 16) + 1))
    assert asked == letters


def test_the_desk_uses_the_guests_fonts_for_the_same_unicode_ranges() -> None:
    desk = (shipped_folder("static") / "desk.css").read_text(encoding="utf-8")
    rules = font_faces(desk.replace('url("fonts/', 'url("/static/fonts/'))
    assert len(rules) == len(SCRIPTS) * len(WEIGHTS)
    assert set(rules) <= set(font_faces(STYLE))


def drawn(path: Path, words: list[str]) -> list[object]:
    """The glyphs that draw each word: the outline, width and place of each."""
    packed, font = io.BytesIO(), TTFont(path)
    font.flavor = None
    font.save(packed)
    shaper = uharfbuzz.Font(uharfbuzz.Face(packed.getvalue()))
    glyphs, order, drawings = font.getGlyphSet(), font.getGlyphOrder(), list[object]()
    for word in words:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(word)
        buffer.guess_segment_properties()
        uharfbuzz.shape(shaper, buffer)
        for glyph, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            pen = DecomposingRecordingPen(glyphs)
            glyphs[order[glyph.codepoint]].draw(pen)
            drawings.append((pen.value, at.x_advance, at.x_offset, at.y_offset))
    return drawings


@pytest.mark.parametrize(("source", "codes"), AUTONYM_SOURCES.items())
def test_the_language_pickers_font_joins_letters_as_the_full_font(
    source: str, codes: tuple[str, ...], tmp_path: Path
) -> None:
    words = [word for code in codes for word in words_of(AUTONYMS[code])]
    full = drawn(FONTS / f"{source}.ttf", words)
    assert drawn(FONTS / "guest-autonyms.woff2", words) == full
    if "Arabic" in source:
        unjoined = tmp_path / "letters.ttf"
        subset(FONTS / f"{source}.ttf", "".join(words), unjoined, flavor=None, glyphs=[".notdef"])
        assert drawn(unjoined, words) != full


@pytest.mark.slow
def test_building_the_fonts_again_gives_the_same_files(tmp_path: Path) -> None:
    make(tmp_path)
    for part in {part for part, _ in PARTS}:
        assert (tmp_path / part).read_bytes() == (FONTS / part).read_bytes(), (
            "run python -m tests.tools.fonts"
        )
