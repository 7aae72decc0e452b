"""The coordinator's page: each statement's distribution, this round and over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.charts import Bar, Figure, Segment, colours, stacked_bars
from kiosk.desk.session import COORDINATOR, desk, for_coordinator, for_staff, signed_in
from kiosk.desk.words import asked, period, say
from kiosk.export import files
from kiosk.intervals import Trend
from kiosk.results import PERCENT_ALONE_FROM, PERCENT_FROM, Row, Share, answered, change, over_time, row
from kiosk.rounds import Round
from kiosk.snapshot import Document, etag
from kiosk.store import RoundState
from kiosk.survey import Statement
from kiosk.ticks import Every, next_tick

blueprint = Blueprint("results", __name__)

THIN = 0.06
"""Part of a bar under which a segment is too thin for more than one short number."""


@dataclass(frozen=True)
class Section:
    """What the page says about one statement. `labels` and colours run from the highest option."""

    id: str
    text: str
    outcome: str
    labels: tuple[tuple[str, str], ...]
    now: Row
    over_time: tuple[Row, ...]
    figures: tuple[Figure, Figure] | None
    has_versions: bool
    change: Trend | None


@dataclass(frozen=True)
class Place:
    """A node in the picker: how deep it stands, and how many ballots are published for it."""

    id: str
    name: str
    depth: int
    answered: int | None


@blueprint.route("/")
@for_staff
def results() -> ResponseReturnValue:
    """The running round, or the latest; staff are sent to the rounds, which they may see."""
    account, states = signed_in(), desk().store.rounds()
    if account is None or account.role != COORDINATOR:
        return redirect(url_for("rounds.rounds"))
    if not states:
        return render_template("results_none.html")
    running = [state for state in states if not state.is_closed]
    first = (running or states)[0].round
    return _page(states, first, first.tree.root.id)


@blueprint.route("/results/<round_id>/<node_id>")
@for_coordinator
def results_of(round_id: str, node_id: str) -> ResponseReturnValue:
    """One round at one node of its tree."""
    states = desk().store.rounds()
    found = [state.round for state in states if state.round.id == round_id]
    if not found or node_id not in {node.id for node in found[0].tree.nodes}:
        abort(404)
    return _page(states, found[0], node_id)


def _page(states: Sequence[RoundState], of_round: Round, node_id: str) -> str:
    document = desk().store.snapshot()
    sections = [
        _section(document, states, of_round, node_id, statement) for statement in of_round.survey.statements
    ]
    figures = {
        f"{section.id}-{name}": figure
        for section in sections
        if section.figures
        for name, figure in zip(("now", "time"), section.figures, strict=True)
    }
    ticks, now = desk().ticks, desk().clock()
    return render_template(
        "results.html",
        state=next(state for state in states if state.round.id == of_round.id),
        round=of_round,
        node=of_round.tree.node(node_id),
        rounds=[(state.round, _node_in(state.round, node_id)) for state in states],
        places=[
            Place(
                node.id,
                node.name,
                len(of_round.tree.upwards(node.id)) - 1,
                answered(document, of_round, node.id),
            )
            for node in of_round.tree.nodes
        ],
        answered=answered(document, of_round, node_id),
        sections=sections,
        figures=figures,
        percent_from=PERCENT_FROM,
        percent_alone_from=PERCENT_ALONE_FROM,
        next_count=next_tick(ticks, now),
        last_count=desk().store.last_tick,
        seconds=ticks.seconds if isinstance(ticks, Every) else 60,
        counts_often=isinstance(ticks, Every),
    )


def _node_in(of_round: Round, node_id: str) -> str:
    """The node in that round's tree, or its root where the tree has no such node."""
    return node_id if node_id in {node.id for node in of_round.tree.nodes} else of_round.tree.root.id


def _section(
    document: Document, states: Sequence[RoundState], of_round: Round, node_id: str, statement: Statement
) -> Section:
    now = row(document, of_round, node_id, statement)
    history = over_time(document, [state.round for state in states], node_id, statement)
    words = [asked(of_round.survey, label) for label in reversed(statement.scale.labels)]
    has_figures = any(found.table for found in history)
    figures = (
        stacked_bars([_bar(now, words)], len(words)),
        stacked_bars([_bar(found, words) for found in history], len(words)),
    )
    return Section(
        statement.id,
        asked(of_round.survey, statement.text),
        statement.outcome,
        tuple(zip(words, colours(len(words)), strict=True)),
        now,
        history,
        figures if has_figures else None,
        len({found.round.survey.version for found in history}) > 1,
        change(history),
    )


def _when(of_round: Round) -> str:
    """A round's name in a chart, on two short lines."""
    first, last = period(of_round).split(" – ")
    return f"{first}<br>– {last}"


def _bar(of_row: Row, words: Sequence[str]) -> Bar:
    n, label = of_row.on_scale, _when(of_row.round)
    if not n:
        return Bar(label, "n = 0" if of_row.table else "–", ())
    segments = (
        Segment(
            100 * share.count / n,
            _in_bar(share, n),
            say("{label}: {count} av {n}", label=word, count=share.count, n=n)
            + _percent(share.percent, ", "),
        )
        for word, share in zip(words, of_row.shares, strict=True)
    )
    return Bar(label, f"n = {n}", tuple(segments))


def _in_bar(share: Share, n: int) -> str:
    """The numbers that stand in a segment: a thin one has room for the count alone."""
    if not share.count:
        return ""
    return str(share.count) + ("" if share.count / n < THIN else _percent(share.percent, "<br>"))


def _percent(percent: int | None, before: str) -> str:
    return "" if percent is None else f"{before}{percent} %"


@blueprint.route("/export/<name>")
@for_coordinator
def export(name: str) -> ResponseReturnValue:
    """One file of the export: what is published, and nothing finer."""
    found = files(desk().store.snapshot(), [state.round for state in desk().store.rounds()])
    if name not in found:
        abort(404)
    response = make_response(found[name])
    response.mimetype = "text/csv" if name.endswith(".csv") else "application/json"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def results_json() -> ResponseReturnValue:
    """The snapshot document, the same bytes for every viewer, named by its ETag."""
    account = signed_in()
    if account is None or account.role != COORDINATOR:
        refusal = {"error": "sign in" if account is None else "for coordinators only"}
        return make_response(refusal, 401 if account is None else 403)
    text = desk().store.snapshot_text()
    response = Response(text, mimetype="application/json")
    response.set_etag(etag(text))
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)
