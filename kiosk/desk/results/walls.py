"""Wall screens: pages with the running round at one place, from the snapshot only.

They need no sign-in, have no data of a session, and reload themselves.
"""

from dataclasses import dataclass

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import WallForm
from kiosk.desk.i18n import translate
from kiosk.desk.results.statement_view import wall_picture
from kiosk.desk.session import for_coordinator, note, without_session
from kiosk.domain.results import answered
from kiosk.domain.rounds import Round
from kiosk.domain.schedule import Every
from kiosk.domain.snapshot import Document
from kiosk.output.chart_pictures import WALL, svg
from kiosk.storage import Action, RoundState, Wall

blueprint = Blueprint("walls", __name__)

REFRESH_SECONDS = 60
"""Seconds between two requests of a wall screen for a new snapshot. In a demonstration, a screen asks as
often as boxes are counted."""


@dataclass(frozen=True)
class WallAddress:
    """The address of a wall screen in the coordinators' list. `path` is the whole path of its page, which
    ends with `code`. `place` is the name of its node."""

    code: str
    place: str
    path: str


@blueprint.route("/walls")
@for_coordinator
def walls() -> ResponseReturnValue:
    """Show all wall screens, and the form that creates one."""
    form = WallForm()
    form.node.choices = list(desk().library.places.items())
    addresses = [
        WallAddress(wall.code, desk().place_name(wall.node_id), url_for("walls.wall", code=wall.code))
        for wall in desk().store.walls.all()
    ]
    return render_template("walls.html", addresses=addresses, form=form)


@blueprint.route("/walls", methods=["POST"])
@for_coordinator
def new_wall() -> ResponseReturnValue:
    """Create an address for a wall screen at the sent node, log it, and redirect to the list. Aborts with 400
    for an unknown node."""
    form = WallForm()
    form.node.choices = list(desk().library.places.items())
    if not form.validate():
        abort(400)
    wall = desk().store.walls.add(form.node.data)
    note(Action.WALL_MADE, wall.node_id)
    flash(translate("Väggskärmens adress är klar."))
    return redirect(url_for("walls.walls"), 303)


@blueprint.route("/walls/remove", methods=["POST"])
@for_coordinator
def remove_wall() -> ResponseReturnValue:
    """Remove the address of a wall screen, log it, and redirect to the list. A screen that shows the address
    is blank after its next request. Aborts with 404 for an unknown address."""
    wall = desk().store.walls.with_code(request.form.get("code", ""))
    if wall is None:
        abort(404)
    desk().store.walls.remove(wall.code)
    note(Action.WALL_REMOVED, wall.node_id)
    flash(translate("Väggskärmens adress är stängd."))
    return redirect(url_for("walls.walls"), 303)


@blueprint.route("/wall/<code>")
@without_session
def wall(code: str) -> ResponseReturnValue:
    """Show the round at the place of a wall screen: a chart for each statement, the times of the last count
    and of the next. The round is one that runs there, else the one there that opened last; without one, the
    page says that there is none. Aborts with 404 for an unknown code."""
    wall = _wall(code)
    state = _shown_round(wall)
    of_round = state.round if state else None
    document = _published(of_round, wall.node_id)
    ticks = desk().ticks
    seconds = ticks.seconds if isinstance(ticks, Every) else REFRESH_SECONDS
    spoken = _spoken(document, of_round, wall.node_id) if of_round else {}
    page = render_template(
        "wall.html",
        code=code,
        round=of_round,
        is_closed=state is not None and state.is_closed,
        spoken=spoken,
        name=desk().place_name(wall.node_id),
        answered=answered(document, of_round, wall.node_id) if of_round else None,
        made_at=document["made_at"],
        last_count=desk().store.last_tick,
        next_count=desk().next_count,
        counts_often=isinstance(ticks, Every),
        seconds=seconds,
    )
    response = make_response(page)
    # Without scripts the browser reloads the page, and stops after an error. The script retries.
    response.headers["Refresh"] = str(seconds)
    return response


def _spoken(document: Document, of_round: Round, node_id: str) -> dict[str, str]:
    """Return the text alternative of each statement's picture, by statement id."""
    pictures = {
        statement.id: wall_picture(document, of_round, node_id, statement)
        for statement in of_round.survey.statements
    }
    return {name: " ".join((f"{picture.title}.", *picture.notes)) for name, picture in pictures.items()}


@blueprint.route("/wall/<code>/<statement_id>.svg")
@without_session
def wall_chart(code: str, statement_id: str) -> ResponseReturnValue:
    """Return the chart of one statement of a wall screen as SVG. Aborts with 404 for an unknown code or
    statement, and while no round has opened at the place."""
    wall = _wall(code)
    state = _shown_round(wall)
    if state is None:
        abort(404)
    of_round = state.round
    statements = {statement.id: statement for statement in of_round.survey.statements}
    if statement_id not in statements:
        abort(404)
    document = _published(of_round, wall.node_id)
    picture = wall_picture(document, of_round, wall.node_id, statements[statement_id])
    return Response(svg(picture, WALL), mimetype="image/svg+xml")


def _published(of_round: Round | None, node_id: str) -> Document:
    """Return the snapshot, reduced to one node of one round, or to no round for None. A screen asks each
    minute without a sign-in: it must not make the server parse all figures."""
    return desk().published.read(desk().store).at_node([of_round] if of_round else [], node_id)


def _wall(code: str) -> Wall:
    wall = desk().store.walls.with_code(code)
    if wall is None:
        abort(404)
    return wall


def _shown_round(wall: Wall) -> RoundState | None:
    """Return the round that runs at the wall screen's place, else the one there that opened last; None if
    none has opened."""
    of_place = [
        state
        for state in desk().store.rounds()
        if wall.node_id in {node.id for node in state.round.tree.nodes}
        and state.round.opens_at <= desk().clock()
    ]
    running = [state for state in of_place if state.round.is_running(desk().clock())]
    return next(iter([*running, *of_place]), None)
