"""The start page's upper part: the running rounds, the time of the next count, and the tasks of the signed-in
account.

While no round exists, it is a guide instead: the steps from an empty installation to a running round.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import url_for

from kiosk.desk.context import desk
from kiosk.desk.i18n import day, in_a_row, language_in_text, translate
from kiosk.desk.respondents import people_at
from kiosk.desk.session import is_coordinator, signed_in
from kiosk.domain.budget import slip_budget
from kiosk.domain.mail import MailState
from kiosk.domain.name_order import name_key
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.schedule import Every
from kiosk.library.drafts import survey_path
from kiosk.library.library import screen_languages
from kiosk.library.tree_drafts import tree_path
from kiosk.storage import DeviceStatus, Role, RoundState

ENDS_SOON = timedelta(days=5)
"""Time before a round's closing from which the page says that the round closes soon."""

NEARLY_PRINTED_PERCENT = 90
"""Percentage of a unit's slip budget from which the page says that nearly all slips are printed."""

MOST_ROUNDS = 3
"""Most running rounds that the page names."""

MOST_SURVEYS = 3
"""Most surveys without all translations that the page names."""


@dataclass(frozen=True)
class Task:
    """A task of the signed-in account, as a text for a link, and the address of the page on which it is
    done."""

    text: str
    address: str


@dataclass(frozen=True)
class Today:
    """The upper part of the start page. `summary` is one line; a phone shows the other parts only when the
    line is opened. `running` has a sentence for each running round, at most MOST_ROUNDS. `next_count` is None
    if no round runs, or if counts are seconds apart. `shortcuts` are links to frequent work, `tasks` are to
    be done now."""

    summary: str
    running: tuple[str, ...]
    next_count: datetime | None
    shortcuts: tuple[Task, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Step:
    """A step of the guide. `state` is a text about its progress so far. `address` is that of the page on
    which it is done, "" if the account may not do the step. `is_done` says that the installation has a result
    of the step, such as an own survey. `is_optional` says that a round can be opened without it."""

    name: str
    state: str
    address: str
    is_done: bool
    is_optional: bool = False


def today(states: Sequence[RoundState]) -> Today:
    """Return the upper part of the start page for the signed-in account. `states` are all rounds, the latest
    opening first, also those whose figures the account may not read."""
    now = desk().clock()
    running = [state.round for state in states if not state.is_closed and state.round.is_running(now)]
    counts_often = isinstance(desk().ticks, Every)
    tasks = tuple(_tasks(states, running, now))
    return Today(
        translate("Pågående omgångar: {rounds} · Att göra: {tasks}", rounds=len(running), tasks=len(tasks)),
        tuple(
            translate("”{title}” pågår till och med {day}.", title=of_round.title, day=_last_day(of_round))
            for of_round in running[:MOST_ROUNDS]
        ),
        desk().next_count if running and not counts_often else None,
        tuple(_shortcuts(running)),
        tasks,
    )


def _last_day(of_round: Round) -> str:
    return day(of_round.closes_at - timedelta(microseconds=1))


def _may_print() -> bool:
    """Return whether the signed-in account may print slips and pair kiosks, as coordinators and staff may."""
    account = signed_in()
    return account is not None and account.role in {Role.COORDINATOR, Role.STAFF}


def _shortcuts(running: Sequence[Round]) -> Iterator[Task]:
    if _may_print() and any(Admission.SLIP in of_round.admission for of_round in running):
        yield Task(translate("Skriv ut lappar"), url_for("links.slips_page"))


def _tasks(states: Sequence[RoundState], running: Sequence[Round], now: datetime) -> Iterator[Task]:
    """Yield the tasks of the signed-in account: those about rounds that close soon, for every account; then
    those of accounts that may print; then those of coordinators."""
    for of_round in running:
        if of_round.closes_at - now <= ENDS_SOON:
            text = translate("Stänger snart: ”{title}”", title=of_round.title)
            yield Task(text, url_for("rounds.rounds"))
    if _may_print():
        yield from _tasks_of_staff(running)
    if is_coordinator():
        yield from _tasks_of_coordinators(states, now)


def _tasks_of_staff(running: Sequence[Round]) -> Iterator[Task]:
    silent = [
        link
        for link in desk().store.links.all()
        if link.admission is Admission.KIOSK and desk().devices.status(link.code) is DeviceStatus.SILENT
    ]
    if silent:
        units = sorted({desk().place_name(link.unit_id) for link in silent}, key=name_key)
        yield Task(translate("Kiosk utan kontakt: {units}", units=in_a_row(units)), url_for("links.links"))
    for of_round in running:
        units = _nearly_printed(of_round)
        if units:
            text = translate("Nästan alla lappar är utskrivna: {units}", units=in_a_row(units))
            yield Task(text, url_for("links.slips_page"))


def _nearly_printed(of_round: Round) -> list[str]:
    """Return the names of the units at which at least NEARLY_PRINTED_PERCENT of the slips of a round's budget
    are printed. Empty for a round without slips or expected guests. Raises KeyUnavailableError as
    `Store.printed_slips`."""
    if not of_round.expected or Admission.SLIP not in of_round.admission:
        return []
    printed = desk().store.printed_slips(of_round.id)
    return [
        of_round.tree.node(unit).name
        for unit, expected in of_round.expected.items()
        if expected and 100 * sum(printed.get(unit, ())) >= NEARLY_PRINTED_PERCENT * slip_budget(expected)
    ]


def _tasks_of_coordinators(states: Sequence[RoundState], now: datetime) -> Iterator[Task]:
    if all(state.is_closed or state.round.closes_at <= now for state in states):
        yield Task(translate("Ingen omgång pågår: öppna en"), url_for("rounds.new_round"))
    closed = [state.round for state in states if state.is_closed]
    latest = max(closed, key=lambda of_round: of_round.closes_at, default=None)
    if latest is not None and not desk().store.replies.of_round(latest.id):
        people = people_at(latest, latest.tree.root.id).several
        text = translate("Skriv ett svar till {people}", people=people)
        yield Task(text, url_for("replies.reply", round_id=latest.id))
    given_up = sum(mail.state is MailState.GIVEN_UP for mail in desk().store.mail_queue.all())
    if given_up:
        yield Task(translate("Mejl som inte gick att skicka: {n}", n=given_up), url_for("mail.mail"))
    number = desk().review_state.languages_to_review(desk().library)
    if number:
        yield Task(translate("Granska språk: {n}", n=number), url_for("languages.languages"))
    to_translate = desk().review_state.languages_to_translate(desk().library)
    if to_translate:
        yield Task(_lacking(to_translate), url_for("languages.languages"))


def _lacking(languages: Mapping[str, int]) -> str:
    """Return a text that names the surveys with missing translations, or has their number if they are more
    than MOST_SURVEYS. `languages` is survey id -> number of languages in which texts of the survey are
    missing."""
    if len(languages) > MOST_SURVEYS:
        return translate("Enkäter som saknar översättningar: {n}", n=len(languages))
    surveys = desk().library.surveys
    return translate(
        "Översättningar saknas: {surveys}",
        surveys=in_a_row(
            translate("”{title}” (språk: {n})", title=surveys[survey_id].title, n=number)
            for survey_id, number in languages.items()
        ),
    )


def _own_or_shipped(names: Mapping[Path, str]) -> tuple[str, bool]:
    """Return (text with the names of the installation's own surveys or trees, True). Without own ones, return
    (text that names the shipped ones and says that own ones can be added, False). `names` is path,
    relative to KIOSK_DATA, of the own file that the survey or tree has or would have -> its name."""
    own = [name for path, name in names.items() if desk().has_own_file(path)]
    if own:
        return in_a_row(own), True
    shipped = translate(
        "Följer med programmet: {names}. Lägg till egna om de inte passar.", names=in_a_row(names.values())
    )
    return shipped, False


def first_steps() -> tuple[Step, ...]:
    """Return the steps to the first round, in the order in which they are done, each with the present state
    of the installation and the address for the signed-in account. For use while no round exists."""
    library, may = desk().library, is_coordinator()
    trees, has_trees = _own_or_shipped(
        {tree_path(tree_id): tree.root.name for tree_id, tree in library.trees.items()}
    )
    surveys, has_surveys = _own_or_shipped(
        {survey_path(survey_id): survey.title for survey_id, survey in library.surveys.items()}
    )
    spoken = screen_languages(library.guest, desk().allowed_languages)
    languages = in_a_row(language_in_text(library.guest[code].language) for code in spoken)
    addresses = desk().store.links.all()
    return (
        Step(
            translate("Verksamheter"),
            trees,
            url_for("units.units") if may else "",
            has_trees,
            is_optional=bool(library.trees),
        ),
        Step(
            translate("Enkät"),
            surveys,
            url_for("surveys.surveys") if may and desk().settings else "",
            has_surveys,
            is_optional=bool(library.surveys),
        ),
        Step(
            translate("Språk"),
            translate("De som svarar kan välja: {languages}.", languages=languages),
            url_for("languages.languages") if may else "",
            len(spoken) > 1,
            is_optional=True,
        ),
        Step(
            translate("Omgång"),
            translate("Ingen omgång är öppnad."),
            url_for("rounds.new_round") if may else "",
            is_done=False,
        ),
        Step(
            translate("Skärm eller lappar"),
            translate(
                "Kiosker och affischer: {n}. Lappar skrivs ut när omgången är öppnad.", n=len(addresses)
            ),
            url_for("links.links") if _may_print() else "",
            bool(addresses),
        ),
    )
