"""Charts of outputs over time: a row of columns for each unit, one column per month, all on one scale.

A figure for a quarter or a year is one wide column. Its area is the figure, so its height is the mean per
month. Estimates are hatched, so that a black-and-white print is legible.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from kiosk.domain.rounding import half_up
from kiosk.output.chart_pictures import FONT, LABELS, MARGIN, WIDTH, text_at
from kiosk.output.stacked_bars import INK, PAPER, SOFT
from kiosk.output.text_fitting import text_width, wrapped

MONTH = 52
"""Width of a month, in pixels of the picture."""

TOTALS = WIDTH - 2 * MARGIN - LABELS - 12 * MONTH
"""Space at the right for the totals, in pixels of the picture."""

TALLEST = 64
"""Height of the tallest column, in pixels of the picture."""
ROW = 104
"""Height of a unit's row, in pixels of the picture."""
TITLE_SIZE, TEXT_SIZE, DIGIT_SIZE, SMALL = 21, 16, 15, 10
FILL = "#1b7f76"
"""The colour of the columns."""


@dataclass(frozen=True)
class Column:
    """A figure for `months` months. `start` is the index of its first month in the year, from 0. `text` is
    drawn above the column; `number` is None for a figure that was not counted."""

    start: int
    months: int
    number: int | None
    text: str
    is_estimated: bool = False


@dataclass(frozen=True)
class UnitColumns:
    """The columns of one unit, with the text of its total."""

    name: str
    columns: tuple[Column, ...]
    total: str


@dataclass(frozen=True)
class ColumnChart:
    """A chart of one output. `id` is unique on a page, `months` are the twelve names of months, `notes` stand
    below the columns."""

    id: str
    title: str
    months: tuple[str, ...]
    total_heading: str
    units: tuple[UnitColumns, ...]
    notes: tuple[str, ...]


def columns_svg(chart: ColumnChart, described: str) -> str:
    """Return the chart as one self-contained SVG document. `described` is its text alternative."""
    highest = max(
        ((column.number or 0) / column.months for unit in chart.units for column in unit.columns), default=0
    )
    y = MARGIN + half_up(1.33 * TITLE_SIZE)
    parts = [text_at(MARGIN, MARGIN + 0.85 * TITLE_SIZE, chart.title, size=TITLE_SIZE, weight="bold")]
    parts.append(
        text_at(WIDTH - MARGIN, y + 20, chart.total_heading, size=DIGIT_SIZE, anchor="end", ink=SOFT)
    )
    for unit in chart.units:
        parts += _unit(unit, y, highest, f"url(#{_hatching(chart)})")
        y += ROW
    for at, month in enumerate(chart.months):
        middle = MARGIN + LABELS + (at + 0.5) * MONTH
        parts.append(text_at(middle, y + 22, month, size=DIGIT_SIZE, anchor="middle", ink=SOFT))
    y += 36
    for note in chart.notes:
        for line in wrapped(note, DIGIT_SIZE, WIDTH - 2 * MARGIN):
            parts.append(text_at(MARGIN, y + DIGIT_SIZE, line, size=DIGIT_SIZE, ink=SOFT))
            y += half_up(1.4 * DIGIT_SIZE)
    height = y + MARGIN - 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="{FONT}" fill="{INK}">'
        f"<title>{escape(chart.title)}</title><desc>{escape(described)}</desc>"
        f'<defs><pattern id="{_hatching(chart)}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{PAPER}"/>'
        f'<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" stroke="{FILL}" stroke-width="2.5"/></pattern></defs>'
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def _hatching(chart: ColumnChart) -> str:
    """Return the SVG id of the chart's pattern for estimates."""
    return f"estimated-{escape(chart.id)}"


def _unit(unit: UnitColumns, y: int, highest: float, hatching: str) -> Iterator[str]:
    """Yield the SVG elements of a unit's row, whose base line is ROW below `y`. `highest` is the number per
    month of a column of full height; `hatching` is the fill of estimates."""
    base = y + ROW
    lines = wrapped(unit.name, TEXT_SIZE, LABELS - 8)
    for at, line in enumerate(lines):
        yield text_at(MARGIN, base - 20 * (len(lines) - 1 - at), line, size=TEXT_SIZE)
    left = MARGIN + LABELS
    yield f'<path d="M{left} {base}h{12 * MONTH}" stroke="{SOFT}"/>'
    for column in unit.columns:
        yield from _column(column, base, highest, hatching)
    yield text_at(WIDTH - MARGIN, base, unit.total, size=_fitting(unit.total, TOTALS - 4), anchor="end")


def _column(column: Column, base: int, highest: float, hatching: str) -> Iterator[str]:
    """Yield a column as SVG, and the text above it. A column without a number, or with 0, is only its
    text. `base` is the y of the base line; `highest` and `hatching` as in `_unit`."""
    left, width = MARGIN + LABELS + column.start * MONTH, column.months * MONTH
    height = TALLEST * (column.number or 0) / column.months / highest if highest else 0
    if height:
        fill = hatching if column.is_estimated else FILL
        yield (
            f'<rect x="{left + 3}" y="{base - height:.1f}" width="{width - 6}" height="{height:.1f}" '
            f'fill="{fill}" stroke="{FILL}" stroke-width="1.5"/>'
        )
    size = _fitting(column.text, width - 2)
    yield text_at(left + width / 2, base - height - 6, column.text, size=size, anchor="middle")


def _fitting(text: str, room: float) -> int:
    """Return the largest font size, from DIGIT_SIZE down to SMALL, at which a text fits into `room`
    pixels; SMALL if it fits at none."""
    sizes = range(DIGIT_SIZE, SMALL, -1)
    return next((size for size in sizes if text_width(text, size) <= room), SMALL)
