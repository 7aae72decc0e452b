"""Slips and posters: their forms, their PDFs, and the numbers of used slips."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from secrets import SystemRandom
from typing import Any

from kiosk.desk.context import desk
from kiosk.desk.devices.budget import may_exceed_budget, slips_problem
from kiosk.desk.devices.links import address_of, posters
from kiosk.desk.forms import PosterForm, SlipsForm
from kiosk.desk.i18n import language_in_text, named_period, period, translate
from kiosk.desk.session import entry, is_coordinator
from kiosk.domain.results import answered
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.slips import can_publish_used
from kiosk.library.library import screen_languages, shown_languages
from kiosk.output.file_program import UnfinishedError
from kiosk.output.leaflet import leaflet, leaflet_texts
from kiosk.output.paper import (
    POSTER_LANGUAGES,
    SLIP_LANGUAGES,
    PaperError,
    Size,
    paper_texts,
    poster_page,
    slip_origin,
    slip_sheets,
)
from kiosk.output.paper_files import PAPER, input_for_paper_writer
from kiosk.storage import Action, Link, SlipBudgetError, StoreError


@dataclass(frozen=True)
class SlipLine:
    """The slips of one round at one unit from print run number `run`, counted from 1. `period` has the
    round's name and days, `unit` the unit's name. `used` is the number of used ones, None while it is not
    published (`slip_lines`)."""

    period: str
    unit: str
    run: int
    printed: int
    used: int | None


def slips_form(**options: Any) -> SlipsForm:
    """Return the form of slips with its choices: the rounds with slips that run now or open later, the units
    of any of them, and the languages of any of them. The first SLIP_LANGUAGES languages of the first round
    are chosen. Without such a round there are no choices. `options` are passed to the form, such as
    `formdata=None` for one without the sent values."""
    library, allowed, rounds = desk().library, desk().allowed_languages, _rounds_with_slips()
    units = {unit: of_round.tree.node(unit).name for of_round in rounds for unit in of_round.tree.leaves}
    shown = {of_round.id: shown_languages(library.guest, of_round.survey, allowed) for of_round in rounds}
    languages = [code for code in library.guest if any(code in codes for codes in shown.values())]
    form = SlipsForm(languages=list(shown[rounds[0].id][:SLIP_LANGUAGES]) if rounds else [], **options)
    form.languages_of = shown
    form.round.choices = [(of_round.id, f"{of_round.title}, {period(of_round)}") for of_round in rounds]
    form.unit.choices = sorted(units.items(), key=lambda unit: unit[1])
    form.languages.choices = languages
    return form


def _rounds_with_slips() -> list[Round]:
    """Return the rounds that accept slips, now or later: those that run now, then those that open later,
    soonest first."""
    now = desk().clock()
    rounds = [
        state.round
        for state in desk().store.rounds()
        if not state.is_closed and Admission.SLIP in state.round.admission and now < state.round.closes_at
    ]
    return sorted(rounds, key=lambda of_round: (not of_round.is_running(now), of_round.opens_at))


def print_slips(form: SlipsForm) -> bytes | None:
    """Store the slips of a valid form, and return them as a PDF; None if they are refused, with the errors in
    the form, also if the round closes while they wait for their turn. None, with an error, also for slips
    whose texts cannot be printed, but these are stored: nobody has their codes, and they count in the budget.
    Raises BusyError if too many files wait to be written, and KeyUnavailableError if the key of the slip set
    is missing or damaged, both before any slip is stored; UnfinishedError, after they are stored, if the
    program that writes the PDF did not finish."""
    if _untick_missing_languages(form):
        return None
    of_round = next(state.round for state in desk().store.rounds() if state.round.id == form.round.data)
    words = paper_texts(desk().library.guest, form.languages.data)
    try:
        # The turn comes first: no slips are stored if the server is too busy to print them.
        with desk().written_files.turn() as write:
            # The round may have closed meanwhile.
            if of_round not in _rounds_with_slips():
                form.round.errors = [translate("Valet finns inte längre. Välj igen.")]
                return None
            codes = _codes(form)
            origin = slip_origin(of_round, form.unit.data, desk().library.theme)

            def typeset(template: Path, data: str) -> bytes:
                return write(PAPER, input_for_paper_writer(template, data))

            return slip_sheets(desk().guest_address, codes, words, origin, SystemRandom(), typeset)
    except SlipBudgetError as error:
        problem = slips_problem(error, of_round, form.unit.data)
        (form.reason if is_coordinator() else form.number).errors = [problem]
    except UnfinishedError:
        raise
    except StoreError:
        form.unit.errors = [translate("Verksamheten är inte med i den omgången.")]
    except PaperError:
        form.languages.errors = [_unprintable()]
    return None


def _untick_missing_languages(form: SlipsForm) -> bool:
    """Return whether the chosen round lacks some of the chosen languages. If so, the form has the error, and
    these languages are no longer chosen; if no language is left, the first SLIP_LANGUAGES of the round are
    chosen."""
    shown = form.languages_of[form.round.data]
    missing = [code for code in form.languages.data if code not in shown]
    if missing:
        kept = [code for code in form.languages.data if code in shown]
        form.languages.data = kept or list(shown[:SLIP_LANGUAGES])
        names = [language_in_text(desk().library.guest[code].language) for code in missing]
        form.languages.errors = [
            translate(
                "Omgången du valde kan inte besvaras på {languages}. Nu är bara språk som den har ikryssade: "
                "kontrollera dem och hämta lapparna igen.",
                languages=", ".join(names),
            )
        ]
    return bool(missing)


def _codes(form: SlipsForm) -> list[str]:
    """Return the codes of new slips, which the log has from the same write. Raises SlipBudgetError for slips
    over the budget, unless a coordinator gave a reason, and StoreError for a unit that is not in the
    round."""
    wanted = form.round.data, form.unit.data, form.number.data
    what = f"{form.round.data}, {form.unit.data}, {form.number.data}"
    try:
        return desk().store.print_slips(*wanted, [entry(Action.SLIPS_PRINTED, what)])
    except SlipBudgetError:
        if not may_exceed_budget(form):
            raise
    over = entry(Action.SLIPS_OVER_BUDGET, f"{what}, {form.reason.data}")
    return desk().store.print_slips(*wanted, [over], may_exceed_budget=True)


def slip_lines() -> list[SlipLine]:
    """Return a line for each print run of slips, sorted by round, the latest opening first, then by unit id
    and run.

    The number of used slips is published only for a closed round, for a unit with published figures, and for
    a run of at least 2k slips, with the round's k. In other cases it could reveal which guests answered.
    Raises KeyUnavailableError if the key of a slip set is missing or damaged.
    """
    lines, document = [], desk().store.snapshot()
    for state in desk().store.rounds():
        of_round = state.round
        for unit, runs in sorted(desk().store.printed_slips(of_round.id).items()):
            lines += [_slip_line(of_round, unit, run, printed, None) for run, printed in enumerate(runs, 1)]
        for unit, counts in sorted(desk().store.slip_counts(of_round.id).items()):
            is_published = answered(document, of_round, unit) is not None
            lines += [
                _slip_line(
                    of_round,
                    unit,
                    run,
                    printed,
                    used if is_published and can_publish_used(printed, of_round.k) else None,
                )
                for run, (printed, used) in enumerate(counts, 1)
            ]
    return lines


def _slip_line(of_round: Round, unit: str, run: int, printed: int, used: int | None) -> SlipLine:
    return SlipLine(named_period(of_round), of_round.tree.node(unit).name, run, printed, used)


def rounds_with_leaflet() -> dict[str, str]:
    """Return id -> title and period, as one text, of each round whose closing time has not come: those that
    run now first, then by their opening, the earliest first."""
    now = desk().clock()
    rounds = [state.round for state in desk().store.rounds() if now < state.round.closes_at]
    rounds.sort(key=lambda of_round: (not of_round.is_running(now), of_round.opens_at))
    return {of_round.id: f"{of_round.title}, {period(of_round)}" for of_round in rounds}


def print_leaflet(round_id: str) -> bytes | None:
    """Return the guests' leaflet about a round, also a closed one, as the content of a PDF file; None if no
    round has this id, or if a text of any language has a sign without a glyph or does not
    fit. Raises BusyError if too many files wait to
    be written, UnfinishedError if the program that writes it did not finish."""
    rounds = {state.round.id: state.round for state in desk().store.rounds()}
    if round_id not in rounds:
        return None
    texts = leaflet_texts(desk().library.guest, rounds[round_id], desk().store.schema())
    mark = translate("Utkast: ingen som har språket som modersmål har granskat texten.")
    try:
        return leaflet(texts, rounds[round_id], desk().library.theme, mark, _kept)
    except UnfinishedError:
        raise
    except PaperError:
        return None


def _kept(template: Path, data: str) -> bytes:
    """Return the PDF that a template makes of `data`, a JSON document without secrets. The server keeps the
    file for later requests. Only the file name of `template` counts (`input_for_paper_writer`)."""
    return desk().written_files.write(PAPER, input_for_paper_writer(template, data)).read()


def poster_form(**options: Any) -> PosterForm:
    """Return the form of posters with its choices: the posters' addresses, the paper sizes, and the languages
    of the guest's screen. As many languages are chosen as fit on A4. `options` are passed to the form."""
    languages = screen_languages(desk().library.guest, desk().allowed_languages)
    form = PosterForm(languages=languages[: POSTER_LANGUAGES[Size.A4]], **options)
    form.size.choices = [
        (
            size.value,
            translate("{size}, högst {n} språk", size=size.value, n=fitting),
            {"data-fitting": fitting},
        )
        for size, fitting in POSTER_LANGUAGES.items()
    ]
    posters_of = Counter(link.unit_id for link in posters().values())
    form.link.choices = [
        (code, desk().place_name(link.unit_id) + f" ({code})" * (posters_of[link.unit_id] > 1))
        for code, link in posters().items()
    ]
    form.languages.choices = languages
    return form


def print_poster(form: PosterForm, link: Link) -> bytes | None:
    """Return the poster of a valid form with the address of `link` as the content of a PDF file; None if its
    texts cannot be printed or have no room, with the error in the form. Raises BusyError if too many files
    wait to be written, UnfinishedError if the program that writes it did not finish."""
    words = paper_texts(desk().library.guest, form.languages.data)
    size = Size(form.size.data)
    try:
        address = address_of(link)
        return poster_page(address.url, words, size, address.unit, desk().library.theme, _kept)
    except UnfinishedError:
        raise
    except PaperError:
        fitting, problem = POSTER_LANGUAGES[size], _unprintable()
        if len(words) > fitting:
            problem = translate(
                "På {size} får högst {n} språk plats. Kryssa för färre.", size=size, n=fitting
            )
        form.languages.errors = [problem]
    return None


def _unprintable() -> str:
    return translate(
        "Texterna får inte plats, eller har tecken som inte går att skriva ut. Välj färre språk."
    )
