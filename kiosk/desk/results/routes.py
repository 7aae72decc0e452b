"""The results page: each statement's distribution, in this round and over time; charts and exports as
files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.downloads import file_response
from kiosk.desk.results.board import board_file
from kiosk.desk.results.chart_rows import ChartKind, Table, round_name
from kiosk.desk.results.earlier_figures import kept_figures
from kiosk.desk.results.findings import broken, missing
from kiosk.desk.results.overview import Order, in_order, overview_of
from kiosk.desk.results.statement_view import bare_picture, picture, section_of
from kiosk.desk.session import for_every_account, for_readers, may_read, signed_in, without_session
from kiosk.domain.box import LARGEST_BOX_FACTOR, full_at
from kiosk.domain.results import PERCENT_FROM, answered, excluded_rapid, guard_fired
from kiosk.domain.rounding import outwards
from kiosk.domain.rounds import Round
from kiosk.domain.schedule import Every
from kiosk.domain.snapshot import Document, etag
from kiosk.domain.survey import Statement
from kiosk.library.spreadsheet import csv_table, workbook
from kiosk.output.charts import UNKNOWN
from kiosk.output.export import data_package, files
from kiosk.output.strip import patterns
from kiosk.output.svg import png, svg
from kiosk.settings import shipped_folder
from kiosk.storage import Role, RoundState

blueprint = Blueprint("results", __name__)

FONTS = shipped_folder("static") / "fonts"

WRITERS: Mapping[str, Callable[[str, Table, str], bytes]] = {
    "svg": lambda drawn, _table, _made_at: drawn.encode(),
    "png": lambda drawn, _table, _made_at: png(drawn, FONTS),
    "csv": lambda _drawn, table, _made_at: csv_table(table),
    "xlsx": lambda _drawn, table, made_at: workbook({"chart": table}, made_at),
}
"""File ending -> how a chart is written, from its drawing, its table and its snapshot's time."""


@dataclass(frozen=True)
class Place:
    """A node in the picker, with its depth in the tree."""

    id: str
    name: str
    depth: int


def _states() -> list[RoundState]:
    """Return the rounds whose figures this account may see, the latest first."""
    return [state for state in desk().store.rounds() if may_read(state)]


@blueprint.route("/")
@for_every_account
def results() -> ResponseReturnValue:
    """Show the running round, or the latest with figures. An account that may see none yet is sent to the
    rounds."""
    states = _states()
    if not states:
        has_rounds = bool(desk().store.rounds())
        return redirect(url_for("rounds.rounds")) if has_rounds else render_template("results_none.html")
    running_first = sorted(states, key=lambda state: state.is_closed)
    shown = next(filter(_has_figures, running_first), running_first[0])
    return _overview(states, shown, shown.round.tree.root.id)


def _has_figures(state: RoundState) -> bool:
    """Return whether anything is published for the whole round."""
    of_round, root = state.round, state.round.tree.root.id
    document = desk().published.read(desk().store).at_node([of_round], root)
    return answered(document, of_round, root) is not None


@blueprint.route("/overview")
@for_every_account
def pick() -> ResponseReturnValue:
    """Redirect to the overview of the chosen round and place; a place that the round lacks is its root."""
    chosen = [state.round for state in _states() if state.round.id == request.args.get("round")]
    if not chosen:
        return redirect(url_for("results.results"))
    [of_round] = chosen
    node_id = _node_in(of_round, request.args.get("node", ""))
    sort = request.args.get("sort")
    return redirect(url_for("results.overview", round_id=of_round.id, node_id=node_id, sort=sort))


@blueprint.route("/overview/<round_id>/<node_id>")
@for_every_account
def overview(round_id: str, node_id: str) -> ResponseReturnValue:
    """Show every statement of a round at one node and, in a table, at each node below it."""
    _round(round_id, node_id)
    states = _states()
    [state] = [state for state in states if state.round.id == round_id]
    return _overview(states, state, node_id)


def _overview(states: Sequence[RoundState], state: RoundState, node_id: str) -> str:
    order, is_reverse = _order(request.args.get("sort", Order.STATEMENT))
    snapshot = desk().published.read(desk().store)
    overview = overview_of(snapshot, states, state, node_id, max(request.args.get("page", 1, type=int), 1))
    return render_template(
        "overview.html",
        **_about_round(snapshot.at_node([state.round], node_id), states, state, node_id),
        snapshot_tag=snapshot.tag,
        overview=overview,
        entries=in_order(overview.entries, order, is_reverse=is_reverse),
        order=order,
        is_reverse=is_reverse,
        Order=Order,
        patterns=Markup(patterns()),  # noqa: S704 - fixed text
    )


def _order(sort: str) -> tuple[Order, bool]:
    """Return the order that an address asks for, and whether it is reversed."""
    name = sort.removeprefix("-")
    if name not in list(Order):
        abort(404)
    return Order(name), sort.startswith("-")


@blueprint.route("/overview/<round_id>/<node_id>/board.xlsx")
@for_every_account
def board(round_id: str, node_id: str) -> ResponseReturnValue:
    """Return a round at one node as a workbook for people: cover, overview, a sheet for each statement."""
    of_round, states = _round(round_id, node_id), _states()
    snapshot = desk().published.read(desk().store)
    [state] = [state for state in states if state.round.id == round_id]
    sections = [
        section_of(snapshot.document, states, of_round, node_id, statement)
        for statement in of_round.survey.statements
    ]
    overview = overview_of(snapshot, states, state, node_id)
    content = board_file(snapshot.document, of_round, node_id, overview, sections)
    return file_response(f"{node_id}-{round_id}.xlsx", content)


@blueprint.route("/results/<round_id>/<node_id>")
@for_every_account
def results_of(round_id: str, node_id: str) -> ResponseReturnValue:
    """Show every statement of one round in full, at one node of its tree."""
    of_round = _round(round_id, node_id)
    return _page(_states(), of_round, node_id, of_round.survey.statements)


@blueprint.route("/results/<round_id>/<node_id>/<statement_id>")
@for_every_account
def statement_in_full(round_id: str, node_id: str, statement_id: str) -> ResponseReturnValue:
    """Show one statement in full."""
    of_round = _round(round_id, node_id)
    if not of_round.survey.asks(statement_id):
        abort(404)
    return _page(_states(), of_round, node_id, [of_round.survey.statement(statement_id)])


def _round(round_id: str, node_id: str) -> Round:
    """Return the round, if this account may see it and it has the node."""
    states = desk().store.rounds()
    matching = [state.round for state in states if state.round.id == round_id]
    if not matching or not matching[0].tree.has(node_id):
        abort(404)
    if round_id not in {state.round.id for state in _states()}:
        is_planned = matching[0].opens_at > desk().clock()
        deny(Denial.ROUND_PLANNED if is_planned else Denial.ROUND_RUNNING)
    return matching[0]


def _page(
    states: Sequence[RoundState], of_round: Round, node_id: str, statements: Sequence[Statement]
) -> str:
    snapshot = desk().published.read(desk().store)
    document, elsewhere = snapshot.document, kept_figures().values()
    sections = [
        section_of(document, states, of_round, node_id, statement, elsewhere) for statement in statements
    ]
    [state] = [state for state in states if state.round.id == of_round.id]
    is_alone = len(statements) < len(of_round.survey.statements)
    asking = [state for state in states if not is_alone or state.round.survey.asks(statements[0].id)]
    return render_template(
        "results.html",
        **_about_round(document, asking, state, node_id),
        snapshot_tag=snapshot.tag,
        answered_at={node.id: answered(document, of_round, node.id) for node in of_round.tree.nodes},
        sections=sections,
        statement_id=statements[0].id if is_alone else None,
        figures={
            f"{section.id}-{chart.kind}": chart.figure for section in sections for chart in section.charts
        },
        missing=missing,
        outwards=outwards,
        broken=broken,
        round_name=round_name,
        ChartKind=ChartKind,
        UNKNOWN=UNKNOWN,
    )


def _about_round(
    document: Document, states: Sequence[RoundState], state: RoundState, node_id: str
) -> dict[str, object]:
    """Return the template variables about a round and a node, for both kinds of pages."""
    of_round, ticks = state.round, desk().ticks
    return {
        "state": state,
        "round": of_round,
        "node": of_round.tree.node(node_id),
        "path": [of_round.tree.node(above) for above in reversed(of_round.tree.upwards(node_id)[1:])],
        "rounds": [(other.round, _node_in(other.round, node_id)) for other in states],
        "places": [
            Place(node.id, node.name, len(of_round.tree.upwards(node.id)) - 1) for node in of_round.tree.nodes
        ],
        "answered": answered(document, of_round, node_id),
        "excluded_rapid": excluded_rapid(document, of_round, node_id),
        "guard_fired": guard_fired(document, of_round, node_id),
        "percent_from": PERCENT_FROM,
        "next_count": desk().next_count,
        "last_count": desk().store.last_tick,
        "read_at": desk().clock(),
        "seconds": ticks.seconds if isinstance(ticks, Every) else 60,
        "counts_often": isinstance(ticks, Every),
        "first_figures_at": full_at(0, of_round.k),
        "later_at_most": LARGEST_BOX_FACTOR * of_round.k,
    }


def _node_in(of_round: Round, node_id: str) -> str:
    """Return the node's id if the round's tree has it, else its root's id."""
    return node_id if of_round.tree.has(node_id) else of_round.tree.root.id


@blueprint.route("/chart/<round_id>/<node_id>/<statement_id>/<drawing>")
@for_every_account
def chart(round_id: str, node_id: str, statement_id: str, drawing: str) -> ResponseReturnValue:
    """Return a chart as a file. `drawing` is KIND.ENDING, such as now.svg: the kind of a chart of this
    statement and a key of WRITERS. 404 for anything else.

    With `bare`, the drawing has no texts that the page already has.
    """
    kind, _, ending = drawing.partition(".")
    of_round = _round(round_id, node_id)
    if statement_id not in {statement.id for statement in of_round.survey.statements}:
        abort(404)
    statement = of_round.survey.statement(statement_id)
    document = desk().store.snapshot()
    section = section_of(document, _states(), of_round, node_id, statement, kept_figures().values())
    charts = [chart for chart in section.charts if chart.kind == kind]
    if not charts or ending not in WRITERS:
        abort(404)
    [shown] = charts
    drawn = svg(bare_picture(shown) if "bare" in request.args else picture(section, shown))
    content = WRITERS[ending](drawn, shown.table, str(document["made_at"]))
    return file_response(
        f"{statement_id}-{node_id}-{round_id}-{drawing}", content, is_download="download" in request.args
    )


@blueprint.route("/export/data-package.zip")
@for_readers
def package() -> ResponseReturnValue:
    """Return the whole export in one file."""
    content = data_package(desk().store.snapshot(), [state.round for state in desk().store.rounds()])
    return file_response("data-package.zip", content)


@blueprint.route("/export/<name>")
@for_readers
def export(name: str) -> ResponseReturnValue:
    """Return one file of the export."""
    contents = files(desk().store.snapshot(), [state.round for state in desk().store.rounds()])
    if name not in contents:
        abort(404)
    return file_response(name, contents[name])


@without_session
def results_json() -> ResponseReturnValue:
    """Return the snapshot document with its ETag, the same bytes for every viewer."""
    account = signed_in()
    if account is None or account.role == Role.STAFF:
        refusal = {"error": "sign in" if account is None else "for coordinators and viewers only"}
        return make_response(refusal, 401 if account is None else 403)
    text = desk().store.snapshot_text()
    response = Response(text, mimetype="application/json")
    response.set_etag(etag(text))
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)
