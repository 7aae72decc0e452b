"""The pages of effect reports: creating them, choosing their rounds and statements, writing their parts,
publishing editions.

A view of a report aborts with 404 for an unknown report, and if its theory or its place is no longer in the
library (`_content`).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.downloads import file_response, streamed_file, unprintable
from kiosk.desk.forms import ReportForm
from kiosk.desk.i18n import translate
from kiosk.desk.reports.building import comment_part, part_names
from kiosk.desk.reports.content import Content, content_of, figures_of_year, offered_rounds
from kiosk.desk.reports.publishing import draft, edition_words
from kiosk.desk.session import for_coordinator, for_every_account, note
from kiosk.desk.theory.routes import find_place, statement_text
from kiosk.domain.causal_claims import causal_claims
from kiosk.domain.earlier_figures import EarlierFigures
from kiosk.domain.report import (
    LONGEST_PART,
    Part,
    ReportDocument,
    Terms,
    document_from_json,
)
from kiosk.domain.rounds import Round
from kiosk.domain.theory import Theory
from kiosk.library.text_rules import find_fault
from kiosk.output.glyphs import undrawable
from kiosk.output.paper import PaperError
from kiosk.output.report_files import ENDINGS, IN_PROCESS, input_for_report_writer, write_file
from kiosk.output.report_html import report_html
from kiosk.storage import Action, RoundState

blueprint = Blueprint("reports", __name__)

LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}]")
"""Line breaks in texts from browsers and other programs, each stored as a line feed."""


@blueprint.route("/reports")
@for_every_account
def reports() -> ResponseReturnValue:
    """Show all reports with their editions and, to coordinators, the form for a new one."""
    return _list(ReportForm())


@blueprint.route("/reports", methods=["POST"])
@for_coordinator
def new_report() -> ResponseReturnValue:
    """Create a report, and redirect to its page. It has the closed rounds of its place whose last day is in
    its year, and the statements that measure its theory or, if none of these has figures but its rounds asked
    others, those (`_first_statements`). A refused form is shown again with status 400."""
    form = ReportForm()
    _fill_choices(form)
    if not form.validate():
        return _list(form), 400
    taken = desk().store.reports.all()
    report_id = next(name for number in count(1) if (name := f"r{form.year.data}-{number}") not in taken)
    theory, place = desk().library.theories[form.theory.data], find_place(form.node.data)
    rounds = offered_rounds(desk().store, place) if place else []
    of_year = [state for state in rounds if _last_day(state.round).year == form.year.data]
    earlier = figures_of_year(form.node.data, form.year.data)
    terms = Terms(
        form.title.data,
        form.organisation.data,
        form.year.data,
        form.node.data,
        theory.id,
        tuple(state.round.id for state in of_year),
        _first_statements(theory, of_year, earlier),
    )
    desk().store.reports.set(report_id, terms)
    flash(translate("Rapporten är skapad."))
    return redirect(url_for("reports.report", report_id=report_id), 303)


def _last_day(of_round: Round) -> date:
    """Return the last day on which a round admits ballots: it closes at the midnight after it."""
    return (of_round.closes_at - timedelta(microseconds=1)).date()


def _list(form: ReportForm) -> str:
    _fill_choices(form)
    store = desk().store
    listed = [(name, terms, store.reports.editions(name)) for name, terms in store.reports.all().items()]
    return render_template("reports.html", reports=listed, form=form, place_name=desk().place_name)


def _fill_choices(form: ReportForm) -> None:
    form.node.choices = list(desk().library.places.items())
    form.theory.choices = [(theory.id, theory.title) for theory in desk().library.theories.values()]
    form.year.data = form.year.data or desk().clock().year


@blueprint.route("/reports/<report_id>")
@for_coordinator
def report(report_id: str) -> ResponseReturnValue:
    """Show the page of a report with its rounds, statements, parts and editions, for changing it. Aborts with
    404 for an unknown report, or one whose theory or place is no longer in the library."""
    content = _content(report_id)
    texts = desk().store.reports.texts(report_id)
    rounds = offered_rounds(desk().store, content.place)
    return render_template(
        "report.html",
        form=FlaskForm(),
        report_id=report_id,
        terms=content.terms,
        place=content.place,
        rounds=rounds,
        statements=_offered_statements(content, rounds),
        parts=[(part, name, texts.get(part)) for part, name in _parts(content).items()],
        claims={part: causal_claims(text.words) for part, text in texts.items()},
        signs={part: undrawable(text.words) for part, text in texts.items()},
        other_signs={
            name: signs for name, text in _other_texts(content).items() if (signs := undrawable(text))
        },
        editions=desk().store.reports.editions(report_id),
    )


@blueprint.route("/reports/<report_id>", methods=["POST"])
@for_coordinator
def choose(report_id: str) -> ResponseReturnValue:
    """Store the sent rounds and statements as those of the report, and redirect to its page. Aborts with 400
    for a round or statement that is not offered, and with 404 for an unknown report, or one whose theory or
    place is no longer in the library."""
    content = _content(report_id)
    rounds = offered_rounds(desk().store, content.place)
    chosen, shown = request.form.getlist("round"), request.form.getlist("statement")
    offered = _offered_statements(content, rounds)
    if not {*chosen} <= {state.round.id for state in rounds} or not {*shown} <= {*offered}:
        abort(400)
    terms = replace(content.terms, rounds=tuple(chosen), statements=tuple(shown))
    desk().store.reports.set(report_id, terms)
    flash(translate("Sparat."))
    return redirect(url_for("reports.report", report_id=report_id), 303)


@blueprint.route("/reports/<report_id>/part/<part>", methods=["GET", "POST"])
@for_coordinator
def write(report_id: str, part: str) -> ResponseReturnValue:
    """Show the text of one part or comment. Store a sent text, and redirect to the report.

    A text that cannot be printed stays in the form, with status 400. If somebody else has changed the text
    since the form was opened, nothing is stored, and both texts are shown with status 409. With `start=last`
    in the address, the field of an empty part has the text of the latest report of an earlier year that has
    one, of the same place if possible. Aborts with 404 for an unknown part or report, and for a report whose
    theory or place is no longer in the library.
    """
    content = _content(report_id)
    names = _parts(content)
    if part not in names:
        abort(404)
    saved = desk().store.reports.texts(report_id).get(part)
    words, seen = (saved.words, saved.version) if saved else ("", 0)
    problems: list[str] = []
    others = ""
    if request.method == "POST":
        typed = LINE_BREAKS.sub("\n", request.form.get("words", "")).strip()
        problems = _problems(typed)
        seen = request.form.get("version", type=int, default=-1)
        if not problems and desk().store.reports.write(report_id, part, typed, seen):
            flash(translate("Texten är sparad: {part}", part=names[part]))
            return redirect(url_for("reports.report", report_id=report_id), 303)
        if not problems:
            others, seen = words or "–", saved.version if saved else 0
        words = typed
    last_year = _last_years(content.terms, report_id, part)
    if request.method == "GET" and not words and request.args.get("start") == "last":
        words = last_year
    page = render_template(
        "report_part.html",
        form=FlaskForm(),
        report_id=report_id,
        part=part,
        name=names[part],
        words=words,
        version=seen,
        problems=problems,
        others=others,
        claims=causal_claims(words),
        signs=undrawable(words),
        last_year=last_year,
        longest=LONGEST_PART,
    )
    return page, 400 if problems else 409 if others else 200


@blueprint.route("/reports/claims", methods=["POST"])
@for_coordinator
def claims() -> ResponseReturnValue:
    """Return JSON with the sentences of the sent text that seem to claim a cause (`claims`), and its signs
    that cannot be printed (`signs`). The page asks while somebody writes; nothing is stored. Aborts with 400
    for a text over LONGEST_PART."""
    words = request.form.get("words", "")
    if len(words) > LONGEST_PART:
        abort(400)
    return jsonify(claims=causal_claims(words), signs=undrawable(words))


def _problems(typed: str) -> list[str]:
    """Return the reasons why a typed text cannot be printed, as sentences, each once; empty if it can."""
    if len(typed) > LONGEST_PART:
        return [translate("högst {longest} tecken, inte {length}.", longest=LONGEST_PART, length=len(typed))]
    controls = (sign for sign in typed if unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t")
    if control := next(controls, ""):
        code = f"{ord(control):04X}"
        return [translate("texten har det osynliga tecknet U+{code}. Ta bort det.", code=code)]
    lines = (line.replace("\t", " ") for line in typed.split("\n") if line.strip())
    faults = (find_fault(line, LONGEST_PART) for line in lines)
    return list(
        dict.fromkeys(translate(fault.message.msgid, **fault.message.values) for fault in faults if fault)
    )


def _last_years(terms: Terms, report_id: str, part: str) -> str:
    """Return the text of the same part in the latest report of an earlier year that has one; "" if none has.
    Reports on the same place come first, so that the text of another service is offered only without such a
    report."""
    earlier = {
        name: other
        for name, other in desk().store.reports.all().items()
        if name != report_id and other.year < terms.year
    }
    nearest = sorted(
        earlier, key=lambda name: (earlier[name].node_id == terms.node_id, earlier[name].year), reverse=True
    )
    texts = (desk().store.reports.texts(name).get(part) for name in nearest)
    return next((text.words for text in texts if text and text.words), "")


@blueprint.route("/reports/<report_id>/preview")
@for_coordinator
def preview(report_id: str) -> ResponseReturnValue:
    """Show the draft of a report as a page, as an edition made now would look. Aborts with 404 for an unknown
    report, or one whose theory or place is no longer in the library."""
    return make_response(report_html(_draft(report_id)))


@blueprint.route("/reports/<report_id>/publish", methods=["POST"])
@for_coordinator
def publish(report_id: str) -> ResponseReturnValue:
    """Publish the report as its next edition, with its figures as they are now, and redirect to its page.
    Earlier editions stay as they are. An equal one that another request published meanwhile, such as after a
    double click, is not published again. If the PDF cannot be made, nothing is published, and the reason is
    shown with status 400. Aborts with 404 for an unknown report, or one whose theory or place is no longer in
    the library. Raises BusyError (503) if too many files wait to be written."""
    number = max(desk().store.reports.editions(report_id), default=0) + 1
    document = _draft(report_id, edition_words(number, desk().clock()))
    try:
        desk().written_files.write("pdf", input_for_report_writer(document))
    except PaperError as error:
        written, content = desk().store.reports.texts(report_id), _content(report_id)
        names = _parts(content)
        parts = {names.get(part, part): text.words for part, text in written.items()}
        return unprintable(error, parts | _other_texts(content))
    meanwhile = desk().store.reports.edition(report_id, number)
    if meanwhile is None:
        desk().store.reports.publish(report_id, number, document.as_json())
        note(Action.REPORT_PUBLISHED, f"{report_id}, {number}")
    elif document_from_json(meanwhile) != document:
        return publish(report_id)
    flash(translate("Rapporten är publicerad."))
    return redirect(url_for("reports.report", report_id=report_id), 303)


@blueprint.route("/reports/<report_id>/edition/<int:edition>.<ending>")
@for_every_account
def edition_file(report_id: str, edition: int, ending: str) -> ResponseReturnValue:
    """Return a published edition as the file with this ending, one of ENDINGS. The browser shows html, and
    saves the others. If the file cannot be made, return a page with the reason and status 400. Aborts with
    404 for an unknown edition or ending. Raises BusyError (503) if too many files wait to be written."""
    kept = desk().store.reports.edition(report_id, edition)
    if kept is None or ending not in ENDINGS:
        abort(404)
    try:
        document = document_from_json(kept)
        if ending in IN_PROCESS:
            content = write_file(document, ending)
        else:
            written = desk().written_files.write(ending, input_for_report_writer(document))
            return streamed_file(f"{report_id}-{edition}.{ending}", written)
    except PaperError as error:
        return unprintable(error)
    if ending == "html":
        return Response(content, mimetype="text/html")
    return file_response(f"{report_id}-{edition}.{ending}", content)


def latest_address() -> str:
    """Return the path of an edition as html: the latest edition of the report whose id sorts last among those
    with an edition; "" if no edition is published."""
    store = desk().store
    editions = [(name, edition) for name in store.reports.all() for edition in store.reports.editions(name)]
    if not editions:
        return ""
    report_id, edition = editions[-1]
    return url_for("reports.edition_file", report_id=report_id, edition=edition, ending="html")


def _draft(report_id: str, edition: str = "") -> ReportDocument:
    """Return the document of a report as it is now (`publishing.draft`). Aborts with 404 for an unknown
    report, or one whose theory or place is no longer in the library."""
    document = draft(desk().store, report_id, edition)
    if document is None:
        abort(404)
    return document


def _content(report_id: str) -> Content:
    """Return the content of a report. Aborts with 404 for an unknown report, and if its theory or its place
    is no longer in the library."""
    terms = desk().store.reports.all().get(report_id)
    content = content_of(desk().store, report_id, terms) if terms else None
    if content is None:
        abort(404)
    return content


def _first_statements(
    theory: Theory, rounds: Sequence[RoundState], earlier: Sequence[EarlierFigures]
) -> tuple[str, ...]:
    """Return the ids of the statements with which a report begins: those of its theory. If the theory has
    some, but neither the rounds nor the earlier figures have one of these, they are all statements that the
    rounds asked, the latest round first."""
    asked = tuple(dict.fromkeys(s.id for state in rounds for s in state.round.survey.statements))
    known = {statement.statement_id for figures in earlier for statement in figures.statements}.union(asked)
    return theory.statements if known.intersection(theory.statements) else asked or theory.statements


def _offered_statements(content: Content, rounds: Sequence[RoundState]) -> dict[str, str]:
    """Return id -> text of the statements that a report may show: those that the rounds asked, and those of
    the earlier figures of the report's place and year. The text is the one that the report prints: that of
    the latest of its rounds that asked the statement, else that of the latest of `rounds`, else that of the
    earlier figures. `rounds` has the latest first."""
    earlier = {
        statement.statement_id: statement.text
        for figures in content.earlier_figures
        for statement in figures.statements
    }
    offered = tuple(state.round for state in rounds)
    latest_last = reversed((*content.rounds, *offered))
    words = {s.id: s.text for of_round in latest_last for s in of_round.survey.statements}
    return earlier | {s.id: words[s.id] for of_round in offered for s in of_round.survey.statements}


def _parts(content: Content) -> dict[str, str]:
    """Return name -> heading of each text that a person writes: the parts of the report in order. The
    comments on each of the report's statements (`comment_part`) come directly before Part.COMMENTS, the
    comments on the whole survey."""
    names: dict[str, str] = {}
    for part, name in part_names(content).items():
        if part is Part.COMMENTS:
            names |= {
                comment_part(statement_id): translate(
                    "Kommentar: ”{statement}”", statement=_wording(content, statement_id)
                )
                for statement_id in content.terms.statements
            }
        names[part.value] = name
    return names


def _other_texts(content: Content) -> dict[str, str]:
    """Return name -> text of the texts of a report that are in no part: its title, its organisation, and its
    statements. The name of a statement is its text."""
    statements = (_wording(content, statement_id) for statement_id in content.terms.statements)
    return {
        translate("Titel"): content.terms.title,
        translate("Organisation"): content.terms.organisation,
        **{text: text for text in statements},
    }


def _wording(content: Content, statement_id: str) -> str:
    """Return a statement's Swedish text: that of the latest of the report's rounds that asked it, else that
    of the earlier figures, else that of the library (`statement_text`)."""
    surveys = (of_round.survey for of_round in content.rounds)
    asked = [s.text for survey in surveys for s in survey.statements if s.id == statement_id]
    earlier = (
        statement.known.text for statement in content.earlier if statement.known.statement_id == statement_id
    )
    return next(iter(asked), None) or next(earlier, None) or statement_text(statement_id)
