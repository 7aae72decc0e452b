"""Activities: counters of the staff's work, by unit and month, never by guest or day."""

from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.downloads import file_response
from kiosk.desk.session import desk, for_coordinator, for_staff
from kiosk.library.spreadsheet import csv_table
from kiosk.storage import Activity

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
    counted = desk().store.activities.of_unit(unit)
    this_month = desk().clock().date().replace(day=1)
    months = sorted({this_month, *(month for month, _ in counted)}, reverse=True)[:MONTHS_SHOWN]
    return render_template(
        "activities.html", form=FlaskForm(), units=units, unit=unit, kinds=list(Activity), counted=counted,
        this_month=this_month, months=months,
    )  # fmt: skip


@blueprint.route("/activities", methods=["POST"])
@for_staff
def tap() -> ResponseReturnValue:
    """Add one to a counter of this month, or subtract one to correct a mistake."""
    unit, kind = request.form.get("unit", ""), request.form.get("kind", "")
    step = {"more": 1, "fewer": -1}.get(request.form.get("step", ""))
    if unit not in desk().library.units or kind not in set(Activity) or step is None:
        abort(400)
    month = desk().clock().date().replace(day=1)
    desk().store.activities.add(unit, month, Activity(kind), step)
    return redirect(url_for("activities.activities", unit=unit), 303)


@blueprint.route("/activities.csv")
@for_coordinator
def as_csv() -> ResponseReturnValue:
    """Return all counters: unit, month, kind, number."""
    rows: list[tuple[object, ...]] = [("unit", "month", "activity", "number")]
    for unit in desk().library.units:
        counted: dict[tuple[date, Activity], int] = desk().store.activities.of_unit(unit)
        rows += [(unit, f"{month:%Y-%m}", kind.value, n) for (month, kind), n in sorted(counted.items())]
    return file_response("activities.csv", csv_table(rows))
