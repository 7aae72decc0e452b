"""Addresses of kiosks and posters, and the paper that leads guests to them."""

from dataclasses import dataclass
from secrets import SystemRandom
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.database import StoreError
from kiosk.desk.forms import LinkForm, PairForm, PosterForm, SlipsForm
from kiosk.desk.session import desk, for_coordinator, for_staff, is_coordinator, note
from kiosk.desk.words import period, say
from kiosk.devices import LIFETIME, Life
from kiosk.library import shown_languages, spoken_languages
from kiosk.office import Deed
from kiosk.paper import PaperError, Size, poster_page, slip_sheets, words_in
from kiosk.results import answered
from kiosk.rounds import Admission, Round
from kiosk.store import Link

blueprint = Blueprint("links", __name__)


@dataclass(frozen=True)
class Address:
    """A link as staff see it. `life` is a kiosk's, and `was_late` whether ballots waited there
    for the network until their round was closed; `url` is "" for who may not have it: whoever has a kiosk's
    address can stuff its box, if slowly."""

    code: str
    unit: str
    is_poster: bool
    url: str
    life: Life | None
    was_late: bool


@dataclass(frozen=True)
class SlipLine:
    """Slips of one round at one unit that were printed together; `used` is None where it is not told."""

    period: str
    unit: str
    run: int
    printed: int
    used: int | None


@blueprint.route("/links")
@for_staff
def links() -> ResponseReturnValue:
    """All addresses, by unit, and forms for one more and for paper."""
    return _page(_slips_form(formdata=None), _poster_form(formdata=None))


@blueprint.route("/links", methods=["POST"])
@for_coordinator
def new_link() -> ResponseReturnValue:
    """Make an address for a unit. Not for staff: whoever has one can stuff the box, if slowly."""
    form = LinkForm()
    form.unit.choices = list(_units().items())
    if form.validate():
        desk().store.add_link(Admission(form.kind.data), form.unit.data)
        note(Deed.ADDRESS_MADE, f"{form.unit.data}, {form.kind.data}")
    return redirect(url_for("links.links"), 303)


@blueprint.route("/links/pair", methods=["POST"])
@for_coordinator
def pair() -> ResponseReturnValue:
    """A code that makes one screen a unit's kiosk, shown once."""
    form = PairForm()
    form.unit.choices = list(_units().items())
    if not form.validate():
        abort(400)
    code = desk().devices.new_code(form.unit.data)
    note(Deed.PAIRING_BEGUN, form.unit.data)
    half = len(code) // 2
    return render_template(
        "pairing.html",
        unit=_units()[form.unit.data],
        code=f"{code[:half]} {code[half:]}",
        minutes=LIFETIME // 60,
        address=f"{desk().guest_address}/pair",
    )


@blueprint.route("/links/remove", methods=["POST"])
@for_coordinator
def remove_link() -> ResponseReturnValue:
    """Close an address, of a screen that was lost or a poster that was taken down."""
    found = desk().store.link(request.form.get("code", ""))
    if found is None or not found.code:
        abort(404)
    desk().store.remove_link(found.code)
    note(Deed.ADDRESS_REMOVED, f"{found.unit_id}, {found.admission.value}")
    return redirect(url_for("links.links"), 303)


@blueprint.route("/links/slips", methods=["POST"])
@for_staff
def slips() -> ResponseReturnValue:
    """New slips for a unit, as a PDF; their codes are kept nowhere else."""
    form = _slips_form()
    if not form.validate():
        return _page(form, _poster_form(formdata=None), status=400)
    words = words_in(desk().library.guest, form.languages.data)
    try:
        codes = desk().store.print_slips(form.round.data, form.unit.data, form.number.data)
        sheets = slip_sheets(desk().guest_address, codes, words, SystemRandom())
    except StoreError:
        form.unit.errors = [say("Stället är inte med i den omgången.")]
    except PaperError:
        form.languages.errors = [_unprintable()]
    else:
        note(Deed.SLIPS_PRINTED, f"{form.round.data}, {form.unit.data}, {form.number.data}")
        return _pdf(sheets, f"slips-{form.unit.data}.pdf")
    return _page(form, _poster_form(formdata=None), status=400)


@blueprint.route("/links/poster")
@for_staff
def poster() -> ResponseReturnValue:
    """A poster or table card for a poster's address, as a PDF."""
    form = _poster_form(formdata=request.args)
    if not form.validate():
        return _page(_slips_form(formdata=None), form, status=400)
    link = _posters()[form.link.data]
    words = words_in(desk().library.guest, form.languages.data)
    try:
        page = poster_page(_address(link).url, words, Size(form.size.data))
    except PaperError:
        form.languages.errors = [_unprintable()]
        return _page(_slips_form(formdata=None), form, status=400)
    return _pdf(page, f"poster-{link.unit_id}-{form.size.data}.pdf")


def _unprintable() -> str:
    return say("Texterna får inte plats, eller har tecken som inte går att skriva ut. Välj färre språk.")


def _pdf(content: bytes, name: str) -> Response:
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _page(slips_form: SlipsForm, poster_form: PosterForm, status: int = 200) -> ResponseReturnValue:
    form, pair_form = LinkForm(formdata=None), PairForm(formdata=None)
    form.unit.choices = pair_form.unit.choices = sorted(_units().items(), key=lambda unit: unit[1])
    page = render_template(
        "links.html",
        addresses=[_address(link) for link in desk().store.links()],
        form=form,
        pair_form=pair_form,
        slips_form=slips_form,
        poster_form=poster_form,
        slip_lines=_slip_lines(),
        autonyms={code: found.language for code, found in desk().library.guest.items()},
    )
    return page, status


def _slip_lines() -> list[SlipLine]:
    """Printed slips by round, unit and print run. Used and left only once a round is closed, where figures
    are published for the unit, and for runs of at least 2k: else they would tell who answered."""
    found, document = [], desk().store.snapshot()
    for state in desk().store.rounds():
        of_round = state.round
        for unit, runs in sorted(desk().store.printed_slips(of_round.id).items()):
            found += [_slip_line(of_round, unit, run, printed, None) for run, printed in enumerate(runs, 1)]
        for unit, counts in sorted(desk().store.slip_counts(of_round.id).items()):
            is_told = answered(document, of_round, unit) is not None
            found += [
                _slip_line(
                    of_round, unit, run, printed, used if is_told and printed >= 2 * of_round.k else None
                )
                for run, (printed, used) in enumerate(counts, 1)
            ]
    return found


def _slip_line(of_round: Round, unit: str, run: int, printed: int, used: int | None) -> SlipLine:
    return SlipLine(period(of_round), of_round.tree.node(unit).name, run, printed, used)


def _slips_form(**options: Any) -> SlipsForm:
    """Every round that takes slips, its units, and the languages guests may choose in all of them."""
    library, allowed, rounds = desk().library, desk().allowed_languages, _rounds_with_slips()
    units = {unit: terms.tree.node(unit).name for terms in rounds for unit in terms.tree.leaves}
    shown = [shown_languages(library.guest, terms.survey, allowed) for terms in rounds]
    languages = [code for code in library.guest if all(code in codes for codes in shown)]
    form = SlipsForm(languages=languages, **options)
    form.round.choices = [(terms.id, f"{terms.survey.title}, {period(terms)}") for terms in rounds]
    form.unit.choices = sorted(units.items(), key=lambda unit: unit[1])
    form.languages.choices = languages
    return form


def _rounds_with_slips() -> list[Round]:
    """Rounds that take slips, now or later, the latest opening first."""
    rounds = [state.round for state in desk().store.rounds() if not state.is_closed]
    now = desk().clock()
    return [terms for terms in rounds if Admission.SLIP in terms.admission and now < terms.closes_at]


def _poster_form(**options: Any) -> PosterForm:
    languages = spoken_languages(desk().library.guest, desk().allowed_languages)
    form = PosterForm(languages=languages, meta={"csrf": False}, **options)
    form.link.choices = [
        (code, f"{_units().get(link.unit_id, link.unit_id)} ({code})") for code, link in _posters().items()
    ]
    form.languages.choices = languages
    return form


def _posters() -> dict[str, Link]:
    """Posters' addresses by code."""
    return {link.code: link for link in desk().store.links() if link.admission is Admission.POSTER}


def _units() -> dict[str, str]:
    """Unit id -> name, of all trees on file."""
    trees = desk().library.trees.values()
    return {unit: tree.node(unit).name for tree in trees for unit in tree.leaves}


def _address(link: Link) -> Address:
    is_poster = link.admission is Admission.POSTER
    path = f"/{'s' if is_poster else 'k'}/{link.code}" if link.code else "/"
    return Address(
        link.code,
        _units().get(link.unit_id, link.unit_id),
        is_poster,
        desk().guest_address + path if is_poster or is_coordinator() else "",
        None if is_poster else desk().devices.life(link.code),
        desk().devices.was_late(link.code),
    )
