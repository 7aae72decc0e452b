"""The demonstration: a year of made-up rounds, cast through real boxes with a simulated clock, a year of
outputs, and a published report."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from secrets import token_urlsafe

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.box import full_at
from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import Admission, Protection, Round, round_id
from kiosk.domain.schedule import Daily, next_tick
from kiosk.library.library import Library
from kiosk.operation.demonstration_example import add_example
from kiosk.operation.demonstration_report import add_outputs, publish_report
from kiosk.settings import Settings, SettingsError
from kiosk.storage import Account, Role, Store, hash_password, open_store, sqlite_file, sqlite_files

K = 5
"""k of the demonstration's rounds."""
ROUND_DAYS = 90
"""Length of the demonstration's rounds."""
BETWEEN_OPENINGS = timedelta(days=92)
"""Time from the opening of one round to that of the next."""
PAST_ROUNDS = 4
"""Number of rounds before the running one."""
RUNNING_FOR = timedelta(days=24)
"""Time since the day on which the running round opened."""

GUESTS_A_DAY = {
    "talk2me": 0.5,
    "dagverksamheten": 2.0,
    "matcentralen": 1.4,
    "frida": 0.4,
    "second_hand": 0.15,
}
"""Unit -> made-up guests per day. The last unit has too few for figures of its own, which the demonstration
shows too."""

NEARLY_FULL = ("dagverksamheten", "matcentralen")
"""Units of the demonstration's kiosk and poster. Their boxes are nearly full."""

BALLOTS_TO_FULL = 5
"""Number of further ballots at a unit of NEARLY_FULL after which its box is full and its chart changes."""

LEANING = {"listened": 0.80, "contact_support": 0.62, "rights_knowledge": 0.45, "feel_better": 0.74}
"""Statement id -> mean position of made-up answers on the scale, from 0 (its low end) to 1. The figures mean
nothing."""


@dataclass(frozen=True)
class Demonstration:
    """A demonstration to be served. `name` and `password` sign a coordinator in at the desk. `poster_code`
    and `example_code` are codes of posters' links; the round at `example_code` has one question of each kind.
    `slip_codes` are the codes of unused slips. The kiosk's page is at the address "/", without a code."""

    store: Store
    name: str
    password: str
    poster_code: str
    slip_codes: tuple[str, ...]
    example_code: str


def build_demonstration(settings: Settings, library: Library, now: datetime) -> Demonstration:
    """Create the demonstration in KIOSK_DATA as of `now` (local, naive), replacing an older one, and return
    it. The caller closes its store.

    Raises SettingsError, and changes nothing, if the database is not SQLite, if there is one that is not a
    demonstration's, and if there is none while KIOSK_KEYS is not empty.
    """
    _clear(settings)
    url = settings.database_url
    filling = open_store(settings.data, url, settings.keys, durable=False)
    filling.migrate()
    filling.mark_demonstration()
    _fill(filling, library, now)
    example = add_example(filling, library, now)
    add_outputs(filling, now)
    publish_report(filling, library, now)
    filling.close()
    store = open_store(settings.data, url, settings.keys)
    password = token_urlsafe(9)
    store.accounts.set(Account("demo", Role.COORDINATOR, hash_password(password)))
    store.links.add(Admission.KIOSK, NEARLY_FULL[0], code="")
    poster = store.links.add(Admission.POSTER, NEARLY_FULL[1])
    running = store.running_round("frida", now)
    slips = store.print_slips(running.id, "frida", 3)
    return Demonstration(store, "demo", password, poster.code, tuple(slips), example)


def _clear(settings: Settings) -> None:
    """Delete the database and the keys of an older demonstration. Raises SettingsError, and deletes nothing,
    if the database is not SQLite, if there is one that is not a demonstration's, and if there is none while
    KIOSK_KEYS is not empty."""
    file = sqlite_file(settings.database_url)
    if file is None:
        raise SettingsError("the demonstration runs on SQLite only; unset KIOSK_DATABASE_URL")
    if file.exists():
        old = open_store(settings.data, settings.database_url, settings.keys)
        is_demonstration = old.is_installed and old.is_demonstration
        if is_demonstration:
            # Delete only the demonstration's keys: KIOSK_KEYS may contain other files.
            old.forget_all_keys()
        old.close()
        if not is_demonstration:
            raise SettingsError(
                f"{settings.data} has a real installation; the demonstration replaces the folder's content. "
                "Set KIOSK_DATA to another folder"
            )
    elif settings.keys.is_dir() and any(settings.keys.iterdir()):
        raise SettingsError(
            f"{settings.keys} is not empty and does not belong to a demonstration; set KIOSK_KEYS to another "
            "folder"
        )
    for path in sqlite_files(settings.database_url):
        path.unlink(missing_ok=True)


def _fill(store: Store, library: Library, now: datetime) -> None:
    """Open, answer, count and close the rounds up to `now`. Then fill the boxes of NEARLY_FULL until
    BALLOTS_TO_FULL are missing."""
    random = Random(2022)  # noqa: S311 - made-up answers, the same each time
    ticks = Daily(time(17))
    today = datetime.combine(now.date(), time())
    openings = [today - RUNNING_FOR - n * BETWEEN_OPENINGS for n in range(PAST_ROUNDS, -1, -1)]
    for number, opens_at in enumerate(openings):
        survey = library.surveys["ombudsmannaskap"]
        of_round = Round(
            round_id(survey, opens_at.date(), ()),
            survey,
            library.trees["vasteras"],
            K,
            opens_at,
            opens_at + timedelta(days=ROUND_DAYS),
            frozenset(Admission),
            protection=Protection.PROTECTED,
            least_days=LEAST_DAYS,
        )
        store.open_round(of_round, opens_at)
        arrivals = sorted(_arrivals(of_round, number, random), key=lambda arrival: arrival[0])
        tick = next_tick(ticks, opens_at)
        for at, unit, ballot in arrivals:
            while tick <= min(at, now):
                store.count(tick)
                tick = next_tick(ticks, tick)
            if at < now:
                store.cast(of_round.id, unit, ballot, at)
        while tick <= min(now, of_round.closes_at + timedelta(days=1)):
            store.count(tick)
            tick = next_tick(ticks, tick)
    running = store.running_round(NEARLY_FULL[0], now)
    [shown_now] = [
        round_document["nodes"]
        for round_document in store.snapshot()["rounds"]
        if round_document["id"] == running.id
    ]
    nodes = {node["id"]: node for node in shown_now}
    for unit in NEARLY_FULL:
        shown = nodes[unit]["answered"] or 0
        waiting = sum(at < now for at, unit_id, _ in arrivals if unit_id == unit) - shown
        for _ in range(full_at(shown, K) - BALLOTS_TO_FULL - waiting):
            store.cast(running.id, unit, _ballot(running, number, random), now)


def _arrivals(of_round: Round, number: int, random: Random) -> Iterator[tuple[datetime, str, Ballot]]:
    """Yield (time, unit id, ballot) of the made-up guests of a round, in no order. `number` counts the rounds
    from 0; later rounds are slightly more positive."""
    for unit, a_day in GUESTS_A_DAY.items():
        for _ in range(half_up(a_day * ROUND_DAYS)):
            day = random.randrange(ROUND_DAYS)
            at = of_round.opens_at + timedelta(days=day, minutes=random.randint(9 * 60, 17 * 60))
            yield at, unit, _ballot(of_round, number, random)


def _ballot(of_round: Round, number: int, random: Random) -> Ballot:
    answers = (_answer(LEANING[s.id] + number * 0.025, random) for s in of_round.survey.statements)
    return Ballot(tuple(answers))


def _answer(leaning: float, random: Random) -> Answer:
    kind = random.random()
    if kind < 0.04:
        return NoAnswer.DONT_KNOW
    if kind < 0.06:
        return NoAnswer.PREFER_NOT
    if kind < 0.10:
        return NoAnswer.SKIPPED
    return 1 + sum(random.random() < leaning for _ in range(4))
