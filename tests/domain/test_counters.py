"""Figures of outputs: a sum says what is missing in it, and people are never added up."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.counters import (
    Counter,
    Figure,
    Outputs,
    Period,
    Quality,
    Target,
    month_of,
    read_figure,
    read_period,
    year_of,
)

ADVISE = Counter("advise", "Rådgivning", "")
LINK = Counter("link", "Länkning", "", targets=(Target("skola", "Skola"),))
PEOPLE = Counter("individuals", "Individer", "", is_total=True)
YEAR = year_of(2026)
MONTHS = [month for quarter in YEAR.parts for month in quarter.parts]


@given(st.integers(1, 9999), st.sampled_from([1, 3, 12]), st.integers(0, 11))
def test_a_period_survives_writing_and_reading(year: int, months: int, place: int) -> None:
    period = Period(date(year, place // months * months + 1, 1), months)
    assert read_period(str(period)) == period


@pytest.mark.parametrize(
    "text", ["", "26", "2026-3", "2026-13", "2026-Q5", "2026-03-02", "2026-03\n", "٢٠٢٦", "0000"]
)
def test_text_other_than_a_year_quarter_or_month_is_refused_as_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_period(text)


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("132", Figure(132, Quality.COUNTED)),
        ("0", Figure(0, Quality.COUNTED)),
        ("ca 500", Figure(500, Quality.ESTIMATED)),
        ("Ca. 1 500", Figure(1500, Quality.ESTIMATED)),
        ("cirka 500 000", Figure(500_000, Quality.ESTIMATED)),
        ("cirka. 1 000 000", Figure(1_000_000, Quality.ESTIMATED)),
        ("ej räknat", Figure(0, Quality.NOT_COUNTED)),
    ],
)
def test_a_typed_figure_is_read_with_its_quality(text: str, figure: Figure) -> None:
    assert read_figure(text) == figure


@pytest.mark.parametrize(
    "text", ["", "många", "-3", "1.5", "1e3", "10000000", "ca", "٥٠٠", "0" * 17, "Anna 3"]
)
def test_other_text_is_refused_as_a_figure(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_figure(text)


def test_a_year_is_the_sum_of_its_months() -> None:
    outputs = Outputs({("a", month, "advise", ""): 2 for month in MONTHS})
    assert outputs.at_unit(ADVISE, "a", YEAR) == Figure(24, Quality.COUNTED)
    assert outputs.at_unit(ADVISE, "a", YEAR.parts[0]) == Figure(6, Quality.COUNTED)


def test_a_sum_with_a_missing_month_or_unit_is_marked_incomplete() -> None:
    outputs = Outputs({("a", month, "advise", ""): 2 for month in MONTHS[:7]})
    assert outputs.at_unit(ADVISE, "a", YEAR) == Figure(14, Quality.COUNTED, is_complete=False)
    full = Outputs({("a", month, "advise", ""): 2 for month in MONTHS})
    assert full.at_node(ADVISE, "root", ["a", "b"], YEAR) == Figure(24, Quality.COUNTED, is_complete=False)
    assert full.at_node(ADVISE, "root", ["b"], YEAR) is None


def test_one_estimate_makes_the_sum_an_estimate() -> None:
    taps = {("a", month, "advise", ""): 2 for month in MONTHS[1:]}
    outputs = Outputs(taps, {("a", MONTHS[0], "advise"): Figure(10, Quality.ESTIMATED)})
    assert outputs.at_unit(ADVISE, "a", YEAR) == Figure(32, Quality.ESTIMATED)


def test_a_typed_figure_replaces_the_taps_of_its_period() -> None:
    taps = {("a", month, "advise", ""): 2 for month in MONTHS}
    typed = {("a", MONTHS[0], "advise"): Figure(10, Quality.COUNTED)}
    assert Outputs(taps, typed).at_unit(ADVISE, "a", YEAR) == Figure(32, Quality.COUNTED)
    typed[("a", YEAR, "advise")] = Figure(500, Quality.ESTIMATED)
    assert Outputs(taps, typed).at_unit(ADVISE, "a", YEAR) == Figure(500, Quality.ESTIMATED)


def test_a_figure_not_counted_is_not_taken_for_zero() -> None:
    not_counted = Figure(0, Quality.NOT_COUNTED)
    whole = Outputs({}, {("a", YEAR, "link"): not_counted})
    assert whole.at_unit(LINK, "a", YEAR) == not_counted
    taps = {("a", month, "link", ""): 1 for month in MONTHS[3:]}
    first = {("a", YEAR.parts[0], "link"): not_counted}
    assert Outputs(taps, first).at_unit(LINK, "a", YEAR) == Figure(9, Quality.COUNTED, is_complete=False)


def test_numbers_of_individuals_are_never_added_over_months_or_units() -> None:
    """The same person comes in several months, and to several units."""
    typed = {("a", month, "individuals"): Figure(40, Quality.COUNTED) for month in MONTHS}
    typed |= {(unit, YEAR, "individuals"): Figure(200, Quality.ESTIMATED) for unit in ("b", "c")}
    outputs = Outputs({}, typed)
    assert outputs.at_unit(PEOPLE, "a", YEAR) is None
    assert outputs.at_node(PEOPLE, "root", ["a", "b", "c"], YEAR) is None
    outputs = Outputs({}, {**typed, ("root", YEAR, "individuals"): Figure(300, Quality.ESTIMATED)})
    assert outputs.at_node(PEOPLE, "root", ["a", "b", "c"], YEAR) == Figure(300, Quality.ESTIMATED)


def test_taps_are_split_by_target() -> None:
    march = month_of(date(2026, 3, 9))
    outputs = Outputs({("a", march, "link", "skola"): 3, ("a", march, "link", ""): 2})
    assert outputs.by_target(LINK, ["a", "b"], YEAR) == {"skola": 3, "": 2}
    assert outputs.at_unit(LINK, "a", march) == Figure(5, Quality.COUNTED)
    assert outputs.years() == (2026,)
