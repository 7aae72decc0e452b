"""A coordinator's comment on a statement in a round, shown under its charts and in print."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.results.access import readable_round
from kiosk.desk.session import for_coordinator, note
from kiosk.library.text_rules import find_fault
from kiosk.storage import Action

blueprint = Blueprint("comments", __name__)

LONGEST_COMMENT_CHARACTERS = 600
"""Most characters of a comment, which stands under a chart. A report has room for more."""


@blueprint.route("/comment/<round_id>/<node_id>/<statement_id>", methods=["GET", "POST"])
@for_coordinator
def comment(round_id: str, node_id: str, statement_id: str) -> ResponseReturnValue:
    """Show the form with a statement's comment in a round. Store a sent comment, or remove the stored one if
    the sent one is empty; log this, and redirect to the statement. A refused comment stays in the form, with
    status 400.

    The comment is the same at all places; `node_id` is the place to return to. Aborts with 404 for an unknown
    statement, round or node. Raises DeniedError (403) before the round opens.
    """
    of_round, form = readable_round(round_id, node_id), FlaskForm()
    if not of_round.survey.asks(statement_id):
        abort(404)
    words = desk().store.comments.of_round(round_id).get(statement_id, "")
    problem = ""
    if request.method == "POST":
        words = " ".join(request.form.get("words", "").split())
        problem = _problem(words)
        if form.validate() and not problem:
            desk().store.comments.set(round_id, statement_id, words)
            note(Action.COMMENT_WRITTEN, f"{round_id}, {statement_id}")
            flash(translate("Kommentaren är sparad.") if words else translate("Kommentaren är borttagen."))
            full = "results.statement_in_full"
            return redirect(url_for(full, round_id=round_id, node_id=node_id, statement_id=statement_id), 303)
    if problem:
        add_problem(problem, "words")
    page = render_template(
        "comment.html",
        form=form,
        round=of_round,
        node=of_round.tree.node(node_id),
        statement=of_round.survey.statement(statement_id),
        words=words,
        longest=LONGEST_COMMENT_CHARACTERS,
    )
    return page, 400 if problem else 200


def _problem(words: str) -> str:
    """Return the reason for refusing a comment, as a sentence; "" if it is valid. An empty comment is
    valid."""
    fault = find_fault(words, LONGEST_COMMENT_CHARACTERS) if words else None
    return translate_message(fault.message) if fault else ""
