"""Earlier figures: entering the counts of a report, changing and removing them, each with a reason that is
logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.activities.outputs import no_reason, reasons_to_choose
from kiosk.desk.context import desk
from kiosk.desk.forms import FiguresForm
from kiosk.desk.i18n import translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.earlier_figures import (
    EarlierFigures,
    EntryReason,
    FiguresError,
    RemovalReason,
    figures_from_json,
    read_figures,
)
from kiosk.domain.survey import Statement, Survey
from kiosk.library.text_rules import find_fault, tidied
from kiosk.storage import Action

blueprint = Blueprint("earlier_figures", __name__)


TypedCounts = Mapping[tuple[str, int], str]
"""(statement id, number of an option, 1 for the lowest) -> typed text of the option's count, "" for an
unknown count."""


@dataclass(frozen=True)
class ListedFigures:
    """Earlier figures in the coordinators' list. `name` is the key of `figures` in the store, `place` the
    name of their node."""

    name: str
    place: str
    figures: EarlierFigures


@blueprint.route("/imported")
@for_coordinator
def show_all() -> ResponseReturnValue:
    """Show the earlier figures, each with a form that removes it, and the surveys for which figures can be
    entered."""
    return _list()


def _list() -> str:
    kept = [
        ListedFigures(name, desk().place_name(figures.node_id), figures)
        for name, figures in kept_figures().items()
    ]
    form = FiguresForm()
    return render_template(
        "earlier_figures.html",
        kept=kept,
        surveys=desk().library.surveys.values(),
        form=form,
        reasons=reasons_to_choose(removal_reasons()),
    )


@blueprint.route("/imported/new/<survey_id>", methods=["GET", "POST"])
@for_coordinator
def new_figures(survey_id: str) -> ResponseReturnValue:
    """Show the form with a field for each option of each statement of a survey, questions with several
    options left out. Store the sent figures, with a reason that is logged, and redirect to the list. Refused
    input stays in the form, with status 400. Figures that are stored already are confirmed and not stored
    again. Aborts with 404 for an unknown survey."""
    survey = desk().library.surveys.get(survey_id)
    if survey is None:
        abort(404)
    form, asked = _form(), survey.with_one_answer
    figures = _sent_figures(form, asked) if request.method == "POST" else None
    if figures is None:
        return _figures_page(form, asked, _typed(asked), survey)
    # A double click sends the form twice: equal figures are stored once.
    if figures not in kept_figures().values():
        desk().store.earlier_figures.set(token_hex(8), figures.as_json())
        note(Action.FIGURES_IMPORTED, _details(figures, form.reason.data))
    flash(translate("Siffrorna är sparade."))
    return redirect(url_for("earlier_figures.show_all"), 303)


@blueprint.route("/imported/<name>", methods=["GET", "POST"])
@for_coordinator
def change_figures(name: str) -> ResponseReturnValue:
    """Show the form with the earlier figures under the key `name`. Replace them with the sent ones, with a
    reason that is logged, and redirect to the list; equal figures change nothing. Refused input stays in the
    form, with status 400. Aborts with 404 for an unknown key."""
    kept = kept_figures().get(name)
    if kept is None:
        abort(404)
    form, asked = _form(kept), _asked(kept)
    if request.method != "POST":
        return _figures_page(form, asked, _counts(kept))
    figures = _sent_figures(form, asked)
    if figures is None:
        return _figures_page(form, asked, _typed(asked))
    if figures != kept:
        desk().store.earlier_figures.set(name, figures.as_json())
        note(Action.FIGURES_CHANGED, _details(figures, form.reason.data))
    flash(translate("Siffrorna är sparade."))
    return redirect(url_for("earlier_figures.show_all"), 303)


def _form(kept: EarlierFigures | None = None) -> FiguresForm:
    """Return the form with the sent values. If it was not sent, it has the values of `kept`, the stored
    figures to change; for None it is empty."""
    form = FiguresForm(obj=kept)
    form.node.choices = list(desk().library.places.items())
    if kept and kept.node_id not in desk().library.places:
        form.node.choices.append((kept.node_id, kept.node_id))  # of a tree that is gone
    if kept and request.method != "POST":
        form.node.data = kept.node_id
    form.reason.choices = reasons_to_choose(entry_reasons())
    return form


def _sent_figures(form: FiguresForm, asked: Sequence[Statement]) -> EarlierFigures | None:
    """Return the sent figures; None if they are refused, with the problems in the form or the page's notice
    (`add_problem`). `asked` are the statements of the form."""
    if not form.validate():
        return None
    worded = _worded(asked)
    if worded is None:
        return None
    try:
        return read_figures(
            worded,
            form.node.data,
            form.first.data,
            form.last.data,
            form.n.data,
            form.source.data,
            _typed(asked),
            today=desk().clock().date(),
        )
    except FiguresError as error:
        for message in error.messages:
            add_problem(translate_message(message))
        return None


def _worded(asked: Sequence[Statement]) -> tuple[Statement, ...] | None:
    """Return the statements with the sent texts and labels: those of the report, which may differ from the
    survey's, misprints included. An empty field leaves the text or the label as it is.

    None, with the problems in the page's notice (`add_problem`), if a text cannot be shown or two options of
    a statement have the same label.
    """
    is_right, worded = True, list[Statement]()
    for statement in asked:
        texts = {
            name: tidied(request.form.get(name, "")) or present
            for name, present in _present_words(statement).items()
        }
        for name, words in texts.items():
            if fault := find_fault(words):
                add_problem(f"{statement.text}: {translate_message(fault.message)}", name)
                is_right = False
        text, *labels = texts.values()
        if len(set(labels)) < len(labels):
            problem = translate("”{text}”: två svar har samma ord.", text=statement.text)
            add_problem(problem, label_field(statement.id, 1))
            is_right = False
        worded.append(replace(statement, text=text, scale=replace(statement.scale, labels=tuple(labels))))
    return tuple(worded) if is_right else None


def _present_words(statement: Statement) -> dict[str, str]:
    """Return name of a field for a report's own words -> the statement's words: for its text, then for each
    option from the lowest."""
    labels = enumerate(statement.scale.labels, start=1)
    return {text_field(statement.id): statement.text} | {
        label_field(statement.id, option): label for option, label in labels
    }


def _figures_page(
    form: FiguresForm, asked: Sequence[Statement], typed: TypedCounts, survey: Survey | None = None
) -> ResponseReturnValue:
    """Return the page with the form, and its status: 200, or 400 for a sent form, which is shown again only
    if it was refused. `survey` is that of new figures, None for a change of stored ones."""
    present = {statement.id: _present_words(statement) for statement in asked}
    words = {
        name: request.form.get(name, text)
        for of_statement in present.values()
        for name, text in of_statement.items()
    }
    reworded = [
        statement_id
        for statement_id, of_statement in present.items()
        if any(words[name] != text for name, text in of_statement.items())
    ]
    page = render_template(
        "earlier_figures_form.html", form=form, survey=survey, statements=asked, typed=typed, words=words,
        reworded=reworded, field=field, text_field=text_field, label_field=label_field,
    )  # fmt: skip
    return page, 400 if request.method == "POST" else 200


def _asked(kept: EarlierFigures) -> tuple[Statement, ...]:
    """Return the statements of the form that changes stored figures.

    They are those of the first survey that asks all statements of `kept` with the same numbers of options, in
    the survey's order. A statement that `kept` has is in the words of `kept`. Without such a survey, they are
    the statements of `kept`.
    """
    known = {counts.statement_id: counts.statement for counts in kept.statements}
    for survey in desk().library.surveys.values():
        options = {statement.id: len(statement.scale.labels) for statement in survey.with_one_answer}
        if all(options.get(statement.id) == len(statement.scale.labels) for statement in known.values()):
            return tuple(known.get(statement.id, statement) for statement in survey.with_one_answer)
    return tuple(known.values())


def _typed(asked: Sequence[Statement]) -> TypedCounts:
    """Return the sent texts of the fields for counts, "" for a field that was not sent."""
    return {
        (statement.id, option): request.form.get(field(statement.id, option), "")
        for statement in asked
        for option in range(1, len(statement.scale.labels) + 1)
    }


def _counts(kept: EarlierFigures) -> TypedCounts:
    """Return the counts of earlier figures as texts of the form's fields."""
    return {
        (known.statement_id, option): "" if count is None else str(count)
        for known in kept.statements
        for option, count in enumerate(known.counts, start=1)
    }


def _details(figures: EarlierFigures, reason: str) -> str:
    """Return the details that the log has about earlier figures: the id of their node, their first and last
    day, and the `reason`, a value of EntryReason or RemovalReason."""
    return f"{figures.node_id}, {figures.first} – {figures.last}, {reason}"


@blueprint.route("/imported/remove", methods=["POST"])
@for_coordinator
def remove_figures() -> ResponseReturnValue:
    """Remove earlier figures, such as mistyped ones, with a reason that is logged, and redirect to the list.
    Without one of `removal_reasons`, nothing is removed, and the list is shown with status 400. Aborts with
    404 for an unknown key."""
    name = request.form.get("name", "")
    figures = kept_figures().get(name)
    if figures is None:
        abort(404)
    reason = request.form.get("reason", "")
    if reason not in dict(removal_reasons()):
        add_problem(no_reason())
        return _list(), 400
    desk().store.earlier_figures.remove(name)
    note(Action.FIGURES_REMOVED, _details(figures, reason))
    flash(translate("Siffrorna är borttagna."))
    return redirect(url_for("earlier_figures.show_all"), 303)


def entry_reasons() -> list[tuple[str, str]]:
    """Return (value of an EntryReason, its words) for each reason to type in or change earlier figures."""
    return [
        (EntryReason.REPORT.value, translate("De står i en tidigare rapport")),
        (EntryReason.PAPER.value, translate("En enkät på papper är räknad")),
        (EntryReason.MISTYPED.value, translate("Fel inskrivet")),
        (EntryReason.OTHER.value, translate("Annat skäl")),
    ]


def removal_reasons() -> list[tuple[str, str]]:
    """Return (value of a RemovalReason, its words) for each reason to remove earlier figures."""
    return [
        (RemovalReason.MISTYPED.value, translate("Fel inskrivet")),
        (RemovalReason.REPLACED.value, translate("Andra siffror ersätter dem")),
        (RemovalReason.OTHER.value, translate("Annat skäl")),
    ]


def kept_figures() -> dict[str, EarlierFigures]:
    """Return all stored earlier figures by their key in the store, sorted by key: not by date."""
    return {name: figures_from_json(row) for name, row in desk().store.earlier_figures.all().items()}


def text_field(statement_id: str) -> str:
    """Return the name of the form's field for the report's text of a statement."""
    return f"text-{statement_id}"


def label_field(statement_id: str, option: int) -> str:
    """Return the name of the form's field for the report's words for one option, 1 for the lowest."""
    return f"label-{statement_id}-{option}"


def field(statement_id: str, option: int) -> str:
    """Return the name of the form's field for the count of one option; `option` is 1 for the lowest."""
    return f"count-{statement_id}-{option}"
