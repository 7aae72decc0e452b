"""The results pages: the start page, the overview of a round, its statements in full, and the snapshot
document.

A view of a round aborts with 404 for an unknown round or node, and raises DeniedError (403) if the account
may not read the round's figures (`readable_round`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kiosk.desk.context import desk
from kiosk.desk.downloads import snapshot_response
from kiosk.desk.respondents import people_at
from kiosk.desk.results.access import may_read, readable_round, readable_states
from kiosk.desk.results.chart_rows import ChartKind, round_name
from kiosk.desk.results.earlier_figures import kept_figures
from kiosk.desk.results.findings import broken, kind_of_figures, missing
from kiosk.desk.results.method import figure_explanations, self_selection
from kiosk.desk.results.overview import Order, in_order, overview_of
from kiosk.desk.results.statement_view import (
    EVERYTHING,
    PLACES_ON_PAGE,
    ROUNDS_ON_PAGE,
    Extent,
    section_of,
    with_comments,
)
from kiosk.desk.session import for_every_account, record_live_page, signed_in, without_session
from kiosk.desk.start import Today, first_steps, today
from kiosk.desk.surveys.origin import remark_on_translation
from kiosk.domain.box import LARGEST_BOX_FACTOR, full_at
from kiosk.domain.results import PERCENT_FROM, answered, excluded_rapid, guard_fired
from kiosk.domain.rounding import outwards
from kiosk.domain.rounds import ProtectionLevel, Round
from kiosk.domain.schedule import Every
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import Statement
from kiosk.output.inline_bar import patterns
from kiosk.output.stacked_bars import UNKNOWN
from kiosk.storage import Role, RoundState

blueprint = Blueprint("results", __name__)


@dataclass(frozen=True)
class Place:
    """A node in the list for choosing a place, which is indented by `depth`: 0 for the root of the tree, 1
    for a node below it, and so on."""

    id: str
    name: str
    depth: int


@blueprint.route("/")
@for_every_account
def start_page() -> ResponseReturnValue:
    """Show the start page: the tasks of today, and the overview of a round.

    Of the rounds that the account may read, it is one that is not closed and has figures at its root, else a
    closed one with figures, else one that is not closed, else a closed one; of several, the one that opened
    last. An account that may read no round sees the tasks only. While no round exists, the page is a guide to
    the first steps. With an overview, aborts with 404 for an unknown order in the address.
    """
    all_states = desk().store.rounds()
    if not all_states:
        return render_template("guide.html", steps=first_steps())
    todays = today(all_states)
    states = [state for state in all_states if may_read(state)]
    if not states:
        return render_template("start.html", today=todays)
    running_first = sorted(states, key=lambda state: state.is_closed)
    shown = next(filter(_has_figures, running_first), running_first[0])
    return _overview(states, shown, shown.round.tree.root.id, today=todays)


def _has_figures(state: RoundState) -> bool:
    """Return whether figures are published for the root of a round's tree."""
    of_round, root = state.round, state.round.tree.root.id
    document = desk().published.read(desk().store).at_node([of_round], root)
    return answered(document, of_round, root) is not None


@blueprint.route("/overview")
@for_every_account
def pick() -> ResponseReturnValue:
    """Redirect to the overview of the round and the node that the address has in `round` and `node`, in the
    order that the address has in `sort`. If the round lacks the node, its root is shown. For an unknown
    round, or one that the account may not read, redirect to the start page."""
    chosen = [state.round for state in readable_states() if state.round.id == request.args.get("round")]
    if not chosen:
        return redirect(url_for("results.start_page"))
    [of_round] = chosen
    node_id = _node_in(of_round, request.args.get("node", ""))
    sort = request.args.get("sort")
    return redirect(url_for("results.overview", round_id=of_round.id, node_id=node_id, sort=sort))


@blueprint.route("/overview/<round_id>/<node_id>")
@for_every_account
def overview(round_id: str, node_id: str) -> ResponseReturnValue:
    """Show every statement of a round at one node and, in a table, at each node below it. `sort` in the
    address has the order (`Order`), `page` the page of the table. Aborts with 404 for an unknown round or
    order, and for a node that is not in the round's tree. Raises DeniedError (403) if the account may not
    read the round's figures."""
    readable_round(round_id, node_id)
    states = readable_states()
    [state] = [state for state in states if state.round.id == round_id]
    return _overview(states, state, node_id)


def _overview(
    states: Sequence[RoundState], state: RoundState, node_id: str, today: Today | None = None
) -> str:
    """Return the page with the overview of a round at a node. `today` has the tasks that the start page shows
    above the overview, None for other pages. `states` are the rounds that the account may read, the latest
    first; `state` is one of them. Aborts with 404 if the address asks for an unknown order of statements."""
    order, is_reverse = _order(request.args.get("sort", Order.STATEMENT))
    snapshot = desk().published.read(desk().store)
    overview = overview_of(snapshot, states, state, node_id, max(request.args.get("page", 1, type=int), 1))
    return render_template(
        "overview.html",
        **_about_round(snapshot.at_node([state.round], node_id), states, state, node_id),
        snapshot_tag=snapshot.tag,
        overview=overview,
        today=today,
        entries=in_order(overview.entries, order, is_reverse=is_reverse),
        order=order,
        is_reverse=is_reverse,
        Order=Order,
        patterns=Markup(patterns()),  # noqa: S704 - fixed text
    )


def _order(sort: str) -> tuple[Order, bool]:
    """Return (order of the statements, whether it is reversed) for `sort` in an address, such as "-share".
    Aborts with 404 for an unknown order."""
    name = sort.removeprefix("-")
    if name not in list(Order):
        abort(404)
    return Order(name), sort.startswith("-")


@blueprint.route("/results/<round_id>/<node_id>")
@for_every_account
def results_of(round_id: str, node_id: str) -> ResponseReturnValue:
    """Show every statement of one round in full, at one node of its tree: STATEMENTS_ON_PAGE at most, the
    group whose number, from 1, is `part` in the address, or with `all` every one. A number without a group is
    taken as the nearest one. Aborts with 404 for an unknown round, and for a node that is not in its tree.
    Raises DeniedError (403) if the account may not read the round's figures."""
    of_round = readable_round(round_id, node_id)
    return _page(readable_states(), of_round, node_id, of_round.survey.statements)


@blueprint.route("/results/<round_id>/<node_id>/<statement_id>")
@for_every_account
def statement_in_full(round_id: str, node_id: str, statement_id: str) -> ResponseReturnValue:
    """Show one statement of a round in full, at one node of its tree. Aborts with 404 for an unknown
    round or statement, and for a node that is not in the round's tree. Raises DeniedError (403) if the
    account may not read the round's figures."""
    of_round = readable_round(round_id, node_id)
    if not of_round.survey.asks(statement_id):
        abort(404)
    return _page(readable_states(), of_round, node_id, [of_round.survey.statement(statement_id)])


STATEMENTS_ON_PAGE = 6
"""Most statements in full on a page, unless the address has `all`."""

MOST_BARS = 150
"""Most bars on a page with several statements; each statement has a bar for each round and each node. A page
that would have more bars has fewer statements, at least one."""


def _page(
    states: Sequence[RoundState], of_round: Round, node_id: str, statements: Sequence[Statement]
) -> str:
    """Return the page with these statements of a round in full: all statements of its survey, or one.

    The address chooses what is on it. `part` is the number of a group of statements, and `page` that of a
    group of places; both count from 1. With `all`, everything is on it. `states` are the rounds that the
    account may read, the latest first.
    """
    snapshot, earlier = desk().published.read(desk().store), kept_figures().values()
    extent, page = EVERYTHING if "all" in request.args else Extent(ROUNDS_ON_PAGE, PLACES_ON_PAGE), 1
    if extent.places is not None:
        page = max(request.args.get("page", 1, type=int), 1)
        extent = replace(extent, first=(page - 1) * extent.places)
    size = max(1, min(STATEMENTS_ON_PAGE, MOST_BARS // (len(states) + len(of_round.tree.nodes))))
    if extent is EVERYTHING:
        size = len(statements)
    parts = -(-len(statements) // size)
    part = min(max(request.args.get("part", 1, type=int), 1), parts)
    on_page = statements[(part - 1) * size : part * size]
    document = snapshot.of_statements([state.round for state in states], of_round, node_id, on_page)
    sections = [
        section_of(document, states, of_round, node_id, statement, earlier, extent, snapshot)
        for statement in on_page
    ]
    sections = with_comments(sections, desk().store.comments.of_round(of_round.id))
    [state] = [state for state in states if state.round.id == of_round.id]
    is_alone = len(statements) < len(of_round.survey.statements)
    asking = [state for state in states if not is_alone or state.round.survey.asks(statements[0].id)]
    return render_template(
        "results.html",
        **_about_round(document, asking, state, node_id),
        snapshot_tag=snapshot.tag,
        address_of=_address_of(statements[0].id if is_alone else None),
        answered_at={node.id: answered(document, of_round, node.id) for node in of_round.tree.nodes},
        sections=sections,
        statement_id=statements[0].id if is_alone else None,
        shows_all="all" in request.args,
        page=page,
        part=part,
        parts=[
            (number + 1, number * size + 1, min((number + 1) * size, len(statements)))
            for number in range(parts)
        ],
        pages=-(-max(len(section.places) for section in sections) // PLACES_ON_PAGE),
        figures={
            f"{section.id}-{chart.kind}": chart.figure for section in sections for chart in section.charts
        },
        missing=missing,
        outwards=outwards,
        kind_of_figures=kind_of_figures,
        explanations=figure_explanations(
            {ProtectionLevel.PROTECTED, ProtectionLevel.EXACT, *(state.round.level for state in states)},
            people_at(of_round, node_id),
        ),
        self_selection=self_selection,
        broken=broken,
        round_name=round_name,
        ChartKind=ChartKind,
        UNKNOWN=UNKNOWN,
    )


def _address_of(statement_id: str | None) -> Callable[[str, str], str]:
    """Return a function that takes the ids of a round and a node, and returns the address of the page of a
    statement there, or of all statements if `statement_id` is None.

    A page has hundreds of these addresses, so that one is built and the ids are filled in: no id needs
    quoting.
    """
    if statement_id is None:
        address = url_for("results.results_of", round_id="~", node_id="~")
    else:
        address = url_for("results.statement_in_full", round_id="~", node_id="~", statement_id=statement_id)
    before, between, after = address.rsplit("~", 2)
    return lambda round_id, node_id: f"{before}{round_id}{between}{node_id}{after}"


def _about_round(
    document: Document, states: Sequence[RoundState], state: RoundState, node_id: str
) -> dict[str, object]:
    """Return the template variables about a round and a node, for the overview and the pages in full.
    `states` are the rounds to choose from. `document` is the snapshot or a part of it with this round and
    node."""
    of_round, ticks = state.round, desk().ticks
    return {
        "state": state,
        "round": of_round,
        "node": of_round.tree.node(node_id),
        "people": people_at(of_round, node_id),
        "path": [of_round.tree.node(above) for above in reversed(of_round.tree.upwards(node_id)[1:])],
        "rounds": [(other.round, _node_in(other.round, node_id)) for other in states],
        "places": [
            Place(node.id, node.name, len(of_round.tree.upwards(node.id)) - 1) for node in of_round.tree.nodes
        ],
        "answered": answered(document, of_round, node_id),
        "excluded_rapid": excluded_rapid(document, of_round, node_id),
        "guard_fired": guard_fired(document, of_round, node_id),
        "remark_on_translation": remark_on_translation(of_round.survey),
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


@without_session
def results_json() -> ResponseReturnValue:
    """Return the snapshot document with its ETag, for a page that shows new figures by itself. It has the
    same bytes for every viewer. Also records that a live page is shown (`record_live_page`). Status 401
    without a session, 403 for staff, 304 if the browser has the document already."""
    account = signed_in()
    if account is None or account.role == Role.STAFF:
        refusal = {"error": "sign in" if account is None else "for coordinators and viewers only"}
        return make_response(refusal, 401 if account is None else 403)
    record_live_page()
    response = snapshot_response(desk().published.read(desk().store))
    response.headers["Cache-Control"] = "private, no-cache"
    return response
