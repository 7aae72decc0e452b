"""Is this installation as anonymous as it claims? Looks at what runs, and says what to do.

Each check returns findings in plain words; none of them changes anything.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.domain.box import full_at
from kiosk.domain.rounds import FEWEST_BETWEEN_COUNTS, Admission, Figures, Round
from kiosk.library.catalogues import REFERENCE
from kiosk.library.library import Library, spoken_languages
from kiosk.operation.clock import clock_doubt
from kiosk.operation.proxies import Kept, kept_of_guests
from kiosk.settings import Settings
from kiosk.storage import Store

LATEST = timedelta(hours=1)
"""How late a count may be before something is wrong."""

LOGS = {
    Kept.REQUESTS: {
        "nginx": "may log them: address and second of every ballot. In its server block: access_log off; and "
        "error_log /var/log/nginx/error.log crit;",
        "apache2": "may log them: address and second of every ballot. In its virtual host: CustomLog "
        "/dev/null common, and LogLevel crit",
        "caddy": "logs them: address and second of every ballot. Take log out of its site",
    },
    Kept.TROUBLES: {
        "nginx": "its error log tells of guests who were slow or left. In its server block: error_log "
        "/var/log/nginx/error.log crit;",
        "apache2": "its error log tells of every request: LogLevel crit",
    },
}
"""What to do about a log in which guests are, by web server."""

WEB_SERVERS = (Path("/etc/nginx"), Path("/etc/apache2"), Path("/etc/caddy"))


SERVER_SETTINGS = {
    "archive_mode": (
        ("off",),
        "every log of writes is kept, and tells unit and microsecond of each ballot; switch it off, and back "
        "up with kiosk backup",
    ),
    "log_statement": (
        ("none", "ddl"),
        "the server's log gets a line, with its time, for each ballot; set it to none",
    ),
    "log_min_duration_statement": (
        ("-1",),
        "slow writes of ballots come into the server's log, with their time; set it to -1",
    ),
    "track_commit_timestamp": (("off",), "the time of each write is kept; set it to off"),
}
"""PostgreSQL's settings that keep times of ballots -> (values that do not, what to do)."""


class Weight(StrEnum):
    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True)
class Advice:
    """What was looked at, how it stands, and what to do about it."""

    weight: Weight
    text: str


def examine(settings: Settings, store: Store, library: Library, now: datetime) -> list[Advice]:
    """Everything that can be seen from here."""
    return [
        *_look_at_folders(settings),
        *_look_at_keys(settings, store),
        *_look_at_the_clock(settings, store, now),
        *_look_at_rounds(store, now),
        *_look_at_addresses(store, library, now),
        *_look_at_postgresql(store.server_settings()),
        *(Advice(Weight.BAD, risk) for risk in store.commit_risks()),
        *_look_at_files(library),
        *_look_at_languages(settings, store, library),
        *_look_at_the_network(settings),
        *_look_at_the_address(settings, store),
        *_look_at_web_servers(settings, WEB_SERVERS),
        *_look_at_the_demonstration(store),
    ]


def _look_at_folders(settings: Settings) -> Iterator[Advice]:
    for name, folder in (("KIOSK_DATA", settings.data), ("KIOSK_KEYS", settings.keys)):
        open_to = [
            path
            for path in (folder, *folder.rglob("*"))
            if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
        ]
        if open_to:
            yield Advice(
                Weight.BAD,
                f"{len(open_to)} files of {name} can be read by others on this machine, such as "
                f"{open_to[0]}; run: chmod -R go= {folder}",
            )
        else:
            yield Advice(Weight.GOOD, f"{name} ({folder}) is its owner's only")


def _look_at_keys(settings: Settings, store: Store) -> Iterator[Advice]:
    if settings.keys.is_relative_to(settings.data):
        yield Advice(
            Weight.BAD,
            f"the keys lie inside KIOSK_DATA ({settings.keys}): a backup of that folder could be read. Set "
            "KIOSK_KEYS to a folder outside it that no backup takes, and move the keys there",
        )
    else:
        yield Advice(Weight.GOOD, "the keys lie outside KIOSK_DATA; see that no backup takes them")
    faults = store.key_faults()
    if faults:
        yield Advice(
            Weight.BAD,
            f"{len(faults)} key files are missing or damaged, such as {faults[0].file}, which "
            f"{faults[0].problem}: guests are refused there and nothing is counted, and nothing is lost yet. "
            "Bring the files back; only if they are lost for good, run: kiosk give-up-keys",
        )
    lost = {state.round.id: state.lost_boxes for state in store.rounds() if state.lost_boxes}
    for round_id, boxes in lost.items():
        yield Advice(
            Weight.LOOK,
            f"round {round_id}: the keys of {boxes} boxes were lost, after a restored backup perhaps; the "
            "ballots that waited in them cannot be read by anybody",
        )


def _look_at_the_clock(settings: Settings, store: Store, now: datetime) -> Iterator[Advice]:
    last, due, doubt = store.last_tick, settings.ticks.latest(now), clock_doubt(store, now)
    if doubt:
        yield Advice(Weight.BAD, doubt)
    elif last is None:
        yield Advice(Weight.LOOK, "nothing was ever counted; run: kiosk serve, or kiosk count by a timer")
    elif last < due and now - due > LATEST and not _was_left_out(store, due):
        yield Advice(
            Weight.BAD,
            f"the last count was made for {last:%Y-%m-%d %H:%M}, one was due at {due:%Y-%m-%d %H:%M}; is "
            "kiosk serve running, or the timer for kiosk count?",
        )
    else:
        yield Advice(Weight.GOOD, f"the last count was made for {last:%Y-%m-%d %H:%M}, as due")


def _was_left_out(store: Store, tick: datetime) -> bool:
    """Whether a confirmation of the clock leaves this tick out."""
    counts_from = store.clock_record.counts_from
    return counts_from is not None and tick < counts_from


def _look_at_rounds(store: Store, now: datetime) -> Iterator[Advice]:
    running = [state.round for state in store.rounds() if not state.is_closed and state.round.is_running(now)]
    if not running:
        yield Advice(Weight.LOOK, "no round is running; a coordinator opens one at /admin/rounds")
    for of_round in running:
        if Admission.POSTER in of_round.admission:
            yield Advice(
                Weight.LOOK,
                f"round {of_round.id} admits answers from posters: one person can answer several times, and "
                "whoever stuffs enough ballots learns more. Use slips where that matters",
            )
        yield from _look_at_guests(store, of_round, now)


def _look_at_guests(store: Store, of_round: Round, now: datetime) -> Iterator[Advice]:
    """Units where few answer, seen from what is published alone: how many wait is nobody's to know."""
    days = max((now - of_round.opens_at) / timedelta(days=1), 1.0)
    days_counted = ((store.last_tick or of_round.opens_at) - of_round.opens_at) / timedelta(days=1)
    is_overdue = full_at(0, of_round.k) <= FEWEST_BETWEEN_COUNTS * days_counted
    [published] = [one for one in store.snapshot()["rounds"] if one["id"] == of_round.id]
    answered = {node["id"]: node["answered"] for node in published["nodes"]}
    for unit in of_round.tree.leaves:
        if answered[unit] is not None and answered[unit] / days < FEWEST_BETWEEN_COUNTS:
            found = f"about {answered[unit] / days:.1f} answers a day"
        elif answered[unit] is None and is_overdue and of_round.figures is Figures.LIVE:
            found = f"nothing shown after {days_counted:.0f} days, so under {FEWEST_BETWEEN_COUNTS:g} a day"
        else:
            continue
        yield Advice(
            Weight.LOOK,
            f"round {of_round.id}, {of_round.tree.node(unit).name}: {found}. Under {FEWEST_BETWEEN_COUNTS:g} "
            "between two counts the clock protects little against stuffing: hand out slips, and see who has "
            "which",
        )


def _look_at_addresses(store: Store, library: Library, now: datetime) -> Iterator[Advice]:
    """Addresses that are open and lead guests nowhere, or will as soon as a round admits them."""
    running = [state.round for state in store.rounds() if not state.is_closed and state.round.is_running(now)]
    known = {unit for tree in library.trees.values() for unit in tree.leaves}
    for link in store.links.all():
        rounds = [of_round for of_round in running if link.unit_id in of_round.tree.leaves]
        named = f"the {link.admission.value}'s address that ends in {link.code[-4:]}, at {link.unit_id}"
        if not rounds and link.unit_id not in known and not any(one.is_bad for one in library.problems):
            yield Advice(
                Weight.LOOK, f"{named}, leads to a unit that is in no tree; close it at /admin/links"
            )
        elif rounds and not any(link.admission in of_round.admission for of_round in rounds):
            yield Advice(
                Weight.LOOK,
                f"{named}, is open, and the round there takes no answers from it: guests are refused now, "
                "and a later round may let anybody in who kept it; close it at /admin/links",
            )


def _look_at_postgresql(found: Mapping[str, str]) -> Iterator[Advice]:
    """What a database server writes down of writes; `found` is empty where there is none."""
    for name, (good, why) in SERVER_SETTINGS.items():
        if name in found and found[name] not in good:
            yield Advice(Weight.BAD, f"PostgreSQL's {name} is {found[name]}: {why}")
    if found and all(found[name] in good for name, (good, _) in SERVER_SETTINGS.items() if name in found):
        yield Advice(Weight.GOOD, "PostgreSQL writes down no statements, and keeps no log of writes for long")


def _look_at_files(library: Library) -> Iterator[Advice]:
    """Own definition files and translations that are not used as they stand."""
    for problem in library.problems:
        yield Advice(Weight.BAD if problem.is_bad else Weight.LOOK, problem.outcome)


def _look_at_languages(settings: Settings, store: Store, library: Library) -> Iterator[Advice]:
    allowed = None if store.is_demonstration else settings.languages
    unreviewed = [
        code
        for code in spoken_languages(library.guest, allowed)
        if code != REFERENCE and not library.guest[code].is_reviewed
    ]
    if unreviewed:
        yield Advice(
            Weight.LOOK,
            f"guests are shown languages nobody native has reviewed: {', '.join(unreviewed)}. A wrong word "
            "makes wrong answers; have them read, then take the fuzzy flags away",
        )
    else:
        yield Advice(Weight.GOOD, "guests are shown reviewed languages only")


def _look_at_the_network(settings: Settings) -> Iterator[Advice]:
    for name, address in (
        ("KIOSK_GUEST_LISTEN", settings.guest_listen),
        ("KIOSK_DESK_LISTEN", settings.desk_listen),
    ):
        host = address.rpartition(":")[0].strip("[]")
        if host not in {"127.0.0.1", "localhost", "::1"} and not settings.is_https:
            yield Advice(
                Weight.BAD,
                f"{name} is {address}: answers and passwords cross the network unencrypted. Listen on "
                "127.0.0.1, put a web server that encrypts in front, and set KIOSK_HTTPS=yes",
            )


def _look_at_the_address(settings: Settings, store: Store) -> Iterator[Advice]:
    host = urlsplit(settings.guest_address).hostname or ""
    if host in {"127.0.0.1", "localhost", "::1"} and not store.is_demonstration:
        yield Advice(
            Weight.LOOK,
            f"KIOSK_GUEST_ADDRESS is {settings.guest_address}: slips, posters and kiosks' addresses lead to "
            "this machine alone. Set it to the address guests reach",
        )


def _look_at_web_servers(settings: Settings, folders: tuple[Path, ...]) -> Iterator[Advice]:
    """A proxy's access log holds address and second of every ballot, which undoes all the rest."""
    port = settings.guest_listen.rpartition(":")[2]
    for folder in folders:
        for path in folder.rglob("*") if os.access(folder, os.R_OK) else ():
            if path.is_file() and os.access(path, os.R_OK):
                kept = kept_of_guests(folder.name, path.read_text("utf-8", errors="replace"), port)
                for log in sorted(kept):
                    advice = f"{path} passes requests on to the guests' side and {LOGS[log][folder.name]}"
                    yield Advice(Weight.BAD, advice)


def _look_at_the_demonstration(store: Store) -> Iterator[Advice]:
    if store.is_demonstration:
        yield Advice(
            Weight.BAD,
            "this is a demonstration: it counts every few seconds and shows everything. Never let guests "
            "answer here; set KIOSK_DATA to another folder and run: kiosk init",
        )
