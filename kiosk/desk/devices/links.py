"""The addresses of kiosks and posters, as staff see them. A kiosk's address is for coordinators only."""

from dataclasses import asdict, dataclass

from kiosk.desk.context import desk
from kiosk.desk.forms import MoveForm, ScreenForm
from kiosk.desk.session import is_coordinator
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.domain.short_hash import short_hash
from kiosk.storage import DeviceStatus, Link


@dataclass(frozen=True)
class Address:
    """A link as staff see it.

    `key` identifies it in forms; `code_ending` is the end of its code. `url` is "" for staff who may not have
    it: a kiosk's address allows slow stuffing of its box.
    """

    key: str
    code_ending: str
    unit: str
    unit_id: str
    url: str


@dataclass(frozen=True)
class Kiosk:
    """A kiosk as staff see it.

    `was_late` says whether ballots reached the server only after their round had closed. `screen` has its own
    measures or those of all kiosks; `form` edits its own. `move_form` moves it; `move_problem` says why it
    was not moved, or is "". A kiosk that `is_fixed` has the installation's own address.
    """

    address: Address
    status: DeviceStatus
    was_late: bool
    screen: Screen | None
    form: ScreenForm
    move_form: MoveForm
    move_problem: str
    is_fixed: bool


def address_of(link: Link) -> Address:
    """Return a link as the signed-in account may see it."""
    is_poster = link.admission is Admission.POSTER
    path = f"/{'s' if is_poster else 'k'}/{link.code}" if link.code else "/"
    return Address(
        key_of(link),
        link.code_ending,
        unit_names().get(link.unit_id, link.unit_id),
        link.unit_id,
        desk().guest_address + path if is_poster or is_coordinator() else "",
    )


def key_of(link: Link) -> str:
    """Return a link's key for forms: 16 hex digits of SHA-256. The code cannot be derived from it."""
    return short_hash(link.code, 16)


def kiosk_of(link: Link, form: ScreenForm, move_form: MoveForm, move_problem: str) -> Kiosk:
    """Return a kiosk with the `form` that edits its measures and the one that moves it."""
    settings, devices = desk().settings, desk().devices
    return Kiosk(
        address_of(link),
        devices.status(link.code),
        devices.was_late(link.code),
        link.screen or (settings.screen if settings else None),
        form,
        move_form,
        move_problem,
        is_fixed=not link.code,
    )


def screen_form(link: Link) -> ScreenForm:
    """Return an unsent form with a kiosk's measures."""
    return ScreenForm(formdata=None, data=asdict(link.screen) if link.screen else None)


def posters() -> dict[str, Link]:
    """Return the posters' links by code."""
    return {link.code: link for link in desk().store.links.all() if link.admission is Admission.POSTER}


def unit_names() -> dict[str, str]:
    """Unit id -> name."""
    return desk().library.units
