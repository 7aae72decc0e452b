"""Paper that leads guests to the questions: slips and posters."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from secrets import SystemRandom

import click

from kiosk.cli.arguments import (
    NEW_FILE,
    check_among,
    check_new,
    check_reason,
    check_unit,
    current_settings,
    installed_store,
    pick,
    usable_library,
)
from kiosk.cli.errors import report_errors
from kiosk.domain.local_address import leads_to_own_machine
from kiosk.domain.rounds import Admission
from kiosk.domain.slips import spaced
from kiosk.library.library import Library, screen_languages, shown_languages
from kiosk.output.paper import (
    PaperError,
    PaperTexts,
    Size,
    paper_texts,
    poster_page,
    slip_origin,
    slip_sheets,
)
from kiosk.settings import Settings
from kiosk.storage import COMMAND_LINE, Action, Entry, Link, SlipBudgetError, Store

TRIAL = click.option("--trial", is_flag=True, help="Print although only this machine can open the address.")


@click.command()
@click.option("--round", "of_round", required=True, help="Id of a round; see kiosk round list.")
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--number", type=click.IntRange(1, 2000), default=50, show_default=True)
@click.option("--pdf", type=NEW_FILE, help="Write sheets to cut into this file, instead of the codes alone.")
@click.option("--languages", help="Of the sheets, such as: sv,ar; all that guests may choose if not given.")
@click.option("--reason", help="Why the unit needs more slips than the round's budget; all staff read it.")
@TRIAL
@report_errors
def slips(
    of_round: str,
    unit: str,
    number: int,
    pdf: Path | None,
    languages: str | None,
    reason: str | None,
    trial: bool,
) -> None:
    """Create slips, and print their single-use codes or, with --pdf, sheets of slips. The codes are stored
    nowhere else."""
    check_reason(reason)
    request = SlipRequest(of_round, unit, number, reason)
    settings = current_settings()
    store = installed_store(settings)
    if pdf is None:
        if languages:
            raise PaperError("codes alone are in no language; leave --languages out, or add --pdf FILE")
        for code in sorted(_print_slips(store, request)):
            click.echo(spaced(code))
        return
    check_new(pdf)
    _check_address(settings, trial=trial)
    library = usable_library(settings)
    rounds = {state.round.id: state.round for state in store.rounds()}
    chosen = pick(rounds, of_round, "round")
    shown = shown_languages(library.guest, chosen.survey, _allowed(settings, store))
    texts = _texts(library, shown, languages)
    codes = _print_slips(store, request)
    origin = slip_origin(chosen, unit, library.theme)
    pdf.write_bytes(slip_sheets(settings.guest_address, codes, texts, origin, SystemRandom()))
    click.echo(
        f"{pdf}: {number} slips. Print it, then delete it: anybody who has it can answer with its codes."
    )


@dataclass(frozen=True)
class SlipRequest:
    """Slips to print: the ids of round and unit, the number, and the reason for more than the round's budget,
    None without one."""

    of_round: str
    unit: str
    number: int
    reason: str | None


def _print_slips(store: Store, request: SlipRequest) -> list[str]:
    """Add the slips to the store and the print to the log, and return the slips' codes. Raises as
    `Store.print_slips`; SlipBudgetError only for a request without a reason."""
    wanted = request.of_round, request.unit, request.number
    what = f"{request.of_round}, {request.unit}, {request.number}"
    printed = Entry(datetime.now(), COMMAND_LINE, Action.SLIPS_PRINTED, what)
    try:
        return store.print_slips(*wanted, [printed])
    except SlipBudgetError:
        if not request.reason:
            raise
    over = replace(printed, action=Action.SLIPS_OVER_BUDGET, what=f"{what}, {request.reason}")
    return store.print_slips(*wanted, [over], may_exceed_budget=True)


@click.command()
@click.option("--unit", required=True, help="Id of a unit.")
@click.option("--size", type=click.Choice(list(Size)), default=Size.A4, show_default=True)
@click.option("--out", type=NEW_FILE, required=True, help="A new PDF file.")
@click.option("--languages", help="Such as: sv,ar; all that guests may choose if not given.")
@TRIAL
@report_errors
def poster(unit: str, size: Size, out: Path, languages: str | None, trial: bool) -> None:
    """Create a poster or table card with a unit's poster link, which is created if there is none."""
    settings = current_settings()
    library, store = usable_library(settings), installed_store(settings)
    check_unit(library, unit)
    check_new(out)
    _check_address(settings, trial=trial)
    texts = _texts(library, screen_languages(library.guest, _allowed(settings, store)), languages)
    of_unit = [link for link in store.links.all() if link.unit_id == unit]
    posters = [link for link in of_unit if link.admission is Admission.POSTER]
    link = posters[0] if posters else _new_poster(store, unit)
    address = f"{settings.guest_address}/s/{link.code}"
    out.write_bytes(poster_page(address, texts, size, library.units[unit], library.theme))
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.POSTER_PRINTED, f"{unit}, {link.code_ending}")
    click.echo(f"{out}: leads to {address}")


def _check_address(settings: Settings, *, trial: bool) -> None:
    """Raise PaperError if only this machine can open the address of guests, unless the paper is a trial."""
    if not trial and leads_to_own_machine(settings.guest_address):
        raise PaperError(
            f"KIOSK_GUEST_ADDRESS is {settings.guest_address}, which only this machine can open; "
            "set it, or add --trial to print anyway"
        )


def _new_poster(store: Store, unit: str) -> Link:
    what = f"{unit}, {Admission.POSTER.value}"
    line = Entry(datetime.now(), COMMAND_LINE, Action.ADDRESS_MADE, what)
    return store.links.add(Admission.POSTER, unit, log=[line])


def _texts(library: Library, possible: tuple[str, ...], languages: str | None) -> tuple[PaperTexts, ...]:
    """Return a paper's texts in each language of the option --languages, or in all `possible` ones if it is
    None. Raises PaperError if the option names none, and StoreError for one that is not possible."""
    asked = possible if languages is None else languages.replace(",", " ").split()
    if not asked:
        raise PaperError("--languages names no language; write codes such as: sv,ar")
    for code in asked:
        check_among(possible, code, "language for guests")
    return paper_texts(library.guest, asked)


def _allowed(settings: Settings, store: Store) -> frozenset[str] | None:
    """Return the codes of the languages that guests may choose although they are not reviewed; None for
    all."""
    return None if store.is_demonstration else settings.languages
