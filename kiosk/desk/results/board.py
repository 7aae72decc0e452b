"""The results of a round at one place as a workbook: a cover, an overview, and a sheet for each statement."""

from collections.abc import Sequence
from datetime import timedelta

from kiosk.desk.i18n import day, named_period, translate
from kiosk.desk.results.chart_rows import round_name
from kiosk.desk.results.chart_tables import share_heading
from kiosk.desk.results.findings import about_round, broken, missing, origin, target_word
from kiosk.desk.results.overview import Entry, Overview
from kiosk.desk.results.statement_view import Section
from kiosk.domain.results import PERCENT_FROM, Row
from kiosk.domain.rounding import outwards
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, made_at
from kiosk.domain.target import is_upper_limit, target_state
from kiosk.output.board_workbook import BoardChart, BoardSheet, BoardTable, Value, input_for_board_writer


def input_for_board(
    document: Document, of_round: Round, node_id: str, overview: Overview, sections: Sequence[Section]
) -> bytes:
    """Return the input, as JSON, of the program that writes the workbook of a round at one node.

    `document` is the snapshot. `sections` has a section for each entry of `overview`, in the same order.
    """
    sheets = [_cover(document, of_round, node_id, overview), _overview(of_round, node_id, overview)]
    sheets += [_statement(number, section) for number, section in enumerate(sections, start=1)]
    return input_for_board_writer(sheets, document["made_at"])


def _cover(document: Document, of_round: Round, node_id: str, overview: Overview) -> BoardSheet:
    """Return the first sheet: the subject of the file, and sentences for reading its figures."""
    counted, now = made_at(document), overview.entries[0].now
    facts = (
        (translate("Verksamhet"), of_round.tree.node(node_id).name),
        (translate("Enkät"), of_round.survey.title),
        (translate("Omgång"), named_period(of_round)),
        (translate("Status"), translate("Avslutad") if overview.is_closed else translate("Pågår")),
        (translate("Räknat"), f"{day(counted)} {counted:%H:%M}" if counted else "–"),
    )
    lines = (
        overview.headline,
        *overview.compared_rounds,
        *overview.protection,
        translate("n är antalet svar på skalan. Procent visas från {from_n} svar.", from_n=PERCENT_FROM),
        *origin(document, now, [now]),
    )
    return BoardSheet(
        translate("Om filen"),
        of_round.tree.node(node_id).name,
        (*(f"{name}: {value}" for name, value in facts), "", *lines),
    )


def _overview(of_round: Round, node_id: str, overview: Overview) -> BoardSheet:
    """Return the sheet with a row for each statement. It has a chart of the shares that agree, if a statement
    has one."""
    heading = (
        translate("Påstående"), translate("Svar som räknas i andelen"), translate("På skalan (n)"),
        translate("Antal"), translate("Andel"), translate("Kan vara lägst"), translate("Kan vara högst"),
        translate("Mål"), translate("Målet är"), translate("Ändring"), translate("Mer om ändringen"),
    )  # fmt: skip
    rows = tuple(_overview_row(entry) for entry in overview.entries)
    colour = overview.entries[0].palette[1 if len(overview.entries[0].palette) > 2 else 0]
    chart = BoardChart(translate("Andel"), 4, 4, (colour,))
    has_shares = any(isinstance(row[4], float) for row in rows)
    return BoardSheet(
        translate("Översikt"),
        f"{of_round.tree.node(node_id).name}, {named_period(of_round)}",
        (overview.headline, *overview.compared_rounds),
        (BoardTable(heading, rows, chart if has_shares else None),),
    )


def _overview_row(entry: Entry) -> tuple[Value, ...]:
    """Return an entry's cells under the headings of `_overview`. The share and its bounds are 0 to 1, or None
    below PERCENT_FROM answers. If the options have no order, the count that agrees is None, too. Without
    answers on the scale, n is None as well, and the last cell has the reason."""
    now, verdict, sure = entry.now, entry.verdict, entry.now.agreeing_interval
    counted, target = entry.counted_answers or None, _target(now)
    if not now.on_scale:
        return (entry.text, counted, *[None] * 5, *target, verdict.word, missing(now))
    low, high = outwards(sure.low, sure.high, 100) if sure else (None, None)
    return (
        entry.text,
        counted,
        now.on_scale,
        now.agreeing if now.statement.scale.is_ordered else None,
        _share(now),
        low / 100 if low is not None else None,
        high / 100 if high is not None else None,
        *target,
        verdict.word,
        verdict.detail,
    )


def _target(row: Row) -> tuple[Value, Value]:
    """Return (a row's target, whether it is reached), both in words. Both are None without a target, the
    second also without answers on the scale."""
    percent, state = row.statement.target, target_state(row)
    if percent is None:
        return (None, None)
    limit = (
        translate("högst {percent} %", percent=percent)
        if is_upper_limit(row.statement)
        else translate("minst {percent} %", percent=percent)
    )
    return (limit, target_word(state, is_closed=row.is_closed))


def _share(row: Row) -> float | None:
    """Return the share of a row's answers on the scale that agrees, 0 to 1; None below PERCENT_FROM answers,
    and for options without an order."""
    has_share = row.on_scale >= PERCENT_FROM and row.statement.scale.is_ordered
    return row.agreeing / row.on_scale if has_share else None


def _statement(number: int, section: Section) -> BoardSheet:
    """Return the sheet about statement `number`, counted from 1: its sentences, a table of the rounds and, if
    there are nodes below, a table of the places. Each table has a chart, except where `_chart` is None."""
    counts = (
        *section.labels,
        section.n_heading,
        *section.outside_labels,
        share_heading(section),
        translate("Anmärkning"),
    )
    rounds = tuple(
        (round_name(row), row.round.opens_at.date(), _last_day(row), *_numbers(section, row))
        for row in section.history
    )
    places = tuple((node.name, *_numbers(section, row)) for node, row in section.places)
    options = len(section.labels)
    tables = [
        BoardTable(
            (translate("Omgång"), translate("Öppnade"), translate("Sista dag"), *counts),
            rounds,
            _chart(translate("Över tid"), section, rounds, 3, options),
        )
    ]
    if len(places) > 1:
        chart = _chart(translate("Verksamhet för verksamhet"), section, places, 1, options)
        tables.append(BoardTable((translate("Verksamhet"), *counts), places, chart))
    return BoardSheet(
        f"{number} {section.text}",
        section.text,
        # Options without an order have one sentence for this round and for all.
        tuple(
            dict.fromkeys(
                (
                    *about_round(section.now, section.labels),
                    *section.over_time,
                    *section.protection,
                    *section.commented,
                )
            )
        ),
        tuple(tables),
    )


def _last_day(row: Row) -> Value:
    return (row.round.closes_at - timedelta(microseconds=1)).date()


def _numbers(section: Section, row: Row) -> tuple[Value, ...]:
    """Return a row's cells: a count for each option, the highest first; n; a count for each of
    `Section.outside_labels`; the share that agrees, None below PERCENT_FROM answers; a remark, "" if there is
    none.

    Without figures on the section's scale, each cell is None except the remark, which gives the reason.
    """
    if not row.table or not section.is_same_scale(row):
        remark = missing(row) if section.is_same_scale(row) else translate("Annan skala.")
        return (*[None] * (len(section.labels) + 1 + len(section.outside_labels)), None, remark)
    outside = section.outside_numbers(row)
    return (*reversed(row.counts), row.on_scale, *outside, _share(row), broken(row))


def _chart(
    title: str, section: Section, rows: Sequence[tuple[Value, ...]], first: int, options: int
) -> BoardChart | None:
    """Return a chart of the `options` columns with counts. `first` is the index of the first of them in each
    row. None if no row has answers on the scale, and if a guest may choose several options: their counts do
    not add up to a bar."""
    if section.several or not any(row[first + options] for row in rows):
        return None
    return BoardChart(title, first, first + options - 1, section.palette)
