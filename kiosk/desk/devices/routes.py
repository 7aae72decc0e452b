"""The pages of kiosks, posters and slips: pairing, screen sizes, moving and closing addresses, and
printing."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.devices.budget import kiosk_problem, may_exceed_budget
from kiosk.desk.devices.links import (
    address_of,
    key_of,
    kiosk_of,
    poster_state,
    posters,
    screen_form,
    unit_names,
)
from kiosk.desk.devices.printing import (
    poster_form,
    print_leaflet,
    print_poster,
    print_slips,
    rounds_with_leaflet,
    slip_lines,
    slips_form,
)
from kiosk.desk.downloads import file_name_part, file_response
from kiosk.desk.forms import (
    LinkForm,
    MoveForm,
    PairForm,
    PosterForm,
    ScreenForm,
    SlipsForm,
    is_address_local,
)
from kiosk.desk.i18n import day, translate
from kiosk.desk.notices import add_problem
from kiosk.desk.session import account_name, entry, for_coordinator, for_staff, is_coordinator, note
from kiosk.domain.name_order import name_key
from kiosk.domain.rounds import Admission, Round
from kiosk.library.tree_drafts import tree_path
from kiosk.storage import PAIRING_LIFETIME, Action, Link, Pairing, RoundRunsError

blueprint = Blueprint("links", __name__)


@blueprint.route("/links")
@for_staff
def links() -> ResponseReturnValue:
    """Show all kiosks, and the forms that pair, change and move them."""
    return _kiosks_page()


@blueprint.route("/links/poster")
@for_staff
def posters_page() -> ResponseReturnValue:
    """Show the addresses of all posters, and the forms that create and print them."""
    return _posters_page()


@blueprint.route("/links/slips")
@for_staff
def slips_page() -> ResponseReturnValue:
    """Show the form that prints slips, and the numbers of printed and used ones."""
    return _slips_page()


@blueprint.route("/links", methods=["POST"])
@for_coordinator
def new_link() -> ResponseReturnValue:
    """Create the address of a kiosk or a poster for a unit, and redirect to the page of kiosks or of posters.
    For coordinators only: with an address, somebody could slowly fill the unit's box with made-up ballots.
    Refused input stays in the form, with status 400; a kiosk over the budget needs a reason, else 409."""
    form = LinkForm()
    form.unit.choices = list(unit_names().items())
    page = _posters_page if form.kind.data == Admission.POSTER else _kiosks_page
    if not form.validate():
        return page(sent_link=form, status=400)
    unit, kind = form.unit.data, Admission(form.kind.data)
    problem = kiosk_problem(unit) if kind is Admission.KIOSK else None
    if problem and not may_exceed_budget(form):
        form.reason.errors = [problem]
        return page(sent_link=form, status=409)
    log_entry = entry(Action.ADDRESS_MADE, f"{unit}, {kind.value}")
    if problem:
        log_entry = entry(Action.KIOSK_OVER_BUDGET, f"{unit}, {form.reason.data}")
    desk().store.links.add(kind, unit, log=[log_entry])
    words = translate("Adressen är klar: {unit}.", unit=unit_names()[unit])
    if unit not in _asked_units():
        words += " " + translate("Ingen omgång är öppen eller planerad där.")
    return _done(words, kind)


@blueprint.route("/links/pair", methods=["POST"])
@for_staff
def pair() -> ResponseReturnValue:
    """Make a pairing code, and show it once. The code makes one screen a unit's kiosk, within
    PAIRING_LIFETIME. Refused input stays in the form, with status 400; a kiosk over the budget
    (`kiosk_problem`) needs the reason of a coordinator, else 409.

    While a round runs or is planned at the unit, the code is for coordinators only (status 403): somebody who
    pairs a screen with a quiet unit for an hour can pick the guests whose ballots come into its box.
    """
    form = PairForm()
    form.unit.choices = list(unit_names().items())
    if not form.validate():
        return _kiosks_page(sent_pair=form, status=400)
    rounds = desk().store.rounds_from(form.unit.data, desk().clock())
    if rounds and not is_coordinator():
        form.unit.errors = [_only_coordinators_pair(rounds[0], form.unit.data)]
        return _kiosks_page(sent_pair=form, status=403)
    problem = kiosk_problem(form.unit.data)
    if problem and not may_exceed_budget(form):
        form.reason.errors = [problem]
        return _kiosks_page(sent_pair=form, status=409)
    pairing = Pairing(form.unit.data, account_name(), is_coordinator())
    line = entry(Action.PAIRING_BEGUN, form.unit.data)
    if problem:
        line = entry(Action.KIOSK_OVER_BUDGET, f"{form.unit.data}, {form.reason.data}")
    key = current_app.config["SECRET_KEY"]
    code = desk().store.pairing_codes.new(pairing, desk().clock(), key, [line])
    return render_template(
        "pairing.html",
        unit=unit_names()[form.unit.data],
        code=" ".join(code[at : at + 4] for at in range(0, len(code), 4)),
        minutes=PAIRING_LIFETIME // timedelta(minutes=1),
        address=f"{desk().guest_address}/pair",
    )


@blueprint.route("/links/screen", methods=["POST"])
@for_staff
def measure() -> ResponseReturnValue:
    """Store the measures of a kiosk's screen (`ScreenForm`); an empty width removes them all, so that the
    settings apply. Measures that are stored already are not logged again. Refused input stays in the form,
    with status 400. Aborts with 404 for an unknown kiosk, and for a poster."""
    link, form = _sent_link(), ScreenForm()
    if link.admission is not Admission.KIOSK:
        abort(404)
    if not form.validate():
        return _kiosks_page(sent_screens={link.code: form}, status=400)
    width = f"{form.screen.width_mm} mm" if form.screen else "–"
    measured = entry(Action.SCREEN_MEASURED, f"{link.unit_id}, {link.code_ending}, {width}")
    desk().store.links.set_screen(link.code, form.screen, [measured])
    return _done(translate("Måtten är sparade: {unit}.", unit=desk().place_name(link.unit_id)))


@blueprint.route("/links/move", methods=["POST"])
@for_coordinator
def move() -> ResponseReturnValue:
    """Move a kiosk to another unit; nothing changes if it is at that unit already. Its link stays the same,
    since its browser may be locked to it.

    Refused with status 409 while a round runs at either unit, and over the budget without a reason. Aborts
    with 404 for an unknown kiosk or one with the installation's own address, with 400 for an unknown unit.
    """
    link, form = _sent_link(), MoveForm()
    form.anchor_prefix = f"move-{key_of(link)}-"
    form.unit.choices = list(unit_names().items())
    if link.admission is not Admission.KIOSK or not link.code:
        abort(404)
    if not form.validate():
        abort(400)
    if form.unit.data != link.unit_id:
        try:
            desk().store.links.check_move(link.code, form.unit.data, desk().clock())
            problem = kiosk_problem(form.unit.data)
            if problem and not may_exceed_budget(form):
                form.reason.errors = [problem]
                return _kiosks_page(sent_moves={link.code: form}, status=409)
            log = [entry(Action.KIOSK_MOVED, f"{link.unit_id} → {form.unit.data}, {link.code_ending}")]
            if problem:
                log.append(entry(Action.KIOSK_OVER_BUDGET, f"{form.unit.data}, {form.reason.data}"))
            desk().store.links.move(link.code, form.unit.data, desk().clock(), log)
        except RoundRunsError as error:
            add_problem(_cannot_move(error), f"move-{key_of(link)}")
            return _kiosks_page(move_problems={link.code: _cannot_move(error)}, status=409)
    return _done(translate("Kiosken hör till {unit}.", unit=unit_names()[form.unit.data]))


def _only_coordinators_pair(of_round: Round, unit_id: str) -> str:
    return translate(
        "På {unit} pågår eller väntar omgången ”{round}”. Tills den stänger, {day}, kan bara en samordnare "
        "skapa koden. Be en samordnare: koden gäller i {minutes} minuter och kan läsas upp i telefon.",
        unit=of_round.tree.node(unit_id).name,
        round=of_round.title,
        day=day(of_round.closes_at),
        minutes=PAIRING_LIFETIME // timedelta(minutes=1),
    )


def _cannot_move(error: RoundRunsError) -> str:
    of_round = error.of_round
    return translate(
        "Kiosken kan inte flyttas nu, för omgången ”{round}” pågår på {unit}. Flytta den när omgången "
        "har stängt, {day}. Behövs en skärm före dess: koppla den på nytt till den andra verksamheten.",
        round=of_round.title,
        unit=of_round.tree.node(error.unit_id).name,
        day=day(of_round.closes_at),
    )


@blueprint.route("/links/remove", methods=["POST"])
@for_coordinator
def remove_link() -> ResponseReturnValue:
    """Close an address, such as that of a lost screen or a removed poster: guests' requests to it are refused
    from then on. Aborts with 404 for an unknown address or the installation's own."""
    link = _sent_link()
    if not link.code:
        abort(404)
    removed = entry(Action.ADDRESS_REMOVED, f"{link.unit_id}, {link.admission.value}")
    desk().store.links.remove(link.code, [removed])
    words = translate("Adressen är stängd: {unit}.", unit=desk().place_name(link.unit_id))
    return _done(words, link.admission)


def _sent_link() -> Link:
    """Return the link whose key is in the form. Aborts with 404 if there is none."""
    by_key = {key_of(link): link for link in desk().store.links.all()}
    link = by_key.get(request.form.get("key", ""))
    if link is None:
        abort(404)
    return link


def _done(words: str, kind: Admission = Admission.KIOSK) -> ResponseReturnValue:
    """Redirect to the page of kiosks or of posters, depending on `kind`, with `words` as the confirmation."""
    flash(words)
    return redirect(url_for("links.posters_page" if kind is Admission.POSTER else "links.links"), 303)


@blueprint.route("/links/slips", methods=["POST"])
@for_staff
def slips() -> ResponseReturnValue:
    """Create slips for a unit, and return them as a PDF. Their codes are stored nowhere else. Refused input
    stays in the form, with status 400. Raises BusyError (503) if too many files wait to be written,
    UnfinishedError (503) if the program that writes it did not finish, and KeyUnavailableError (500) if the
    key of the slip set is missing or damaged."""
    form = slips_form()
    sheets = print_slips(form) if form.validate() else None
    if sheets is None:
        return _slips_page(form, status=400)
    return file_response(f"slips-{_unit_in_file_name(form.unit.data)}.pdf", sheets)


@blueprint.route("/links/leaflet/<round_id>")
@for_staff
def leaflet(round_id: str) -> ResponseReturnValue:
    """Return the guests' leaflet about a round, also a closed one, in every language, as a PDF. Aborts with
    404 for an unknown round, and if a text of any language has a sign without a glyph or does not
    fit. Raises BusyError (503) if too many
    files wait to be written, UnfinishedError (503) if the program that writes it did not finish."""
    pages = print_leaflet(round_id)
    if pages is None:
        abort(404)
    return file_response(f"leaflet-{round_id}.pdf", pages)


@blueprint.route("/links/poster", methods=["POST"])
@for_staff
def poster() -> ResponseReturnValue:
    """Return a poster, or a card for a table, with the address of a poster, as a PDF. Refused input stays in
    the form, with status 400. Raises BusyError (503) if too many files wait to be written, UnfinishedError
    (503) if the program that writes it did not finish."""
    form = poster_form()
    if not form.validate():
        return _posters_page(form, status=400)
    link = posters()[form.link.data]
    page = print_poster(form, link)
    if page is None:
        return _posters_page(form, status=400)
    note(Action.POSTER_PRINTED, f"{link.unit_id}, {link.code_ending}")
    return file_response(f"poster-{_unit_in_file_name(link.unit_id)}-{form.size.data}.pdf", page)


def _unit_in_file_name(unit_id: str) -> str:
    """Return a unit's name as a part of a file's name; its id if nothing is left of the name."""
    return file_name_part(desk().place_name(unit_id)) or unit_id


def _kiosks_page(
    sent_screens: Mapping[str, ScreenForm] | None = None,
    sent_moves: Mapping[str, MoveForm] | None = None,
    move_problems: Mapping[str, str] | None = None,
    sent_pair: PairForm | None = None,
    sent_link: LinkForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Return the page of kiosks with this HTTP status. The page's forms are new, except for the refused ones
    that are given. `sent_screens`, `sent_moves` and `move_problems` (sentences) are by kiosk code."""
    move_form, pair_form = MoveForm(formdata=None), sent_pair or PairForm(formdata=None)
    pair_form.unit.choices = move_form.unit.choices = _units()
    page = render_template(
        "kiosks.html",
        kiosks=[
            kiosk_of(
                link,
                (sent_screens or {}).get(link.code) or screen_form(link),
                (sent_moves or {}).get(link.code) or move_form,
                (move_problems or {}).get(link.code, ""),
            )
            for link in desk().store.links.all()
            if link.admission is Admission.KIOSK
        ],
        form=_link_form(sent_link),
        pair_form=pair_form,
    )
    return page, status


def _posters_page(
    sent_poster: PosterForm | None = None, sent_link: LinkForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Return the page of posters with this HTTP status. The page's forms are new, except for the refused ones
    that are given."""
    page = render_template(
        "posters.html",
        posters=[address_of(link) for link in posters().values()],
        poster_state=poster_state,
        form=_link_form(sent_link),
        poster_form=sent_poster or poster_form(formdata=None),
        **_about_paper(),
    )
    return page, status


def _slips_page(sent_slips: SlipsForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Return the page of slips with this HTTP status, and with a new form or the refused one that is
    given."""
    page = render_template(
        "slips.html",
        slips_form=sent_slips or slips_form(formdata=None),
        slip_lines=slip_lines(),
        leaflets=rounds_with_leaflet(),
        **_about_paper(),
    )
    return page, status


def _about_paper() -> dict[str, object]:
    """Return the template variables of the pages with forms for printing."""
    return {
        "is_address_local": is_address_local(),
        "autonyms": {code: catalogue.language for code, catalogue in desk().library.guest.items()},
    }


def _link_form(sent: LinkForm | None) -> LinkForm:
    form = sent or LinkForm(formdata=None)
    form.unit.choices = _units()
    return form


def _units() -> list[tuple[str, str]]:
    """Return (id, name) of each unit: those of running and planned rounds first, then those of own trees.
    Each group is sorted by name."""
    asked, trees = _asked_units(), desk().library.trees.items()
    own = {unit for name, tree in trees if desk().has_own_file(tree_path(name)) for unit in tree.leaves}

    by_name = sorted(unit_names().items(), key=lambda unit: name_key(unit[1]))
    return sorted(by_name, key=lambda unit: (unit[0] not in asked, unit[0] not in own))


def _asked_units() -> set[str]:
    """Return the ids of the units of all rounds whose closing time has not come, planned ones included."""
    now = desk().clock()
    rounds = (state.round for state in desk().store.rounds() if not state.is_closed)
    return {unit for of_round in rounds if now < of_round.closes_at for unit in of_round.tree.leaves}
