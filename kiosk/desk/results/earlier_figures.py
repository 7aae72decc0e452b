"""Earlier figures: entering the counts of a report, and removing them."""

from dataclasses import dataclass
from secrets import token_hex

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import FiguresForm
from kiosk.desk.i18n import translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.outputs import no_reason, reasons_to_choose
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.earlier_figures import (
    EarlierFigures,
    FiguresError,
    RemovalReason,
    figures_from_json,
    read_figures,
)
from kiosk.domain.survey import Survey
from kiosk.storage import Action

blueprint = Blueprint("earlier_figures", __name__)


@dataclass(frozen=True)
class ListedFigures:
    """Earlier figures in the coordinators' list. `name` is their key in the store, `place` the name of their
    node."""

    name: str
    place: str
    figures: EarlierFigures


@blueprint.route("/imported")
@for_coordinator
def show_all() -> ResponseReturnValue:
    """Show the earlier figures, and the surveys for which figures can be entered."""
    return _list()


def _list() -> str:
    names = desk().library.places
    kept = [
        ListedFigures(name, names.get(figures.node_id, figures.node_id), figures)
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
    """Show the form with a field for each option of each statement; store the sent figures. Refused input
    stays in the form. Aborts with 404 for an unknown survey."""
    survey = desk().library.surveys.get(survey_id)
    if survey is None:
        abort(404)
    form, messages = FiguresForm(), []
    form.node.choices = list(desk().library.places.items())
    if request.method == "POST" and form.validate():
        try:
            figures = _typed_figures(form, survey)
            # A double click sends the form twice: equal figures are stored once.
            if figures not in kept_figures().values():
                desk().store.earlier_figures.set(token_hex(8), figures.as_json())
                note(Action.FIGURES_IMPORTED, f"{figures.node_id}, {figures.first} – {figures.last}")
            flash(translate("Siffrorna är sparade."))
            return redirect(url_for("earlier_figures.show_all"), 303)
        except FiguresError as error:
            messages = [translate_message(message) for message in error.messages]
    for message in messages:
        add_problem(message)
    page = render_template("earlier_figures_new.html", form=form, survey=survey, field=field)
    return page, 400 if messages or form.errors else 200


@blueprint.route("/imported/remove", methods=["POST"])
@for_coordinator
def remove_figures() -> ResponseReturnValue:
    """Remove earlier figures, such as mistyped ones, with a reason that is logged. Without a listed reason,
    nothing is removed. Aborts with 404 if no figures have the sent name."""
    name = request.form.get("name", "")
    figures = kept_figures().get(name)
    if figures is None:
        abort(404)
    reason = request.form.get("reason", "")
    if reason not in dict(removal_reasons()):
        add_problem(no_reason())
        return _list(), 400
    desk().store.earlier_figures.remove(name)
    note(Action.FIGURES_REMOVED, f"{figures.node_id}, {figures.first} – {figures.last}, {reason}")
    flash(translate("Siffrorna är borttagna."))
    return redirect(url_for("earlier_figures.show_all"), 303)


def removal_reasons() -> list[tuple[str, str]]:
    """Return (value of the RemovalReason, its words) of each reason to remove earlier figures."""
    return [
        (RemovalReason.MISTYPED.value, translate("Fel inskrivet")),
        (RemovalReason.REPLACED.value, translate("Andra siffror ersätter dem")),
        (RemovalReason.OTHER.value, translate("Annat skäl")),
    ]


def kept_figures() -> dict[str, EarlierFigures]:
    """Return the earlier figures by their key in the store."""
    return {name: figures_from_json(row) for name, row in desk().store.earlier_figures.all().items()}


def field(statement_id: str, option: int) -> str:
    """Return the name of the form's field for the count of one option; `option` is 1 for the lowest."""
    return f"count-{statement_id}-{option}"


def _typed_figures(form: FiguresForm, survey: Survey) -> EarlierFigures:
    typed = {
        (statement.id, option): request.form.get(field(statement.id, option), "")
        for statement in survey.with_one_answer
        for option in range(1, len(statement.scale.labels) + 1)
    }
    return read_figures(
        survey,
        form.node.data,
        form.first.data,
        form.last.data,
        form.n.data,
        form.source.data,
        typed,
        today=desk().clock().date(),
    )
