"""Charts of outputs over time: heights, widths, hatching, and texts that stay inside."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from kiosk.output.column_chart import MONTH, Column, ColumnChart, UnitColumns, columns_svg

MONTHS = ("jan", "feb", "mars", "apr", "maj", "juni", "juli", "aug", "sep", "okt", "nov", "dec")
FRIDA = UnitColumns(
    "FRIDA",
    (Column(0, 1, 10, "10"), Column(1, 1, 20, "20", is_estimated=True), Column(3, 3, 60, "60")),
    "ca 90*",
)
CHART = ColumnChart("advise", "Rådgivning", MONTHS, "Hela året", (FRIDA,), ("Randigt: uppskattat.",))


def columns(drawn: str) -> list[dict[str, str]]:
    """The attributes of the columns, without the background and the pattern's."""
    rectangles = [element.attrib for element in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}rect")]
    return [one for one in rectangles if one.get("stroke-width") == "1.5"]


def texts(drawn: str) -> list[str]:
    return [text for text in ET.fromstring(drawn).itertext() if text.strip()]


def test_a_months_column_is_as_high_as_its_number_and_a_quarters_as_its_mean() -> None:
    month, next_month, quarter = columns(columns_svg(CHART, ""))
    assert 2 * float(month["height"]) == float(next_month["height"]) == float(quarter["height"])
    assert float(quarter["width"]) - float(month["width"]) == 2 * MONTH


def test_only_estimates_are_hatched() -> None:
    drawn = columns_svg(CHART, "")
    assert [one["fill"] for one in columns(drawn)] == ["#1b7f76", "url(#estimated-advise)", "#1b7f76"]
    assert '<pattern id="estimated-advise"' in drawn


def test_every_number_name_and_note_is_in_the_chart() -> None:
    written = texts(columns_svg(CHART, "Alla tal."))
    for words in ("Rådgivning", "Alla tal.", "FRIDA", "10", "20", "60", "ca 90*", *MONTHS, "Hela året"):
        assert words in written


def test_figures_not_counted_have_no_column_and_all_units_share_a_scale() -> None:
    uncounted = UnitColumns("Talk2Me", (Column(0, 1, None, "–"), Column(1, 1, 5, "5")), "5*")
    drawn = columns_svg(replace(CHART, units=(FRIDA, uncounted)), "")
    heights = [float(one["height"]) for one in columns(drawn)]
    assert heights == [heights[1] / 2, heights[1], heights[1], heights[1] / 4]
    assert "–" in texts(drawn)


def test_a_large_number_is_set_smaller_to_fit_its_month() -> None:
    unit = UnitColumns("FRIDA", (Column(0, 1, 1_000_000, "1 000 000"),), "1 000 000")
    drawn = columns_svg(replace(CHART, units=(unit,)), "")
    size = re.search(r'font-size="(\d+)"[^>]*text-anchor="middle"[^>]*>1 000 000', drawn)
    assert size
    assert size[1] == "10"


def test_names_are_escaped_and_a_chart_of_zeros_is_drawn() -> None:
    unit = UnitColumns("<b>&", (Column(0, 1, 0, "0"),), "0")
    drawn = columns_svg(replace(CHART, units=(unit,)), "")
    assert columns(drawn) == []
    assert "<b>&" in texts(drawn)
