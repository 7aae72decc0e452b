"""Charts as pictures: every number and word in them, readable in black and white, and nothing runs."""

import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache

import pytest

from kiosk.library.catalogues import read_catalogues
from kiosk.output.chart_pictures import (
    LABELS,
    MARGIN,
    MOST_PIXELS,
    NARROW,
    NUMBERS,
    PAGE,
    WALL,
    WIDTH,
    Picture,
    PictureLayout,
    png,
    svg,
)
from kiosk.output.inline_bar import inline_bar
from kiosk.output.stacked_bars import UNKNOWN, Bar, Segment, colours, stacked_bars
from kiosk.output.text_fitting import text_width, wrapped
from kiosk.settings import shipped_folder

FONTS = shipped_folder("static") / "fonts"
SVG = "{http://www.w3.org/2000/svg}"


def bar(label: str, *counts: int, broken: str = "") -> Bar:
    n = sum(counts)
    parts = tuple(Segment(100 * c / n, str(c) if c else "", f"{c} of {n}") for c in counts)
    return Bar(label, f"n = {n}", parts, broken)


def picture(*bars: Bar, title: str = "I feel better", options: int = 3) -> Picture:
    labels = tuple(f"label {at}" for at in range(options))
    return Picture(title, labels, colours(options, bipolar=False), bars, ("10 of 20 agreed.",))


def words(drawn: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(drawn).iter(f"{SVG}text")]


def test_a_picture_contains_all_its_texts_and_numbers() -> None:
    texts = words(svg(picture(bar("first", 10, 7, 3), bar("second", 1, 0, 2, broken="other words"))))
    assert texts[0] == "I feel better"
    assert [word for word in texts if word.isdigit()] == ["10", "7", "3", "1", "2"]
    for word in (
        "label 0",
        "label 2",
        "first",
        "second",
        "n = 20",
        "n = 3",
        "other words",
        "10 of 20 agreed.",
    ):
        assert word in texts


def test_all_bars_have_equal_lengths_and_proportional_segments() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 10, 7, 3), bar("second", 1, 0, 2))))
    parts = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("height") == "46"]
    widths = [float(rect.get("width", 0)) + 2 for rect in parts]
    whole = WIDTH - 2 * MARGIN - LABELS - NUMBERS
    assert widths == pytest.approx([whole * share for share in (0.5, 0.35, 0.15, 1 / 3, 2 / 3)], abs=0.2)


def test_options_have_different_patterns() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 1, 1, 1, 1, 1), options=5)))
    marks = [
        ET.tostring(pattern[1][0]) if len(pattern[1]) else b"" for pattern in drawn.iter(f"{SVG}pattern")
    ]
    assert len(set(marks)) == 5


def test_a_picture_has_a_text_alternative_with_every_number_and_break() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 10, 7, 3), bar("second", 1, 0, 2, broken="Other words."))))
    assert drawn.get("role") == "img"
    described = drawn.findtext(f"{SVG}desc") or ""
    assert "first: 10 of 20; 7 of 20; 3 of 20. Other words. second: 1 of 3; 0 of 3; 2 of 3." in described


def test_texts_are_escaped() -> None:
    drawn = svg(picture(bar("<script>", 1, 1), title='</title><script>"&', options=2))
    assert [element.tag for element in ET.fromstring(drawn).iter() if "script" in element.tag] == []
    assert "<script>" in words(drawn)


def test_converting_a_picture_to_png_is_reproducible() -> None:
    drawn = svg(picture(bar("first", 10, 7, 3)))
    made = png(drawn, FONTS)
    assert made.startswith(b"\x89PNG")
    assert made == png(drawn, FONTS)
    assert made != png(svg(picture(bar("first", 10, 6, 4))), FONTS)


def test_numbers_too_wide_for_their_segment_are_below_it_without_overlap() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 196, 2, 2))))
    small = [float(text.get("x", 0)) for text in drawn.iter(f"{SVG}text") if text.text == "2"]
    assert len(small) == 2
    assert small[1] - small[0] > 12


@cache
def widths(weight: str) -> dict[int, float]:
    """Character -> its width in the font that pictures are made with, at size 1."""
    from fontTools.ttLib import TTFont

    font = TTFont(FONTS / f"NotoSans-{weight}.ttf")
    glyphs, unit = font["hmtx"], font["head"].unitsPerEm
    return {letter: glyphs[name][0] / unit for letter, name in font.getBestCmap().items()}


def in_noto(words: str, weight: str) -> float:
    """How wide words are in the font that pictures are made with, at size 1."""
    return sum(widths(weight)[ord(letter)] for letter in words)


@pytest.mark.slow
def test_the_estimated_text_width_is_never_too_small_and_not_much_too_large() -> None:
    texts = read_catalogues([shipped_folder("translations")], "desk")["sv"].texts
    sizes = {
        text: text_width(text, 1) / in_noto(text, "Regular")
        for text in list(texts)[::7]
        if text.isprintable() and len(text) > 10
    }
    assert len(sizes) > 40
    assert {text: size for text, size in sizes.items() if not 1 <= size < 1.35} == {}


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("Dagverksamheten", ["Dagverksamhe-", "ten"]),
        ("Kvinnojouren,", ["Kvinnojouren,"]),
        ("http://127.0.0.1:18410/", ["http://127.0.0.1:", "18410/"]),
    ],
)
def test_a_word_that_does_not_fit_is_divided_with_a_hyphen_but_an_address_is_not(
    word: str, lines: list[str]
) -> None:
    assert wrapped(word, 11, 100) == lines


def test_texts_are_wrapped_at_spaces_and_the_longest_words_are_divided() -> None:
    for text in (
        "Verksamheten bidrar till att jag mår bättre",
        "Verksamhetssamordningsgrupp A",
        "W" * 40,
        "",
    ):
        lines = wrapped(text, 16, 160)
        assert "".join(lines).replace("-", "").replace(" ", "") == text.replace(" ", "")
        assert all(text_width(line, 16) <= 160 for line in lines)


@pytest.mark.slow
def test_no_legend_label_overlaps_the_next_colour() -> None:
    labels = (
        "Instämmer helt",
        "Instämmer bra",
        "Instämmer delvis",
        "Instämmer dåligt",
        "Instämmer inte alls",
    )
    drawn = replace(picture(bar("first", 1, 1, 1, 1, 1), options=5), labels=labels)
    for layout in ({}, {"layout": WALL}):
        elements = list(ET.fromstring(svg(drawn, **layout)))
        texts = {text.text: text for text in elements if text.text in labels}
        squares = [
            one for one in elements if one.get("width") == one.get("height") and one.tag == f"{SVG}rect"
        ]
        assert len(squares) == len(texts) == 5
        for label, after in zip(labels, squares[1:], strict=False):
            text = texts[label]
            end = float(text.get("x", 0)) + int(text.get("font-size", 0)) * in_noto(label, "Regular")
            is_same_line = abs(float(after.get("y", 0)) - float(text.get("y", 0))) < 40 and float(
                after.get("x", 0)
            ) > float(text.get("x", 0))
            assert not is_same_line or end + 8 < float(after.get("x", 0))


def test_an_unknown_segment_has_no_colour_and_a_dashed_outline() -> None:
    shown = replace(picture(bar("first", 10, 7, 3)), colours=(*colours(2, bipolar=False), UNKNOWN))
    dashed = [rect for rect in ET.fromstring(svg(shown)).iter(f"{SVG}rect") if rect.get("stroke-dasharray")]
    assert [rect.get("fill") for rect in dashed] == ["url(#p2)"] * 2
    [pattern] = [one for one in ET.fromstring(svg(shown)).iter(f"{SVG}pattern") if one.get("id") == "p2"]
    assert pattern[0].get("fill") == UNKNOWN
    assert not len(pattern[1])


def test_answers_outside_the_scale_are_close_below_their_bar() -> None:
    with_outside = replace(bar("first", 196, 2, 2), outside="Don't know: 3")
    roomy = replace(bar("second", 10, 7, 3), outside="Skipped: 2")
    drawn = ET.fromstring(svg(picture(with_outside, roomy, bar("third", 1, 1, 1))))
    bars = [float(rect.get("y", 0)) for rect in drawn.iter(f"{SVG}rect") if rect.get("height") == "46"]
    first, second, third = sorted(set(bars))
    places = {text.text: float(text.get("y", 0)) for text in drawn.iter(f"{SVG}text")}
    assert first + 46 + 14 < places["Don't know: 3"] < second
    assert second + 46 < places["Skipped: 2"] < third
    assert "first: 196 of 200; 2 of 200; 2 of 200; Don't know: 3." in (drawn.findtext(f"{SVG}desc") or "")
    small = [float(text.get("y", 0)) for text in drawn.iter(f"{SVG}text") if text.text == "2"]
    assert max(small) < places["Don't know: 3"] - 10


@pytest.mark.parametrize("layout", [PAGE, NARROW], ids=["wide", "narrow"])
def test_no_text_is_cut_or_overlaps_another(layout: PictureLayout) -> None:
    outside = "Vet inte: 120 · Vill inte svara: 119 · Hoppade över: 114 · Dolda av anonymitetsskäl: 1"
    short = "Vet inte: 15 · Vill inte svara: 16 · Hoppade över: 11"
    broken = "annan skala (7 steg), annat påstående, importerat, räknat på annat sätt"
    bars = (
        replace(bar("6 aug. 2026<br>– 3 nov. 2026", 216, 114, 20, 5, 9), outside=outside),
        replace(bar("6 nov. 2026<br>– 3 feb. 2027<br>pågår", 24, 10, 3, 0, 0), broken=broken, outside=short),
        Bar("Dagverksamheten", "–", (), instead="Väntar på fler svar från andra verksamheter."),
        replace(bar("Second hand", 2, 1, 1, 1, 1), outside=outside),
    )
    drawn = ET.fromstring(svg(replace(picture(*bars, options=5), title="", notes=()), layout))
    boxes = []
    for text in drawn.iter(f"{SVG}text"):
        size, words = int(text.get("font-size", 0)), text.text or ""
        length = size * in_noto(words, "Regular")
        left = (
            float(text.get("x", 0))
            - length * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor", "")]
        )
        boxes.append(
            (words, left, left + length, float(text.get("y", 0)) - 0.7 * size, float(text.get("y", 0)))
        )
    for at, (words, left, right, top, bottom) in enumerate(boxes):
        assert left >= 0, words
        assert right <= layout.width, words
        assert bottom + 3 <= int(drawn.get("height", 0)), words
        for other, its_left, its_right, its_top, its_bottom in boxes[:at]:
            apart = right <= its_left or its_right <= left or bottom <= its_top or its_bottom <= top
            assert apart, (words, other)


def test_wall_pictures_have_large_letters_and_equal_heights() -> None:
    one, other = (svg(picture(bar("", 10, 7, 3), title=title), WALL) for title in ("Short", "A bit longer"))
    assert ET.fromstring(one).get("height") == ET.fromstring(other).get("height") == "390"
    sizes = {int(text.get("font-size", 0)) for text in ET.fromstring(one).iter(f"{SVG}text")}
    assert min(sizes) / WALL.width >= 1.6 * 16 / WIDTH


BLACK_AND_WHITE = ("#000000", "#ffffff")


def test_a_target_is_a_line_across_a_bar_with_figures() -> None:
    plain = bar("a", 30, 70)
    bars = (plain, replace(plain, target=80.0), replace(plain, segments=(), target=80.0))
    drawn = [svg(Picture("", ("yes", "no"), BLACK_AND_WHITE, (one,), ())) for one in bars]
    at_80 = f'd="M{MARGIN + LABELS + (WIDTH - 2 * MARGIN - LABELS - NUMBERS) * 0.8:.1f} '
    assert [picture.count(at_80) for picture in drawn] == [0, 2, 0]


def test_a_target_is_a_line_across_the_bar_of_the_overview() -> None:
    plain = bar("a", 30, 70)
    drawn = [inline_bar(one, BLACK_AND_WHITE) for one in (plain, replace(plain, target=80.0))]
    assert [picture.count('x1="80.00%"') for picture in drawn] == [0, 2]


def test_a_target_is_a_line_across_the_bar_of_an_interactive_chart() -> None:
    bars = (replace(bar("a", 30, 70), target=80.0), bar("b", 1, 1))
    shapes = stacked_bars(bars, BLACK_AND_WHITE)["layout"]["shapes"]
    [line] = [shape for shape in shapes if shape.get("name") == "target"]
    assert (line["x0"], line["x1"]) == (80.0, 80.0)


@pytest.mark.slow
def test_a_picture_of_hundreds_of_places_has_a_bounded_number_of_pixels() -> None:
    places = picture(*(bar(f"place {number}", 10, 7, 3) for number in range(500)))
    assert 5_000_000 < pixels(png(svg(places), FONTS)) <= MOST_PIXELS


def pixels(content: bytes) -> int:
    width, height = struct.unpack(">II", content[16:24])
    return int(width * height)
