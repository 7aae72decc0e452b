"""Charts: whole bars, readable numbers, colours that can be told apart."""

from kiosk.charts import Bar, Segment, colours, ink_on, stacked_bars


def bar(*counts: int) -> Bar:
    n = sum(counts)
    return Bar(f"bar of {n}", f"n = {n}", tuple(Segment(100 * c / n, str(c), f"{c} of {n}") for c in counts))


def test_every_bar_is_a_hundred_percent_long_and_carries_its_n() -> None:
    figure = stacked_bars([bar(10, 7, 3), bar(1, 0, 2)], 3)
    lengths = [sum(trace["x"][at] for trace in figure["data"]) for at in (0, 1)]
    assert [round(length, 9) for length in lengths] == [100, 100]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["n = 20", "n = 3"]
    assert [trace["text"] for trace in figure["data"]] == [["10", "1"], ["7", "0"], ["3", "2"]]


def test_a_bar_without_answers_keeps_its_place_and_label() -> None:
    figure = stacked_bars([Bar("first", "–", ()), bar(4, 6)], 2)
    assert [trace["y"] for trace in figure["data"]] == [[1], [1]]
    assert figure["layout"]["yaxis"]["ticktext"] == ["first", "bar of 10"]


def test_five_options_have_the_five_colours_of_the_palette() -> None:
    assert colours(5) == ("#01665e", "#80cdc1", "#e6e6e6", "#dfc27d", "#8c510a")


def test_any_number_of_options_has_as_many_different_colours() -> None:
    for options in range(2, 12):
        assert len(set(colours(options))) == options


def test_numbers_are_readable_on_every_colour() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for colour in {colour for options in range(2, 12) for colour in colours(options)}:
        light, dark = sorted((luminance(colour), luminance(ink_on(colour))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
