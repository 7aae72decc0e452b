"""Activities: counters of the staff's work (`kiosk/domain/counters.py`). Staff add one with a tap, by unit
and month, never by guest or day. Other figures are typed for a month, a quarter or a year."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.activities.outputs import (
    FigureLine,
    begun,
    figure_words,
    of_unit,
    output_charts,
    period_words,
    reasons,
    reasons_to_choose,
)
from kiosk.desk.context import desk
from kiosk.desk.downloads import file_response
from kiosk.desk.forms import CorrectionForm, OutputForm
from kiosk.desk.i18n import month, translate
from kiosk.desk.session import for_coordinator, for_staff, note
from kiosk.desk.theory.routes import theories_about
from kiosk.domain.counters import (
    EARLIEST_YEAR,
    NO_TARGET,
    Counter,
    Figure,
    Outputs,
    Period,
    month_of,
    months_before,
    read_figure,
    read_period,
    year_of,
)
from kiosk.library.spreadsheet_writer import csv_table
from kiosk.output.export import outputs_table
from kiosk.storage import Action

blueprint = Blueprint("activities", __name__)

MONTHS_TO_CORRECT = 12
"""Number of earlier months that staff may correct."""

STEPS = {"more": 1, "fewer": -1}
"""Value of the button that was touched -> the number that is added to the counter."""


@dataclass(frozen=True)
class Button:
    """A button that adds one to a counter, or to one of its targets (`kiosk.domain.counters.Target`).
    `target` is the target's id, NO_TARGET for the counter itself. `name` is the target's or the counter's
    name in the reader's language. `taps` is the number of taps at the unit in the shown month, less those
    that were undone."""

    counter: Counter
    target: str
    name: str
    taps: int


@blueprint.route("/activities")
@for_staff
def activities() -> ResponseReturnValue:
    """Show the counters of one unit this month, and the figures of a year. The address may name the unit and
    the year (`unit`, `year`); else, or if the year is no number, they are the first unit and this year.
    Aborts with 404 for an unknown unit, and for a year without figures that is neither this nor the previous
    one."""
    return _page(OutputForm())


@blueprint.route("/activities", methods=["POST"])
@for_staff
def tap() -> ResponseReturnValue:
    """Add one to a counter of the sent unit for this month, or subtract one, down to 0, to correct a mistake;
    then redirect to the page of activities. Nothing changes for a counter that the unit no longer has, nor
    for a closed target: that page says so. Aborts with 400 for an unknown unit, counter, target or step.

    The address ends in the button's id, so that the focus stays there, also without scripts.
    """
    unit, target = request.form.get("unit", ""), request.form.get("target", NO_TARGET)
    counter = {counter.id: counter for counter in tapped_counters()}.get(request.form.get("counter", ""))
    step = STEPS.get(request.form.get("step", ""))
    if unit not in desk().library.units or counter is None or step is None:
        abort(400)
    if target not in {NO_TARGET, *(known_target.id for known_target in counter.targets)}:
        abort(400)
    is_open = target in {NO_TARGET, *(known_target.id for known_target in counter.open_targets)}
    if counter not in desk().library.counters_at(unit) or not is_open:
        flash(translate("Räknades inte: knappen finns inte längre i den här verksamheten."))
        return redirect(url_for("activities.activities", unit=unit, _anchor="notice"), 303)
    desk().store.outputs.tap(unit, month_of(desk().clock()), counter.id, target, step)
    anchor = f"{request.form['step']}-{counter.id}-{target}"
    return redirect(url_for("activities.activities", unit=unit, _anchor=anchor), 303)


@blueprint.route("/activities/typed", methods=["POST"])
@for_coordinator
def type_figure() -> ResponseReturnValue:
    """Store the typed figure of a counter for a place and period, in place of the one before, and log it with
    the chosen reason; an empty field removes it, which brings back the taps or the sum that it replaced.
    Redirects to the page of activities. Refused input stays in the form, with status 400. With refused input,
    aborts with 404 for an unknown `unit` in the address, and for a `year` there without figures that is
    neither this nor the previous one."""
    form = OutputForm()
    _fill_choices(form)
    period, figure = _typed(form) if form.validate() else (None, None)
    if period is None or form.errors:
        return _page(form), 400
    node, counter = form.node.data, form.counter.data
    desk().store.outputs.set(node, period, counter, figure)
    note(Action.FIGURE_TYPED, f"{node}, {counter}, {period}, {figure_words(figure)}, {form.reason.data}")
    flash(translate("Siffran är sparad."))
    address = url_for("activities.activities", unit=request.args.get("unit"), year=period.first.year)
    return redirect(address, 303)


@blueprint.route("/activities/correct", methods=["POST"])
@for_staff
def correct() -> ResponseReturnValue:
    """Type a figure of a counter for a unit and an earlier month, and log it with the chosen reason; it
    replaces the month's taps. Redirects to the page of activities. Refused input stays in the form, with
    status 400. Aborts with 404 for a missing or unknown `unit` in the address and, with refused input, for a
    `year` there without figures that is neither this nor the previous one."""
    unit, form = request.args.get("unit", ""), CorrectionForm()
    if unit not in desk().library.units:
        abort(404)
    _fill_correction(form)
    figure = _read_figure(form) if form.validate() else None
    if figure is None:
        return _page(OutputForm(formdata=None), form), 400
    month_text, counter = form.month.data, form.counter.data
    desk().store.outputs.set(unit, read_period(month_text), counter, figure)
    what = f"{unit}, {counter}, {month_text}, {figure_words(figure)}, {form.reason.data}"
    note(Action.FIGURE_CORRECTED, what)
    flash(translate("Siffran är sparad."))
    return redirect(url_for("activities.activities", unit=unit, year=month_text[:4]), 303)


def _fill_correction(form: CorrectionForm) -> None:
    """Set the form's choices: the counters of `_usable` that are no totals, the latest MONTHS_TO_CORRECT
    months before this one, and the reasons."""
    form.counter.choices = [
        (counter.id, translate(counter.name)) for counter in _usable() if not counter.is_total
    ]
    earlier = islice(months_before(desk().clock()), MONTHS_TO_CORRECT)
    form.month.choices = [(str(of_month), period_words(of_month)) for of_month in earlier]
    form.reason.choices = reasons_to_choose(reasons())


def _read_figure(form: OutputForm | CorrectionForm) -> Figure | None:
    """Return the typed figure, such as "132", "ca 500" or "ej räknat" (`read_figure`); None if it is refused,
    with the error in the form."""
    try:
        return read_figure(form.figure.data)
    except ValueError:
        form.figure.errors = [translate("Skriv ett antal (132), en uppskattning (ca 500) eller ”ej räknat”.")]
        return None


def _typed(form: OutputForm) -> tuple[Period | None, Figure | None]:
    """Return (typed period, typed figure). A malformed period or figure is None, with its error in the form.
    A period that has not begun, or is before EARLIEST_YEAR, is returned, with an error in the form. A place
    that is no unit has an error too, unless the counter is a total. An empty field for the figure gives None
    without an error."""
    period, figure = None, None
    if form.node.data not in desk().library.units and not desk().library.counters[form.counter.data].is_total:
        form.node.errors = [
            translate("Välj en enskild verksamhet: talet räknas ihop av verksamheternas egna.")
        ]
    try:
        period = read_period(form.period.data.strip())
    except ValueError:
        form.period.errors = [
            translate("Skriv ett år som 2026, ett kvartal som 2026-Q1 eller en månad som 2026-03.")
        ]
    else:
        if period.first > desk().clock().date():
            form.period.errors = [translate("Perioden har inte börjat.")]
        elif period.first.year < EARLIEST_YEAR:
            form.period.errors = [translate("Skriv {year} eller ett senare år.", year=EARLIEST_YEAR)]
    if form.figure.data.strip():
        figure = _read_figure(form)
    return period, figure


@blueprint.route("/activities.csv")
@for_coordinator
def as_csv() -> ResponseReturnValue:
    """Return the taps and typed figures of all units and years as CSV with commas: place, period, counter,
    target, number, quality (counted, estimated or not counted), way of entry (tapped or typed)."""
    return file_response("activities.csv", csv_table(outputs_table(desk().store.outputs.all())))


def tapped_counters() -> tuple[Counter, ...]:
    """Return the counters that staff tap, closed ones included: all except totals of individuals, which are
    typed."""
    return tuple(counter for counter in desk().library.counters.values() if not counter.is_total)


def _usable() -> tuple[Counter, ...]:
    """Return the counters for which figures can be typed: all except optional ones that no unit has and that
    have no figures. A closed counter is among them if it is not optional or has figures, for taps that came
    too late."""
    library, with_figures = desk().library, desk().store.outputs.all().counters_with_figures
    return tuple(
        counter
        for counter in library.counters.values()
        if not counter.is_optional
        or counter.id in with_figures
        or any(library.choices.is_shown(counter, unit) for unit in library.units)
    )


def _shown(outputs: Outputs, units: Iterable[str], nodes: Iterable[str]) -> tuple[Counter, ...]:
    """Return the counters of a table: those that can be tapped at one of the units, open totals, and those
    that have a figure at one of the nodes. `units` and `nodes` are ids."""
    library, at, having = desk().library, tuple(units), tuple(nodes)
    return tuple(
        counter
        for counter in library.counters.values()
        if (counter.is_total and not counter.is_closed)
        or any(library.choices.is_shown(counter, unit) for unit in at)
        or any(outputs.has_figures(counter, node) for node in having)
    )


def _page(form: OutputForm, correction: CorrectionForm | None = None) -> str:
    """Return the page of activities with these forms; without `correction`, with a new form for a correction.
    Aborts with 404 for an unknown unit, and for a year without figures that is neither this nor the previous
    one."""
    units = desk().library.units
    unit = request.args.get("unit") or next(iter(units), "")
    if unit not in units:
        abort(404)
    this_month, outputs = month_of(desk().clock()), desk().store.outputs.all()
    year = request.args.get("year", this_month.first.year, type=int)
    years = sorted({this_month.first.year, this_month.first.year - 1, *outputs.years()}, reverse=True)
    if year not in years:
        abort(404)
    _fill_choices(form)
    if correction is None:
        correction = CorrectionForm(formdata=None)
        _fill_correction(correction)
    if form.period.data is None:
        form.period.data = str(year)
    of_unit_counters = _shown(outputs, [unit], [unit])
    counters = _shown(outputs, units, desk().library.places)
    return render_template(
        "activities.html",
        form=form,
        correction=correction,
        units=units,
        unit=unit,
        cards=[
            (counter, buttons_of(counter, outputs, unit, this_month))
            for counter in desk().library.counters_at(unit)
        ],
        this_month=month(this_month.first),
        definitions=theories_about(unit),
        year=year,
        years=years,
        counters=counters,
        unit_counters=of_unit_counters,
        of_unit=of_unit(of_unit_counters, outputs, unit, begun(year, this_month)),
        of_places=_of_places(counters, outputs, year),
        targets=_targets(outputs, unit, year),
        charts=output_charts(counters, outputs, units, year),
    )


def _fill_choices(form: OutputForm) -> None:
    form.node.choices = list(desk().library.places.items())
    form.counter.choices = [(counter.id, translate(counter.name)) for counter in _usable()]
    form.reason.choices = reasons_to_choose(reasons())


def buttons_of(counter: Counter, outputs: Outputs, unit: str, of_month: Period) -> list[Button]:
    """Return a button for each open target of a counter, or one for the counter itself if it has none, with a
    unit's taps in a month."""
    targets = [(target.id, translate(target.name)) for target in counter.open_targets]
    return [
        Button(counter, target, name, outputs.taps.get((unit, of_month, counter.id, target), 0))
        for target, name in targets or [(NO_TARGET, translate(counter.name))]
    ]


def _of_places(counters: Sequence[Counter], outputs: Outputs, year: int) -> list[FigureLine]:
    """Return a line for each place of all trees, the units under their parents, with each counter's figure of
    the year; a line of a place that is no unit is a sum."""
    return [
        FigureLine(
            node.name,
            tuple(
                figure_words(outputs.at_node(counter, node.id, tree.units_below(node.id), year_of(year)))
                for counter in counters
            ),
            is_sum=node.id not in tree.leaves,
        )
        for tree in desk().library.trees.values()
        for node in tree.nodes
    ]


def _targets(outputs: Outputs, unit: str, year: int) -> list[tuple[Counter, list[tuple[str, int]]]]:
    """Return (counter, [(target's name, the unit's taps in the year)]) for each counter that has targets and
    taps at the unit; targets without taps are left out. Taps without a target stand under a name of their
    own."""
    with_taps = []
    for counter in tapped_counters():
        by_target = outputs.by_target(counter, [unit], year_of(year)) if counter.targets else {}
        names = {
            NO_TARGET: translate("Utan mål"),
            **{target.id: translate(target.name) for target in counter.targets},
        }
        if by_target:
            with_taps.append((counter, [(names[target], taps) for target, taps in by_target.items()]))
    return with_taps
