"""Checks that the installation's files exist, have one owner, are unreadable to others, and can be
written."""

import os
import pwd
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.settings import Settings
from kiosk.storage import sqlite_file, sqlite_files

SECRET_CHARACTERS = 32
"""Least length, in characters, of the key of sessions that `kiosk serve` requires."""

TEST_BYTES = 8192
"""Size of the test file of `check_writing`: that of a sealed row with its key."""


def owner_of(settings: Settings) -> int:
    """Return the user id of the installation's owner: of KIOSK_DATA or, if there is no such folder, the
    effective one of this process."""
    return settings.data.stat().st_uid if os.path.isdir(settings.data) else os.geteuid()


@contextmanager
def acting_as(user: int) -> Iterator[None]:
    """Run the `with` block as the user with this id, also for the files that it creates, if the process runs
    as root. Does nothing for other processes."""
    if os.geteuid() != 0 or user == 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    with suppress(KeyError):
        account = pwd.getpwuid(user)
        os.setgroups(os.getgrouplist(account.pw_name, account.pw_gid))
        os.setegid(account.pw_gid)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def check_presence(settings: Settings) -> Iterator[Advice]:
    """Report KIOSK_DATA, a SQLite database and KIOSK_KEYS if they do not exist; nothing if all do. Call it
    before an attempt to open them, which creates them."""
    if not os.path.isdir(settings.data):
        problem = (
            f"KIOSK_DATA ({settings.data}) does not exist; is its disk mounted? For a new installation: "
            "kiosk init"
        )
        yield Advice(Topic.INSTALLATION, Severity.BAD, problem)
    elif (database := sqlite_file(settings.database_url)) and not os.path.isfile(database):
        problem = (
            f"the database {database} does not exist; is the disk of KIOSK_DATA mounted? Bring it back, or "
            "restore a backup: kiosk restore FILE"
        )
        yield Advice(Topic.INSTALLATION, Severity.BAD, problem)
    if not os.path.isdir(settings.keys):
        problem = (
            f"KIOSK_KEYS ({settings.keys}) does not exist; mount its disk, or bring it back. Nothing that "
            "waits can be read or counted until then"
        )
        yield Advice(Topic.KEYS, Severity.BAD, problem)


def check_files(settings: Settings) -> Iterator[Advice]:
    """Check the owner and mode of all files in KIOSK_DATA and KIOSK_KEYS and of a SQLite database elsewhere,
    and that the keys are outside KIOSK_DATA. Yields a good finding for each of the two folders without a
    fault, none for a missing one, and one for keys outside."""
    for name, folder in (("KIOSK_DATA", settings.data), ("KIOSK_KEYS", settings.keys)):
        if folder.is_dir():
            yield from _check_folder(name, folder, owner_of(settings))
    yield from _check_database_files(settings)
    if settings.keys.is_relative_to(settings.data):
        yield Advice(
            Topic.KEYS,
            Severity.BAD,
            f"the keys are inside KIOSK_DATA ({settings.keys}): a backup of that folder could be read. Set "
            "KIOSK_KEYS to a folder outside it that no backup takes, and move the keys there",
        )
    else:
        yield Advice(
            Topic.KEYS,
            Severity.GOOD,
            "the keys are outside KIOSK_DATA; make sure that no backup includes them",
        )


def _check_folder(name: str, folder: Path, owner: int) -> Iterator[Advice]:
    paths = [folder, *folder.rglob("*")]
    faults = [*_mode_faults(paths, f"-R go= {folder}"), *_owner_faults(paths, owner, f"-R {{}} {folder}")]
    yield from faults
    if not faults:
        yield Advice(Topic.FILES, Severity.GOOD, f"{name} ({folder}) belongs to {user_name(owner)} alone")


def _check_database_files(settings: Settings) -> Iterator[Advice]:
    """Report faults of a SQLite database outside KIOSK_DATA, and of the files beside it."""
    database = sqlite_file(settings.database_url)
    if database is None or database.is_relative_to(settings.data):
        return
    paths = [path for path in sqlite_files(settings.database_url) if path.exists()]
    yield from _mode_faults(paths, f"go= {database}*")
    yield from _owner_faults(paths, owner_of(settings), f"{{}} {database}*")


def _mode_faults(paths: list[Path], what: str) -> Iterator[Advice]:
    """Report paths that others can read, and those that their owner cannot write. `what` has the arguments of
    the chmod that takes the right to read from others."""
    modes = {path: stat.S_IMODE(status.st_mode) for path in paths if (status := _status(path))}
    open_to_others = [path for path, mode in modes.items() if mode & 0o077]
    if open_to_others:
        yield Advice(
            Topic.FILES,
            Severity.BAD,
            f"files that other users of this machine can read: {len(open_to_others)}, such as "
            f"{open_to_others[0]}; run: chmod {what}",
        )
    locked = [path for path, mode in modes.items() if mode & (least := _least_mode(path)) != least]
    if locked:
        yield Advice(
            Topic.FILES,
            Severity.BAD,
            f"files that their owner cannot write: {len(locked)}, such as {locked[0]}; run: chmod "
            f"{what.replace('go=', 'u+rwX')}",
        )


def _least_mode(path: Path) -> int:
    return 0o700 if path.is_dir() else 0o600


def _owner_faults(paths: list[Path], owner: int, what: str) -> Iterator[Advice]:
    """Report paths of another user than `owner`. `what` has the arguments of the chown that corrects this,
    with {} for the owner."""
    others = [path for path in paths if (status := _status(path)) and status.st_uid != owner]
    if others:
        status = _status(others[0])
        theirs = user_name(status.st_uid) if status else "nobody"
        yield Advice(
            Topic.FILES,
            Severity.BAD,
            f"files of another user than {user_name(owner)}, who owns KIOSK_DATA: {len(others)}, such as "
            f"{others[0]} ({theirs}'s): kiosk serve may not replace them, and answers are refused; run: "
            f"chown {what.format(f'{user_name(owner)}:')}",
        )


def _status(path: Path) -> os.stat_result | None:
    """Return a file's status; None if it was removed meanwhile, as keys are."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def check_user(settings: Settings) -> Iterator[Advice]:
    """Yield a BAD finding unless the process runs as the owner of KIOSK_DATA: the other checks could not read
    the installation's files."""
    owner, me = owner_of(settings), os.geteuid()
    if me != owner:
        yield Advice(
            Topic.FILES,
            Severity.BAD,
            f"this is {user_name(me)}, and KIOSK_DATA ({settings.data}) belongs to {user_name(owner)}: its "
            f"files cannot be examined; run: sudo -u {user_name(owner)} kiosk doctor, with the same KIOSK_ "
            "settings, or run it as root",
        )


def check_writing(settings: Settings) -> Iterator[Advice]:
    """Check that a file can be written, flushed and removed in KIOSK_DATA and in KIOSK_KEYS, as each ballot
    does. Yields one finding for each folder that exists, good or bad."""
    for name, folder in (("KIOSK_DATA", settings.data), ("KIOSK_KEYS", settings.keys)):
        if not folder.is_dir():
            continue
        file = folder / f".doctor-{secrets.token_hex(8)}"
        try:
            _write(file)
        except OSError as error:
            yield Advice(
                Topic.FILES,
                Severity.BAD,
                f"nothing can be written in {name} ({folder}): {error.strerror}. Answers are refused until "
                "that is corrected; is the disk full, or mounted read-only?",
            )
        else:
            yield Advice(Topic.FILES, Severity.GOOD, f"a file was written in {name} ({folder}) and removed")


def _write(file: Path) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        written = os.write(handle, bytes(TEST_BYTES))
        if written < TEST_BYTES:
            os.write(handle, bytes(TEST_BYTES - written))
        os.fsync(handle)
    finally:
        os.close(handle)
        file.unlink()


def read_secret_key(settings: Settings) -> str:
    """Return the key that signs sessions: of the settings, whatever its length, or else of the file
    secret_key in KIOSK_DATA. "" if the file is missing or has fewer than SECRET_CHARACTERS. Raises OSError if
    it cannot be read."""
    if settings.secret_key is not None:
        return settings.secret_key
    file = settings.data / "secret_key"
    key = file.read_text("utf-8", "replace").strip() if os.path.isfile(file) else ""
    return key if len(key) >= SECRET_CHARACTERS else ""


def check_secret_key(settings: Settings) -> Iterator[Advice]:
    """Report a file with the key that signs sessions if it is damaged: it has fewer than SECRET_CHARACTERS;
    nothing for a good or missing one."""
    file = settings.data / "secret_key"
    if os.path.isfile(file) and not read_secret_key(settings):
        problem = (
            f"{file} is damaged, so kiosk serve does not start; delete it: a new one is made, and all sign "
            "in again"
        )
        yield Advice(Topic.FILES, Severity.BAD, problem)


def user_name(user: int) -> str:
    """Return a user's name, or its number if it has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
