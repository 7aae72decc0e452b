"""Replies to guests about what a closed round led to, written by a coordinator and shown on the guests' start
page."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.i18n import language_in_text, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.respondents import people_at
from kiosk.desk.session import for_coordinator, note
from kiosk.library.catalogues import REFERENCE, Language
from kiosk.library.library import screen_languages
from kiosk.library.text_rules import find_fault
from kiosk.storage import Action, RoundState

blueprint = Blueprint("replies", __name__)

LONGEST_REPLY_CHARACTERS = 240
"""Most characters of a reply, which a guest reads before the first statement."""


@blueprint.route("/reply/<round_id>", methods=["GET", "POST"])
@for_coordinator
def reply(round_id: str) -> ResponseReturnValue:
    """Show the form with a field for each guest language; store a sent reply in place of an earlier one, or
    remove it if all fields are empty. Refused input stays in the form, with status 400. Aborts with 404 for
    an unknown round or one that is not closed."""
    state = _closed_round(round_id)
    languages, form = _languages(), FlaskForm()
    texts = desk().store.replies.of_round(round_id)
    problems: dict[str, str] = {}
    if request.method == "POST":
        texts = {code: " ".join(request.form.get(f"words-{code}", "").split()) for code in languages}
        problems = _problems(texts, languages)
        if form.validate() and not problems:
            desk().store.replies.set(round_id, texts)
            note(Action.REPLY_WRITTEN, round_id)
            flash(translate("Svaret är sparat och visas på första sidan."))
            return redirect(url_for("rounds.rounds"), 303)
    for code, problem in problems.items():
        add_problem(problem, f"words-{code}")
    page = render_template(
        "reply.html",
        form=form,
        state=state,
        people=people_at(state.round, state.round.tree.root.id),
        languages=languages,
        words=texts,
        longest=LONGEST_REPLY_CHARACTERS,
    )
    return page, 400 if problems else 200


def _problems(texts: dict[str, str], languages: dict[str, Language]) -> dict[str, str]:
    """Return code of a language -> the reason for refusing its text, as a sentence; empty if all are valid.
    The Swedish text must not be empty if another has words. `texts` has the text of each code in
    `languages`."""
    problems = {
        code: translate(
            "{language}: {problem}",
            language=language_in_text(language),
            problem=translate_message(fault.message),
        )
        for code, language in languages.items()
        if texts[code] and (fault := find_fault(texts[code], LONGEST_REPLY_CHARACTERS))
    }
    if any(texts.values()) and not texts[REFERENCE]:
        problems[REFERENCE] = translate("Skriv texten på svenska också.")
    return problems


def _closed_round(round_id: str) -> RoundState:
    """Return the closed round with this id. Aborts with 404 if there is none: a reply is about results."""
    matching = [state for state in desk().store.rounds() if state.round.id == round_id and state.is_closed]
    return matching[0] if matching else abort(404)


def _languages() -> dict[str, Language]:
    """Return code -> language for those that guests may choose on their screen."""
    library = desk().library
    spoken = screen_languages(library.guest, desk().allowed_languages)
    return {code: library.guest[code].language for code in spoken}
