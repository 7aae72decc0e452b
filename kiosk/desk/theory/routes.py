"""A theory of change as a page: five columns, and in each theory box its measures with the last published
figure.

Figures of statements are from closed rounds only, so that staff, who see no running round, see the same page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.activities.outputs import with_quality
from kiosk.desk.context import desk
from kiosk.desk.i18n import asked, named_period, translate
from kiosk.desk.results.findings import about_protection, about_round
from kiosk.desk.session import for_every_account
from kiosk.desk.theory.editing import is_own
from kiosk.domain.counters import Counter, Outputs, year_of
from kiosk.domain.results import Row, over_time
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.domain.theory import Layer, Measure, Theory, TheoryBox
from kiosk.domain.tree import Node, Tree

blueprint = Blueprint("theory", __name__)


@dataclass(frozen=True)
class Evidence:
    """One counter or statement that measures a theory box or a goal. `measured_by` names it in words. `lines`
    has sentences about its last published figure, empty if there is none yet. For a statement, the last
    sentence is the round with its protection, and those before it are the result."""

    measured_by: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A theory box on the page, with the texts of its goals and of the theory boxes that it leads to.
    `evidence` is None for a theory box without a measure (resources and activities have none), and empty for
    one whose measure says that it is not measured."""

    box: TheoryBox
    goals: tuple[str, ...]
    leads_to: tuple[str, ...]
    evidence: tuple[Evidence, ...] | None


@dataclass(frozen=True)
class PlaceInTree:
    """The node that a page is about, with its tree."""

    node: Node
    tree: Tree

    @property
    def units(self) -> tuple[str, ...]:
        """The ids of the units at and below the node."""
        return self.tree.units_below(self.node.id)


@dataclass(frozen=True)
class PublishedFigures:
    """The published figures that a page may show. `document` is the snapshot; the page shows figures of those
    of its rounds that are in `rounds`, all closed. Figures of `outputs` are shown up to the end of
    `last_year`, all if it is None."""

    document: Document
    rounds: tuple[Round, ...]
    outputs: Outputs
    last_year: int | None = None


@blueprint.route("/theory")
@for_every_account
def theories() -> ResponseReturnValue:
    """Redirect to the first theory, at its own place or, if it has none, at the first place in the library;
    without a theory, show a page that says so."""
    for theory in desk().library.theories.values():
        node = theory.place or next(iter(desk().library.places), "")
        return redirect(url_for("theory.theory", theory_id=theory.id, node_id=node))
    return render_template("theory_none.html")


@blueprint.route("/theory/<theory_id>/<node_id>")
@for_every_account
def theory(theory_id: str, node_id: str) -> ResponseReturnValue:
    """Show a theory with the figures of one node. Aborts with 404 for an unknown theory or node."""
    shown, place = desk().library.theories.get(theory_id), find_place(node_id)
    if shown is None or place is None:
        abort(404)
    figures = published_figures()
    columns = theory_columns(shown, place, figures)
    return render_template(
        "theory.html",
        theory=shown,
        theories=desk().library.theories.values(),
        place=place,
        places=desk().library.places,
        columns=columns,
        is_own=is_own(theory_id),
        form=FlaskForm(),
        goals=[(goal, of_statements(goal.statements, place, figures)) for goal in shown.goals],
        uncounted=[box.text for box in shown.uncounted_activities],
        unnamed=[box.text for box in outputs_without_activity(shown)],
    )


def outputs_without_activity(theory: Theory) -> list[TheoryBox]:
    """Return the theory boxes in the column of outputs that a counter counts and to which no activity leads.
    Totals of individuals (`Counter.is_total`) are left out: they are no activity."""
    return [
        box
        for box in theory.counted_without_activity
        if box.measure and not desk().library.counters[box.measure.counter].is_total
    ]


def find_place(node_id: str) -> PlaceInTree | None:
    """Return the node with this id and its tree; None if no tree of the library has it."""
    for tree in desk().library.trees.values():
        for node in tree.nodes:
            if node.id == node_id:
                return PlaceInTree(node, tree)
    return None


def theories_about(unit_id: str) -> list[Theory]:
    """Return the theories that are about a unit; the pages on which its staff count show their definitions.
    They are those whose place is the unit or above it, and those without a place or with an unknown one. If
    several have the same definition, such as a theory and its copy, only the first is returned."""
    about = ((theory, find_place(theory.place)) for theory in desk().library.theories.values())
    theories = [theory for theory, place in about if place is None or unit_id in place.units]
    return list({theory.definition: theory for theory in reversed(theories)}.values())[::-1]


def published_figures() -> PublishedFigures:
    """Return the snapshot with all closed rounds, the latest opening first, and the outputs of all years."""
    store = desk().store
    closed = tuple(state.round for state in store.rounds() if state.is_closed)
    return PublishedFigures(store.snapshot(), closed, store.outputs.all())


def theory_columns(
    shown: Theory, place: PlaceInTree, figures: PublishedFigures
) -> list[tuple[str, list[Cell]]]:
    """Return (heading, cells) for each of the five columns of a theory, from resources to effects. Headings
    are in the reader's language; that of the results is the theory's own."""
    return [
        (heading, [_cell(shown, box, place, figures) for box in shown.boxes_in(layer)])
        for layer, heading in _headings(shown)
    ]


def _headings(shown: Theory) -> Sequence[tuple[Layer, str]]:
    """Return (layer, heading) for each of the five columns, in order. The heading of the results is the
    theory's own."""
    return (
        (Layer.RESOURCES, translate("Resurser")),
        (Layer.ACTIVITIES, translate("Aktiviteter")),
        (Layer.OUTPUTS, translate("Prestationer")),
        (Layer.RESULTS, shown.results_label),
        (Layer.EFFECTS, translate("Effekt")),
    )


def _cell(shown: Theory, box: TheoryBox, place: PlaceInTree, figures: PublishedFigures) -> Cell:
    """Return a theory box of a theory with the texts and the evidence that the page shows in it."""
    names = {other.id: other.text for other in shown.boxes}
    goals = tuple(goal.text for goal in shown.goals if goal.number in box.goals)
    leads_to = tuple(names[box_id] for box_id in box.leads_to)
    evidence = _evidence(box.measure, place, figures) if box.measure else None
    return Cell(box, goals, leads_to, evidence)


def _evidence(measure: Measure, place: PlaceInTree, figures: PublishedFigures) -> tuple[Evidence, ...]:
    """Return the evidence of a measure's counter, or of each of its statements; empty for the measure "not
    measured"."""
    if not measure.counter:
        return of_statements(measure.statements, place, figures)
    counter = desk().library.counters[measure.counter]
    measured_by = translate("Räknas: {counter}", counter=translate(counter.name))
    return (Evidence(measured_by, _counted(counter, place, figures)),)


def _counted(counter: Counter, place: PlaceInTree, figures: PublishedFigures) -> tuple[str, ...]:
    """Return "<year>: <figure>" for the latest year up to `figures.last_year` in which a counter has a
    figure, and a sentence if months or units are missing in it. Empty if no year has one."""
    for year in figures.outputs.years():
        if figures.last_year is not None and year > figures.last_year:
            continue
        if figure := figures.outputs.at_node(counter, place.node.id, place.units, year_of(year)):
            gaps = (
                ()
                if figure.is_complete
                else (translate("Uppgifter saknas för någon månad eller verksamhet."),)
            )
            return (f"{year}: {with_quality(figure)}", *gaps)
    return ()


def of_statements(
    statement_ids: Sequence[str], place: PlaceInTree, figures: PublishedFigures
) -> tuple[Evidence, ...]:
    """Return each statement with one of these ids as evidence, in the given order: its result in the latest
    of the rounds of `figures` that has answers to it at the place."""
    return tuple(_of_statement(statement_id, place, figures) for statement_id in statement_ids)


def _of_statement(statement_id: str, place: PlaceInTree, figures: PublishedFigures) -> Evidence:
    """Return a statement as evidence, with sentences about its figures in the latest closed round with
    answers to it at the place; without sentences if there is none."""
    rows = over_time(figures.document, figures.rounds, place.node.id, statement_id)
    row = next((row for row in reversed(rows) if row.on_scale), None)
    text = asked(row.round.survey, row.statement.text) if row else statement_text(statement_id)
    return Evidence(translate("Fråga: ”{statement}”", statement=text), _agreement(row) if row else ())


def _agreement(row: Row) -> tuple[str, ...]:
    labels = [asked(row.round.survey, label) for label in reversed(row.statement.answers)]
    return (*about_round(row, labels), f"{named_period(row.round)}. {about_protection([row])[0]}")


def statement_text(statement_id: str) -> str:
    """Return a statement's Swedish text in the first survey of the library that has it; its id if none
    has."""
    surveys = desk().library.surveys.values()
    asking = (
        statement for survey in surveys for statement in survey.statements if statement.id == statement_id
    )
    return next((statement.text for statement in asking), statement_id)
