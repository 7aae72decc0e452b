"""Theories of change in the browser: an own copy of a theory is edited as five columns of rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.i18n import translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.row_order import in_order, is_position
from kiosk.desk.saving import is_saved
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.message import Message
from kiosk.domain.theory import Goal, Layer, Measure, Theory, TheoryBox
from kiosk.library.drafts import LONGEST_TITLE, new_id, new_title
from kiosk.library.library import Library
from kiosk.library.text_rules import LONGEST_TEXT
from kiosk.library.theories import MEASURED
from kiosk.library.theory_drafts import (
    GOALS,
    LAYER_NAMES,
    remove_theory,
    theory_digest,
    theory_path,
    write_theory,
)
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("theory_editing", __name__)

NOT_MEASURED, BY_STATEMENTS, COUNTER_PREFIX = "gap", "statements", "counter:"
"""Values of the field that chooses a row's measure. The last one is followed by the id of the counter; "" is
no choice yet."""

NEW_ROWS = 1
"""Empty rows below each column."""

_HEADINGS = {GOALS: Message("Mål", {}), **{layer.value: heading for layer, heading in LAYER_NAMES.items()}}
"""Prefix of the names of fields -> heading of the goals or of the column to which the fields belong."""


@dataclass(frozen=True)
class TheoryColumn:
    """A column of the form. `rows` has its theory boxes, then None for each empty row. `is_measured` says
    whether its rows have a measure to choose. `may_lead_to` are the theory boxes that its rows offer as
    "leads to": those of this column and later ones, and those to which a row leads already."""

    layer: Layer
    heading: str
    rows: tuple[TheoryBox | None, ...]
    is_measured: bool
    may_lead_to: tuple[TheoryBox, ...]


@blueprint.route("/theory/<theory_id>/copy", methods=["POST"])
@for_coordinator
def copy(theory_id: str) -> ResponseReturnValue:
    """Create an own theory as a copy of a shipped or an own one, and redirect to the form of the copy. Aborts
    with 404 for an unknown theory, and if files cannot be changed."""
    original, copies = _theory(theory_id), list[Theory]()

    def write(settings: Settings) -> Library:
        # The id is chosen while no other change is made: a double click makes two copies.
        theories = desk().library.theories
        title = new_title(
            translate("{title} (kopia)", title=original.title)[:LONGEST_TITLE],
            (theory.title for theory in theories.values()),
        )
        copied_id = new_id(original.id, {*theories, *_own_ids()}, "theory")
        copies.append(replace(original, id=copied_id, title=title))
        return write_theory(settings, copies[0])

    desk().change(write)
    note(Action.THEORY_WRITTEN, copies[0].id)
    flash(translate("Kopian är klar. Ändra det du vill och spara."))
    return redirect(url_for("theory_editing.edit", theory_id=copies[0].id), 303)


@blueprint.route("/theory/<theory_id>/remove", methods=["GET", "POST"])
@for_coordinator
def remove(theory_id: str) -> ResponseReturnValue:
    """Show the question whether to remove an own theory (GET); remove it (POST). Aborts with 404 for an
    unknown theory. Raises DeniedError (403) for a shipped one, and for one that a report uses."""
    theory, form = _theory(theory_id), FlaskForm()
    if not is_own(theory_id):
        deny(Denial.THEORY_SHIPPED)
    if any(terms.theory_id == theory_id for terms in desk().store.reports.all().values()):
        deny(Denial.THEORY_USED)
    if request.method == "POST" and form.validate():
        desk().change(lambda settings: remove_theory(settings, theory_id))
        note(Action.THEORY_REMOVED, theory.title)
        flash(translate("Förändringsteorin är borttagen: {title}", title=theory.title))
        return redirect(url_for("theory.theories"), 303)
    return render_template("theory_remove.html", form=form, theory=theory)


def _own_ids() -> set[str]:
    """Return the ids of all own theory files, readable or not."""
    folder = desk().own_folder("questions") / "theories"
    return {path.name.partition(".")[0] for path in folder.iterdir()} if folder.is_dir() else set()


@blueprint.route("/theory/<theory_id>/edit", methods=["GET", "POST"])
@for_coordinator
def edit(theory_id: str) -> ResponseReturnValue:
    """Show the form that edits an own theory; save the sent theory. Refused input stays in the form, with
    status 400. Aborts with 404 for an unknown theory, and raises DeniedError (403) for a shipped one."""
    current = _theory(theory_id)
    if not is_own(theory_id):
        deny(Denial.THEORY_SHIPPED)
    shown, status, typed = current, 200, dict[str, list[str]]()
    if request.method == "POST":
        has_wrong_position = _report_wrong_positions()
        shown, status = _sent(current, sorts_by_position=not has_wrong_position), 400
        if has_wrong_position:
            typed = _typed_positions()
        elif _save(shown):
            note(Action.THEORY_WRITTEN, theory_id)
            flash(translate("Sparat."))
            return redirect(url_for("theory_editing.edit", theory_id=theory_id), 303)
    page = render_template(
        "theory_edit.html",
        form=FlaskForm(),
        theory=shown,
        seen=request.form.get("seen", theory_digest(current)),
        columns=list(_columns(shown)),
        goals=[*shown.goals, None],
        places=desk().library.places,
        counters=desk().library.counters.values(),
        statements=_statements(),
        longest=LONGEST_TEXT,
        typed_positions=typed,
    )
    return page, status


def is_own(theory_id: str) -> bool:
    """Return whether a theory is the installation's own, so that it can be edited here."""
    return desk().has_own_file(theory_path(theory_id))


def _save(theory: Theory) -> bool:
    """Save a theory, and return whether it was saved. If not, the reasons are in the notice (`is_saved`)."""
    seen = request.form.get("seen", "")
    return is_saved(
        lambda settings: write_theory(settings, theory, seen),
        translate("Någon annan har ändrat teorin sedan du öppnade den. Skriv av det du vill behålla."),
    )


def _theory(theory_id: str) -> Theory:
    return desk().library.theories.get(theory_id) or abort(404)


def _columns(theory: Theory) -> Iterator[TheoryColumn]:
    """Yield the five columns of the form, in order. The heading of the results is the theory's own."""
    for layer, heading in LAYER_NAMES.items():
        boxes, layers = theory.boxes_in(layer), list(Layer)
        later = layers[layers.index(layer) :]
        chosen = {box_id for box in boxes for box_id in box.leads_to}
        may_lead_to = tuple(box for box in theory.boxes if box.layer in later or box.id in chosen)
        rows = (*boxes, *([None] * NEW_ROWS))
        own_heading = theory.results_label if layer is Layer.RESULTS else ""
        yield TheoryColumn(
            layer, own_heading or translate_message(heading), rows, layer in MEASURED, may_lead_to
        )


def _statements() -> dict[str, str]:
    """Return id -> text of the statements of all surveys in the library."""
    return {
        statement.id: statement.text
        for survey in desk().library.surveys.values()
        for statement in survey.statements
    }


def _sent(current: Theory, *, sorts_by_position: bool) -> Theory:
    """Return the theory in the form, with the id of `current`. Rows without text are left out; the others
    keep the order of the form, with rows moved to their typed positions (`in_order`) if `sorts_by_position`.
    Goals get new numbers, and a reference to a removed theory box or goal is removed too. Aborts with 400
    for an unknown place."""
    sent = request.form
    place = sent.get("place", "")
    if place and place not in desk().library.places:
        abort(400)
    goals = _sent_goals(sorts_by_position=sorts_by_position)
    new_numbers = {previous: goal.number for previous, goal in goals}
    taken = {box.id for box in current.boxes}
    boxes: list[TheoryBox] = []
    for layer in Layer:
        boxes += _sent_boxes(layer, new_numbers, taken, sorts_by_position=sorts_by_position)
    kept = {box.id for box in boxes}
    return replace(
        current,
        title=_line(sent.get("title", "")),
        source=_line(sent.get("source", "")),
        licence=_line(sent.get("licence", "")),
        definition=_line(sent.get("definition", "")),
        target_group=_line(sent.get("target_group", "")),
        results_label=_line(sent.get("results_label", "")) or current.results_label,
        place=place,
        goals=tuple(goal for _, goal in goals),
        # One to an unknown id is kept, and refused later.
        boxes=tuple(
            replace(
                box,
                leads_to=tuple(box_id for box_id in box.leads_to if box_id in kept or box_id not in taken),
            )
            for box in boxes
        ),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _rows(prefix: str, *, sorts_by_position: bool = True) -> Iterator[tuple[int, int, str]]:
    """Yield (requested position, previous position, prefix of the names of the row's fields) for each row
    with a text, in the order of the form. `prefix` is a key of `_HEADINGS`; positions count from 1, rows
    without text included. Both are equal for a row whose position is left empty, and for all rows unless
    `sorts_by_position`, which needs positions that `is_position` accepts."""
    number = 0
    while f"{prefix}-{number + 1}-text" in request.form:
        number += 1
        row = f"{prefix}-{number}"
        if _line(request.form[f"{row}-text"]):
            requested = _typed_position(row)
            yield (int(requested) if sorts_by_position and requested else number), number, row


def _typed_position(row: str) -> str:
    return request.form.get(f"{row}-place", "").strip()


def _report_wrong_positions() -> bool:
    """Return whether a typed position in the form is wrong (`is_position`), and report each in the notice
    with a link to its field."""
    wrong = [
        (heading, number, row)
        for prefix, heading in _HEADINGS.items()
        for _, number, row in _rows(prefix, sorts_by_position=False)
        if _typed_position(row) and not is_position(_typed_position(row))
    ]
    for heading, number, row in wrong:
        problem = translate(
            "{column}, rad {number}: platsen i ordningen är ett heltal från 1.",
            column=translate_message(heading),
            number=number,
        )
        add_problem(problem, f"{row}-place")
    return bool(wrong)


def _typed_positions() -> dict[str, list[str]]:
    """Return key of `_HEADINGS` -> the typed positions of its rows with a text, in the order of the form."""
    return {
        prefix: [_typed_position(row) for _, _, row in _rows(prefix, sorts_by_position=False)]
        for prefix in _HEADINGS
    }


def _sent_goals(*, sorts_by_position: bool) -> list[tuple[int, Goal]]:
    """Return (previous number, goal) for each goal in the form, in its order, with rows moved to their typed
    positions (`in_order`) if `sorts_by_position`. Goals are numbered from 1 in the new order."""
    rows = in_order(
        [
            (requested, previous, (previous, row))
            for requested, previous, row in _rows(GOALS, sorts_by_position=sorts_by_position)
        ]
    )
    return [
        (previous, Goal(number, _line(request.form[f"{row}-text"]), _ids(f"{row}-statements")))
        for number, (previous, row) in enumerate(rows, start=1)
    ]


def _sent_boxes(
    layer: Layer, new_numbers: dict[int, int], taken: set[str], *, sorts_by_position: bool
) -> list[TheoryBox]:
    """Return the theory boxes of a column in the form, in its order, with rows moved to their typed positions
    (`in_order`) if `sorts_by_position`. `new_numbers` maps the previous numbers of goals to the new ones.
    `taken` has the ids of all theory boxes. A row with no id or an unknown one becomes a new theory box,
    whose new id is added to `taken`."""
    rows: Sequence[str] = in_order(list(_rows(layer, sorts_by_position=sorts_by_position)))
    boxes = []
    for row in rows:
        text, box_id = _line(request.form[f"{row}-text"]), request.form.get(f"{row}-id", "")
        if box_id not in taken:
            box_id = new_id(text, taken, layer.value)
            taken.add(box_id)
        chosen = (int(number) for number in request.form.getlist(f"{row}-goals") if number.isdecimal())
        of_goals = tuple(new_numbers[number] for number in chosen if number in new_numbers)
        measure = _sent_measure(row) if layer in MEASURED else None
        boxes.append(TheoryBox(box_id, layer, text, _ids(f"{row}-leads_to"), of_goals, measure))
    return boxes


def _sent_measure(row: str) -> Measure | None:
    """Return the measure that is chosen in the fields whose names begin with `row`. `Measure()` is the choice
    "not measured", which the theory keeps; None is no choice, or statements of which none is chosen, and is
    refused on saving. A counter's id is not checked here."""
    chosen, statements = request.form.get(f"{row}-measure", ""), _ids(f"{row}-statements")
    if chosen.startswith(COUNTER_PREFIX):
        return Measure(counter=chosen.removeprefix(COUNTER_PREFIX))
    if chosen == BY_STATEMENTS and statements:
        return Measure(statements=statements)
    return Measure() if chosen == NOT_MEASURED else None


def _ids(field: str) -> tuple[str, ...]:
    """Return the values of all fields with this name, each once."""
    return tuple(dict.fromkeys(request.form.getlist(field)))
