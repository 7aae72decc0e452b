"""Activities: counters of the staff's work, by unit and month, never by guest or day."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.downloads import file_response
from kiosk.desk.session import desk, for_coordinator, for_staff
from kiosk.domain.counters import NO_TARGET, Counter, month_of
from kiosk.library.spreadsheet import csv_table

blueprint = Blueprint("activities", __name__)

MONTHS_SHOWN = 12


@blueprint.route("/activities")
@for_staff
def activities() -> ResponseReturnValue:
    """Show the counters of one unit this month, and the months before."""
    units = desk().library.units
    unit = request.args.get("unit") or next(iter(units), "")
    if unit not in units:
        abort(404)
    taps = desk().store.outputs.all().taps
    counted = {
        (month, counter): number for (place, month, counter, _), number in taps.items() if place == unit
    }
    this_month = month_of(desk().clock())
    months = sorted({this_month, *(month for month, _ in counted)}, reverse=True)[:MONTHS_SHOWN]
    return render_template(
        "activities.html", form=FlaskForm(), units=units, unit=unit, counters=_tapped(), counted=counted,
        this_month=this_month, months=months,
    )  # fmt: skip


def _tapped() -> list[Counter]:
    """Return the counters that staff tap."""
    return [counter for counter in desk().library.counters.values() if not counter.is_total]


@blueprint.route("/activities", methods=["POST"])
@for_staff
def tap() -> ResponseReturnValue:
    """Add one to a counter of this month, or subtract one to correct a mistake."""
    unit, kind = request.form.get("unit", ""), request.form.get("kind", "")
    step = {"more": 1, "fewer": -1}.get(request.form.get("step", ""))
    if unit not in desk().library.units or kind not in {c.id for c in _tapped()} or step is None:
        abort(400)
    desk().store.outputs.tap(unit, month_of(desk().clock()), kind, NO_TARGET, step)
    return redirect(url_for("activities.activities", unit=unit), 303)


@blueprint.route("/activities.csv")
@for_coordinator
def as_csv() -> ResponseReturnValue:
    """Return all taps: unit, month, counter, number."""
    rows: list[tuple[object, ...]] = [("unit", "month", "activity", "number")]
    taps = desk().store.outputs.all().taps
    rows += [
        (unit, str(month), counter, number) for (unit, month, counter, _), number in sorted(taps.items())
    ]
    return file_response("activities.csv", csv_table(rows))
