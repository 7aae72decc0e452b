"""A workbook for readers such as a board: titles, dates, percentages and native charts.

The tables of `export` are for programs. Here each sheet has a title, tables with their charts beside them,
and real dates and percentages, so that a spreadsheet program shows them as the reader's language does.
`desk/results/board.py` fills it.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import ceil
from typing import Any, BinaryIO

from kiosk.library.spreadsheet_writer import packed_workbook
from kiosk.library.xlsx_parts import harmless

Value = str | int | float | date | None
"""A cell; a float is a share, 0 to 1, shown as a percentage."""

PERCENT, DAY = "0 %", "yyyy-mm-dd"

NARROWEST, WIDEST = 11, 44
"""Widths of columns, in characters: a day has room in any, and longer texts wrap."""

NUMBERED = 18
"""Width, in characters, at which the heading of a column of numbers wraps between words."""

LINE_POINTS = 15
"""Height of a line of text, in points. Rows with wrapped text have their height in the file, since not every
program computes it."""

CHART_WIDTH_CM, BAR_CM, ROW_CM = 24, 1.1, 0.53
"""A chart's width, the height that each of its bars adds, and that of a sheet's row, in centimetres."""


@dataclass(frozen=True)
class BoardChart:
    """A native bar chart of a table: a bar for each row, from the columns `first` to `last`, both included
    and counted from 0.

    With several columns the bars are stacked to 100 %. `colours` has one, #rrggbb, for each of these columns.
    """

    title: str
    first: int
    last: int
    colours: tuple[str, ...]


@dataclass(frozen=True)
class BoardTable:
    """A heading of at least two columns, rows as long as it, and a chart if there is something to draw.
    `names` is the column, counted from 0, whose cells name the rows in the chart."""

    heading: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    chart: BoardChart | None = None
    names: int = 0


@dataclass(frozen=True)
class BoardSheet:
    """A sheet: its name on the tab (shortened where spreadsheet programs want that), its title, lines of
    text, and tables below them."""

    name: str
    title: str
    lines: tuple[str, ...]
    tables: tuple[BoardTable, ...] = ()


def input_for_board_writer(sheets: Iterable[BoardSheet], made_at: str | None) -> bytes:
    """Return the input of the program that writes the workbook (`write_board`): JSON, in which a day is an
    object with the member `day`. `made_at` is the time of the count that made the snapshot, in ISO 8601; None
    before the first count."""
    rows = [asdict(sheet, dict_factory=_with_days) for sheet in sheets]
    return json.dumps({"made_at": made_at, "sheets": rows}, ensure_ascii=False).encode()


def write_board(given: BinaryIO, file: BinaryIO) -> None:
    """Write the workbook to `file`, as XLSX. `given` has the bytes of `input_for_board_writer`."""
    document = json.load(given)
    sheets = [_sheet_from_json(row) for row in document["sheets"]]
    file.write(board_workbook(sheets, document["made_at"]))


def _with_days(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        name: [[_cell_as_json(cell) for cell in row] for row in value] if name == "rows" else value
        for name, value in fields
    }


def _cell_as_json(cell: Value) -> object:
    return {"day": cell.isoformat()} if isinstance(cell, date) else cell


def _sheet_from_json(row: Mapping[str, Any]) -> BoardSheet:
    tables = tuple(map(_table_from_json, row["tables"]))
    return BoardSheet(row["name"], row["title"], tuple(row["lines"]), tables)


def _table_from_json(row: Mapping[str, Any]) -> BoardTable:
    chart = row["chart"]
    return BoardTable(
        tuple(row["heading"]),
        tuple(tuple(map(_cell_from_json, cells)) for cells in row["rows"]),
        BoardChart(**{**chart, "colours": tuple(chart["colours"])}) if chart else None,
        row["names"],
    )


def _cell_from_json(cell: Any) -> Value:
    return date.fromisoformat(cell["day"]) if isinstance(cell, dict) else cell


def board_workbook(sheets: Sequence[BoardSheet], made_at: str | None) -> bytes:
    """Return the sheets, at least one, as XLSX: the same bytes for the same arguments. `made_at` is the time
    of the count that made the snapshot, in ISO 8601; None before the first count."""
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
    """Write a sheet's texts, tables and charts on an empty page."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    widths = _widths(sheet.tables)
    for column, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(column)].width = width
    page.cell(1, 1, harmless(sheet.title)).font = Font(bold=True, size=14)
    for row, line in enumerate(sheet.lines, start=2):
        page.cell(row, 1, harmless(line))
    row = 3 + len(sheet.lines)
    for table in sheet.tables:
        indents = _indents(table)
        for at, values in enumerate((table.heading, *table.rows), start=row):
            for column, value in enumerate(values, start=1):
                is_wrapped = column <= len(_wrapped(values, widths))
                _set(page.cell(at, column), value, is_wrapped=is_wrapped, indent=indents[column - 1])
            page.row_dimensions[at].height = LINE_POINTS * _lines(values, widths)
        for column in range(len(table.heading)):
            heading = page.cell(row, column + 1)
            heading.font = Font(bold=True)
            if _is_of_numbers(table, column):
                heading.alignment = Alignment(horizontal="right", wrap_text=True, vertical="top")
        below = row + len(table.rows) + 2
        row = below + _draw(page, table, row, below)
    page.sheet_view.showGridLines = False
    page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight = "landscape", 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


def _is_of_numbers(table: BoardTable, column: int) -> bool:
    """Return whether a column, counted from 0, has numbers or days and no text below its heading. The
    heading of such a column stands at the right. False for an empty column."""
    return not any(isinstance(line[column], str) for line in table.rows) and any(
        line[column] is not None for line in table.rows
    )


def _indents(table: BoardTable) -> list[int]:
    """Return the indent of the texts of each column: 1 right of numbers, which end where the next column
    begins, else 0."""
    columns = range(len(table.heading))
    return [int(column > 0 and _is_of_numbers(table, column - 1)) for column in columns]


def _widths(tables: Sequence[BoardTable]) -> list[int]:
    """Return the width of each column of a sheet, in characters: that of its longest text, within limits; a
    heading of numbers may have several lines. The last text of a narrower table runs on over empty cells."""
    columns = max((len(table.heading) for table in tables), default=1)
    widths = [WIDEST if column == 0 else NARROWEST for column in range(columns)]
    for table in tables:
        for values in table.rows:
            for column, value in enumerate(_wrapped(values, widths)):
                if isinstance(value, str):
                    widths[column] = max(widths[column], min(len(value) + 2, WIDEST))
        for column, (word, indent) in enumerate(zip(table.heading, _indents(table), strict=True)):
            widths[column] = max(widths[column], min(len(word) + 3 + 2 * indent, NUMBERED))
    return widths


def _lines(values: Sequence[Value], widths: Sequence[int]) -> int:
    """Return the number of lines of the tallest cell of a row. Only 85 % of a column's width is counted on,
    because bold letters and capitals are wider than digits."""
    return max(
        len(textwrap.wrap(value, max(int(0.85 * width), 1))) or 1 if isinstance(value, str) else 1
        for value, width in zip(_wrapped(values, widths), widths, strict=False)
    )


def _wrapped(values: Sequence[Value], widths: Sequence[int]) -> Sequence[Value]:
    """Return the cells of a row whose texts are set to wrap: all of them; in a row with fewer cells than the
    sheet has columns (`widths` has one width for each), all but the last, which runs on over the empty cells.
    `_write` lets every heading of numbers wrap."""
    return values if len(values) == len(widths) else values[:-1]


def _set(cell: Any, value: Value, *, is_wrapped: bool, indent: int) -> None:
    """Write a value into a cell, in the format of its type. `is_wrapped` lets a text have several lines, and
    `indent` moves it to the right, in steps of the spreadsheet program; other values ignore both."""
    from openpyxl.styles import Alignment

    cell.value = harmless(value)
    if isinstance(value, float):
        cell.number_format = PERCENT
    elif isinstance(value, date):
        cell.number_format = DAY
    is_text = isinstance(value, str)
    cell.alignment = Alignment(
        horizontal="left" if is_text and indent else None,
        indent=indent if is_text else 0,
        wrap_text=is_text and is_wrapped,
        vertical="top",
    )


def _draw(page: Any, table: BoardTable, row: int, below: int) -> int:
    """Draw a table's chart, if it has one, from the sheet's row `below` on. Returns the number of rows that
    the chart takes, 0 without one. `row` is that of the table's column names. Rows are counted from 1."""
    from openpyxl.chart import BarChart, Reference

    chart = table.chart
    if chart is None:
        return 0
    is_stacked = chart.last > chart.first
    drawn = BarChart()
    drawn.type, drawn.grouping = "bar", "percentStacked" if is_stacked else "clustered"
    drawn.overlap, drawn.gapWidth = 100 if is_stacked else 0, 40
    drawn.title, drawn.width = chart.title, CHART_WIDTH_CM
    drawn.height = 4 + BAR_CM * len(table.rows)
    last = row + len(table.rows)
    figures = Reference(page, min_col=chart.first + 1, max_col=chart.last + 1, min_row=row, max_row=last)
    drawn.add_data(figures, titles_from_data=True)
    drawn.set_categories(Reference(page, min_col=table.names + 1, min_row=row + 1, max_row=last))
    for series, colour in zip(drawn.series, chart.colours, strict=True):
        series.graphicalProperties.solidFill = colour.removeprefix("#")
        series.graphicalProperties.line.solidFill = "47595d"
    # By default, spreadsheet programs draw the first row at the bottom.
    drawn.x_axis.scaling.orientation = "maxMin"
    drawn.x_axis.delete = drawn.y_axis.delete = False
    drawn.y_axis.scaling.min, drawn.y_axis.scaling.max = 0, 1
    drawn.y_axis.number_format = "0%"
    if is_stacked:
        drawn.legend.position = "b"
    else:
        drawn.legend = None
    drawn.y_axis.crosses = "max"  # the bottom, since the first row is at the top
    page.add_chart(drawn, f"A{below}")
    return ceil(drawn.height / ROW_CM) + 2
