"""Languages: those that guests may choose, their unreviewed texts, and the editing of translations beside the
Swedish texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.downloads import file_response
from kiosk.desk.i18n import in_a_row, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note, signed_in
from kiosk.desk.surveys.added_languages import can_remove, font_is_missing
from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.library.catalogues import REFERENCE, Catalogue, Language
from kiosk.library.changes import RefusedError
from kiosk.library.completeness import Completeness, of_screen, of_survey
from kiosk.library.drafts import Translation, reviews, write_translations
from kiosk.library.text_rules import LONGEST_TRANSLATION, find_translation_fault
from kiosk.library.translators_file import Comparison, TranslationError, as_po, read_translations
from kiosk.screen.speech import Speech, speeches, spoken_texts
from kiosk.storage import Action

blueprint = Blueprint("languages", __name__)

MOST_NAMED = 5
"""Most texts of a translator's file that a message names."""

LETTERS_A_ROW = 40
"""Approximate number of characters that one row of a text's field shows."""

ALL_REVIEWED = "all-reviewed"
"""Name of the checkbox in forms that declares every text of the page reviewed."""

READ, WRONG, EVERY_TEXT = "read", "wrong", "all"
"""Names in the review: the checkbox that declares the page read, the beginning of those for wrong texts, and
the parameter that also shows reviewed texts."""

HASH_DIGITS = 12
"""Hex digits of the digests that stand for texts in forms."""


@dataclass(frozen=True)
class PartState:
    """The translations of a survey, or of the guest's screen outside surveys, in one language. `is_shown`
    says whether guests may choose the language there. `survey_id` is "" and `title` is None for the guest's
    screen."""

    survey_id: str
    title: str | None
    state: Completeness
    is_shown: bool


@dataclass(frozen=True)
class LanguageState:
    """The state of a language: its `parts`, which are the guest's screen and each survey (None for one that
    is not to be translated into it), and the number of its texts that can be `spoken`, that people have
    `recorded`, and that a machine has `drafted`."""

    language: Language
    parts: tuple[PartState | None, ...]
    spoken: int
    recorded: int
    drafted: int


@dataclass(frozen=True)
class Line:
    """One reference text, `message`, beside its translation, `text`, which is "" if there is none.

    `reviewed_by` has the reviewer and date of a review in the browser, else "". `seen` is the digest of the
    translation, and of whether it is reviewed, by which a change by somebody else is noticed. `previous` is
    the previous wording of the reference text to which the translation belongs, if nobody has reviewed it
    since; else "". `problem` is the reason why the line was not saved, as a sentence, else "".
    """

    message: str
    text: str
    is_reviewed: bool
    reviewed_by: str
    seen: str
    previous: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        """The line's name in the form: a digest of the reference text, since positions may change."""
        return short_hash(self.message, HASH_DIGITS)

    @property
    def rows(self) -> int:
        """Height of the field, in rows, for browsers that cannot fit it to its text."""
        return max(2, 1 + len(self.text or self.message) // LETTERS_A_ROW)


@blueprint.route("/languages")
@for_coordinator
def languages() -> ResponseReturnValue:
    """Show every guest language with its missing, unreviewed and recorded texts. Reloads the library first if
    own files were changed."""
    desk().reread_if_changed()
    states = []
    for catalogue in desk().library.guest.values():
        speech = _speech(catalogue)
        recorded = sum(sound.is_recorded for sound in speech)
        states.append(
            LanguageState(
                catalogue.language,
                tuple(_parts(catalogue)),
                len(speech),
                recorded,
                sum(sound.file is not None for sound in speech) - recorded,
            )
        )
    return render_template(
        "languages.html",
        states=states,
        surveys=desk().library.surveys.values(),
        can_translate=desk().settings is not None,
    )


def _parts(catalogue: Catalogue) -> Iterator[PartState | None]:
    """Yield the state of the guest's screen in a language, then that of each survey; None for an instrument
    that has no official words in the language, since it is not to be translated. Every instrument has a state
    in the reference language."""
    library, allowed, code = desk().library, desk().allowed_languages, catalogue.language.code
    screen = of_screen(catalogue)
    is_spoken = screen.can_be_shown(code, allowed)
    yield PartState("", None, screen, is_spoken)
    for survey in library.surveys.values():
        if code != REFERENCE and not survey.is_official_in(code):
            yield None
            continue
        state = of_survey(catalogue, survey)
        yield PartState(survey.id, survey.title, state, is_spoken and state.can_be_shown(code, allowed))


@blueprint.route("/languages/<code>", methods=["GET", "POST"])
@for_coordinator
def texts(code: str) -> ResponseReturnValue:
    """Show the texts of the guest's screen, or of the survey that the address names (`survey`), beside their
    translations; save sent translations and reviews. Refused input stays in the form, with status 400; then
    nothing is saved. Aborts with 404 for an unknown survey or language, for Swedish, and if files cannot be
    changed."""
    catalogue = _catalogue(code)
    survey_id, form = request.args.get("survey", ""), FlaskForm()
    messages = _messages(survey_id)
    lines, problems = _lines(catalogue, messages), list[str]()
    if request.method == "POST" and form.validate():
        lines = [_sent(line) for line in lines]
        if not any(line.problem for line in lines):
            try:
                _save_changed(catalogue, lines)
            except RefusedError as error:
                problems = [translate_message(message) for message in error.messages]
            else:
                flash(translate("Sparat."))
                return redirect(url_for("languages.texts", code=code, survey=survey_id or None), 303)
    has_problems = any(line.problem for line in lines) or bool(problems)
    for problem in problems:
        add_problem(problem)
    for line in lines:
        if line.problem:
            add_problem(line.problem, f"message-{line.key}")
    page = render_template(
        "texts.html",
        form=form,
        catalogue=catalogue,
        lines=lines,
        survey=desk().library.surveys.get(survey_id),
        surveys=desk().library.surveys.values(),
        longest=LONGEST_TRANSLATION,
        lacks_font=font_is_missing(code),
        can_remove=can_remove(code),
    )
    return page, 400 if has_problems else 200


@dataclass(frozen=True)
class ReviewPart:
    """The translated texts of a survey, or of the guest's screen outside surveys, to read side by side.
    `survey_id` is "" and `title` None for the guest's screen; `missing` is the number of texts without a
    translation, which are not in `lines`."""

    survey_id: str
    title: str | None
    lines: tuple[Line, ...]
    missing: int


@blueprint.route("/languages/<code>/review", methods=["GET", "POST"])
@for_coordinator
def review(code: str) -> ResponseReturnValue:
    """Show every translation of a language that nobody has reviewed, beside the reference text; with `all` in
    the address, also the reviewed ones. Mark the translations in the sent form as reviewed; those that the
    form marks as wrong become unreviewed. A refused form is shown again with status 400; then nothing is
    saved. Aborts with 404 for an unknown language, for Swedish, and if files cannot be changed."""
    catalogue = _catalogue(code)
    parts = list(_review_parts(catalogue))
    if request.method == "POST":
        lines = [line for part in parts for line in part.lines if f"seen-{line.key}" in request.form]
        if _save_review(catalogue, lines):
            wrong = sum(f"{WRONG}-{line.key}" in request.form for line in lines)
            flash(
                translate(
                    "Sparat. Granskade texter: {right}. Texter att rätta: {wrong}.",
                    right=len(lines) - wrong,
                    wrong=wrong,
                )
            )
            return redirect(url_for("languages.review", code=code), 303)
    shows_every_text = EVERY_TEXT in request.args
    shown = [
        replace(part, lines=tuple(line for line in part.lines if shows_every_text or not line.is_reviewed))
        for part in parts
    ]
    page = render_template(
        "review.html",
        form=FlaskForm(),
        catalogue=catalogue,
        parts=shown,
        number=sum(len(part.lines) for part in shown),
        shows_every_text=shows_every_text,
    )
    return page, 400 if request.method == "POST" else 200


def _review_parts(catalogue: Catalogue) -> Iterator[ReviewPart]:
    """Yield the guest's screen and each survey with its translated texts. A text of several parts is in the
    first one only."""
    seen = set[str]()
    for survey_id, title in [
        ("", None),
        *((survey.id, survey.title) for survey in desk().library.surveys.values()),
    ]:
        messages = _messages(survey_id)
        lines = _lines(catalogue, tuple(message for message in messages if message not in seen))
        translated = tuple(line for line in lines if line.text)
        seen.update(messages)
        yield ReviewPart(survey_id, title, translated, len(lines) - len(translated))


def _save_review(catalogue: Catalogue, lines: Sequence[Line]) -> bool:
    """Mark the lines as reviewed, except those that the form marks as wrong; return whether they were saved.
    Nothing is saved if the form does not declare them read, if somebody else has changed one since the page
    was opened, or if writing is refused: the reasons are then added to the notice of the page."""
    if READ not in request.form:
        problem = translate("Kryssa i att någon har läst texterna. Annars sparas inget.")
        add_problem(problem, READ)
        return False
    changed = [line for line in lines if request.form[f"seen-{line.key}"] != line.seen]
    for line in changed:
        problem = translate("Någon annan har ändrat texten. Läs den igen: ”{text}”", text=line.text)
        add_problem(problem, f"message-{line.key}")
    if changed:
        return False
    reviewed = [replace(line, is_reviewed=f"{WRONG}-{line.key}" not in request.form) for line in lines]
    try:
        _save_changed(catalogue, reviewed)
    except RefusedError as error:
        for message in error.messages:
            add_problem(translate_message(message))
        return False
    return True


@blueprint.route("/reference", methods=["GET", "POST"])
@for_coordinator
def reference() -> ResponseReturnValue:
    """Show the shipped Swedish texts; save sent reviews. A refused form is shown again with status 400. The
    texts are message ids, so they cannot be changed here. Aborts with 404 if files cannot be changed."""
    if desk().settings is None:
        abort(404)
    catalogue, form = desk().library.guest[REFERENCE], FlaskForm()
    lines = _lines(catalogue, tuple(catalogue.texts))
    if request.method == "POST" and form.validate():
        lines = [replace(_sent(line), text=line.text) for line in lines]
        if not any(line.problem for line in lines):
            _save_changed(catalogue, lines)
            flash(translate("Sparat."))
            return redirect(url_for("languages.reference"), 303)
    has_problems = any(line.problem for line in lines)
    for line in lines:
        if line.problem:
            add_problem(line.problem)
    page = render_template("reference.html", form=form, lines=lines)
    return page, 400 if has_problems else 200


@blueprint.route("/languages/<code>.po")
@for_coordinator
def as_file(code: str) -> ResponseReturnValue:
    """Return every text that guests read, with its translation, as a gettext file. Aborts with 404 for an
    unknown language, for Swedish, and if files cannot be changed."""
    return file_response(f"guest-{code}.po", as_po(_catalogue(code)))


@blueprint.route("/languages/<code>/file", methods=["POST"])
@for_coordinator
def from_file(code: str) -> ResponseReturnValue:
    """Import a translator's gettext file; a refused one is reported with status 400. Texts without the fuzzy
    flag count as reviewed by the signed-in account, unless they equal the Swedish text. A text that differs
    from a reviewed one is not saved: a page shows both, to choose from (`choose`). Aborts with 400 without
    the field for a file. Aborts with 404 for an unknown language, for Swedish, and if files cannot be
    changed."""
    catalogue, sent = _catalogue(code), request.files.get("file")
    if sent is None:
        abort(400)
    if not sent.filename:
        return _file_refused(catalogue, [Message("Välj en fil.", {})])
    try:
        comparison = read_translations(sent.read(), catalogue)
        if comparison.changed:
            _write(catalogue, comparison.changed)
    except TranslationError as error:
        return _file_refused(catalogue, [error.message])
    except RefusedError as error:
        return _file_refused(catalogue, error.messages)
    flash(" ".join(_effects(comparison)))
    if comparison.conflicts:
        return _conflicts_page(code, comparison.conflicts)
    return redirect(url_for("languages.texts", code=code), 303)


def _effects(comparison: Comparison) -> list[str]:
    """Return sentences about the effect of a translator's file on the texts."""
    sentences = [translate("Filen är inläst. Ändrade texter: {number}.", number=len(comparison.changed))]
    if comparison.kept_reviews:
        sentences.append(
            translate(
                "Märkta fuzzy i filen men redan granskade här, och fortfarande granskade: {number}.",
                number=comparison.kept_reviews,
            )
        )
    if comparison.untranslated:
        sentences.append(
            translate(
                "Likadana som svenskan, och därför inte märkta som granskade: {number}.",
                number=comparison.untranslated,
            )
        )
    if comparison.with_variants:
        sentences.append(
            translate(
                "Filen har flera översättningar av samma text, efter sammanhang eller antal. Här har en text "
                "bara en. Dessa togs inte med: {texts}.",
                texts=in_a_row([f"”{text}”" for text in comparison.with_variants[:MOST_NAMED]]),
            )
        )
    return sentences


@blueprint.route("/languages/<code>/choose", methods=["POST"])
@for_coordinator
def choose(code: str) -> ResponseReturnValue:
    """Save the texts of a translator's file that were chosen instead of reviewed ones; reviewed texts that
    were not replaced stay. A text that somebody else changed meanwhile is shown again with status 400; the
    other chosen texts are saved. A refused write gives a page with the reasons, also 400. Aborts with 404 for
    an unknown language, for Swedish, and if files cannot be changed."""
    catalogue = _catalogue(code)
    lines = [
        _sent(line)
        for line in _lines(catalogue, (*catalogue.texts, *catalogue.empty))
        if f"take-{line.key}" in request.form
    ]
    refused = [line for line in lines if line.problem]
    try:
        _save_changed(catalogue, [line for line in lines if not line.problem])
    except RefusedError as error:
        return _file_refused(catalogue, error.messages)
    if refused:
        for line in refused:
            add_problem(line.problem, f"message-{line.key}")
        conflicts = [Translation(line.message, line.text, line.is_reviewed) for line in refused]
        return _conflicts_page(code, conflicts), 400
    flash(translate("Ändrade texter: {number}.", number=len(lines)))
    return redirect(url_for("languages.texts", code=code), 303)


def _conflicts_page(code: str, conflicts: Sequence[Translation]) -> str:
    """Return the page that shows texts of a translator's file beside the reviewed texts from which they
    differ."""
    catalogue = _catalogue(code)
    lines = _lines(catalogue, tuple(translation.message for translation in conflicts))
    return render_template(
        "texts_conflicts.html",
        form=FlaskForm(),
        catalogue=catalogue,
        pairs=list(zip(lines, conflicts, strict=True)),
    )


def _file_refused(catalogue: Catalogue, messages: Sequence[Message]) -> ResponseReturnValue:
    """Return the page with the reasons why a translator's file was refused, and status 400."""
    problem = " ".join(map(translate_message, messages))
    return render_template("texts_refused.html", catalogue=catalogue, problem=problem), 400


def _speech(catalogue: Catalogue) -> list[Speech]:
    """Return the speech of every text of a language that guests can hear; empty if files cannot be
    changed."""
    settings = desk().settings
    if settings is None:
        return []
    texts = spoken_texts(catalogue, list(desk().library.surveys.values()))
    return speeches(settings.audio_folder, catalogue.language.code, texts)


def _catalogue(code: str) -> Catalogue:
    """Return the catalogue of a guest language other than the reference. Aborts with 404 if there is none,
    and if files cannot be changed."""
    catalogue = desk().library.guest.get(code)
    if catalogue is None or code == REFERENCE or desk().settings is None:
        abort(404)
    return catalogue


def _messages(survey_id: str) -> tuple[str, ...]:
    """Return the title and the other reference texts of a survey, or those of the guest's screen for "".
    Aborts with 404 for an unknown survey."""
    library = desk().library
    if survey_id:
        survey = library.surveys.get(survey_id)
        return (survey.title, *survey.messages) if survey else abort(404)
    return library.guest[REFERENCE].screen


def _lines(catalogue: Catalogue, messages: tuple[str, ...]) -> list[Line]:
    """Return a line for each of the reference texts, in the same order, with its translation as it is now."""
    signed = reviews(desk().own_settings, catalogue.language.code)
    lines = []
    for message in messages:
        text = catalogue.texts.get(message, "")
        is_reviewed = catalogue.is_reviewed(message)
        previous = catalogue.carried.get(message, "")
        reviewed_by = signed.get(previous or message, "") if is_reviewed else ""
        seen = _digest(text, is_reviewed)
        lines.append(Line(message, text, is_reviewed, reviewed_by, seen, "" if is_reviewed else previous))
    return lines


def _digest(text: str, is_reviewed: bool) -> str:
    return short_hash(f"{is_reviewed} {text}", HASH_DIGITS)


def _sent(line: Line) -> Line:
    """Return a line with the sent translation and review, if the sender changed one of them; else `line`,
    which has the current ones.

    A sent line is reviewed if its checkbox or ALL_REVIEWED was sent; an empty translation never is. The
    line has a problem if somebody else changed it since the form was opened, or if the text cannot be shown
    to guests.
    """
    if f"text-{line.key}" not in request.form:
        return line
    text = " ".join(request.form.get(f"text-{line.key}", "").split())
    is_reviewed = bool(text) and ({f"reviewed-{line.key}", ALL_REVIEWED} & set(request.form)) != set()
    seen = request.form.get(f"seen-{line.key}", "")
    if _digest(text, is_reviewed) in {seen, line.seen}:
        return line
    problem = ""
    if seen != line.seen:
        problem = translate(
            "Någon annan har ändrat texten. Nu är den ”{text}”. Spara igen för att byta.", text=line.text
        )
    elif text and (fault := find_translation_fault(line.message, text)):
        problem = translate("Går inte att spara: {problem}", problem=translate_message(fault.message))
    return replace(line, text=text, is_reviewed=is_reviewed, problem=problem)


def _save_changed(catalogue: Catalogue, lines: list[Line]) -> None:
    """Write those lines whose translation or review differs from the catalogue's, and log it. Raises
    RefusedError if they cannot be written."""
    before = {line.message: line for line in _lines(catalogue, tuple(line.message for line in lines))}
    changed = [
        Translation(line.message, line.text, line.is_reviewed)
        for line in lines
        if (line.text, line.is_reviewed) != (before[line.message].text, before[line.message].is_reviewed)
    ]
    _write(catalogue, changed)


def _write(catalogue: Catalogue, changed: Sequence[Translation]) -> None:
    """Write translations, reviewed ones as reviewed today by the signed-in account, and log it, also if there
    are none. Raises RefusedError if they cannot be written."""
    account, code = signed_in(), catalogue.language.code
    name, today = account.name if account else "", desk().clock().date()
    desk().change(lambda settings: write_translations(settings, code, changed, name, today))
    note(Action.TEXTS_WRITTEN, code)
