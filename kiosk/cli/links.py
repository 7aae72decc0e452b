"""The addresses of kiosks and posters."""

from collections.abc import Iterator
from datetime import datetime

import click

from kiosk.cli.arguments import check_reason, check_unit, current_settings, installed_store, usable_library
from kiosk.cli.errors import report_errors
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import (
    DISTANCE_LIMITS_MM,
    LEAST_DISTANCE_MM,
    LOWER_EDGE_LIMITS_MM,
    WIDTH_LIMITS_MM,
    Screen,
)
from kiosk.library.library import Library
from kiosk.screen.statement_fit import least_width, long_statements, surveys_at
from kiosk.settings import Settings
from kiosk.storage import COMMAND_LINE, Action, Entry, KioskBudgetError, Store, StoreError


@click.command()
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--poster", is_flag=True, help="An open poster link instead of a kiosk's address.")
@click.option("--screen-mm", type=click.IntRange(*WIDTH_LIMITS_MM), help="Width of the lit area.")
@click.option("--distance-mm", type=click.IntRange(*DISTANCE_LIMITS_MM), help="From the guest; else 600.")
@click.option("--low-mm", type=click.IntRange(*LOWER_EDGE_LIMITS_MM), help="Lower edge above the floor.")
@click.option("--reason", help="Why the unit needs more kiosks than the round's budget; all staff read it.")
@report_errors
def link(
    unit: str,
    poster: bool,
    screen_mm: int | None,
    distance_mm: int | None,
    low_mm: int | None,
    reason: str | None,
) -> None:
    """Create the address that makes a screen a unit's kiosk, or a poster's link.

    Without --screen-mm a kiosk's screen has the measures of KIOSK_SCREEN_MM. Warns of statements that have no
    room on the screen.
    """
    check_reason(reason)
    settings = current_settings()
    library = usable_library(settings)
    check_unit(library, unit)
    screen = _measured(screen_mm, distance_mm, low_mm)
    if poster and screen:
        raise StoreError("a poster's link has no screen; leave --screen-mm out")
    store, way = installed_store(settings), Admission.POSTER if poster else Admission.KIOSK
    action, what = Action.ADDRESS_MADE, way.value
    try:
        if not poster:
            store.check_kiosk_budget(unit, datetime.now())
    except KioskBudgetError:
        if not reason:
            raise
        action, what = Action.KIOSK_OVER_BUDGET, reason
    line = Entry(datetime.now(), COMMAND_LINE, action, f"{unit}, {what}")
    new_link = store.links.add(way, unit, screen=screen, log=[line])
    kiosk_screen = None if poster else screen or settings.screen
    if kiosk_screen:
        for warning in _warnings(settings, library, store, unit, kiosk_screen):
            click.echo(f"kiosk: {warning}", err=True)
    click.echo(f"{settings.guest_address}/{'s' if poster else 'k'}/{new_link.code}")


def _warnings(settings: Settings, library: Library, store: Store, unit: str, screen: Screen) -> Iterator[str]:
    """Yield a warning for each statement that has no room on a kiosk's screen, and one with the remedy.

    Looks at the surveys of the unit's rounds that are not closed, planned ones included, or at all surveys if
    there are none.
    """
    rounds = [state.round for state in store.rounds() if not state.is_closed]
    allowed = None if store.is_demonstration else settings.languages
    surveys, shown = surveys_at(unit, rounds, library, allowed)
    for long in long_statements(screen, surveys, shown):
        languages = ", ".join(long.languages)
        yield f"{long.survey}: guests have to scroll the statement {long.statement!r} in {languages}"
    if any(long_statements(screen, surveys, shown)):
        width = least_width(screen, surveys, shown)
        wider = f"a screen of at least {width} mm shows all" if width else "no screen is wide enough"
        yield f"at {screen.distance_mm} mm {wider}; choose a larger screen, or shorten the statements"


def _measured(screen_mm: int | None, distance_mm: int | None, low_mm: int | None) -> Screen | None:
    """Return the screen of these options; None if none is given. Raises StoreError for any option without
    --screen-mm."""
    if screen_mm is not None:
        return Screen(screen_mm, distance_mm or LEAST_DISTANCE_MM, low_mm)
    if distance_mm is not None or low_mm is not None:
        raise StoreError("--distance-mm and --low-mm need --screen-mm beside them; measure the lit area")
    return None
