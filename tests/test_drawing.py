"""Charts as pictures: every number and word in them, readable in black and white, and nothing runs."""

import xml.etree.ElementTree as ET

import pytest

from kiosk.charts import Bar, Segment, colours
from kiosk.drawing import LABELS, MARGIN, NUMBERS, WIDTH, Picture, png, svg
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


def test_a_picture_says_all_it_means_by_itself() -> None:
    said = words(svg(picture(bar("first", 10, 7, 3), bar("second", 1, 0, 2, broken="other words"))))
    assert said[0] == "I feel better"
    assert [word for word in said if word.isdigit()] == ["10", "7", "3", "1", "2"]
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
        assert word in said


def test_every_bar_is_as_long_as_every_other_and_in_proportion() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 10, 7, 3), bar("second", 1, 0, 2))))
    parts = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("height") == "46"]
    widths = [float(rect.get("width", 0)) + 2 for rect in parts]
    whole = WIDTH - 2 * MARGIN - LABELS - NUMBERS
    assert widths == pytest.approx([whole * share for share in (0.5, 0.35, 0.15, 1 / 3, 2 / 3)], abs=0.2)


def test_options_differ_without_their_colours() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 1, 1, 1, 1, 1), options=5)))
    marks = [
        ET.tostring(pattern[1][0]) if len(pattern[1]) else b"" for pattern in drawn.iter(f"{SVG}pattern")
    ]
    assert len(set(marks)) == 5


def test_it_is_told_to_those_who_cannot_see_it() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 10, 7, 3))))
    assert drawn.get("role") == "img"
    described = drawn.findtext(f"{SVG}desc") or ""
    assert "first: 10 of 20; 7 of 20; 3 of 20." in described


def test_words_stay_words() -> None:
    drawn = svg(picture(bar("<script>", 1, 1), title='</title><script>"&', options=2))
    assert [element.tag for element in ET.fromstring(drawn).iter() if "script" in element.tag] == []
    assert "<script>" in words(drawn)


def test_a_picture_becomes_the_same_png_each_time() -> None:
    drawn = svg(picture(bar("first", 10, 7, 3)))
    made = png(drawn, FONTS)
    assert made.startswith(b"\x89PNG")
    assert made == png(drawn, FONTS)
    assert made != png(svg(picture(bar("first", 10, 6, 4))), FONTS)


def test_numbers_too_wide_for_their_segment_stand_below_it_apart() -> None:
    drawn = ET.fromstring(svg(picture(bar("first", 196, 2, 2))))
    small = [float(text.get("x", 0)) for text in drawn.iter(f"{SVG}text") if text.text == "2"]
    assert len(small) == 2
    assert small[1] - small[0] > 12
