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
from kiosk.desk.row_order import in_order, is_place
from kiosk.desk.saving import is_saved
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.message import Message
from kiosk.domain.theory import Goal, Layer, Measure, Theory, TheoryBox
from kiosk.library.drafts import LONGEST_TITLE, new_id, new_title
from kiosk.library.texts import LONGEST_TEXT
from kiosk.library.theories import MEASURED
from kiosk.library.theory_drafts import (
    COLUMNS,
    GOALS,
    remove_theory,
    theory_digest,
    theory_path,
    write_theory,
)
from kiosk.storage import Action

blueprint = Blueprint("theory_editing", __name__)

GAP, BY_STATEMENTS, BY_COUNTER = "gap", "statements", "counter:"
"""Values of the field that chooses a row's measure. The last one is followed by the id of the counter."""

NEW_ROWS = 1

_PREFIXES = {GOALS: Message("Mål", {}), **{layer.value: heading for layer, heading in COLUMNS.items()}}
"""Prefix of the names of a column's fields -> its heading."""


@dataclass(frozen=True)
class Column:
    """A column of the form. `rows` has its theory boxes, then None for each empty row. `targets` are the
    theory boxes to which its rows may lead: those of this column and later ones, and those to which a row
    leads already."""

    layer: Layer
    heading: str
    rows: tuple[TheoryBox | None, ...]
    is_measured: bool
    targets: tuple[TheoryBox, ...]


@blueprint.route("/theory/<theory_id>/copy", methods=["POST"])
@for_coordinator
def copy(theory_id: str) -> ResponseReturnValue:
    """Create an own theory as a copy of another one. Aborts with 404 for an unknown theory."""
    original, library = _theory(theory_id), desk().library
    copied = new_id(original.id, {*library.theories, *_own_ids()}, "theory")
    title = new_title(
        translate("{title} (kopia)", title=original.title)[:LONGEST_TITLE],
        (theory.title for theory in library.theories.values()),
    )
    desk().change(lambda settings: write_theory(settings, replace(original, id=copied, title=title)))
    note(Action.THEORY_WRITTEN, copied)
    flash(translate("Kopian är klar. Ändra det du vill och spara."))
    return redirect(url_for("theory_editing.edit", theory_id=copied), 303)


@blueprint.route("/theory/<theory_id>/remove", methods=["GET", "POST"])
@for_coordinator
def remove(theory_id: str) -> ResponseReturnValue:
    """Ask for confirmation, and remove an own theory. Aborts with 404 for an unknown theory. Raises
    DeniedError (403) for a shipped one, and for one that a report uses."""
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
        is_wrong = _report_wrong_places()
        shown, status = _sent(current, is_reordered=not is_wrong), 400
        if is_wrong:
            typed = _typed_places()
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
        typed_places=typed,
    )
    return page, status


def is_own(theory_id: str) -> bool:
    """Return whether a theory is the installation's own, so that it can be edited here."""
    return desk().has_own_file(theory_path(theory_id))


def _save(theory: Theory) -> bool:
    """Save a theory, and return whether it was saved; see `is_saved`."""
    seen = request.form.get("seen", "")
    return is_saved(
        lambda settings: write_theory(settings, theory, seen),
        translate("Någon annan har ändrat teorin sedan du öppnade den. Skriv av det du vill behålla."),
    )


def _theory(theory_id: str) -> Theory:
    return desk().library.theories.get(theory_id) or abort(404)


def _columns(theory: Theory) -> Iterator[Column]:
    for layer, heading in COLUMNS.items():
        boxes, layers = theory.column(layer), list(Layer)
        later = layers[layers.index(layer) :]
        chosen = {name for box in boxes for name in box.leads_to}
        targets = tuple(box for box in theory.boxes if box.layer in later or box.id in chosen)
        rows = (*boxes, *([None] * NEW_ROWS))
        own = theory.results_label if layer is Layer.RESULTS else ""
        yield Column(layer, own or translate_message(heading), rows, layer in MEASURED, targets)


def _statements() -> dict[str, str]:
    """Return the text of each statement of all surveys by its id."""
    return {one.id: one.text for survey in desk().library.surveys.values() for one in survey.statements}


def _sent(current: Theory, *, is_reordered: bool) -> Theory:
    """Return the theory in the form. Rows without text are left out; the others are sorted by their typed
    positions if the theory `is_reordered`. Aborts with 400 for an unknown place."""
    sent = request.form
    place = sent.get("place", "")
    if place and place not in desk().library.places:
        abort(400)
    goals = _sent_goals(is_reordered=is_reordered)
    numbers = {former: goal.number for former, goal in goals}
    taken = {box.id for box in current.boxes}
    boxes: list[TheoryBox] = []
    for layer in Layer:
        boxes += _sent_boxes(layer, numbers, taken, is_reordered=is_reordered)
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
        # A reference to a removed theory box is removed too. One to an unknown id is kept, and refused later.
        boxes=tuple(
            replace(box, leads_to=tuple(name for name in box.leads_to if name in kept or name not in taken))
            for box in boxes
        ),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _rows(prefix: str, *, is_reordered: bool = True) -> Iterator[tuple[int, int, str]]:
    """Yield (requested position, previous position, prefix of the names of the row's fields) for each row
    with a text. `prefix` is that of the column's fields. Unless the rows are reordered, both positions are
    equal."""
    number = 0
    while f"{prefix}-{number + 1}-text" in request.form:
        number += 1
        row = f"{prefix}-{number}"
        if _line(request.form[f"{row}-text"]):
            asked = _asked_place(row)
            yield (int(asked) if is_reordered and asked else number), number, row


def _asked_place(row: str) -> str:
    return request.form.get(f"{row}-place", "").strip()


def _report_wrong_places() -> bool:
    """Return whether a typed position in the form is wrong (`is_place`). Each is reported at its field."""
    wrong = [
        (column, number, row)
        for prefix, column in _PREFIXES.items()
        for _, number, row in _rows(prefix, is_reordered=False)
        if _asked_place(row) and not is_place(_asked_place(row))
    ]
    for column, number, row in wrong:
        problem = translate(
            "{column}, rad {number}: platsen i ordningen är ett heltal från 1.",
            column=translate_message(column),
            number=number,
        )
        add_problem(problem, f"{row}-place")
    return bool(wrong)


def _typed_places() -> dict[str, list[str]]:
    """Return prefix of a column's fields -> the typed positions of its rows with a text."""
    return {
        prefix: [_asked_place(row) for _, _, row in _rows(prefix, is_reordered=False)] for prefix in _PREFIXES
    }


def _sent_goals(*, is_reordered: bool) -> list[tuple[int, Goal]]:
    """Return (previous number, goal) for each goal in the form, in the new order."""
    rows = in_order([(asked, had, (had, row)) for asked, had, row in _rows(GOALS, is_reordered=is_reordered)])
    return [
        (had, Goal(number, _line(request.form[f"{row}-text"]), _ids(f"{row}-statements")))
        for number, (had, row) in enumerate(rows, start=1)
    ]


def _sent_boxes(
    layer: Layer, goals: dict[int, int], taken: set[str], *, is_reordered: bool
) -> list[TheoryBox]:
    """Return the theory boxes of a column in the form. `goals` maps the previous numbers of goals to the new
    ones. `taken` has the ids of all theory boxes; those of new ones are added to it."""
    rows: Sequence[str] = in_order(list(_rows(layer, is_reordered=is_reordered)))
    boxes = []
    for row in rows:
        text, name = _line(request.form[f"{row}-text"]), request.form.get(f"{row}-id", "")
        if name not in taken:
            name = new_id(text, taken, layer.value)
            taken.add(name)
        chosen = (int(number) for number in request.form.getlist(f"{row}-goals") if number.isdecimal())
        of_goals = tuple(goals[number] for number in chosen if number in goals)
        measure = _sent_measure(row) if layer in MEASURED else None
        boxes.append(TheoryBox(name, layer, text, _ids(f"{row}-leads_to"), of_goals, measure))
    return boxes


def _sent_measure(row: str) -> Measure | None:
    """Return the measure that is chosen in the fields whose names begin with `row`: `Measure()` for "not
    measured"; None without a choice, or for statements of which none is chosen."""
    chosen, statements = request.form.get(f"{row}-measure", ""), _ids(f"{row}-statements")
    if chosen.startswith(BY_COUNTER):
        return Measure(counter=chosen.removeprefix(BY_COUNTER))
    if chosen == BY_STATEMENTS and statements:
        return Measure(statements=statements)
    return Measure() if chosen == GAP else None


def _ids(field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(request.form.getlist(field)))
