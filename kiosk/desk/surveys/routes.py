"""Surveys in the browser: copying, editing, export, and previews as a guest sees them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.downloads import file_response
from kiosk.desk.i18n import catalogue, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.notices import problems as notice_problems
from kiosk.desk.row_order import in_order, is_position
from kiosk.desk.session import GUEST_STYLES, for_coordinator, note
from kiosk.desk.surveys.origin import remark_on_translation, usual_licence, usual_source
from kiosk.desk.surveys.rewording import sent_rewordings, with_ids, with_meanings
from kiosk.domain.noise import STRONG_EPSILON
from kiosk.domain.precision import USEFUL, answers_needed, costs_precision
from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import Protection
from kiosk.domain.survey import MOST_SEVERAL, FollowUp, Good, Scale, Statement, Survey, numbers_in
from kiosk.domain.wording import advice
from kiosk.library.catalogues import REFERENCE
from kiosk.library.changes import RefusedError
from kiosk.library.check import scale_labels
from kiosk.library.completeness import of_survey
from kiosk.library.drafts import (
    LONGEST_STATEMENT,
    LONGEST_TITLE,
    ChangedError,
    Draft,
    SavedSurvey,
    add_survey,
    check_draft,
    draft_digest,
    draft_of,
    linked,
    new_id,
    new_title,
    remove_survey,
    survey_ids,
    write_survey,
)
from kiosk.library.field_faults import FieldError
from kiosk.library.library import Library
from kiosk.library.rewording import Rewording
from kiosk.library.xlsform_export import no_answer_words, write_xlsform
from kiosk.screen.headers import BALLOT, SCRIPT
from kiosk.screen.pages import Notice, Pages
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("surveys", __name__, template_folder="../../screen/templates")

NEW_ROWS = 2
"""Number of empty rows for new statements of an existing survey."""

FIRST_ROWS = 5
"""Number of empty rows of a new survey, and of those that the button for more statements adds."""

MORE = "more"
"""Name of the button for more statements."""

F = TypeVar("F", bound=Callable[..., ResponseReturnValue])


@dataclass(frozen=True)
class Row:
    """One statement of the form, each field as the text in its input. `scale` is the id of the scale, `good`
    a value of Good or "". `agreeing` has the numbers of the options that agree, such as "4, 5", 1 for the
    lowest; `when` those of the statement before after which a follow-up is asked. `target` is a percentage.
    `id` is "" in an empty row. `thoughts` has advice, as sentences, on the wording and on how many answers it
    needs."""

    id: str
    text: str
    outcome: str
    scale: str
    good: str
    agreeing: str
    target: str
    thoughts: tuple[str, ...]
    several: bool = False
    when: str = ""


SEVERAL = "several"
"""Value of the field that says how many options a guest may choose: several; "" for one."""


@dataclass(frozen=True)
class TypedPositions:
    """The positions in the order of the form. `texts` has them as typed, for the statements with a text; ""
    leaves a statement where it is. `wrong` has the numbers, from 1, of the statements whose typed position
    `is_position` refuses."""

    texts: tuple[str, ...] = ()
    wrong: tuple[int, ...] = ()


@blueprint.route("/surveys")
@for_coordinator
def surveys() -> ResponseReturnValue:
    """Show all surveys. Own ones can be edited, and all can be copied. Reloads the library first if own files
    were changed."""
    desk().reread_if_changed()
    return _list([])


def _list(problems: list[str]) -> str:
    """Return the page of all surveys, with these sentences as problems."""
    return render_template(
        "surveys.html",
        surveys=desk().library.surveys.values(),
        is_own=is_own,
        remark=remark_on_translation,
        used=_used(),
        form=FlaskForm(),
        problems=problems,
    )


@blueprint.route("/surveys/copy", methods=["POST"])
@for_coordinator
def copy() -> ResponseReturnValue:
    """Create an own survey with the statements of another, and redirect to the form of the copy. A refusal is
    reported on the list, with status 400. Aborts with 404 for an unknown survey, and if files cannot be
    changed."""
    original, library = _survey(request.form.get("survey", "")), desk().library
    survey_id = new_id(original.id, survey_ids(desk().own_settings, library), "survey")
    copied_title = translate("{title} (kopia)", title=original.title)[:LONGEST_TITLE]
    title = new_title(copied_title, (survey.title for survey in library.surveys.values()))
    draft = replace(draft_of(original, survey_id), title=title)
    try:
        desk().change(lambda settings: write_survey(settings, draft))
    except RefusedError as error:
        return _list([translate_message(message) for message in error.messages]), 400
    except ChangedError:
        return _list([translate("Någon annan har just gjort en kopia. Försök igen.")]), 400
    note(Action.SURVEY_WRITTEN, survey_id)
    flash(translate("Kopian är klar. Ändra det du vill och spara."))
    return redirect(url_for("surveys.survey", survey_id=survey_id), 303)


@blueprint.route("/surveys/<survey_id>.xlsx")
@for_coordinator
def as_xlsform(survey_id: str) -> ResponseReturnValue:
    """Return a survey as an XLSForm file, for KoboToolbox, ODK and others. Aborts with 404 for an unknown
    survey."""
    content = write_xlsform(_survey(survey_id), no_answer_words(desk().library.guest))
    return file_response(f"{survey_id}.xlsx", content)


@blueprint.route("/surveys/<survey_id>", methods=["GET", "POST"])
@for_coordinator
def survey(survey_id: str) -> ResponseReturnValue:
    """Show the form that edits an own survey; save the sent survey. Refused input stays in the form, with
    status 400. The form is shown again with status 200 to ask whether a changed text has the same meaning
    (`sent_rewordings`), and with more rows. Aborts with 404 for an unknown survey, and raises DeniedError
    (403) for a shipped one."""
    current = _survey(survey_id)
    if not is_own(survey_id):
        deny(Denial.SURVEY_SHIPPED)
    draft = draft_of(current, survey_id)
    seen = draft_digest(draft)
    if request.method != "POST":
        return _page(FormContent(draft, seen), current)
    if (unsaved := _unsaved(current, seen)) is not None:
        return unsaved
    draft = _draft_sent(current)
    rewordings, is_changed = sent_rewordings(current, draft), False
    try:
        is_saved = _save(draft, rewordings, seen)
    except ChangedError:
        is_changed = True
        add_problem(
            translate("Någon annan har ändrat enkäten sedan du öppnade den. Skriv av det du vill behålla.")
        )
    except RefusedError as error:
        _add_problems(error)
    else:
        if is_saved:
            note(Action.SURVEY_WRITTEN, survey_id)
            flash(translate("Sparat."))
            for words in (*_moved_follow_ups(current, draft), *_without_direction(survey_id)):
                flash(words)
            return redirect(url_for("surveys.survey", survey_id=survey_id), 303)
    page = _page(FormContent(draft, seen, tuple(rewordings), is_changed=is_changed), current)
    return page, 400 if notice_problems() else 200


@blueprint.route("/new-survey", methods=["GET", "POST"])
@for_coordinator
def new() -> ResponseReturnValue:
    """Show the form of a new survey; save the sent survey. Refused input stays in the form, with status 400;
    it is shown again with status 200 for more rows. Aborts with 404 if files cannot be changed."""
    if desk().settings is None:
        abort(404)
    current = Survey("", "", usual_source(), usual_licence(), validated=False, statements=(), translations={})
    if request.method != "POST":
        return _page(FormContent(draft_of(current, ""), new_rows=FIRST_ROWS), current)
    if (unsaved := _unsaved(current, "")) is not None:
        return unsaved
    draft, written = _draft_sent(current), list[SavedSurvey]()

    def write(settings: Settings) -> Library:
        written.append(add_survey(settings, draft))
        return written[0].library

    try:
        desk().change(write)
    except RefusedError as error:
        _add_problems(error)
        return _page(FormContent(draft, new_rows=FIRST_ROWS), current), 400
    survey_id = written[0].survey.id
    note(Action.SURVEY_WRITTEN, survey_id)
    flash(translate("Enkäten är sparad: {title}.", title=draft.title))
    for words in _without_direction(survey_id):
        flash(words)
    return redirect(url_for("surveys.survey", survey_id=survey_id), 303)


def _without_direction(survey_id: str) -> Iterator[str]:
    """Yield a sentence with the number of a saved survey's statements that do not say which answers are good;
    nothing if all do. Questions whose answers have no order are not counted."""
    statements = desk().library.surveys[survey_id].statements
    number = sum(statement.good is None and statement.scale.is_ordered for statement in statements)
    if number:
        yield translate(
            "Påståenden där det inte är valt vilka svar som är bra: {n}. Välj innan en omgång öppnas. Annars "
            "kan sidan Resultat inte säga om en ändring är bättre eller sämre.",
            n=number,
        )


@dataclass(frozen=True)
class FormContent:
    """The content of the form: the draft, the digest of the survey that it changes (`seen`, "" for a new
    one), the rewordings to decide, and the number of empty rows. `is_changed` says that somebody else changed
    the survey meanwhile."""

    draft: Draft
    seen: str = ""
    rewordings: tuple[Rewording, ...] = ()
    new_rows: int = NEW_ROWS
    is_changed: bool = False


def _unsaved(current: Survey, seen: str) -> ResponseReturnValue | None:
    """Return the page for a sent form that is not to be saved: more rows are wanted (status 200), or a typed
    position is wrong (400). None for any other form. `seen` is the digest of the survey as it is now."""
    positions = _positions_sent()
    if MORE in request.form:
        draft = _draft_sent(current, sorts_by_position=False)
        return _page(FormContent(draft, seen, new_rows=FIRST_ROWS), current, positions)
    if not positions.wrong:
        return None
    for number in positions.wrong:
        problem = translate("Påstående {number}: platsen i ordningen är ett heltal från 1.", number=number)
        add_problem(problem, f"place-{number}")
    draft = _draft_sent(current, sorts_by_position=False)
    return _page(FormContent(draft, seen), current, positions), 400


def _add_problems(error: RefusedError) -> None:
    """Add the reasons of a refusal to the notice of the page, with links to their fields."""
    if isinstance(error, FieldError):
        for fault in error.faults:
            add_problem(translate_message(fault.message), fault.anchor)
    else:
        for message in error.messages:
            add_problem(translate_message(message))


def _page(shown: FormContent, current: Survey, positions: TypedPositions | None = None) -> str:
    """Return the form's page. `current` is the survey as it is saved; `positions` are typed ones to show
    again, None for those of the draft's order."""
    draft, scales = shown.draft, _scales()
    rows = [_row(draft.statements, at) for at in range(len(draft.statements))]
    scale = draft.statements[-1].scale.id if draft.statements else next(iter(scales), "")
    empty = Row("", "", "", scale, "", "", "", ())
    return render_template(
        "survey.html",
        form=FlaskForm(),
        draft=draft,
        remark=remark_on_translation(current),
        seen=request.form.get("seen", shown.seen),
        rows=[*rows, *([empty] * shown.new_rows)],
        scales=scales.values(),
        labels={scale.id: scale_labels(desk().library, scale) for scale in scales.values()},
        guest=desk().library.guest,
        is_changed=shown.is_changed,
        rewordings=shown.rewordings,
        positions=positions or TypedPositions(),
        longest=LONGEST_STATEMENT,
        most_several=MOST_SEVERAL,
        more=MORE,
        languages=[
            (catalogue.language, of_survey(catalogue, current))
            for code, catalogue in desk().library.guest.items()
            if code != REFERENCE and current.is_official_in(code)
        ],
    )


def _save(draft: Draft, rewordings: Sequence[Rewording], seen: str) -> bool:
    """Save a draft, and return True; False, with nothing saved, while it is undecided whether a changed text
    has the same meaning.

    `seen` is the digest of the survey as it is now. Raises ChangedError if the form was opened with another
    one, RefusedError for a draft that is not valid.
    """
    sent = request.form.get("seen", "")
    if any(rewording.meaning is None for rewording in rewordings):
        check_draft(draft)
        if sent != seen:
            raise ChangedError
        return False
    decided = with_meanings(draft, rewordings)
    desk().change(lambda settings: write_survey(settings, decided, sent))
    return True


@blueprint.route("/surveys/<survey_id>/remove", methods=["GET", "POST"])
@for_coordinator
def remove(survey_id: str) -> ResponseReturnValue:
    """Show the question whether to remove an own survey (GET); remove it (POST). Aborts with 404 for an
    unknown survey. Raises DeniedError (403) for a shipped one, and for one that a round has used, since it
    documents the round."""
    survey, form = _survey(survey_id), FlaskForm()
    if not is_own(survey_id):
        deny(Denial.SURVEY_SHIPPED)
    if survey_id in _used():
        deny(Denial.SURVEY_USED)
    if request.method == "POST" and form.validate():
        desk().change(lambda settings: remove_survey(settings, survey_id))
        note(Action.SURVEY_REMOVED, survey.title)
        flash(translate("Enkäten är borttagen: {title}", title=survey.title))
        return redirect(url_for("surveys.surveys"), 303)
    return render_template("survey_remove.html", form=form, survey=survey)


PREVIEW, OF_A_KIOSK = "/surveys/<survey_id>/preview", "/<any(kiosk):device>"
"""Paths of the previews on a phone and, below it, on a kiosk. A guest's page finds other pages by paths
relative to its own."""


def preview_route(beside: str = "", **options: Any) -> Callable[[F], F]:
    """Return a decorator that registers a view for the previews on a phone and on a kiosk. The view gets
    "phone" or "kiosk" as its argument `device`. `beside` is added to both paths; `options` are those of a
    Flask route."""

    def routed(view: F) -> F:
        blueprint.route(PREVIEW + beside, defaults={"device": "phone"}, **options)(view)
        blueprint.route(PREVIEW + OF_A_KIOSK + beside, **options)(view)
        return view

    return routed


@preview_route()
@for_coordinator
def preview(survey_id: str, device: str) -> ResponseReturnValue:
    """Show the survey as a guest sees it, in the language `lang` of the address, by default Swedish. The page
    offers every language that has all its texts, also unreviewed ones. Aborts with 404 for an unknown
    survey."""
    return _previewed(survey_id, device)


@preview_route("/practice")
@for_coordinator
def preview_practice(survey_id: str, device: str) -> ResponseReturnValue:
    """Show the form on which guests practise. At its end is the preview of the survey. Aborts with 404 for an
    unknown survey."""
    return _previewed(survey_id, device, home=_preview_path(survey_id, device))


@preview_route(methods=["POST"])
@for_coordinator
def preview_answer(survey_id: str, device: str) -> ResponseReturnValue:
    """Respond as to an accepted ballot, without reading or storing it: status 204 to the script, otherwise a
    redirect to the page that thanks. Aborts with 404 for an unknown survey."""
    _survey(survey_id)
    if SCRIPT in request.headers:
        return "", 204, {BALLOT: "taken"}
    return redirect(url_for("surveys.preview_thanks", survey_id=survey_id, device=device), 303)


@preview_route("/thanks")
@for_coordinator
def preview_thanks(survey_id: str, device: str) -> ResponseReturnValue:
    """Show the page that thanks a guest. Aborts with 404 for an unknown survey."""
    back = _preview_path(survey_id, device) if device == "kiosk" else ""
    return make_response(_pages(_survey(survey_id), device).thanks(back))


@preview_route("/stored")
@for_coordinator
def preview_stored(survey_id: str, device: str) -> ResponseReturnValue:
    """Show the guest page about stored data. Aborts with 404 for an unknown survey."""
    pages, back = _pages(_survey(survey_id), device), _preview_path(survey_id, device)
    return make_response(pages.stored(desk().store.schema(), back, is_kiosk=device == "kiosk"))


def _previewed(survey_id: str, device: str, home: str = "") -> ResponseReturnValue:
    """Return the page with the form of a survey. `home` is the path of the preview for the form on which
    guests practise, "" for the survey itself. Aborts with 404 for an unknown survey."""
    survey = _survey(survey_id)
    page = _pages(survey, device).form(
        survey,
        request.args.get("lang", REFERENCE),
        {},
        protection=Protection.PROTECTED,
        unit="",
        action=_preview_path(survey_id, device),
        is_kiosk=device == "kiosk",
        home=home,
    )
    return make_response(page)


def _preview_path(survey_id: str, device: str) -> str:
    return url_for("surveys.preview", survey_id=survey_id, device=device)


def _pages(survey: Survey, device: str) -> Pages:
    """Return the guest's pages for a preview on `device`, "kiosk" or "phone". As a side effect, the response
    gets a content security policy that allows their inline styles.

    The notice of the pages links to the preview on the other device, and back to the desk.
    """
    if device == "kiosk":
        other = (translate("Visa som på en telefon"), _preview_path(survey.id, "phone"))
    else:
        other = (translate("Visa som på en kiosk"), _preview_path(survey.id, "kiosk"))
    back = url_for("surveys.surveys")
    if is_own(survey.id):
        back = url_for("surveys.survey", survey_id=survey.id)
    text = translate("Förhandsvisning av ”{title}”. Inget sparas.", title=survey.title)
    notice = Notice(catalogue().language, text, (other, (translate("Tillbaka till enkäten"), back)))
    settings = desk().settings
    is_one_touch = settings is None or settings.is_one_touch
    is_demonstration = desk().store.is_demonstration
    pages = Pages(desk().library, None, is_demonstration, notice=notice, is_one_touch=is_one_touch)
    setattr(g, GUEST_STYLES, pages.styles(is_kiosk=device == "kiosk"))
    return pages


def is_own(survey_id: str) -> bool:
    """Return whether a survey is the installation's own, so that it can be edited here."""
    return desk().settings is not None and (_folder() / f"{survey_id}.toml").exists()


def _used() -> set[str]:
    """Return the ids of the surveys of all rounds."""
    return {state.round.survey.id for state in desk().store.rounds()}


def _survey(survey_id: str) -> Survey:
    return desk().library.surveys.get(survey_id) or abort(404)


def _folder() -> Path:
    return desk().own_folder("questions")


def _scales() -> Mapping[str, Scale]:
    """Return id -> scale for all scales in the library."""
    return desk().library.scales


def _row(statements: Sequence[Statement], at: int) -> Row:
    """Return the statement at index `at` as a row of the form, with advice."""
    statement = statements[at]
    thoughts = tuple(translate_message(remark.message) for remark in advice(statement.text))
    if costs_precision(statements, at):
        thoughts = (*thoughts, _precision(statements, at))
    agreeing = ", ".join(map(str, statement.agreeing))
    return Row(
        statement.id,
        statement.text,
        statement.outcome,
        statement.scale.id,
        statement.good or "",
        agreeing,
        "" if statement.target is None else str(statement.target),
        thoughts,
        statement.several,
        ", ".join(map(str, statement.follows.when)) if statement.follows else "",
    )


def _precision(statements: Sequence[Statement], at: int) -> str:
    """Return a sentence about how many answers the statement at index `at` needs at a place in a protected
    round."""
    points, needed = half_up(100 * USEFUL), answers_needed(statements, at)
    strong = answers_needed(statements, at, STRONG_EPSILON)
    if statements[at].follows:
        return translate(
            "I en skyddad omgång behövs omkring {needed} gäster som får följdfrågan på en och samma "
            "verksamhet för att andelarna ska vara kända på ±{points} procentenheter, i en starkt skyddad "
            "omkring {strong}. Med färre säger siffrorna lite.",
            needed=needed,
            strong=strong,
            points=points,
        )
    return translate(
        "I en skyddad omgång behövs omkring {needed} svar från en och samma verksamhet för att andelarna ska "
        "vara kända på ±{points} procentenheter, i en starkt skyddad omkring {strong}. Med färre säger "
        "siffrorna lite.",
        needed=needed,
        strong=strong,
        points=points,
    )


def _moved_follow_ups(before: Survey, after: Draft) -> Iterator[str]:
    """Yield a sentence for each follow-up that follows another statement than before. It asks to check the
    follow-up's answers: their numbers stayed, and may now mean other options."""
    previous = {
        statement.id: statement.follows.statement for statement in before.statements if statement.follows
    }
    texts = {statement.id: statement.text for statement in after.statements}
    for statement in after.statements:
        if statement.follows and statement.follows.statement != previous.get(
            statement.id, statement.follows.statement
        ):
            yield translate(
                "”{text}” följer nu på ”{statement}”. Kontrollera vilka svar den gäller.",
                text=statement.text,
                statement=texts[statement.follows.statement],
            )


def _positions_sent() -> TypedPositions:
    """Return the typed positions in the sent form."""
    rows = zip(request.form.getlist("place"), request.form.getlist("text"), strict=False)
    texts = tuple(position.strip() for position, text in rows if text.split())
    wrong = (number for number, text in enumerate(texts, 1) if text and not is_position(text))
    return TypedPositions(texts, tuple(wrong))


def _target(text: str) -> int | None:
    """Return a typed target in percent, from "80", "80 %" or "8 av 10"; None for an empty field. Any other
    text gives 0, which is refused on saving."""
    typed = text.strip().removesuffix("%").strip()
    if not typed:
        return None
    if tenths := re.fullmatch(r"([1-9]) (?:av|of) 10", typed):
        return 10 * int(tenths[1])
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 0


def _draft_sent(survey: Survey, *, sorts_by_position: bool = True) -> Draft:
    """Return the survey in the form. Rows without text are left out; the others are sorted by their typed
    positions if `sorts_by_position`, else they keep the order of the form. A row whose id is not one of
    `survey`, the survey as it is saved, is a new statement. Ids are those of `with_ids`. Aborts with 400 for
    malformed fields or an unknown scale."""
    sent, scales = request.form, _scales()
    columns = [sent.getlist(name) for name in ("place", "id", "text", "outcome", "scale")]
    # A page from before an upgrade may lack the last fields: they are then empty.
    later = ("good", "agreeing", "target", "several", "when")
    columns += [sent.getlist(name) or [""] * len(columns[0]) for name in later]
    if len({len(column) for column in columns}) != 1:
        abort(400)
    known = {statement.id: statement for statement in survey.statements}
    rows = []
    for at, fields in enumerate(zip(*columns, strict=True)):
        position, statement_id, text, outcome, scale, good, agreeing, target, several, when = fields
        statement_text = " ".join(text.split())
        if not statement_text:
            continue
        if scale not in scales or good not in ("", *Good) or several not in ("", SEVERAL):
            abort(400)
        previous = known.get(statement_id)
        number = int(position) if sorts_by_position and is_position(position.strip()) else at + 1
        statement = Statement(
            previous.id if previous else "",
            statement_text,
            " ".join(outcome.split()),
            scales[scale],
            Good(good) if good else None,
            numbers_in(agreeing),
            previous.earlier_spellings if previous else (),
            previous.earlier_wordings if previous else (),
            _target(target),
            several == SEVERAL,
            FollowUp("", numbers_in(when)) if when.strip() else None,
        )
        rows.append((number, at + 1, statement))
    return Draft(
        survey.id,
        " ".join(sent.get("title", "").split()),
        " ".join(sent.get("source", "").split()),
        " ".join(sent.get("licence", "").split()),
        "validated" in sent,
        linked(with_ids(survey, list(in_order(rows)))),
        survey.official,
    )
