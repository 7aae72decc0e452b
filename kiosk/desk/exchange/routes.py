"""The exchange page: bundles of surveys and theories, and signed figures, given and received as files.

If files cannot be changed, there is no exchange page (404), and the views that need files raise
SettingsError (404).
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.activities.counter_editing import is_own
from kiosk.desk.context import desk
from kiosk.desk.downloads import file_response
from kiosk.desk.exchange.comparison import organisation, own_name, read_received
from kiosk.desk.i18n import translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.aggregate import Scope
from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.library.aggregate_file import LONGEST_NAME, write_aggregate
from kiosk.library.aggregates import (
    distrust,
    import_aggregate,
    remove_aggregate,
    trust,
    trusted_keys,
)
from kiosk.library.bundles import Kind, Plan, State, import_bundle, make_bundle, plan_import
from kiosk.library.changes import RefusedError
from kiosk.library.signing import existing_key, in_groups, read_fingerprint
from kiosk.library.text_rules import find_fault
from kiosk.output.aggregates import own_aggregate, years
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("exchange", __name__)

SHOWN_DIGITS = 8
"""Number of the first digits of a fingerprint that the log has."""


@blueprint.route("/exchange")
@for_coordinator
def exchange() -> ResponseReturnValue:
    """Show the surveys, theories and figures that can be given to other organisations, and the received
    figures. Aborts with 404 if files cannot be changed."""
    return _page()


def _page() -> str:
    """Return the exchange page, with the sent values in its fields. Aborts with 404 if files cannot be
    changed."""
    if desk().settings is None:
        abort(404)
    settings = desk().own_settings
    others, left_out = read_received()
    key = existing_key(settings)
    return render_template(
        "exchange.html",
        form=FlaskForm(),
        surveys=desk().library.surveys.values(),
        theories=desk().library.theories.values(),
        counters=[counter for counter in desk().library.counters.values() if is_own(counter.id)],
        years=years(desk().store),
        organisation=request.form.get("organisation") or own_name(),
        fingerprint=in_groups(key.fingerprint) if key else "",
        trusted=_trusted(settings),
        received=others.aggregates,
        name_of=organisation,
        left_out=left_out,
        longest=LONGEST_NAME,
        typed=request.form,
    )


def _trusted(settings: Settings) -> list[tuple[str, str, str]]:
    """Return (fingerprint, fingerprint in groups of digits, organisation) of each trusted key; empty if their
    file cannot be read."""
    try:
        keys = trusted_keys(settings)
    except RefusedError:
        return []  # reported with the received files
    return [(fingerprint, in_groups(fingerprint), name) for fingerprint, name in keys.items()]


def _refused(messages: Sequence[Message], anchor: str) -> ResponseReturnValue:
    """Return the page with the reasons at its top and status 400. Each reason is a link to the field with the
    id `anchor`."""
    for message in messages:
        add_problem(translate_message(message), anchor)
    return _page(), 400


def _done(action: Action, what: str, words: str) -> ResponseReturnValue:
    """Log an action with its details `what`, and redirect to the page with `words` as the confirmation."""
    note(action, what)
    flash(words)
    return redirect(url_for("exchange.exchange"), 303)


def _sent(field: str) -> bytes:
    """Return the content of the file in the form's field of this name. Raises RefusedError if no file was
    chosen, and aborts with 400 without the field."""
    sent = request.files.get(field)
    if sent is None:
        abort(400)
    if not sent.filename:
        raise RefusedError(Message("Välj en fil.", {}))
    content: bytes = sent.read()
    return content


@blueprint.route("/exchange/bundle", methods=["POST"])
@for_coordinator
def bundle() -> ResponseReturnValue:
    """Return a bundle of the chosen surveys, theories and counters as a zip file. Aborts with 400 if one of
    them is unknown. Without a choice, the page is shown with the reason and status 400."""
    surveys, theories, counters = map(request.form.getlist, ("survey", "theory", "counter"))
    library = desk().library
    if not {*surveys} <= library.surveys.keys() or not {*theories} <= library.theories.keys():
        abort(400)
    if not {*counters} <= library.counters.keys():
        abort(400)
    if not surveys and not theories and not counters:
        return _refused([Message("Välj minst en enkät, förändringsteori eller prestation.", {})], "give")
    return file_response("paket.zip", make_bundle(library, surveys, theories, counters))


@blueprint.route("/exchange/bundle/show", methods=["POST"])
@for_coordinator
def show_bundle() -> ResponseReturnValue:
    """Show the changes that the import of a bundle would make, without making them. A refused or missing file
    is reported with status 400."""
    try:
        content = _sent("bundle")
    except RefusedError as error:
        return _refused(error.messages, "bundle")
    return _shown(content)


def _shown(content: bytes) -> ResponseReturnValue:
    """Return the page with the effects that a bundle would have, and with the bundle in a field of its form.
    For a refused bundle, return the exchange page with the reasons and status 400."""
    try:
        plan = plan_import(desk().own_settings, content, _used())
    except RefusedError as error:
        return _refused(error.messages, "bundle")
    return render_template(
        "bundle.html",
        form=FlaskForm(),
        plan=plan,
        content=b64encode(content).decode(),
        seen=_digest(plan),
        kinds=_kinds(),
        states=_states(),
    )


def _digest(plan: Plan) -> str:
    """Return a digest of a plan's effects, by which an import is recognised as the one that was shown."""
    return short_hash(repr(plan.effects), 32)


def _used() -> set[str]:
    """Return the ids of the surveys of all rounds."""
    return {state.round.survey.id for state in desk().store.rounds()}


@blueprint.route("/exchange/bundle/import", methods=["POST"])
@for_coordinator
def take_bundle() -> ResponseReturnValue:
    """Import the sent bundle, which was shown before, and redirect to the page. If the import would now have
    other effects than were shown, nothing is imported, and the present effects are shown, with status 200. A
    refused bundle is reported with status 400. Aborts with 400 for a bundle that is not in base64."""
    try:
        content = b64decode(request.form.get("content", ""), validate=True)
    except ValueError:
        abort(400)
    used = _used()
    try:
        if _digest(plan_import(desk().own_settings, content, used)) != request.form.get("seen"):
            add_problem(translate("Något har ändrats här sedan paketet visades. Läs listan igen."))
            return _shown(content)
        desk().change(lambda settings: import_bundle(settings, content, used).library)
    except RefusedError as error:
        return _refused(error.messages, "bundle")
    return _done(Action.BUNDLE_IMPORTED, short_hash(request.form["seen"], 8), translate("Paketet är inläst."))


@blueprint.route("/exchange/figures", methods=["POST"])
@for_coordinator
def figures() -> ResponseReturnValue:
    """Return the figures of a year's closed rounds and its outputs as a signed file, with those of each unit
    if the form asks for them, and log this. The first time, it makes the installation's key. A refused name
    of the organisation is reported with status 400. Aborts with 400 for a year without figures."""
    year = request.form.get("year", type=int)
    name = request.form.get("organisation", "").strip()
    if year not in years(desk().store):
        abort(400)
    if fault := find_fault(name, LONGEST_NAME):
        return _refused(
            [Message("Organisationens namn: {problem}", {"problem": fault.message})], "organisation"
        )
    scope = Scope(name, year, has_units="units" in request.form)
    aggregate = own_aggregate(desk().store, desk().library, scope, desk().clock())
    content = write_aggregate(desk().own_settings, aggregate)
    note(Action.FIGURES_GIVEN, str(year))
    return file_response(f"siffror-{year}.zip", content)


@blueprint.route("/exchange/trust", methods=["POST"])
@for_coordinator
def trust_key() -> ResponseReturnValue:
    """Trust the key with the typed fingerprint, under the typed name of its organisation, and redirect to the
    page. A refused fingerprint or name is reported with status 400."""
    try:
        fingerprint = read_fingerprint(request.form.get("fingerprint", ""))
    except RefusedError as error:
        return _refused(error.messages, "fingerprint")
    try:
        trust(desk().own_settings, fingerprint, request.form.get("name", ""))
    except RefusedError as error:
        return _refused(error.messages, "name")
    words = translate("Nyckeln är betrodd. Hämta nu in filen.")
    return _done(Action.KEY_TRUSTED, fingerprint[:SHOWN_DIGITS], words)


@blueprint.route("/exchange/distrust", methods=["POST"])
@for_coordinator
def distrust_key() -> ResponseReturnValue:
    """End the trust in a key, whose figures are then no longer shown, and redirect to the page. Aborts with
    404 for a key that is not trusted. Raises RefusedError (400) if the file of trusted keys cannot be read.
    """
    fingerprint = request.form.get("key", "")
    if fingerprint not in trusted_keys(desk().own_settings):
        abort(404)
    distrust(desk().own_settings, fingerprint)
    return _done(
        Action.KEY_DISTRUSTED, fingerprint[:SHOWN_DIGITS], translate("Nyckeln är inte längre betrodd.")
    )


@blueprint.route("/exchange/receive", methods=["POST"])
@for_coordinator
def receive() -> ResponseReturnValue:
    """Import the sent figures of another organisation, which replace those that it gave for the same year,
    and redirect to the page. A missing file, and a refused one, such as one that is older than the stored one
    or whose key is not trusted, is reported with status 400."""
    try:
        signed = import_aggregate(desk().own_settings, _sent("figures"))
    except RefusedError as error:
        return _refused(error.messages, "figures")
    aggregate = signed.aggregate
    words = translate("Siffrorna från {organisation} är inlästa.", organisation=aggregate.organisation)
    what = f"{signed.key.fingerprint[:SHOWN_DIGITS]}, {aggregate.year}"
    return _done(Action.AGGREGATE_IMPORTED, what, words)


@blueprint.route("/exchange/remove", methods=["POST"])
@for_coordinator
def remove() -> ResponseReturnValue:
    """Remove the figures that the organisation with the sent fingerprint gave for one year, log this, and
    redirect to the page, also if there are no such figures. Aborts with 400 without a year. Raises
    RefusedError (400) for a malformed fingerprint."""
    key, year = request.form.get("key", ""), request.form.get("year", type=int)
    if year is None:
        abort(400)
    fingerprint = read_fingerprint(key)
    remove_aggregate(desk().own_settings, fingerprint, year)
    what = f"{fingerprint[:SHOWN_DIGITS]}, {year}"
    return _done(Action.AGGREGATE_REMOVED, what, translate("Siffrorna är borttagna."))


def _kinds() -> dict[Kind, str]:
    return {
        Kind.SURVEY: translate("Enkät"),
        Kind.SCALE: translate("Skala"),
        Kind.COUNTER: translate("Prestation"),
        Kind.THEORY: translate("Förändringsteori"),
        Kind.TRANSLATION: translate("Översättning"),
    }


def _states() -> dict[State, str]:
    return {
        State.NEW: translate("läggs till"),
        State.SAME: translate("finns redan, ändras inte"),
        State.REPLACED: translate("ersätter den som finns"),
    }
