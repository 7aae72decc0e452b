"""Keys that are away or damaged, and commands run as another user."""

import gc
import os
import pwd
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults.fault import Outcome, Topic, command, effect, message
from tests.tools.command_line import INSTALLATION_COMMANDS
from tests.tools.key_damage import FAULTS
from tests.tools.waiting import BALLOTS, UNIT, commands, installed

NOBODY = pwd.getpwnam("nobody").pw_uid
GIVEN_UP = "A key is gone for good: `give-up-keys`, and the word is typed"


def doctor(folder: Path) -> str:
    """Return what `kiosk doctor` reports of keys as bad."""
    report = command(folder, "doctor", KIOSK_GUEST_ADDRESS="https://svara.example").stdout
    lines = [line for line in report.splitlines() if line.startswith("bad") and "key" in line]
    return message(lines[0].removeprefix("bad").strip(), folder) if lines else ""


def with_doctor(message_shown: str, folder: Path) -> str:
    reported = doctor(folder)
    return f"{message_shown}; `kiosk doctor`: {reported}" if reported else message_shown


def key_away(folder: Path, *, what: str, name: str) -> Outcome:
    """Take keys away, run a command, put the keys back, and count what waited."""
    installation = installed(partial(command, folder), folder)
    words, settings = {"init": (("init",), {}), **commands(installation)}[name]
    put_back = installation.take_away(what)
    before = installation.stored()
    done = command(folder, *words, **settings)
    is_changed = installation.stored() != before
    message_shown = message(done.stderr, folder)
    put_back()
    return Outcome(effect(done, is_changed=is_changed), message_shown, BALLOTS - installation.readable())


def data_away(folder: Path, *, name: str) -> Outcome:
    """Take the data folder away, run a command, put the folder back, and count what waited."""
    installation = installed(partial(command, folder), folder)
    words, settings = {"init": (("init",), {}), **commands(installation)}[name]
    data, away = folder / "data", folder / "data-away"
    data.rename(away)
    data.mkdir()
    keys = installation.key_files()
    done = command(folder, *words, **settings)
    is_changed = installation.key_files() != keys
    message_shown = message(done.stderr, folder)
    shutil.rmtree(data)
    away.rename(data)
    return Outcome(effect(done, is_changed=is_changed), message_shown, BALLOTS - installation.readable())


def key_damaged(folder: Path, *, damage: Callable[[Path], object]) -> Outcome:
    """Damage the key of one box, run a count, put the key back, and count what waited."""
    installation = installed(partial(command, folder), folder)
    [file] = installation.keys.glob(f"box.*.{UNIT}/*")
    key, before = file.read_bytes(), installation.stored()
    damage(file)
    done = command(folder, "count", KIOSK_COUNT_AT=installation.minutes_ago(2))
    is_changed = installation.stored() != before
    message_shown = with_doctor(message(done.stderr, folder), folder)
    if file.is_dir():
        file.rmdir()
    file.write_bytes(key)
    return Outcome(effect(done, is_changed=is_changed), message_shown, BALLOTS - installation.readable())


def key_given_up(folder: Path, *, typed: str) -> Outcome:
    """Lose the key of one box for good, and give it up with the word typed."""
    installation = installed(partial(command, folder), folder)
    put_back = installation.take_away("one box")
    before = installation.stored()
    done = command(folder, "give-up-keys", typed=typed)
    is_changed = installation.stored() != before
    message_shown = message(done.stderr + done.stdout, folder)
    if done.exit_code:
        put_back()
    return Outcome(effect(done, is_changed=is_changed), message_shown, BALLOTS - installation.readable())


def all_as_another_user(folder: Path) -> Outcome:
    """Run every command that opens an installation as root over the files of nobody."""
    installation = installed(partial(command, folder), folder)
    for name in ("backup.zip", "form.xlsx"):
        (folder / name).write_bytes(b"")
    # Commands leave connections to the collector, which removes SQLite's files beside the database.
    gc.collect()
    give_to(folder, NOBODY)
    before = files(folder)
    runs = [command(folder, *words) for words in INSTALLATION_COMMANDS]
    is_changed = files(folder) != before
    give_to(folder, os.geteuid())
    refused = [done for done in runs if done.exit_code == 2 and "belongs to" in done.stderr]
    of_all = f"{len(refused)} of {len(runs)} commands "
    return Outcome(
        of_all + effect(refused[0], is_changed=is_changed),
        message(refused[0].stderr, folder),
        BALLOTS - installation.readable(),
    )


def give_to(folder: Path, user: int) -> None:
    for path in files(folder):
        os.chown(path, user, -1)


def files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Return every file of the installation with its owner and content."""
    roots = (folder / "data", folder / "data-keys")
    paths = (path for root in roots for path in (root, *root.rglob("*")))
    return {path: (path.stat().st_uid, path.read_bytes() if path.is_file() else b"") for path in paths}


AWAY = {
    "folder": "The keys' disk is not mounted",
    "one box": "The key of one box is missing",
    "one slip set": "The key of one unit's slips is missing",
    "one letterbox": "The key of one unit's letterbox is missing",
}
COMMANDS = ("init", "upgrade", "serve", "count", "slips", "round open")

TOPIC = Topic(
    "Keys and users",
    f"{BALLOTS} answers wait in five boxes. The fault is planted, the command is run, the keys are put back, "
    "and the round is closed.",
    {
        **{
            f"{text}: `{name}`": partial(key_away, what=what, name=name)
            for what, text in AWAY.items()
            for name in COMMANDS
        },
        **{
            f"The data's disk is not mounted: `{name}`": partial(data_away, name=name)
            for name in ("init", "upgrade", "serve", "count")
        },
        **{
            f"A box's key file is {name}: `count`": partial(key_damaged, damage=damage)
            for name, (damage, _) in FAULTS.items()
        },
        "A key is away, `give-up-keys`, and something else than the word is typed": partial(
            key_given_up, typed="yes\n"
        ),
        GIVEN_UP: partial(key_given_up, typed="give up\n"),
        "Commands as root over another user's files (needs root)": all_as_another_user,
    },
    {GIVEN_UP: "what waited under that key"},
)
