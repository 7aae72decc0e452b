"""Rounds: which there are, and opening a new one. Nothing here changes or closes one."""

from datetime import datetime, time, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.forms import RoundForm
from kiosk.desk.session import desk, for_anybody, for_coordinator
from kiosk.desk.words import say_reason
from kiosk.rounds import Admission, Round, RoundError, round_id

blueprint = Blueprint("rounds", __name__)

USUAL_LENGTH = timedelta(days=90)


@blueprint.route("/rounds")
@for_anybody
def rounds() -> ResponseReturnValue:
    """All rounds, the latest first."""
    return render_template("rounds.html", states=desk().store.rounds(), now=desk().clock())


@blueprint.route("/rounds/new", methods=["GET", "POST"])
@for_coordinator
def new_round() -> ResponseReturnValue:
    """The form that opens a round; what was typed stays where something does not hold."""
    library, today = desk().library, desk().clock().date()
    form = RoundForm(opens=today, closes=today + USUAL_LENGTH, admission=["kiosk", "slip"])
    form.survey.choices = [(survey.id, survey.title) for survey in library.surveys.values()]
    form.tree.choices = [(tree.root.id, tree.root.name) for tree in library.trees.values()]
    reasons: list[str] = []
    if request.method == "POST" and form.validate():
        try:
            desk().store.open_round(_asked_for(form), desk().clock())
            return redirect(url_for("rounds.rounds"), 303)
        except RoundError as error:
            reasons = [say_reason(reason) for reason in error.reasons]
    is_refused = bool(reasons or form.errors)
    page = render_template("round_new.html", form=form, reasons=reasons, surveys=library.surveys)
    return page, 400 if is_refused else 200


def _asked_for(form: RoundForm) -> Round:
    survey = desk().library.surveys[form.survey.data]
    opens_at = datetime.combine(form.opens.data, time())
    taken = [state.round.id for state in desk().store.rounds()]
    return Round(
        round_id(survey, opens_at.date(), taken),
        survey,
        desk().library.trees[form.tree.data],
        form.k.data,
        opens_at,
        datetime.combine(form.closes.data, time()) + timedelta(days=1),
        frozenset(Admission(way) for way in form.admission.data or ()),
    )
