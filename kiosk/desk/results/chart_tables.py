"""A chart as a file for other programs: each row names its statement, place and round, so that it can be read
without the page."""

from fractions import Fraction

from kiosk.desk.downloads import file_name_part
from kiosk.desk.i18n import named_period, translate
from kiosk.desk.results.chart_rows import Chart, ChartKind, Line
from kiosk.desk.results.findings import agreeing_answers, origin
from kiosk.desk.results.statement_view import Section
from kiosk.domain.results import PERCENT_FROM
from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.library.spreadsheet_writer import CsvStyle, csv_table
from kiosk.output.board_workbook import BoardChart, BoardSheet, BoardTable, Value, input_for_board_writer
from kiosk.output.stacked_bars import UNKNOWN


def chart_csv(section: Section, chart: Chart, style: CsvStyle) -> bytes:
    """Return a chart's numbers as the content of a CSV file: a row of headings, then a row for each bar. The
    share that agrees is a percentage with one decimal; a missing number, such as a share of fewer than
    PERCENT_FROM answers, is an empty cell."""
    rows = [
        [half_up(1000 * value) / 10 if isinstance(value, Fraction) else value for value in row]
        for row in _rows(section, chart)
    ]
    return csv_table([_heading(section, chart), *rows], style)


def chart_workbook(document: Document, section: Section, chart: Chart) -> bytes:
    """Return the input, as JSON, of the program that writes the workbook of a chart and its numbers.
    `document` is the snapshot."""
    heading = _heading(section, chart)
    rows = tuple(
        tuple(float(value) if isinstance(value, Fraction) else value for value in row)
        for row in _rows(section, chart)
    )
    first, options = 4 if section.several else 3, len(chart.labels)
    title = {
        ChartKind.NOW: section.text,
        ChartKind.TIME: translate("Över tid"),
        ChartKind.PLACES: translate("Verksamhet för verksamhet"),
    }[chart.kind]
    drawn = BoardChart(title, first, first + options - 1, chart.palette)
    lines = (*chart.sentences, *chart.protection, *origin(document, section.now, [section.now]))
    named = 2 if chart.kind is ChartKind.TIME else 1
    table = BoardTable(heading, rows, drawn, names=named)
    sheet = BoardSheet(section.text, section.text, lines, (table,))
    return input_for_board_writer([sheet], document["made_at"])


def _heading(section: Section, chart: Chart) -> tuple[str, ...]:
    return (
        translate("Påstående"),
        translate("Verksamhet"),
        translate("Omgång"),
        *((translate("Svar"),) if section.several else ()),
        *chart.labels,
        chart.n_heading,
        *chart.outside_labels,
        share_heading(section),
        translate("Anmärkning"),
    )


def _rows(section: Section, chart: Chart) -> tuple[tuple[Value | Fraction, ...], ...]:
    """Return a row for each bar, under the headings of `_heading`. Shares are exact, 0 to 1; a missing number
    is None."""
    return tuple(
        (
            section.text,
            *_names(section, chart, line),
            *line.counts,
            *((line.unknown,) if UNKNOWN in chart.palette else ()),
            line.n,
            *line.outside,
            _share(section, line),
            line.remark,
        )
        for line in chart.lines
    )


def _names(section: Section, chart: Chart, line: Line) -> tuple[str, ...]:
    """Return the names in a row: the place, the round and, if a guest may choose several options, the option,
    which is "" without figures."""
    of_round = section.now.round
    if chart.kind is ChartKind.PLACES:
        return (line.name, named_period(of_round))
    place = of_round.tree.node(section.node_id).name
    if section.several:
        return (place, named_period(of_round), line.name if section.now.table else "")
    return (place, line.name)


def share_heading(section: Section) -> str:
    """Return the heading of a column with shares. It names the options that agree; if the options have no
    order, it names none."""
    answers = agreeing_answers(section.now.statement, section.labels)
    return translate("Svarade {options} (%)", options=answers) if answers else translate("Andel (%)")


def _share(section: Section, line: Line) -> Fraction | None:
    """Return the exact share of a line's answers that agrees, 0 to 1. If a guest may choose several options,
    it is the share of the ballots that chose the line's option.

    None below PERCENT_FROM answers, if the options have no order, and if the option of some answers is not
    known.
    """
    if section.several:
        [count] = line.counts
        return Fraction(count, line.n) if count is not None and line.n and line.n >= PERCENT_FROM else None
    if not section.now.statement.scale.is_ordered:
        return None
    counts = [line.counts[-option] for option in section.now.statement.agreeing_options]
    if not line.n or line.n < PERCENT_FROM or line.unknown or None in counts:
        return None
    return Fraction(sum(count for count in counts if count is not None), line.n)


def file_name(section: Section, chart: Chart, ending: str) -> str:
    """Return the name of a chart's file, such as `statement_place_2026-03-01.svg`.

    It has the statement and the place, each as `file_name_part` or, if nothing is left of its text, its id;
    then the first day of the round. The file of a chart over time has the chart's title in place of the day,
    that of a chart of places the day and the title. `ending` has no dot.
    """
    of_round = section.now.round
    by_kind = {
        ChartKind.NOW: (f"{of_round.opens_at:%Y-%m-%d}",),
        ChartKind.TIME: (file_name_part(translate("Över tid")),),
        ChartKind.PLACES: (
            f"{of_round.opens_at:%Y-%m-%d}",
            file_name_part(translate("Verksamhet för verksamhet")),
        ),
    }
    place = of_round.tree.node(section.node_id).name
    parts = (
        file_name_part(section.text) or section.id,
        file_name_part(place) or section.node_id,
        *by_kind[chart.kind],
    )
    return f"{'_'.join(parts)}.{ending}"


def place_file_name(of_round: Round, node_id: str, ending: str) -> str:
    """Return the name of a file with all statements of a round at a node, such as `place_2026-03-01.xlsx`.
    The day is the round's first. The place is `file_name_part` of its name or, if nothing is left of it, the
    node's id. `ending` has no dot."""
    place = file_name_part(of_round.tree.node(node_id).name) or node_id
    return f"{place}_{of_round.opens_at:%Y-%m-%d}.{ending}"
