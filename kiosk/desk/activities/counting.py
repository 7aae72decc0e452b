"""The page on which staff count outputs on their phones, installable and usable without a network.

The page's script keeps taps on the phone until it can send them. Each tap has a random number, its ticket, so
that a tap that is sent again is added once. A service worker stores the page, which has no names of persons
and nothing about guests.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.activities.routes import buttons_of, tapped_counters
from kiosk.desk.context import desk
from kiosk.desk.i18n import month, translate
from kiosk.desk.session import for_staff
from kiosk.desk.theory.routes import theories_about
from kiosk.domain.counters import MOST_TAPS, NO_TARGET, TICKET, Tap, month_of, months_open, read_period
from kiosk.settings import shipped_folder

blueprint = Blueprint("counting", __name__)


@blueprint.route("/count/<unit_id>")
@for_staff
def page(unit_id: str) -> ResponseReturnValue:
    """Show the buttons with which the staff of a unit count, with the taps of this month. Aborts with 404 for
    an unknown unit."""
    this_month, outputs = month_of(desk().clock()), desk().store.outputs.all()
    counters = desk().library.counters_at(_unit(unit_id))
    return render_template(
        "count.html",
        unit_id=unit_id,
        unit=desk().library.units[unit_id],
        this_month=this_month,
        month_name=month(this_month.first),
        definitions=theories_about(unit_id),
        cards=[(counter, buttons_of(counter, outputs, unit_id, this_month)) for counter in counters],
        names={counter.id: translate(counter.name) for counter in tapped_counters()},
    )


@blueprint.route("/count/<unit_id>", methods=["POST"])
@for_staff
def take(unit_id: str) -> ResponseReturnValue:
    """Add the taps that a phone sends as a JSON list, each an object with `ticket`, `counter`, `month`
    (2026-03), `step` (1 or -1) and, if it has one, `target`. One whose ticket was taken before is not added
    again.

    Return, as JSON, the tickets of the taps that can never be added (`refused`), such as those of a month
    that is over or of a counter that the unit no longer has. The phone shows that they were refused, and does
    not send them again. Aborts with 404 for an unknown unit, with 400 for anything but a list of at most
    MOST_TAPS taps with tickets.
    """
    _unit(unit_id)
    sent = request.get_json(silent=True)
    if not isinstance(sent, list) or len(sent) > MOST_TAPS:
        abort(400)
    tickets = [_ticket(row) for row in sent]
    taps = [_tap(unit_id, row) for row in sent]
    first_open, _ = months_open(desk().clock())
    desk().store.outputs.take([tap for tap in taps if tap], first_open)
    refused = [ticket for ticket, tap in zip(tickets, taps, strict=True) if tap is None]
    return jsonify(refused=refused)


def _unit(unit_id: str) -> str:
    """Return the id of a unit in the library. Aborts with 404 for any other."""
    if unit_id not in desk().library.units:
        abort(404)
    return unit_id


def _ticket(row: Any) -> str:
    """Return the ticket of a sent tap. Aborts with 400 for a tap without a well-formed one."""
    ticket = row.get("ticket") if isinstance(row, dict) else None
    if not isinstance(ticket, str) or not TICKET.fullmatch(ticket):
        abort(400)
    return ticket


def _tap(unit_id: str, row: Mapping[str, Any]) -> Tap | None:
    """Return a sent tap; None if it can never be added: its counter is not at the unit, its target is closed
    or unknown, its step is neither 1 nor -1, or its month is not open (`months_open`). Unknown fields are
    ignored."""
    counters = {counter.id: counter for counter in desk().library.counters_at(unit_id)}
    counter, step = counters.get(str(row.get("counter"))), row.get("step")
    try:
        of_month = read_period(str(row.get("month")))
    except ValueError:
        return None
    if counter is None or step not in (1, -1) or of_month not in months_open(desk().clock()):
        return None
    target = str(row.get("target", NO_TARGET))
    if target not in {NO_TARGET, *(known_target.id for known_target in counter.open_targets)}:
        return None
    return Tap(row["ticket"], unit_id, of_month, counter.id, target, step)


@blueprint.route("/count/<unit_id>/manifest.json")
@for_staff
def manifest(unit_id: str) -> ResponseReturnValue:
    """Return the web app manifest with which a phone installs the page. Aborts with 404 for an unknown
    unit."""
    address = url_for("counting.page", unit_id=_unit(unit_id))
    name = translate("Räkna: {unit}", unit=desk().library.units[unit_id])
    icon = {"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    described = {
        "name": name,
        "short_name": name,
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#1b4f5a",
        "icons": [icon],
    }
    return Response(json.dumps(described, ensure_ascii=False), mimetype="application/manifest+json")


@blueprint.route("/count/worker.js")
@for_staff
def worker() -> ResponseReturnValue:
    """Return the script of the service worker, which keeps the counting pages for use without a network. The
    script's address is in their folder: a worker may store pages of its own folder only."""
    return send_from_directory(shipped_folder("static"), "desk_count_worker.js", mimetype="text/javascript")
