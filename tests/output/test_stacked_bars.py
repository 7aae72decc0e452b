"""Charts: whole bars, readable numbers, colours that can be told apart."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.survey import Good
from kiosk.output.inline_bar import inline_bar
from kiosk.output.stacked_bars import (
    BESIDE,
    BROKEN,
    INK,
    PAPER,
    SMALL,
    SOFT,
    UNKNOWN,
    WIDTHS,
    Bar,
    Figure,
    Segment,
    colours,
    ink_on,
    page_figure,
    stacked_bars,
)
from kiosk.output.text_fitting import fit_numbers, text_width
from tests.tools.figures import at_each_width


def bar(*counts: int) -> Bar:
    n = sum(counts)
    return Bar(
        f"bar of {n}",
        f"n = {n}",
        tuple(Segment(100 * c / n, str(c) if c else "", f"{c} of {n}") for c in counts),
    )


def test_every_bar_is_100_percent_long_and_shows_its_n() -> None:
    figure = stacked_bars([bar(10, 7, 3), bar(1, 0, 2)], colours(3, bipolar=True))
    lengths = [sum(trace["x"][at] for trace in figure["data"]) for at in (0, 1)]
    assert [round(length, 9) for length in lengths] == [100, 100]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["n = 20", "n = 3"]
    assert [trace["text"] for trace in figure["data"]] == [["10", "1"], ["7", ""], ["3", "2"]]


def test_a_bar_without_answers_keeps_its_row_and_label() -> None:
    figure = stacked_bars([Bar("first", "–", ()), bar(4, 6)], colours(2, bipolar=True))
    assert [trace["y"] for trace in figure["data"]] == [[1], [1]]
    assert figure["layout"]["yaxis"]["ticktext"] == ["first", "bar of 10"]


def test_a_bipolar_scale_has_two_hues_and_a_unipolar_one_has_one() -> None:
    assert colours(5, bipolar=True) == ("#01665e", "#80cdc1", "#e6e6e6", "#dfc27d", "#8c510a")
    assert colours(5, bipolar=False) == ("#003c30", "#1b7f76", "#5ab2a8", "#a3dbd3", "#e3f2f0")


def test_the_good_end_is_green_and_no_option_is_if_neither_end_is_good() -> None:
    for bipolar in (True, False):
        high, low, neither = (colours(5, bipolar=bipolar, good=good) for good in Good)
        assert low == high[::-1]
        for colour in neither:
            red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
            assert green <= max(red, blue), colour


def test_every_option_has_a_different_colour() -> None:
    for options in range(2, 12):
        for bipolar in (True, False):
            for good in Good:
                assert len(set(colours(options, bipolar=bipolar, good=good))) == options


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_numbers_have_enough_contrast_on_every_colour() -> None:
    drawn = {
        colour
        for options in range(2, 12)
        for bipolar in (True, False)
        for good in Good
        for colour in colours(options, bipolar=bipolar, good=good)
    }
    for colour in drawn:
        assert contrast(colour, ink_on(colour)) >= 4.5
    assert contrast(SOFT, PAPER) >= 4.5


def test_a_line_separates_bars_that_cannot_be_compared() -> None:
    broken = replace(bar(4, 6), broken="other words")
    layout = stacked_bars([bar(1, 2), broken, bar(3, 4)], colours(2, bipolar=False))["layout"]
    assert [(line["y0"], line["y1"]) for line in layout["shapes"]] == [(0.5, 0.5)]
    assert [note["text"] for note in layout["annotations"] if note["y"] == 0.5] == ["other words"]


def rows_covered(figure: Figure) -> list[tuple[float, float]]:
    """From where to where down the chart each bar reaches, the first bar first."""
    overlapping = {
        (place - trace["width"] / 2, place + trace["width"] / 2)
        for trace in figure["data"]
        for place in trace["y"]
    }
    return sorted(overlapping)


def test_bars_have_equal_heights_and_gaps_even_if_some_are_missing() -> None:
    nothing = Bar("closed", "–", (), instead="too few")
    alone = rows_covered(stacked_bars([nothing, nothing, bar(4, 6), nothing], colours(2, bipolar=True)))
    some = rows_covered(stacked_bars([bar(1, 2), nothing, bar(4, 6)], colours(2, bipolar=True)))
    many = rows_covered(stacked_bars([bar(1, 2), bar(3, 4), bar(4, 6)], colours(2, bipolar=True)))
    heights = {round(end - start, 9) for start, end in (*alone, *some, *many)}
    assert len(heights) == 1
    assert heights.pop() < 0.8
    assert alone[0] == many[2]
    assert all(before[1] + 0.2 < after[0] for before, after in pairwise(many))


def test_texts_above_and_below_bars_do_not_overlap_them() -> None:
    outside, broken = replace(bar(1, 2), outside="Don't know 3"), replace(bar(4, 6), broken="other words")
    figure = stacked_bars([outside, broken], colours(2, bipolar=False))
    first, second = rows_covered(figure)
    [line] = figure["layout"]["shapes"]
    words = {note["name"]: note["y"] for note in figure["layout"]["annotations"]}
    assert first[1] < words["outside"] < line["y0"] == words["broken"]
    assert second[0] - line["y0"] > BROKEN
    assert figure["layout"]["yaxis"]["range"][0] > second[1]


def test_unknown_figures_are_an_empty_dashed_outline() -> None:
    palette = (*colours(2, bipolar=False), UNKNOWN)
    with_words = replace(bar(4, 6, 0), label="with words")
    [outline] = stacked_bars([with_words, bar(2, 0, 8)], palette)["layout"]["shapes"]
    assert (outline["type"], outline["x0"], outline["x1"]) == ("rect", 20, 100)
    assert outline["line"]["dash"] == "dash"
    assert contrast(outline["line"]["color"], UNKNOWN) >= 3
    for options in range(2, 12):
        assert UNKNOWN not in (*colours(options, bipolar=True), *colours(options, bipolar=False), INK)


def test_the_page_gets_each_width_as_differences_from_the_widest() -> None:
    bars = [
        replace(bar(90, 9, 1), outside="Don't know: 3 · Skipped: 4"),
        replace(bar(1, 1, 70), broken="other words"),
    ]
    palette = colours(3, bipolar=True)
    figures = list(at_each_width(page_figure(bars, palette)))
    assert figures == [stacked_bars(bars, palette, width) for width in WIDTHS]
    assert figures[0] != figures[-1]


def test_a_narrow_chart_omits_breaks_and_wraps_answers_outside_the_scale() -> None:
    outside = "Don't know: 31 · Do not want to answer: 42 · Skipped: 53"
    bars = [replace(bar(4, 6), outside=outside), replace(bar(4, 6), broken="other words")]
    wide_notes, *_, narrow_notes = [
        {
            note["name"]: note["text"]
            for note in stacked_bars(bars, ("#000000",) * 2, width)["layout"]["annotations"]
        }
        for width in WIDTHS
    ]
    assert wide_notes["outside"] == outside
    assert wide_notes["broken"] == "other words"
    assert narrow_notes["outside"] == "Don't know: 31 · Do not want to answer: 42<br>Skipped: 53"
    assert "broken" not in narrow_notes


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=7).filter(any),
    st.integers(100, 1200),
    st.integers(9, 30),
)
def test_every_number_fits_its_segment_or_is_below_it_without_overlap(
    counts: list[int], length: int, size: int
) -> None:
    n = sum(counts)
    texts = [f"{c}<br>({100 * c // n} %)" if c else "" for c in counts]
    numbers = [(100 * c / n, text) for c, text in zip(counts, texts, strict=True)]
    free = 0.0
    for (percent, text), fitted in zip(numbers, fit_numbers(numbers, length, size, SMALL), strict=True):
        shown = fitted.lines[0] if fitted.lines else fitted.below
        assert shown == text.split("<br>")[0]
        assert all(text_width(line, size) < length * percent / 100 for line in fitted.lines)
        if fitted.below:
            half = text_width(fitted.below, SMALL) / 2
            assert fitted.middle - half >= free
            free = fitted.middle + half


def contrast_on_paper(colour: str) -> float:
    """WCAG 2's contrast, from its definition."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 1.05 / (0.05 + sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


@pytest.mark.parametrize("good", list(Good))
@pytest.mark.parametrize("bipolar", [True, False])
@pytest.mark.parametrize("options", [2, 3, 4, 5, 7, 10])
def test_every_segment_or_its_outline_has_enough_contrast_on_white_paper(
    options: int, bipolar: bool, good: Good
) -> None:
    palette = colours(options, bipolar=bipolar, good=good)
    whole = Bar("a", "n = 1", tuple(Segment(100 / options, "1", "one") for _ in palette))
    drawn = inline_bar(whole, palette)
    for colour, trace in zip(palette, stacked_bars([whole], palette)["data"], strict=True):
        seen = [colour, trace["marker"]["line"]["color"]]
        assert max(map(contrast_on_paper, seen)) >= 3
        assert (f'fill="{colour}" class="light"' in drawn) == (contrast_on_paper(colour) < 3)


@pytest.mark.parametrize("name", ["Dagverksamheten", "Verksamhetssamordningsgruppen", "Talk2Me"])
def test_a_name_fits_its_margin_at_every_width(name: str) -> None:
    named = Bar(name, "n = 1", (Segment(100, "1", "one"),))
    for width in WIDTHS:
        layout = stacked_bars([named], ["#000000"], width)["layout"]
        [label] = layout["yaxis"]["ticktext"]
        assert label.replace("-<br>", "") == name
        widest = max(text_width(line, layout["font"]["size"]) for line in label.split("<br>"))
        assert widest < layout["margin"]["l"]
        assert layout["margin"]["l"] <= max(0.42 * width, 132)


def test_a_name_is_divided_only_if_the_widest_margin_has_no_room_for_it() -> None:
    names = ["Dagverksamheten", *("k" * length for length in range(2, 40)), *("m" * n for n in range(2, 30))]
    divided = set()
    for name in names:
        layout = stacked_bars([Bar(name, "n = 1", (Segment(100, "1", "one"),))], ["#000000"], WIDTHS[-1])[
            "layout"
        ]
        [label] = layout["yaxis"]["ticktext"]
        has_room = text_width(name, layout["font"]["size"]) <= 124 - BESIDE
        assert ("<br>" not in label) == has_room, name
        divided.add(has_room)
    assert divided == {True, False}
