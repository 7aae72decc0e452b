"""The results as files: a workbook and a PDF of one round at one place, charts, and the export of all
rounds."""

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.downloads import file_response, unprintable
from kiosk.desk.results.board import board_file
from kiosk.desk.results.chart_rows import Chart
from kiosk.desk.results.chart_tables import chart_csv, chart_workbook, file_name, place_file_name
from kiosk.desk.results.earlier_figures import kept_figures
from kiosk.desk.results.overview import Overview, overview_of
from kiosk.desk.results.place_document import place_document
from kiosk.desk.results.readable import readable_round, readable_states
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
from kiosk.output.chart_pictures import NARROW, PAGE, png, svg
from kiosk.output.export import data_package, files
from kiosk.output.paper import PaperError
from kiosk.output.report_files import write_file
from kiosk.settings import shipped_folder

blueprint = Blueprint("files", __name__)

FONTS = shipped_folder("static") / "fonts"

WRITERS: Mapping[str, Callable[[Document, Section, Chart], bytes]] = {
    "svg": lambda _document, section, chart: svg(picture(section, chart)).encode(),
    "png": lambda _document, section, chart: png(svg(picture(section, chart)), FONTS),
    "csv": lambda _document, section, chart: chart_csv(section, chart, _csv_style()),
    "xlsx": lambda document, section, chart: chart_workbook(document, section, chart),
}
"""File ending -> function that returns the content of a chart's file."""


@blueprint.route("/overview/<round_id>/<node_id>/files")
@for_every_account
def downloads(round_id: str, node_id: str) -> ResponseReturnValue:
    """Show links to all files of a round at one node, and the choice of the style of CSV files. Aborts as
    `readable_round` and `_csv_style`."""
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
    """Return (overview of a round at one node, a section with its comment for each statement, in the survey's
    order). The signed-in account has to be allowed to read the round."""
    states, snapshot = readable_states(), desk().published.read(desk().store)
    [state] = [state for state in states if state.round.id == of_round.id]
    statements = of_round.survey.statements
    document = snapshot.of_statements([one.round for one in states], of_round, node_id, statements)
    sections = [
        section_of(document, states, of_round, node_id, statement, known=snapshot) for statement in statements
    ]
    comments = desk().store.comments.of_round(of_round.id)
    return overview_of(snapshot, states, state, node_id), with_comments(sections, comments)


@blueprint.route("/overview/<round_id>/<node_id>/board.xlsx")
@for_every_account
def board(round_id: str, node_id: str) -> ResponseReturnValue:
    """Return the results of a round at one node as a workbook: a cover, an overview, a sheet for each
    statement. Aborts as `readable_round`."""
    of_round = readable_round(round_id, node_id)
    overview, sections = _figures(of_round, node_id)
    document = desk().published.read(desk().store).document
    content = board_file(document, of_round, node_id, overview, sections)
    return file_response(place_file_name(of_round, node_id, "xlsx"), content)


@blueprint.route("/overview/<round_id>/<node_id>/results.pdf")
@for_every_account
def place_pdf(round_id: str, node_id: str) -> ResponseReturnValue:
    """Return the results of a round at one node as an accessible PDF; a page with the reason and status 400
    if it cannot be made. Aborts as `readable_round`."""
    of_round = readable_round(round_id, node_id)
    overview, sections = _figures(of_round, node_id)
    document = desk().published.read(desk().store).document
    try:
        content = write_file(place_document(document, of_round, node_id, overview, sections), "pdf")
    except PaperError as error:
        return unprintable(error)
    return file_response(place_file_name(of_round, node_id, "pdf"), content)


@blueprint.route("/chart/<round_id>/<node_id>/<statement_id>/<drawing>")
@for_every_account
def chart(round_id: str, node_id: str, statement_id: str, drawing: str) -> ResponseReturnValue:
    """Return a chart of a statement as a file. `drawing` is KIND.ENDING, such as now.svg: a value of
    ChartKind and a key of WRITERS. Aborts with 404 if either is unknown, or the statement is unknown or has
    no such chart, else as `readable_round` and `_csv_style`.

    With `bare` in the address, an SVG has the rounds and places of the page, and no texts that the page
    already has; with `narrow`, it is drawn for a phone, too. With `download`, the browser saves the file.
    """
    kind, _, ending = drawing.partition(".")
    of_round = readable_round(round_id, node_id)
    if not of_round.survey.asks(statement_id):
        abort(404)
    statement, states = of_round.survey.statement(statement_id), readable_states()
    snapshot = desk().published.read(desk().store)
    document = snapshot.of_statements([one.round for one in states], of_round, node_id, [statement])
    is_bare = "bare" in request.args and ending == "svg"
    page = max(request.args.get("page", 1, type=int), 1)
    on_page = Extent(ROUNDS_ON_PAGE, PLACES_ON_PAGE, (page - 1) * PLACES_ON_PAGE)
    extent = on_page if is_bare and "all" not in request.args else EVERYTHING
    earlier = kept_figures().values()
    section = section_of(document, states, of_round, node_id, statement, earlier, extent, snapshot)
    charts = [chart for chart in section.charts if chart.kind == kind]
    if not charts or ending not in WRITERS:
        abort(404)
    [shown] = charts
    layout = NARROW if "narrow" in request.args else PAGE
    content = (
        svg(bare_picture(shown), layout).encode() if is_bare else WRITERS[ending](document, section, shown)
    )
    name = file_name(section, shown, ending)
    return file_response(name, content, is_download="download" in request.args)


@blueprint.route("/export/data-package.zip")
@for_readers
def package() -> ResponseReturnValue:
    """Return all files of the export as one zip file."""
    rounds = [state.round for state in desk().store.rounds()]
    content = data_package(desk().store.snapshot(), rounds, desk().store.outputs.all())
    return file_response("data-package.zip", content)


@blueprint.route("/export/<name>")
@for_readers
def export(name: str) -> ResponseReturnValue:
    """Return one file of the export. Aborts with 404 for an unknown name, else as `_csv_style`."""
    rounds = [state.round for state in desk().store.rounds()]
    contents = files(desk().store.snapshot(), rounds, desk().store.outputs.all(), _csv_style())
    if name not in contents:
        abort(404)
    return file_response(name, contents[name])
