"""The results as files: a workbook and a PDF of one round at one place, charts, and the export of all rounds.

A view of a round aborts with 404 for an unknown round or node, and raises DeniedError (403) if the account
may not read the round's figures (`readable_round`). A view of a file that a program writes raises BusyError
(503) while too many wait, or UnfinishedError (503).
"""

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.downloads import file_response, streamed_file, unprintable
from kiosk.desk.results.access import readable_round, readable_states
from kiosk.desk.results.board import input_for_board
from kiosk.desk.results.chart_rows import Chart
from kiosk.desk.results.chart_tables import chart_csv, chart_workbook, file_name, place_file_name
from kiosk.desk.results.earlier_figures import kept_figures
from kiosk.desk.results.overview import Overview, overview_of
from kiosk.desk.results.place_document import place_document
from kiosk.desk.results.statement_view import (
    EVERYTHING,
    PLACES_ON_PAGE,
    ROUNDS_ON_PAGE,
    Extent,
    Section,
    bare_picture,
    picture,
    section_of,
    with_comments,
)
from kiosk.desk.session import for_every_account, for_readers
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.library.spreadsheet_writer import CsvStyle
from kiosk.output.chart_pictures import NARROW, PAGE, svg
from kiosk.output.export import DATA_PACKAGE, FILE_NAMES
from kiosk.output.export_files import EXPORT, EXPORT_PACKED, input_for_export_writer
from kiosk.output.paper import PaperError
from kiosk.output.report_files import input_for_report_writer

blueprint = Blueprint("files", __name__)

WRITERS: Mapping[str, Callable[[Section, Chart], bytes]] = {
    "svg": lambda section, chart: svg(picture(section, chart)).encode(),
    "csv": lambda section, chart: chart_csv(section, chart, _csv_style()),
}
"""File ending -> function that returns the content of a chart's file."""

BY_PROGRAM: Mapping[str, tuple[str, Callable[[Document, Section, Chart], bytes]]] = {
    "png": ("png", lambda _document, section, chart: svg(picture(section, chart)).encode()),
    "xlsx": ("board", lambda document, section, chart: chart_workbook(document, section, chart)),
}
"""Ending of a chart's file that a program writes -> (kind of the file, as in `WrittenFiles.write`, function
that returns the input of the program)."""


@blueprint.route("/overview/<round_id>/<node_id>/files")
@for_every_account
def downloads(round_id: str, node_id: str) -> ResponseReturnValue:
    """Show links to all files of a round at one node, to the export of all rounds for coordinators and
    viewers, and the choice of the style of CSV files. Aborts with 404 for an unknown round, for a node that
    is not in its tree, and for an unknown style in the address; raises DeniedError (403) if the account may
    not read the round's figures."""
    of_round = readable_round(round_id, node_id)
    _, sections = _figures(of_round, node_id)
    return render_template(
        "downloads.html",
        round=of_round,
        node=of_round.tree.node(node_id),
        sections=sections,
        csv=_csv_style(),
        CsvStyle=CsvStyle,
    )


def _csv_style() -> CsvStyle:
    """Return the style of CSV files that the address asks for with `csv`, by default with commas. Aborts with
    404 for an unknown style."""
    chosen = request.args.get("csv", CsvStyle.COMMA)
    if chosen not in list(CsvStyle):
        abort(404)
    return CsvStyle(chosen)


def _figures(of_round: Round, node_id: str) -> tuple[Overview, Sequence[Section]]:
    """Return (overview of a round at one node, a section for each statement). The overview has the first page
    of places; the sections have their comments and are in the survey's order. ValueError if the signed-in
    account may not read the round."""
    states, snapshot = readable_states(), desk().published.read(desk().store)
    [state] = [state for state in states if state.round.id == of_round.id]
    statements = of_round.survey.statements
    document = snapshot.of_statements([state.round for state in states], of_round, node_id, statements)
    sections = [
        section_of(document, states, of_round, node_id, statement, known=snapshot) for statement in statements
    ]
    comments = desk().store.comments.of_round(of_round.id)
    return overview_of(snapshot, states, state, node_id), with_comments(sections, comments)


@blueprint.route("/overview/<round_id>/<node_id>/board.xlsx")
@for_every_account
def board(round_id: str, node_id: str) -> ResponseReturnValue:
    """Return the results of a round at one node as a workbook: a cover, an overview, a sheet for each
    statement. Aborts with 404 for an unknown round, and for a node that is not in its tree. Raises
    DeniedError (403) if the account may not read the round's figures, BusyError (503) if too many files wait
    to be written, or UnfinishedError (503) if the program that writes it did not finish."""
    of_round = readable_round(round_id, node_id)
    overview, sections = _figures(of_round, node_id)
    document = desk().published.read(desk().store).document
    given = input_for_board(document, of_round, node_id, overview, sections)
    return streamed_file(
        place_file_name(of_round, node_id, "xlsx"), desk().written_files.write("board", given)
    )


@blueprint.route("/overview/<round_id>/<node_id>/results.pdf")
@for_every_account
def place_pdf(round_id: str, node_id: str) -> ResponseReturnValue:
    """Return the results of a round at one node as an accessible PDF; a page with the reason and status 400
    if it cannot be made. Aborts with 404 for an unknown round, and for a node that is not in its tree. Raises
    DeniedError (403) if the account may not read the round's figures, and BusyError (503) if too many files
    wait to be written."""
    of_round = readable_round(round_id, node_id)
    overview, sections = _figures(of_round, node_id)
    document = desk().published.read(desk().store).document
    try:
        given = input_for_report_writer(place_document(document, of_round, node_id, overview, sections))
        written = desk().written_files.write("pdf", given)
    except PaperError as error:
        return unprintable(error)
    return streamed_file(place_file_name(of_round, node_id, "pdf"), written)


@blueprint.route("/chart/<round_id>/<node_id>/<statement_id>/<drawing>")
@for_every_account
def chart(round_id: str, node_id: str, statement_id: str, drawing: str) -> ResponseReturnValue:
    """Return a chart of a statement as a file. `drawing` is KIND.ENDING, such as now.svg: a value of
    ChartKind and a key of WRITERS or BY_PROGRAM. Aborts with 404 if one of them, the round, the node, the
    statement or the style of CSV is unknown, or if the statement has no such chart. Raises DeniedError (403)
    if the account may not read the round's figures, BusyError (503) if too many files wait to be written, or
    UnfinishedError (503) if the program that writes it did not finish.

    With `bare` in the address, an SVG has only the rounds and places that a page of statements in full shows
    for the same `page` and `all`, and no texts that this page has already; with `bare` and `narrow`, it is
    drawn for a phone. With `download`, the browser saves the file.
    """
    kind, _, ending = drawing.partition(".")
    of_round = readable_round(round_id, node_id)
    if not of_round.survey.asks(statement_id):
        abort(404)
    statement, states = of_round.survey.statement(statement_id), readable_states()
    snapshot = desk().published.read(desk().store)
    document = snapshot.of_statements([state.round for state in states], of_round, node_id, [statement])
    is_bare = "bare" in request.args and ending == "svg"
    page = max(request.args.get("page", 1, type=int), 1)
    on_page = Extent(ROUNDS_ON_PAGE, PLACES_ON_PAGE, (page - 1) * PLACES_ON_PAGE)
    extent = on_page if is_bare and "all" not in request.args else EVERYTHING
    earlier = kept_figures().values()
    section = section_of(document, states, of_round, node_id, statement, earlier, extent, snapshot)
    charts = [chart for chart in section.charts if chart.kind == kind]
    if not charts or ending not in {*WRITERS, *BY_PROGRAM}:
        abort(404)
    [shown] = charts
    name, is_download = file_name(section, shown, ending), "download" in request.args
    if ending in BY_PROGRAM:
        kind, given_of = BY_PROGRAM[ending]
        written = desk().written_files.write(kind, given_of(document, section, shown))
        return streamed_file(name, written, is_download=is_download)
    layout = NARROW if "narrow" in request.args else PAGE
    content = svg(bare_picture(shown), layout).encode() if is_bare else WRITERS[ending](section, shown)
    return file_response(name, content, is_download=is_download)


@blueprint.route(f"/export/{DATA_PACKAGE}")
@for_readers
def package() -> ResponseReturnValue:
    """Return all files of the export as one zip file, with commas in CSV. Raises BusyError (503) if too many
    files wait to be written, or UnfinishedError (503) if the program that writes it did not finish."""
    return export_response(DATA_PACKAGE, CsvStyle.COMMA)


@blueprint.route("/export/<name>")
@for_readers
def export(name: str) -> ResponseReturnValue:
    """Return one file of the export. `csv` in the address names the style of CSV, by default with commas.
    Aborts with 404 for a name that is not in FILE_NAMES, and for an unknown style. Raises BusyError (503) if
    too many files wait to be written, or UnfinishedError (503) if the program that writes it did not finish.
    """
    if name not in FILE_NAMES:
        abort(404)
    return export_response(name, _csv_style())


def export_response(name: str, style: CsvStyle) -> Response:
    """Return a file of the export of all rounds and outputs: one of FILE_NAMES, or DATA_PACKAGE. `style` is
    that of CSV files. Raises BusyError if too many files wait to be written, or UnfinishedError if the
    program that writes it did not finish."""
    store = desk().store
    given = input_for_export_writer(
        name, store.snapshot_text(), store.round_terms(), store.outputs.all(), style
    )
    is_packed = name.endswith((".csv", ".json"))
    written = desk().written_files.write(EXPORT_PACKED if is_packed else EXPORT, given)
    return streamed_file(name, written, is_packed=is_packed)
