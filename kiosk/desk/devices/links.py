"""The addresses of kiosks and posters, as staff see them. A kiosk's address is for coordinators only."""

from dataclasses import asdict, dataclass

from kiosk.desk.context import desk
from kiosk.desk.forms import MoveForm, ScreenForm
from kiosk.desk.i18n import day, language_in_text, translate
from kiosk.desk.session import is_coordinator
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.domain.short_hash import short_hash
from kiosk.screen.statement_fit import long_statements_at
from kiosk.storage import DeviceStatus, Link


@dataclass(frozen=True)
class Address:
    """A link as staff see it.

    `key` identifies it in forms (`key_of`). `code_ending` is the end of its code. `unit` is the unit's name.
    `url` is "" if the signed-in account must not have it: with a kiosk's address, somebody could slowly fill
    its box with made-up ballots.
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
    measures or, without them, those of the settings; None if neither has them. `form` edits the kiosk's own.
    `move_form` moves the kiosk to another unit; `move_problem` is the reason why it was not moved, else "". A
    kiosk that `is_fixed` has the installation's own address. `long_statements` has (text, names of languages)
    of each statement that has no room on the screen in these languages; empty if the screen's size is not
    known.
    """

    address: Address
    status: DeviceStatus
    was_late: bool
    screen: Screen | None
    form: ScreenForm
    move_form: MoveForm
    move_problem: str
    is_fixed: bool
    long_statements: list[tuple[str, str]]


def address_of(link: Link) -> Address:
    """Return a link with the details that the signed-in account may see: the address of a poster, and to
    coordinators also that of a kiosk."""
    is_poster = link.admission is Admission.POSTER
    path = f"/{'s' if is_poster else 'k'}/{link.code}" if link.code else "/"
    return Address(
        key_of(link),
        link.code_ending,
        desk().place_name(link.unit_id),
        link.unit_id,
        desk().guest_address + path if is_poster or is_coordinator() else "",
    )


def key_of(link: Link) -> str:
    """Return a link's key for forms: 16 hex digits of SHA-256. The code cannot be derived from it."""
    return short_hash(link.code, 16)


def kiosk_of(link: Link, form: ScreenForm, move_form: MoveForm, move_problem: str) -> Kiosk:
    """Return a kiosk with its forms: `form` edits the measures of its screen, `move_form` moves the kiosk.
    `move_problem` is the reason why the kiosk was not moved, else ""."""
    settings, devices = desk().settings, desk().devices
    screen = link.screen or (settings.screen if settings else None)
    return Kiosk(
        address_of(link),
        devices.status(link.code),
        devices.was_late(link.code),
        screen,
        form,
        move_form,
        move_problem,
        is_fixed=not link.code,
        long_statements=_long_statements(link.unit_id, screen) if screen else [],
    )


def _long_statements(unit_id: str, screen: Screen) -> list[tuple[str, str]]:
    """Return (Swedish text, names of the languages) of each statement that has no room on a unit's screen: in
    the unit's rounds that are not closed or, if it has none, in all surveys of the library."""
    library, rounds = desk().library, [s.round for s in desk().store.rounds() if not s.is_closed]
    texts = {
        (survey.id, statement.id): statement.text
        for survey in [*library.surveys.values(), *(of_round.survey for of_round in rounds)]
        for statement in survey.statements
    }
    long = long_statements_at(unit_id, screen, rounds, library, desk().allowed_languages)
    return [
        (
            texts[overlong.survey, overlong.statement],
            ", ".join(language_in_text(library.guest[code].language) for code in overlong.languages),
        )
        for overlong in long
    ]


def screen_form(link: Link) -> ScreenForm:
    """Return a form with the stored measures of a kiosk's screen; with the default distance
    only if there are none. Sent values are ignored."""
    return ScreenForm(formdata=None, data=asdict(link.screen) if link.screen else None)


def posters() -> dict[str, Link]:
    """Return code -> link of all posters."""
    return {link.code: link for link in desk().store.links.all() if link.admission is Admission.POSTER}


def poster_state(unit_id: str) -> str:
    """Return a sentence about whether a unit's posters accept answers: until when, from when, or not."""
    now = desk().clock()
    rounds = sorted(
        (
            state.round
            for state in desk().store.rounds()
            if not state.is_closed
            and now < state.round.closes_at
            and Admission.POSTER in state.round.admission
            and unit_id in state.round.tree.leaves
        ),
        key=lambda of_round: of_round.opens_at,
    )
    if not rounds:
        return translate("Tar inte emot svar: ingen omgång med affischer är öppen eller planerad.")
    if rounds[0].is_running(now):
        return translate("Tar emot svar till {day}.", day=day(rounds[0].closes_at))
    return translate("Tar emot svar från {day}.", day=day(rounds[0].opens_at))


def unit_names() -> dict[str, str]:
    """Return unit id -> name of all units in the library."""
    return desk().library.units
