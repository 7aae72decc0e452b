"""Import of forms of other programs: a preview of the survey, with questions about what the file does not
say.

The preview's page carries the form, signed, so that nothing is stored before the coordinator keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from itsdangerous import BadSignature, URLSafeSerializer

from kiosk.desk.context import desk
from kiosk.desk.i18n import language_name, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.language_code import is_language_code
from kiosk.domain.message import Message
from kiosk.domain.survey import Survey
from kiosk.library.autonyms import AUTONYMS
from kiosk.library.catalogues import Language, language
from kiosk.library.changes import RefusedError
from kiosk.library.drafts import (
    LONGEST_STATEMENT,
    LONGEST_TITLE,
    ImportedSurvey,
    SavedSurvey,
    add_imported_survey,
)
from kiosk.library.importing import (
    AnswerOrder,
    Decisions,
    ForeignForm,
    ForeignFormError,
    Preview,
    as_json,
    form_from_json,
    order_key,
    preview_of,
    read_file,
    read_pasted,
    source_of,
)
from kiosk.library.library import Library
from kiosk.library.surveys import MOST_STATEMENTS
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("imports", __name__)

LARGEST_CARRIED_CHARACTERS = 300_000
"""Most characters of the compressed and signed form that a page carries: enough for thousands of
questions."""


@dataclass(frozen=True)
class CarriedForm:
    """A form of another program between its upload and its import; `source` is the origin that is written to
    the survey's file."""

    form: ForeignForm
    source: str


@blueprint.route("/surveys/import", methods=["POST"])
@for_coordinator
def preview() -> ResponseReturnValue:
    """Show the preview of an uploaded form, or of pasted lines; nothing is stored. A form that cannot be read
    or is too large is reported with status 400. The preview of a form without usable questions also has
    status 400."""
    try:
        carried = _uploaded()
        token = _signed(carried)
    except ForeignFormError as error:
        lines = request.form.get("lines", "")
        add_problem(translate_message(error.message), "lines" if lines else "file")
        return render_template("survey_import_refused.html", form=FlaskForm(), lines=lines), 400
    return _page(carried, token, Decisions(), is_sent=False)


def _uploaded() -> CarriedForm:
    """Return the form in the sent file or, without the field for a file, in the sent lines of text. Raises
    ForeignFormError for one that cannot be read, and if neither is sent."""
    sent, lines = request.files.get("file"), request.form.get("lines", "")
    if sent is not None:
        name = sent.filename or ""
        form = read_file(sent.read(), name)
        return CarriedForm(form, source_of(form, name))
    if not lines.strip():
        raise ForeignFormError(Message("Välj en fil, eller klistra in påståenden.", {}))
    form = read_pasted(lines, translate("Inklistrad enkät"))
    return CarriedForm(form, source_of(form, ""))


@blueprint.route("/surveys/import/keep", methods=["POST"])
@for_coordinator
def keep() -> ResponseReturnValue:
    """Save the previewed form as an own survey, and redirect to it. The preview is shown again, with status
    400, if the preview has problems, such as a list of answers of which none is said to be the best, if more
    would be left out than the page listed, or if the survey is refused on saving. A form that this desk did
    not sign, or signed with an earlier key, has to be uploaded again: the page says so, with status 400.
    Saving aborts with 404 if files cannot be changed."""
    token = request.form.get("carried", "")
    carried = _read(token)
    if carried is None:
        add_problem(translate("Förhandsvisningen gäller inte längre. Välj filen igen."), "file")
        return render_template("survey_import_refused.html", form=FlaskForm()), 400
    decisions = _decisions_sent()
    survey_preview = preview_of(carried.form, decisions, desk().library, carried.source)
    if survey_preview.form is None or not FlaskForm().validate():
        return _page(carried, token, decisions, is_sent=True)
    if _is_more_left_out(survey_preview):
        add_problem(
            translate("Mer följer inte med än sidan visade. Se listan, och välj Behåll igen."), "left-out"
        )
        return _page(carried, token, decisions, is_sent=True)
    try:
        survey = _save(survey_preview.form)
    except RefusedError as error:
        for message in error.messages:
            add_problem(translate_message(message))
        return _page(carried, token, decisions, is_sent=True)
    note(Action.SURVEY_WRITTEN, survey.id)
    flash(translate("Enkäten är inläst. Se igenom den innan en omgång använder den."))
    return redirect(url_for("surveys.survey", survey_id=survey.id), 303)


def _is_more_left_out(survey_preview: Preview) -> bool:
    """Return whether more of the form is left out than the sent page listed. A Swedish text that the
    coordinator typed can cause this: its translations are checked against it for the first time, and those
    with a fault are left out."""
    listed = request.form.get("listed", "")
    return len(survey_preview.left_out) > (int(listed) if listed.isdecimal() else 0)


def _save(form: ImportedSurvey) -> Survey:
    """Save an imported form as an own survey, and return the survey. Raises RefusedError if it is not valid
    or cannot be written, SettingsError (404) if files cannot be changed; then nothing is saved."""
    written = list[SavedSurvey]()

    def write(settings: Settings) -> Library:
        written.append(add_imported_survey(settings, form))
        return written[0].library

    desk().change(write)
    return written[0].survey


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="import of a survey")


def _signed(carried: CarriedForm) -> str:
    """Return a form as a signed text that a page can carry. Raises ForeignFormError for one whose text has
    more than LARGEST_CARRIED_CHARACTERS."""
    text = _serializer().dumps({"form": as_json(carried.form), "source": carried.source})
    token = text.decode() if isinstance(text, bytes) else text
    if len(token) > LARGEST_CARRIED_CHARACTERS:
        raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
    return token


def _read(token: str) -> CarriedForm | None:
    """Return the form in a signed text; None for any other text."""
    try:
        document: Mapping[str, Any] = _serializer().loads(token)
    except BadSignature:
        return None
    return CarriedForm(form_from_json(document["form"]), document["source"])


def _decisions_sent() -> Decisions:
    """Return the coordinator's answers in the sent form. Answers that are not offered count as missing."""
    sent = request.form
    orders = {
        int(name.removeprefix("order-")): AnswerOrder(value)
        for name, value in sent.items()
        if name.removeprefix("order-").isdecimal() and value in list(AnswerOrder)
    }
    code = sent.get("language", "")
    included = (number for number in sent.getlist("include") if number.isdecimal())
    return Decisions(
        code if is_language_code(code) else "",
        orders,
        {name: " ".join(text.split()) for name, text in sent.items() if name.startswith(_TYPED)},
        frozenset(map(int, included)),
        " ".join(sent.get("title", "").split()),
    )


_TYPED = ("question-", "choice-")
"""Prefixes of the names of fields for Swedish texts that the file lacks."""


def _page(carried: CarriedForm, token: str, decisions: Decisions, *, is_sent: bool) -> ResponseReturnValue:
    """Return the preview's page and its status: 400, with the problems of the form, if the form `is_sent` and
    was refused, or if it has nothing to keep; else 200. `token` is the signed text of `carried` (`_signed`),
    which the page carries."""
    survey_preview = preview_of(carried.form, decisions, desk().library, carried.source)
    if is_sent or not survey_preview.questions:
        for problem in survey_preview.problems:
            add_problem(translate_message(problem.message), problem.key)
    page = render_template(
        "survey_import.html",
        form=FlaskForm(),
        carried=token,
        preview=survey_preview,
        languages=_languages(carried.form, survey_preview),
        known_languages=_known_languages(),
        chosen_language=decisions.language,
        left_out=_grouped(survey_preview),
        order_key=order_key,
        orders=AnswerOrder,
        is_rewritten=frozenset(decisions.swedish),
        language_name=language_name,
        most=MOST_STATEMENTS,
        longest=LONGEST_STATEMENT,
        longest_title=LONGEST_TITLE,
    )
    return page, 400 if is_sent or not survey_preview.questions else 200


def _languages(form: ForeignForm, survey_preview: Preview) -> list[tuple[Language | None, str, int]]:
    """Return (language, its column in the file, its number of texts) for each language of the form. The
    language is None if the file does not name it; the column is "" if the file has none for it."""
    codes = dict.fromkeys([*form.columns, *survey_preview.languages])
    return [
        (language(code) if code else None, form.columns.get(code, ""), survey_preview.languages.get(code, 0))
        for code in codes
    ]


def _known_languages() -> list[Language]:
    """Return the languages to choose from: those of the guests' screen, and others that forms often have."""
    codes = [*AUTONYMS, *(code for code in ("fr", "de", "pt", "sw", "tr") if code not in AUTONYMS)]
    return [language(code) for code in codes]


def _grouped(survey_preview: Preview) -> dict[str, list[str]]:
    """Return reason -> places in the file of all that is left out for this reason, both in the reader's
    language."""
    grouped: dict[str, list[str]] = {}
    for left_out in survey_preview.left_out:
        places = grouped.setdefault(translate_message(left_out.reason), [])
        places.append(translate_message(left_out.place))
    return grouped
