"""An installation with data in everything that a backup covers, and edited copies of its backup."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from kiosk.domain.clock import ClockRecord
from kiosk.domain.counters import Figure, Quality, Tap, month_of
from kiosk.domain.earlier_figures import EarlierFigures, KnownCounts
from kiosk.domain.report import Block, Kind, ReportDocument, Terms
from kiosk.domain.rounds import Admission, Protection
from kiosk.domain.screen_size import Screen
from kiosk.operation.backup import write_backup
from kiosk.settings import Settings, read_settings
from kiosk.storage import (
    COMMAND_LINE,
    Account,
    Action,
    MailChoice,
    Role,
    SecondFactor,
    Store,
    hash_password,
    open_store,
)
from tests.tools.builders import MONDAY, a_round, cast_all, random_ballots, tree
from tests.tools.passwords import make_hashes_cheap

TODAY = date(2026, 11, 28)
OLD = replace(a_round(tree("a", "b"), days=10), id="old")
RUNNING = replace(
    a_round(tree("a", "b")),
    opens_at=OLD.closes_at,
    closes_at=OLD.closes_at + timedelta(days=90),
    protection=Protection.PROTECTED,
)

make_hashes_cheap()
HASH = hash_password("a long password")

OWN_FILES = {
    "questions/own.toml": b"id = 'own'",
    "questions/scales/mine.toml": b"id = 'mine'",
    "questions/counters/visits_at_home.toml": b"id = 'visits_at_home'",
    "questions/counting/units.toml": b"id = 'units'",
    "questions/trees/city.toml": b"id = 'city'",
    "translations/so/LC_MESSAGES/guest.po": b'msgid ""',
    "audio/recordings/so/0123456789abcdef.mp3": Random(5).randbytes(20_000),
    ".last-good/questions/own.toml": b"id = 'own'",
    "logo.png": b"\x89PNG",
}
"""Path in KIOSK_DATA -> content, of files that people made. The logo stands for kinds of files that may be
added later."""


def settings_of(folder: Path, **more: str) -> Settings:
    """Return the settings of an installation in a folder, with its keys in the same folder. `more` has
    further settings, by the names of their environment variables."""
    return read_settings(
        {"KIOSK_DATA": str(folder), "KIOSK_KEYS": str(folder.with_name(f"{folder.name}-keys")), **more}
    )


def opened(settings: Settings) -> Store:
    """Return the store of an installation. Not durable, because no power cut is tested."""
    return open_store(settings.data, settings.database_url, settings.keys, rng=Random(1), durable=False)


def installation(folder: Path) -> tuple[Settings, Store]:
    """Make an empty installation, and return its settings and its store."""
    settings = settings_of(folder)
    store = opened(settings)
    store.migrate()
    return settings, store


def full_installation(folder: Path) -> None:
    """Make an installation with a closed, exact round, and a running, protected one with 12 counted and 5
    uncounted ballots.

    There is a row in every table.
    """
    settings, store = installation(folder)
    store.accounts.set(Account("anna", Role.COORDINATOR, HASH))
    store.open_round(OLD, MONDAY)
    slips = store.print_slips("old", "b", 10)
    for ballot, slip in zip(random_ballots(10, Random(4)), slips, strict=True):
        store.cast("old", "b", ballot, MONDAY, slip)
    for ballot in random_ballots(20, Random(1)):
        store.cast("old", "a", ballot, MONDAY)
    store.exclude_rapid("old", "a", MONDAY)
    store.count(OLD.closes_at)
    store.open_round(RUNNING, RUNNING.opens_at)
    cast_all(store, "a", random_ballots(17, Random(2)), RUNNING.opens_at)
    store.print_slips("r", "a", 3)
    store.count(RUNNING.opens_at + timedelta(hours=8))
    _keep_staff_records(store)
    for name, content in OWN_FILES.items():
        (settings.data / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.data / name).write_bytes(content)
    write_backup(store, settings, folder.with_name("backup.zip"), TODAY)
    store.close()


def _keep_staff_records(store: Store) -> None:
    right_at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    store.remember_clock(ClockRecord(right_at, {"boot": right_at}, datetime(2026, 5, 2, 12)))
    store.second_factors.set("anna", SecondFactor("sealed", 1), ["code"])
    store.account_links.add("bo", Role.STAFF, MONDAY)
    store.mail_choices.set("anna", MailChoice("anna@example.org", "sv", wants_summary=True))
    store.mail_queue.put_trial("anna", MONDAY)
    store.links.add(Admission.KIOSK, "a", code="kiosk", screen=Screen(476, 700, 900))
    store.links.add(Admission.POSTER, "b", code="poster")
    store.audit_log.note(MONDAY, COMMAND_LINE, Action.ACCOUNT_SET, "anna, coordinator")
    store.walls.add("root")
    store.replies.set("old", {"sv": "Vi har nya stolar."})
    store.comments.set("old", "listened", "Fler stolar.")
    march = month_of(date(2026, 3, 1))
    store.reports.set("y2022", Terms("Effekt", "Staden", 2022, "a", "ombud", ("old",), ("s1",)))
    store.reports.write("y2022", "vision", "Alla ska med.", 0)
    blocks = (Block(Kind.PARAGRAPH, "Alla ska med."),)
    document = ReportDocument("Effekt", "2022", "sv", "Utgåva 1", blocks)
    store.reports.publish("y2022", 1, document.as_json())
    store.outputs.take([Tap("0" * 32, "a", march, "advise", "", 1)], march)
    store.outputs.set("a", march, "link", Figure(40, Quality.ESTIMATED))
    known = KnownCounts("s1", "Statement 1", ("low", "high"), (3, None))
    figures = EarlierFigures("a", date(2022, 1, 1), date(2022, 12, 31), 12, "Rapport 2022", (known,))
    store.earlier_figures.set("0123456789abcdef", figures.as_json())


@dataclass(frozen=True)
class Saved:
    """A backup, and its installation."""

    file: Path
    settings: Settings
    store: Store


def copied(made: Path, folder: Path) -> Saved:
    """Return a copy, for one test, of the folder `made`, which has a complete installation and its backup."""
    for name in ("first", "first-keys"):
        shutil.copytree(made / name, folder / name)
    shutil.copy(made / "backup.zip", folder)
    settings = settings_of(folder / "first")
    return Saved(folder / "backup.zip", settings, opened(settings))


def members_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(file: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def with_sums(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files of a backup, name -> content, with the manifest's checksums computed anew: somebody
    who edits a backup may do that."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
        if name != "manifest.json"
    }
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def with_tables(file: Path, out: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """Write a copy of the backup `file` to `out`, with tables that `edit` changed and correct checksums.
    Returns `out`."""
    members = members_of(file)
    tables = json.loads(members["tables.json"])
    edit(tables)
    write_members(out, with_sums({**members, "tables.json": json.dumps(tables).encode()}))
    return out


def listing(folder: Path) -> dict[str, bytes]:
    """Return name -> content of every file below a folder, hidden ones included. A folder's name ends with
    /."""
    return {
        path.relative_to(folder).as_posix() + ("/" if path.is_dir() else ""): path.read_bytes()
        if path.is_file()
        else b""
        for path in sorted(folder.rglob("*"))
    }
