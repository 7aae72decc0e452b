"""Checks rounds, links and the languages that guests can choose, and reports units with little protection."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kiosk.domain.box import full_at
from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import FEWEST_BETWEEN_COUNTS, Admission, PublicationTime, Round
from kiosk.library.catalogues import REFERENCE
from kiosk.library.completeness import of_screen, of_survey
from kiosk.library.library import Library, screen_languages
from kiosk.operation.clock import clock_doubt
from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.settings import Settings
from kiosk.storage import Store


def check_rounds(store: Store, now: datetime) -> Iterator[Advice]:
    """Report that no round runs, running rounds with posters, and units with fewer published answers than
    FEWEST_BETWEEN_COUNTS a day since the round opened. A unit without figures is reported in a live round
    only, once so many answers a day would have filled its box. Nothing if all is well, and nothing while the
    clock is in doubt."""
    if clock_doubt(store, now):
        return
    running = _running(store, now)
    if not running:
        text = "no round is running; a coordinator opens one at /admin/rounds"
        yield Advice(Topic.ROUNDS, Severity.WARNING, text)
    for of_round in running:
        if Admission.POSTER in of_round.admission:
            yield Advice(
                Topic.ROUNDS,
                Severity.WARNING,
                f"round {of_round.id} admits answers from posters: one person can answer several times, and "
                "a person who stuffs enough ballots learns more. Use slips where that matters",
            )
        yield from _check_guests(store, of_round, now)


def _running(store: Store, now: datetime) -> list[Round]:
    return [state.round for state in store.rounds() if not state.is_closed and state.round.is_running(now)]


def _check_guests(store: Store, of_round: Round, now: datetime) -> Iterator[Advice]:
    """Report units with few answers, from published figures only: the number of waiting ballots is secret."""
    days = max((now - of_round.opens_at) / timedelta(days=1), 1.0)
    days_counted = ((store.last_tick or of_round.opens_at) - of_round.opens_at) / timedelta(days=1)
    is_overdue = full_at(0, of_round.k) <= FEWEST_BETWEEN_COUNTS * days_counted
    [published] = [
        round_document for round_document in store.snapshot()["rounds"] if round_document["id"] == of_round.id
    ]
    answered = {node["id"]: node["answered"] for node in published["nodes"]}
    for unit in of_round.tree.leaves:
        shown = answered[unit]
        if shown is not None and shown / days < FEWEST_BETWEEN_COUNTS:
            finding = f"about {half_up(10 * shown / days) / 10} answers a day"
        elif shown is None and is_overdue and of_round.figures is PublicationTime.LIVE:
            finding = (
                f"nothing shown after {half_up(days_counted)} days, so under {FEWEST_BETWEEN_COUNTS:g} a day"
            )
        else:
            continue
        yield Advice(
            Topic.ROUNDS,
            Severity.WARNING,
            f"round {of_round.id}, {of_round.tree.node(unit).name}: {finding}. Under "
            f"{FEWEST_BETWEEN_COUNTS:g} between two counts the clock protects little against stuffing: hand "
            "out slips, and see who has which",
        )


def check_links(store: Store, library: Library, now: datetime) -> Iterator[Advice]:
    """Report links whose unit is in no tree and no running round, unless any own file is bad (it may be the
    unit's tree), and links that no running round at their unit admits. Nothing if all is well; a link to a
    unit of a tree is well while no round runs there."""
    running = _running(store, now)
    known = {unit for tree in library.trees.values() for unit in tree.leaves}
    for link in store.links.all():
        rounds = [of_round for of_round in running if link.unit_id in of_round.tree.leaves]
        named = f"the {link.admission.value}'s address that ends in {link.code[-4:]}, at {link.unit_id}"
        if not rounds and link.unit_id not in known and not any(file.is_bad for file in library.problems):
            text = f"{named}, leads to a unit that is in no tree; close it at /admin/links"
            yield Advice(Topic.LINKS, Severity.WARNING, text)
        elif rounds and not any(link.admission in of_round.admission for of_round in rounds):
            yield Advice(
                Topic.LINKS,
                Severity.WARNING,
                f"{named}, is open, and the round there takes no answers from it: guests are refused now, "
                "and a later round may let anybody in who kept it; close it at /admin/links",
            )


def check_languages(settings: Settings, store: Store, library: Library) -> Iterator[Advice]:
    """Report languages that guests see although no native reader has reviewed them, and languages that a
    round which is not closed lacks, planned ones too. If all languages that guests see are reviewed, a good
    finding says so, also beside languages that a round lacks."""
    allowed = None if store.is_demonstration else settings.languages
    spoken = [code for code in screen_languages(library.guest, allowed) if code != REFERENCE]
    unreviewed = {code for code in spoken if not of_screen(library.guest[code]).is_reviewed}
    for state in store.rounds():
        survey = state.round.survey
        states = {code: of_survey(library.guest[code], survey) for code in spoken if not state.is_closed}
        unreviewed |= {code for code, texts in states.items() if texts.is_complete and not texts.is_reviewed}
        missing = [f"{code} {len(texts.missing)}" for code, texts in states.items() if texts.missing]
        if missing:
            yield Advice(
                Topic.LANGUAGES,
                Severity.WARNING,
                f"round {state.round.id} is hidden in languages that guests may choose elsewhere, because "
                f"its survey has texts without a translation: {', '.join(missing)}. Translate them at "
                "/admin/languages before the next round opens",
            )
    if unreviewed:
        yield Advice(
            Topic.LANGUAGES,
            Severity.WARNING,
            "guests are shown languages that no native reader has reviewed: "
            f"{', '.join(sorted(unreviewed))}. A wrong word makes wrong answers; have them reviewed, then "
            "remove the fuzzy flags",
        )
    else:
        yield Advice(Topic.LANGUAGES, Severity.GOOD, "guests are shown reviewed languages only")


DEMONSTRATION = Advice(
    Topic.INSTALLATION,
    Severity.BAD,
    "this is a demonstration: it counts every few seconds and shows everything. Never let guests answer "
    "here; set KIOSK_DATA to another folder and run: kiosk init",
)
"""The finding about a demonstration. If it is among the findings, `examine` knows that this is one."""


def check_demonstration(store: Store) -> Iterator[Advice]:
    """Report that this is a demonstration, which guests must not use; nothing for a real installation."""
    if store.is_demonstration:
        yield DEMONSTRATION
