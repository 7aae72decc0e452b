"""Charts: whole bars, readable numbers, colours that can be told apart."""

from dataclasses import replace

from kiosk.charts import Bar, Segment, colours, ink_on, stacked_bars


def bar(*counts: int) -> Bar:
    n = sum(counts)
    return Bar(f"bar of {n}", f"n = {n}", tuple(Segment(100 * c / n, str(c), f"{c} of {n}") for c in counts))


def test_every_bar_is_a_hundred_percent_long_and_carries_its_n() -> None:
    figure = stacked_bars([bar(10, 7, 3), bar(1, 0, 2)], colours(3, bipolar=True))
    lengths = [sum(trace["x"][at] for trace in figure["data"]) for at in (0, 1)]
    assert [round(length, 9) for length in lengths] == [100, 100]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["n = 20", "n = 3"]
    assert [trace["text"] for trace in figure["data"]] == [["10", "1"], ["7", "0"], ["3", "2"]]


def test_a_bar_without_answers_keeps_its_place_and_label() -> None:
    figure = stacked_bars([Bar("first", "–", ()), bar(4, 6)], colours(2, bipolar=True))
    assert [trace["y"] for trace in figure["data"]] == [[1], [1]]
    assert figure["layout"]["yaxis"]["ticktext"] == ["first", "bar of 10"]


def test_two_poles_have_two_hues_and_one_direction_has_one() -> None:
    assert colours(5, bipolar=True) == ("#01665e", "#80cdc1", "#e6e6e6", "#dfc27d", "#8c510a")
    assert colours(5, bipolar=False) == ("#003c30", "#1b7f76", "#5ab2a8", "#a3dbd3", "#e3f2f0")


def test_any_number_of_options_has_as_many_different_colours() -> None:
    for options in range(2, 12):
        for bipolar in (True, False):
            assert len(set(colours(options, bipolar=bipolar))) == options


def test_numbers_are_readable_on_every_colour() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    drawn = {
        colour
        for options in range(2, 12)
        for bipolar in (True, False)
        for colour in colours(options, bipolar=bipolar)
    }
    for colour in drawn:
        light, dark = sorted((luminance(colour), luminance(ink_on(colour))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_line_parts_bars_that_cannot_be_compared() -> None:
    broken = replace(bar(4, 6), broken="other words")
    layout = stacked_bars([bar(1, 2), broken, bar(3, 4)], colours(2, bipolar=False))["layout"]
    assert [(line["y0"], line["y1"]) for line in layout["shapes"]] == [(0.5, 0.5)]
    assert [note["text"] for note in layout["annotations"] if note["y"] == 0.5] == ["other words"]
