"""Speech by people: every text that guests can hear in a language, recorded or uploaded in the browser.

Guests hear a person's recording as soon as it is saved, in place of a synthesised draft.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.desk.surveys.recording_files import (
    LARGEST_RECORDING_BYTES,
    MOST_SECONDS,
    remove_recording,
    save_recording,
)
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import Catalogue
from kiosk.library.changes import RefusedError
from kiosk.screen.speech import KINDS, Speech, find, speeches, spoken_of_screen, spoken_of_survey
from kiosk.storage import Action

blueprint = Blueprint("recordings", __name__)

LONGEST_LOGGED_TEXT = 60
"""Most characters of a text in the log."""


@dataclass(frozen=True)
class Reading:
    """A text to read aloud. `message` is its reference text; `speech` has the text in the language, and its
    sound if there is one. `is_reviewed` says that a native reader has reviewed the text."""

    message: str
    speech: Speech
    is_reviewed: bool

    @property
    def anchor(self) -> str:
        """The id of the text's element on the page."""
        return f"text-{self.speech.name}"


@dataclass(frozen=True)
class TextGroup:
    """The texts of a survey, or those of the guest's screen outside surveys, that guests can hear in one
    language. `survey` is None for the guest's screen; `untranslated` is the number of a survey's texts
    without a translation, which are not in `readings`."""

    survey: Survey | None
    readings: tuple[Reading, ...]
    untranslated: int

    @property
    def left(self) -> int:
        """The number of texts without a person's recording."""
        return sum(not reading.speech.is_recorded for reading in self.readings)


@blueprint.route("/languages/<code>/recordings")
@for_coordinator
def recordings(code: str) -> ResponseReturnValue:
    """Show the texts of the guest's screen, or of the survey that the address names (`survey`), with their
    recordings. Aborts with 404 for an unknown survey or language, and if files cannot be changed."""
    return _page(_catalogue(code))


@blueprint.route("/languages/<code>/recordings", methods=["POST"])
@for_coordinator
def save(code: str) -> ResponseReturnValue:
    """Save an uploaded recording of one text, in place of an earlier one, and redirect to the text. A refused
    or missing file is reported with status 400. Aborts with 404 for an unknown language or text, and if files
    cannot be changed."""
    catalogue, sent = _catalogue(code), request.files.get("file")
    reading = _reading_sent(catalogue)
    if not sent or not sent.filename:
        add_problem(translate("Välj en fil."), reading.anchor)
        return _page(catalogue), 400
    content = sent.read(LARGEST_RECORDING_BYTES + 1)
    try:
        desk().change(lambda settings: save_recording(settings, code, reading.speech.text, content))
    except RefusedError as error:
        for message in error.messages:
            add_problem(translate_message(message), reading.anchor)
        return _page(catalogue), 400
    _note(Action.SPEECH_RECORDED, code, reading)
    flash(translate("Inspelningen är sparad och spelas för gästerna."))
    return _back(code, reading)


@blueprint.route("/languages/<code>/recordings/remove", methods=["POST"])
@for_coordinator
def remove(code: str) -> ResponseReturnValue:
    """Remove the recording of one text, so that guests hear its draft, if there is one; redirect to the text,
    also if it has no recording. Aborts with 404 for an unknown language or text, and if files cannot be
    changed."""
    reading = _reading_sent(_catalogue(code))
    desk().change(lambda settings: remove_recording(settings, code, reading.speech.text))
    _note(Action.SPEECH_REMOVED, code, reading)
    flash(translate("Inspelningen är borttagen."))
    return _back(code, reading)


@blueprint.route("/languages/<code>/recordings/<name>")
@for_coordinator
def sound(code: str, name: str) -> ResponseReturnValue:
    """Return the file with the sound of a text, as guests hear it: a recording, else a draft. `name` is the
    `Speech.name` of the text. Aborts with 404 if there is none, for an unknown language, and if files cannot
    be changed."""
    path = find(desk().own_settings.audio_folder, _catalogue(code).language.code, name)
    if path is None:
        abort(404)
    response: Response = send_file(path, mimetype=KINDS[path.suffix], conditional=True, etag=False)
    return response


def _page(catalogue: Catalogue) -> str:
    """Return the page of recordings in a language, with the texts that the address chooses. Aborts with 404
    for an unknown survey."""
    surveys = list(desk().library.surveys.values())
    parts = [_part(catalogue, survey) for survey in (None, *surveys)]
    survey_id = request.args.get("survey", "")
    part = next((part for part in parts if (part.survey.id if part.survey else "") == survey_id), None)
    return render_template(
        "recordings.html",
        form=FlaskForm(),
        catalogue=catalogue,
        parts=parts,
        part=part or abort(404),
        survey_id=survey_id,
        most_seconds=MOST_SECONDS,
    )


def _part(catalogue: Catalogue, survey: Survey | None) -> TextGroup:
    """Return the texts of a survey, or of the guest's screen for None, that guests can hear. Of equal
    texts only one is in the result."""
    texts = spoken_of_survey(catalogue, survey) if survey else spoken_of_screen(catalogue)
    sources = survey.sources if survey else {}
    code = catalogue.language.code
    sounds = speeches(desk().own_settings.audio_folder, code, list(texts.values()))
    readings = [
        Reading(message, speech, all(map(catalogue.is_reviewed, sources.get(message, (message,)))))
        for message, speech in zip(texts, sounds, strict=True)
    ]
    by_name = {reading.speech.name: reading for reading in readings}
    return TextGroup(survey, tuple(by_name.values()), len(sources) - len(texts) if survey else 0)


def _reading_sent(catalogue: Catalogue) -> Reading:
    """Return the text that the sent form names. Aborts with 404 if there is none, such as after a change of
    the text, which changes its name."""
    surveys = desk().library.surveys.values()
    parts = (_part(catalogue, survey) for survey in (None, *surveys))
    readings = (reading for part in parts for reading in part.readings)
    name = request.form.get("name", "")
    return next((reading for reading in readings if reading.speech.name == name), None) or abort(404)


def _catalogue(code: str) -> Catalogue:
    """Return the catalogue of a guest language. Aborts with 404 for an unknown one, and if files cannot be
    changed."""
    catalogue = desk().library.guest.get(code)
    if catalogue is None or desk().settings is None:
        abort(404)
    return catalogue


def _note(action: Action, code: str, reading: Reading) -> None:
    """Log an action with the language and the beginning of the text."""
    text = reading.speech.text
    shown = text if len(text) <= LONGEST_LOGGED_TEXT else f"{text[:LONGEST_LOGGED_TEXT].rstrip()} …"
    note(action, f"{code}, {shown}")


def _back(code: str, reading: Reading) -> ResponseReturnValue:
    survey_id = request.args.get("survey") or None
    address = url_for("recordings.recordings", code=code, survey=survey_id, _anchor=reading.anchor)
    return redirect(address, 303)
