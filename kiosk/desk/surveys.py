"""Surveys in the browser: copy, write, order, reword, and see them as a guest does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.session import desk, for_coordinator, note, signed_in
from kiosk.desk.words import say, say_reason
from kiosk.drafts import (
    LONGEST_STATEMENT,
    ChangedError,
    Draft,
    DraftError,
    draft_of,
    name_of,
    new_id,
    write_form,
    write_survey,
)
from kiosk.guest.pages import Pages
from kiosk.i18n import REFERENCE
from kiosk.office import Deed
from kiosk.survey import Scale, Statement, Survey, read_scales
from kiosk.wording import advice
from kiosk.xlsform import XLSFormError, no_answer_words, read_xlsform, write_xlsform

blueprint = Blueprint("surveys", __name__, template_folder="../guest/templates")

NEW_ROWS = 2


@dataclass(frozen=True)
class Row:
    """One statement of the form, and what to think over in it."""

    id: str
    text: str
    outcome: str
    scale: str
    thoughts: tuple[str, ...]


@blueprint.route("/surveys")
@for_coordinator
def surveys() -> ResponseReturnValue:
    """All surveys, those of the installation's own to be changed and all to be copied."""
    return _list([])


def _list(problems: list[str]) -> str:
    return render_template(
        "surveys.html",
        surveys=desk().library.surveys.values(),
        is_own=is_own,
        form=FlaskForm(),
        problems=problems,
    )


@blueprint.route("/surveys/copy", methods=["POST"])
@for_coordinator
def copy() -> ResponseReturnValue:
    """Begin a survey of one's own with another one's statements."""
    original = _survey(request.form.get("survey", ""))
    taken = desk().library.surveys
    survey_id = new_id(original.id, taken, "survey")
    title = say("{title} (kopia)", title=original.title)
    write_survey(_folder(), replace(draft_of(original, survey_id), title=title), _scales())
    desk().reread()
    note(Deed.SURVEY_WRITTEN, survey_id)
    return redirect(url_for("surveys.survey", survey_id=survey_id), 303)


@blueprint.route("/surveys/<survey_id>.xlsx")
@for_coordinator
def as_xlsform(survey_id: str) -> ResponseReturnValue:
    """The survey as XLSForm, for KoboToolbox, ODK and others."""
    content = write_xlsform(_survey(survey_id), no_answer_words(desk().library.guest))
    response = make_response(content)
    response.mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response.headers.set("Content-Disposition", "attachment", filename=f"{survey_id}.xlsx")
    return response


@blueprint.route("/surveys/import", methods=["POST"])
@for_coordinator
def from_xlsform() -> ResponseReturnValue:
    """A survey out of an XLSForm, as one of the installation's own."""
    sent, library, account = request.files.get("file"), desk().library, signed_in()
    if sent is None:
        abort(400)
    try:
        form = read_xlsform(sent.read(), f"XLSForm {sent.filename}")
        made = write_form(
            _folder(),
            desk().own_folder("translations"),
            form,
            library.surveys,
            _scales(),
            {code: found.texts for code, found in library.guest.items()},
            account.name if account else "",
            desk().clock().date(),
        )
    except XLSFormError as error:
        return _list([say_reason(error.reason)]), 400
    except DraftError as error:
        return _list([say_reason(reason) for reason in error.reasons]), 400
    desk().reread()
    note(Deed.SURVEY_WRITTEN, made.id)
    return redirect(url_for("surveys.survey", survey_id=made.id), 303)


@blueprint.route("/surveys/<survey_id>", methods=["GET", "POST"])
@for_coordinator
def survey(survey_id: str) -> ResponseReturnValue:
    """The form that changes a survey; what was typed stays where it does not hold."""
    found = _survey(survey_id)
    if not is_own(survey_id):
        abort(403)
    form, draft, problems = FlaskForm(), draft_of(found, survey_id), []
    seen, is_changed = name_of(draft), False
    if request.method == "POST" and form.validate():
        draft = _draft_sent(found)
        try:
            write_survey(_folder(), draft, _scales(), request.form.get("seen", ""))
        except ChangedError:
            is_changed = True
            problems = [
                say("Någon annan har ändrat frågorna sedan du öppnade dem. Skriv av det du vill behålla.")
            ]
        except DraftError as error:
            problems = [say_reason(reason) for reason in error.reasons]
        else:
            desk().reread()
            note(Deed.SURVEY_WRITTEN, survey_id)
            return redirect(url_for("surveys.survey", survey_id=survey_id), 303)
    rows = [_row(statement) for statement in draft.statements]
    empty = Row("", "", "", draft.statements[-1].scale.id if draft.statements else "", ())
    page = render_template(
        "survey.html",
        form=form,
        draft=draft,
        seen=request.form.get("seen", seen),
        version=found.version,
        rows=[*rows, *([empty] * NEW_ROWS)],
        scales=_scales().values(),
        problems=problems,
        is_changed=is_changed,
        longest=LONGEST_STATEMENT,
        languages=[found.language for code, found in desk().library.guest.items() if code != REFERENCE],
    )
    return page, 400 if problems else 200


@blueprint.route("/surveys/<survey_id>/preview")
@for_coordinator
def preview(survey_id: str) -> ResponseReturnValue:
    """The survey as a guest meets it, in every language that has all its texts, reviewed or not."""
    found, path = _survey(survey_id), url_for("surveys.preview_answer", survey_id=survey_id)
    asked = request.args.get("lang", REFERENCE)
    return make_response(_pages().form(found, asked, {}, action=path, is_kiosk=False))


@blueprint.route("/surveys/<survey_id>/preview", methods=["POST"])
@for_coordinator
def preview_answer(survey_id: str) -> ResponseReturnValue:
    """What is sent from a preview goes nowhere: it is not even read."""
    _survey(survey_id)
    return redirect(url_for("surveys.preview_thanks", survey_id=survey_id), 303)


@blueprint.route("/surveys/<survey_id>/preview/thanks")
@for_coordinator
def preview_thanks(survey_id: str) -> ResponseReturnValue:
    """The thank-you, and the way back to the survey."""
    _survey(survey_id)
    return make_response(_pages().thanks(url_for("surveys.surveys")))


@blueprint.route("/surveys/<survey_id>/preview/stored")
@for_coordinator
def preview_stored(survey_id: str) -> ResponseReturnValue:
    """What is stored about a guest, as she reads it."""
    _survey(survey_id)
    back = url_for("surveys.preview", survey_id=survey_id)
    return make_response(_pages().stored(desk().store.schema(), back, is_kiosk=False))


def is_own(survey_id: str) -> bool:
    """Whether a survey is the installation's own, to be changed here."""
    return desk().settings is not None and (_folder() / f"{survey_id}.toml").exists()


def _pages() -> Pages:
    return Pages(desk().library, None, is_demonstration=False)


def _survey(survey_id: str) -> Survey:
    return desk().library.surveys.get(survey_id) or abort(404)


def _folder() -> Path:
    return desk().own_folder("questions")


def _scales() -> dict[str, Scale]:
    """All scales on file, by id."""
    settings = desk().settings
    folders = settings.definition_folders if settings else []
    return {name: scale for folder in folders for name, scale in read_scales(folder / "scales").items()}


def _row(statement: Statement) -> Row:
    thoughts = tuple(say_reason(one.reason) for one in advice(statement.text))
    return Row(statement.id, statement.text, statement.outcome, statement.scale.id, thoughts)


def _draft_sent(found: Survey) -> Draft:
    """The survey as it was sent: rows without text are left out, the others in the order of their numbers."""
    sent, scales = request.form, _scales()
    columns = [sent.getlist(name) for name in ("place", "id", "text", "outcome", "scale")]
    if len({len(column) for column in columns}) != 1:
        abort(400)
    known = {statement.id for statement in found.statements}
    taken, rows = set(known), []
    for at, (place, statement_id, text, outcome, scale) in enumerate(zip(*columns, strict=True)):
        words = " ".join(text.split())
        if not words:
            continue
        if scale not in scales:
            abort(400)
        if statement_id not in known:
            statement_id = new_id(words, taken, "statement")
            taken.add(statement_id)
        number = int(place) if place.isdecimal() and len(place) < 4 else at + 1
        statement = Statement(statement_id, words, " ".join(outcome.split()), scales[scale])
        rows.append((number, at + 1, statement))
    return Draft(
        found.id,
        " ".join(sent.get("title", "").split()),
        " ".join(sent.get("source", "").split()),
        " ".join(sent.get("licence", "").split()),
        "validated" in sent,
        tuple(_in_order(rows)),
    )


def _in_order(rows: Sequence[tuple[int, int, Statement]]) -> list[Statement]:
    """Statements as (place asked for, place they had, statement): those that were moved stand where they were
    asked to, the others around them as they stood."""
    found = [statement for asked, had, statement in rows if asked == had]
    for asked, _had, statement in sorted((row for row in rows if row[0] != row[1]), key=lambda row: row[:2]):
        found.insert(max(asked - 1, 0), statement)
    return found
