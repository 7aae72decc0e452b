"""Every file of tests/cases: spreadsheets, translators' files and surveys written by hand."""

import hashlib
import io
import re
from functools import partial
from html import unescape
from pathlib import Path

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.library.changes import keep_last_good
from kiosk.library.library import read_usable_library
from tests.faults.fault import Outcome, Topic, change, command, effect, message
from tests.tools.desk_side import Desk
from tests.tools.guest_side import count_after_closing

CASES = Path(__file__).parents[1] / "cases"
GUESTS = 6


def guests(desk: Desk) -> None:
    for _ in range(GUESTS):
        desk.store.cast("r", "frida", Ballot((NoAnswer.SKIPPED,) * 4), desk.now)


def lost(desk: Desk) -> int:
    """Let guests answer after the fault, close the round, and return how many ballots are missing."""
    guests(desk)
    return 2 * GUESTS - count_after_closing(desk.store, desk.round)


def settings_of(desk: Desk) -> dict[str, str]:
    folder = desk.settings.data
    return {
        "KIOSK_DATA": str(folder),
        "KIOSK_DATABASE_URL": f"sqlite:///{folder / 'k.sqlite'}",
        "KIOSK_KEYS": str(folder / "keys"),
    }


def own_files(desk: Desk) -> dict[Path, str]:
    """Return the digest of every file that people write."""
    paths = (path for path in desk.settings.data.rglob("*") if path.suffix in {".toml", ".po"})
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def spreadsheet(folder: Path, *, name: str) -> Outcome:
    """Import a spreadsheet with `kiosk survey import --good last`."""
    desk = Desk(folder / "data")
    guests(desk)
    before = own_files(desk)
    done = command(
        folder, "survey", "import", str(CASES / "xlsform" / name), "--good", "last", **settings_of(desk)
    )
    is_changed = own_files(desk) != before
    message_shown = message(done.stderr or done.stdout, folder).replace(f"{CASES / 'xlsform'}/", "")
    return Outcome(effect(done, is_changed=is_changed), message_shown, lost(desk))


def catalogue(folder: Path, *, name: str) -> Outcome:
    """Send a translator's file to the desk."""
    desk = Desk(folder / "data")
    guests(desk)
    desk.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    desk.sign_in()
    before = own_files(desk)
    file = (io.BytesIO((CASES / "po" / name).read_bytes()), name)
    sent = {"csrf_token": desk.token("/admin/walls"), "file": file}
    answer = desk.client.post("/admin/languages/ar/file", data=sent)
    is_changed = own_files(desk) != before
    if answer.status_code == 303:
        return Outcome("taken in", "", lost(desk))
    refused = f"refused, {change(is_changed)}"
    result = refused if answer.status_code == 400 else f"**HTTP {answer.status_code}**"
    return Outcome(result, error_of(answer.text), lost(desk))


def error_of(page: str) -> str:
    """Return the error message of a page of the desk."""
    match = re.search(r'<(\w+)[^>]*role="alert"[^>]*>(.*?)</\1>', page, re.DOTALL)
    return message(unescape(re.sub(r"<[^>]+>", " ", match[2])), Path("/nowhere")) if match else ""


def survey_file(folder: Path, *, name: str) -> Outcome:
    """Exchange a sound survey file for a bad one on the disk, as by hand, and run `kiosk check`."""
    desk = Desk(folder / "data")
    guests(desk)
    path = desk.settings.data / "questions" / "prov.toml"
    path.parent.mkdir()
    path.write_bytes((CASES / "toml" / "crlf.toml").read_bytes())
    keep_last_good(desk.settings, read_usable_library(desk.settings))
    path.write_bytes((CASES / "toml" / name).read_bytes())
    done = command(folder, "check", **settings_of(desk))
    library = read_usable_library(desk.settings)
    if done.exit_code == 0:
        return Outcome("read", "", lost(desk))
    kept = "guests get the last good copy" if "prov" in library.surveys else "**guests get nothing**"
    return Outcome(kept, message(done.stderr, folder), lost(desk))


KINDS = {
    "xlsform": (spreadsheet, "xlsx"),
    "po": (catalogue, "po"),
    "toml": (survey_file, "toml"),
}

TOPIC = Topic(
    "Files that people write",
    f"{GUESTS} guests answer before and {GUESTS} after each file. A spreadsheet is imported with "
    "`kiosk survey import --good last`, a translator's file is sent to the desk, and a survey file takes the "
    "place of a sound one on the disk.",
    {
        f"`{path.name}`": partial(plant, name=path.name)
        for kind, (plant, ending) in KINDS.items()
        for path in sorted((CASES / kind).glob(f"*.{ending}"))
    },
)
