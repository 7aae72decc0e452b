"""Addresses of kiosks and posters, and the paper that leads guests to them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from secrets import SystemRandom
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.database import StoreError
from kiosk.desk.forms import LinkForm, MoveForm, PairForm, PosterForm, ScreenForm, SlipsForm
from kiosk.desk.session import desk, for_coordinator, for_staff, is_coordinator, note
from kiosk.desk.words import period, say
from kiosk.devices import LIFETIME, Life
from kiosk.library import shown_languages, spoken_languages
from kiosk.office import Deed
from kiosk.paper import (
    POSTER_LANGUAGES,
    SLIP_LANGUAGES,
    PaperError,
    Size,
    poster_page,
    slip_sheets,
    words_in,
)
from kiosk.results import answered
from kiosk.rounds import Admission, Round
from kiosk.sizes import Screen
from kiosk.store import Link

blueprint = Blueprint("links", __name__)


@dataclass(frozen=True)
class Address:
    """A link as staff see it: `key` is what forms call it, `mark` the end of its code. `url` is "" for who
    may not have it: whoever has a kiosk's address can stuff its box, if slowly."""

    key: str
    mark: str
    unit: str
    unit_id: str
    url: str


@dataclass(frozen=True)
class Kiosk:
    """A screen as staff see it. `was_late` is whether ballots waited on it for the network until their round
    was closed, `screen` what it measures, by its own measures or by those of all, `form` changes its own;
    one that `is_fixed` stands on the installation's own address."""

    address: Address
    life: Life
    was_late: bool
    screen: Screen | None
    form: ScreenForm
    is_fixed: bool


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
    return _page()


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
@for_staff
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


@blueprint.route("/links/screen", methods=["POST"])
@for_staff
def measure() -> ResponseReturnValue:
    """Write down what a kiosk's screen measures, or that it is as all are."""
    found, form = _sent_link(), ScreenForm()
    if found.admission is not Admission.KIOSK:
        abort(404)
    if not form.validate():
        return _page(screen_forms={found.code: form}, status=400)
    desk().store.set_screen(found.code, form.screen)
    width = f"{form.screen.width_mm} mm" if form.screen else "–"
    note(Deed.SCREEN_MEASURED, f"{found.unit_id}, {_mark(found)}, {width}")
    return _to(found)


@blueprint.route("/links/move", methods=["POST"])
@for_coordinator
def move() -> ResponseReturnValue:
    """Make a kiosk another unit's. Its address stays, to which its machine may be locked."""
    found, form = _sent_link(), MoveForm()
    form.unit.choices = list(_units().items())
    if found.admission is not Admission.KIOSK or not found.code:
        abort(404)
    if not form.validate():
        abort(400)
    desk().store.move_link(found.code, form.unit.data)
    note(Deed.KIOSK_MOVED, f"{found.unit_id} → {form.unit.data}, {_mark(found)}")
    return _to(found)


@blueprint.route("/links/remove", methods=["POST"])
@for_coordinator
def remove_link() -> ResponseReturnValue:
    """Close an address, of a screen that was lost or a poster that was taken down."""
    found = _sent_link()
    if not found.code:
        abort(404)
    desk().store.remove_link(found.code)
    note(Deed.ADDRESS_REMOVED, f"{found.unit_id}, {found.admission.value}")
    return redirect(url_for("links.links"), 303)


def _sent_link() -> Link:
    """The link whose key a form sends."""
    by_key = {_key(link): link for link in desk().store.links()}
    found = by_key.get(request.form.get("key", ""))
    if found is None:
        abort(404)
    return found


def _key(link: Link) -> str:
    """What forms call a link. Staff may not have its code, and cannot find it from this."""
    return sha256(link.code.encode()).hexdigest()[:16]


def _mark(link: Link) -> str:
    """How a kiosk is told from its unit's others."""
    return link.code[-4:]


def _to(link: Link) -> ResponseReturnValue:
    return redirect(url_for("links.links", _anchor=f"kiosk-{_key(link)}"), 303)


@blueprint.route("/links/slips", methods=["POST"])
@for_staff
def slips() -> ResponseReturnValue:
    """New slips for a unit, as a PDF; their codes are kept nowhere else."""
    form = _slips_form()
    if not form.validate():
        return _page(form, status=400)
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
    return _page(form, status=400)


@blueprint.route("/links/poster")
@for_staff
def poster() -> ResponseReturnValue:
    """A poster or table card for a poster's address, as a PDF."""
    form = _poster_form(formdata=request.args)
    if not form.validate():
        return _page(poster_form=form, status=400)
    link = _posters()[form.link.data]
    words = words_in(desk().library.guest, form.languages.data)
    size = Size(form.size.data)
    try:
        page = poster_page(_address(link).url, words, size)
    except PaperError:
        fitting, problem = POSTER_LANGUAGES[size], _unprintable()
        if len(words) > fitting:
            problem = say("På {size} får högst {n} språk plats. Kryssa för färre.", size=size, n=fitting)
        form.languages.errors = [problem]
        return _page(poster_form=form, status=400)
    return _pdf(page, f"poster-{link.unit_id}-{form.size.data}.pdf")


def _unprintable() -> str:
    return say("Texterna får inte plats, eller har tecken som inte går att skriva ut. Välj färre språk.")


def _pdf(content: bytes, name: str) -> Response:
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _page(
    slips_form: SlipsForm | None = None,
    poster_form: PosterForm | None = None,
    screen_forms: Mapping[str, ScreenForm] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """All forms, fresh but those that were sent and could not be taken; a screen's by its kiosk's code."""
    form, pair_form, move_form = LinkForm(formdata=None), PairForm(formdata=None), MoveForm(formdata=None)
    units = sorted(_units().items(), key=lambda unit: unit[1])
    form.unit.choices = pair_form.unit.choices = move_form.unit.choices = units
    links = desk().store.links()
    page = render_template(
        "links.html",
        kiosks=[
            _kiosk(link, (screen_forms or {}).get(link.code) or _screen_form(link))
            for link in links
            if link.admission is Admission.KIOSK
        ],
        posters=[_address(link) for link in links if link.admission is Admission.POSTER],
        form=form,
        pair_form=pair_form,
        move_form=move_form,
        slips_form=slips_form or _slips_form(formdata=None),
        poster_form=poster_form or _poster_form(formdata=None),
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
    form = SlipsForm(languages=languages[:SLIP_LANGUAGES], **options)
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
    form = PosterForm(languages=languages[: POSTER_LANGUAGES[Size.A4]], meta={"csrf": False}, **options)
    form.size.choices = [
        (size.value, say("{size}, högst {n} språk", size=size.value, n=fitting), {"data-fitting": fitting})
        for size, fitting in POSTER_LANGUAGES.items()
    ]
    form.link.choices = [
        (code, f"{_units().get(link.unit_id, link.unit_id)} ({code})") for code, link in _posters().items()
    ]
    form.languages.choices = languages
    return form


def _posters() -> dict[str, Link]:
    """Posters' addresses by code."""
    return {link.code: link for link in desk().store.links() if link.admission is Admission.POSTER}


def _units() -> dict[str, str]:
    return desk().library.units


def _address(link: Link) -> Address:
    is_poster = link.admission is Admission.POSTER
    path = f"/{'s' if is_poster else 'k'}/{link.code}" if link.code else "/"
    return Address(
        _key(link),
        _mark(link),
        _units().get(link.unit_id, link.unit_id),
        link.unit_id,
        desk().guest_address + path if is_poster or is_coordinator() else "",
    )


def _kiosk(link: Link, form: ScreenForm) -> Kiosk:
    settings, devices = desk().settings, desk().devices
    return Kiosk(
        _address(link),
        devices.life(link.code),
        devices.was_late(link.code),
        link.screen or (settings.screen if settings else None),
        form,
        is_fixed=not link.code,
    )


def _screen_form(link: Link) -> ScreenForm:
    return ScreenForm(formdata=None, data=asdict(link.screen) if link.screen else None)
