"""Guest languages that the installation adds to the shipped ones, and removes."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.i18n import language, language_in_text, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.library.added_languages import (
    add_language,
    is_added,
    lacks_font,
    languages_to_add,
    remove_language,
)
from kiosk.library.changes import RefusedError
from kiosk.storage import Action

blueprint = Blueprint("added_languages", __name__)


@blueprint.route("/new-language", methods=["GET", "POST"])
@for_coordinator
def new() -> ResponseReturnValue:
    """Show the languages that can be added; add the chosen one, and redirect to its texts. A refused choice
    is reported with status 400. Aborts with 404 if files cannot be changed."""
    if desk().settings is None:
        abort(404)
    choices = languages_to_add(desk().library.guest, language())
    if request.method != "POST":
        return render_template("language_new.html", form=FlaskForm(), choices=choices)
    code = request.form.get("language", "")
    try:
        desk().change(lambda settings: add_language(settings, code))
    except RefusedError as error:
        _add_problems(error)
        return render_template("language_new.html", form=FlaskForm(), choices=choices), 400
    added = desk().library.guest[code].language
    name = language_in_text(added)
    note(Action.LANGUAGE_ADDED, name)
    if added.direction == "rtl":
        flash(translate("Språket är tillagt: {language}. Det läses från höger till vänster.", language=name))
    else:
        flash(translate("Språket är tillagt: {language}.", language=name))
    return redirect(url_for("languages.texts", code=code), 303)


@blueprint.route("/languages/<code>/remove", methods=["GET", "POST"])
@for_coordinator
def remove(code: str) -> ResponseReturnValue:
    """Show the question whether to remove an added language (GET); remove it with its translations (POST). A
    refusal (`remove_language`), such as for a language of a round that is not closed, is reported with status
    400. Aborts with 404 for a language that was not added here."""
    catalogue = desk().library.guest.get(code)
    if catalogue is None or desk().settings is None or not is_added(desk().own_settings, code):
        abort(404)
    status = 200
    if request.method == "POST":
        running = [state.round.survey for state in desk().store.rounds() if not state.is_closed]
        try:
            desk().change(lambda settings: remove_language(settings, code, running))
        except RefusedError as error:
            _add_problems(error)
            status = 400
        else:
            name = language_in_text(catalogue.language)
            note(Action.LANGUAGE_REMOVED, name)
            flash(translate("Språket är borttaget: {language}", language=name))
            return redirect(url_for("languages.languages"), 303)
    page = render_template("language_remove.html", form=FlaskForm(), catalogue=catalogue)
    return page, status


def can_remove(code: str) -> bool:
    """Return whether a guest language was added here, so that its page offers to remove it."""
    settings = desk().settings
    return settings is not None and is_added(settings, code)


def font_is_missing(code: str) -> bool:
    """Return whether the shipped fonts lack the script of a guest language. KeyError for an unknown one."""
    return lacks_font(desk().library.guest[code].language)


def _add_problems(error: RefusedError) -> None:
    for message in error.messages:
        add_problem(translate_message(message), "language")
