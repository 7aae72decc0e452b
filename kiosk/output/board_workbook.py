"""A workbook for readers such as a board: titles, dates, percentages and native charts.

The tables of `export` are for programs. Here each sheet has a title, tables with their charts beside them,
and real dates and percentages, so that a spreadsheet program shows them as the reader's language does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk.library.spreadsheet import harmless, packed_workbook

Value = str | int | float | date | None
"""A cell; a float is a share, 0 to 1, shown as a percentage."""

PERCENT, DAY = "0 %", "yyyy-mm-dd"

WIDEST = 44
"""Width of the first column, in characters: a statement wraps in it."""

CHART_WIDTH_CM, BAR_CM = 20, 1.1

BESIDE = 2
"""Empty columns between a table and its chart."""


@dataclass(frozen=True)
class BoardChart:
    """A native bar chart of a table: a bar for each row, from the columns `first` to `last`, counted from 0.

    With several columns the bars are stacked to 100 %. `colours` has one for each column.
    """

    title: str
    first: int
    last: int
    colours: tuple[str, ...]


@dataclass(frozen=True)
class BoardTable:
    """A heading and rows, the first column the rows' names, and a chart if there is something to draw."""

    heading: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    chart: BoardChart | None = None


@dataclass(frozen=True)
class BoardSheet:
    """A sheet: its name on the tab, its title, lines of text, and tables below them."""

    name: str
    title: str
    lines: tuple[str, ...]
    tables: tuple[BoardTable, ...] = ()


def board_workbook(sheets: Sequence[BoardSheet], made_at: str | None) -> bytes:
    """Return the sheets as XLSX: the same bytes for the same figures. `made_at` is the snapshot's time."""
    import openpyxl  # here, because a server that writes no workbook saves its memory

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, sheet in zip(_tab_names(sheets), sheets, strict=True):
        _write(book.create_sheet(name), sheet)
    return packed_workbook(book, made_at)


def _tab_names(sheets: Sequence[BoardSheet]) -> Iterator[str]:
    """Yield names that spreadsheet programs accept: at most 31 characters, some forbidden, each once."""
    names: set[str] = set()
    for number, sheet in enumerate(sheets):
        name = "".join(" " if letter in "[]:*?/\\'" else letter for letter in sheet.name)[:31].strip()
        while not name or name.lower() in names:
            name = f"{number} {name}"[:31].strip()
        names.add(name.lower())
        yield name


def _write(page: Any, sheet: BoardSheet) -> None:
    from openpyxl.styles import Alignment, Font

    page.column_dimensions["A"].width = WIDEST
    page.cell(1, 1, harmless(sheet.title)).font = Font(bold=True, size=14)
    for row, line in enumerate(sheet.lines, start=2):
        page.cell(row, 1, harmless(line))
    row = 3 + len(sheet.lines)
    for table in sheet.tables:
        for column, word in enumerate(table.heading, start=1):
            cell = page.cell(row, column, harmless(word))
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        for at, values in enumerate(table.rows, start=row + 1):
            for column, value in enumerate(values, start=1):
                _set(page.cell(at, column), value, is_name=column == 1)
        if table.chart:
            _draw(page, table, table.chart, row)
        row += max(len(table.rows), 2 * len(table.rows) + 6 if table.chart else 0) + 3
    page.sheet_view.showGridLines = False
    page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight = "landscape", 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


def _set(cell: Any, value: Value, *, is_name: bool) -> None:
    from openpyxl.styles import Alignment

    cell.value = harmless(value)
    if isinstance(value, float):
        cell.number_format = PERCENT
    elif isinstance(value, date):
        cell.number_format = DAY
    cell.alignment = Alignment(wrap_text=is_name, vertical="top")


def _draw(page: Any, table: BoardTable, chart: BoardChart, row: int) -> None:
    """Draw a table's chart beside it. `row` is the table's heading."""
    from openpyxl.chart import BarChart, Reference
    from openpyxl.utils import get_column_letter

    is_stacked = chart.last > chart.first
    drawn = BarChart()
    drawn.type, drawn.grouping = "bar", "percentStacked" if is_stacked else "clustered"
    drawn.overlap, drawn.gapWidth = 100 if is_stacked else 0, 40
    drawn.title, drawn.width = chart.title, CHART_WIDTH_CM
    drawn.height = 4 + BAR_CM * len(table.rows)
    last = row + len(table.rows)
    figures = Reference(page, min_col=chart.first + 1, max_col=chart.last + 1, min_row=row, max_row=last)
    drawn.add_data(figures, titles_from_data=True)
    drawn.set_categories(Reference(page, min_col=1, min_row=row + 1, max_row=last))
    for series, colour in zip(drawn.series, chart.colours, strict=True):
        series.graphicalProperties.solidFill = colour.removeprefix("#")
        series.graphicalProperties.line.solidFill = "47595d"
    # Spreadsheet programs draw the first row at the bottom unless told otherwise.
    drawn.x_axis.scaling.orientation = "maxMin"
    drawn.x_axis.delete = drawn.y_axis.delete = False
    drawn.y_axis.scaling.min, drawn.y_axis.scaling.max = 0, 1
    drawn.y_axis.number_format = "0%"
    if is_stacked:
        drawn.legend.position = "b"
    else:
        drawn.legend = None
    page.add_chart(drawn, f"{get_column_letter(len(table.heading) + BESIDE)}{row}")
