"""Addresses of kiosks and posters, as staff see them: a kiosk's own is for coordinators alone."""

from dataclasses import asdict, dataclass
from hashlib import sha256

from kiosk.desk.forms import ScreenForm
from kiosk.desk.session import desk, is_coordinator
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.storage import Life, Link


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


def address_of(link: Link) -> Address:
    """A link for whoever is signed in."""
    is_poster = link.admission is Admission.POSTER
    path = f"/{'s' if is_poster else 'k'}/{link.code}" if link.code else "/"
    return Address(
        key_of(link),
        mark_of(link),
        unit_names().get(link.unit_id, link.unit_id),
        link.unit_id,
        desk().guest_address + path if is_poster or is_coordinator() else "",
    )


def key_of(link: Link) -> str:
    """What forms call a link. Staff may not have its code, and cannot find it from this."""
    return sha256(link.code.encode()).hexdigest()[:16]


def mark_of(link: Link) -> str:
    """How a kiosk is told from its unit's others."""
    return link.code[-4:]


def kiosk_of(link: Link, form: ScreenForm) -> Kiosk:
    """A kiosk's link, with the `form` that changes its measures."""
    settings, devices = desk().settings, desk().devices
    return Kiosk(
        address_of(link),
        devices.life(link.code),
        devices.was_late(link.code),
        link.screen or (settings.screen if settings else None),
        form,
        is_fixed=not link.code,
    )


def screen_form(link: Link) -> ScreenForm:
    """A fresh form with what a kiosk's screen measures."""
    return ScreenForm(formdata=None, data=asdict(link.screen) if link.screen else None)


def posters() -> dict[str, Link]:
    """Posters' addresses by code."""
    return {link.code: link for link in desk().store.links.all() if link.admission is Admission.POSTER}


def unit_names() -> dict[str, str]:
    """Unit -> its name."""
    return desk().library.units
