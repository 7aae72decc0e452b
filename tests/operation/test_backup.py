"""Backups: their contents, what they must not contain, and what a failed or killed backup leaves."""

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import kiosk
from kiosk.operation.backup import write_backup
from kiosk.storage import NEVER_KEPT, StoreError, newest_schema
from tests.tools.backups import OWN_FILES, TODAY, Saved, installation, members_of
from tests.tools.command_line import OPEN, Run, printed


@pytest.mark.slow
def test_a_backup_contains_all_own_files_unchanged(saved: Saved) -> None:
    members = members_of(saved.file)
    assert set(members) == {"manifest.json", "tables.json", *OWN_FILES}
    assert {name: members[name] for name in OWN_FILES} == OWN_FILES


def test_the_manifest_describes_the_backup_and_has_no_time_of_day(saved: Saved) -> None:
    members = members_of(saved.file)
    manifest = json.loads(members.pop("manifest.json"))
    assert manifest == {
        "format": 1,
        "version": kiosk.__version__,
        "schema": newest_schema(),
        "made_on": "2026-11-28",
        "restore": f"Restore it with release v{kiosk.__version__} of the survey kiosk, or a later one (in "
        f"the folder of its source: git fetch --tags && git checkout v{kiosk.__version__}): "
        "kiosk restore FILE",
        "members": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in members.items()
        },
    }
    with zipfile.ZipFile(saved.file) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_no_waiting_ballot_slip_or_key_is_in_a_backup(saved: Saved) -> None:
    members = members_of(saved.file)
    tables = json.loads(members["tables.json"])
    assert set(tables) == set(saved.store.schema()) - NEVER_KEPT
    assert {
        "account_link", "api_token", "box", "change_index", "kiosk_contact", "letterbox", "outgoing_mail",
        "slip_set",
    } == NEVER_KEPT  # fmt: skip
    assert all(tables.values()), "a row in every table, or nothing is shown"
    content = saved.file.read_bytes() + b"".join(members.values())
    keys = [path for path in saved.settings.keys.rglob("*") if path.is_file()]
    assert keys
    for key in keys:
        assert key.name.encode() not in content
        assert key.read_bytes() not in content
    assert saved.file.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_generated_and_secret_files_are_left_out_of_a_backup(saved: Saved, tmp_path: Path) -> None:
    data, key = saved.settings.data, next(path for path in saved.settings.keys.rglob("*") if path.is_file())
    copies = data / "copies" / key.parent.name
    copies.mkdir(parents=True)
    (copies / key.name).write_bytes(key.read_bytes())
    for name in ("secret_key", "kiosk.sqlite-journal", "questions/.own.toml.swp", "questions/own.toml~",
                 ".2026.zip.unfinished", "questions/tmpab12cd34/own.toml", "lost+found/1"):  # fmt: skip
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(b"secret")
    written = write_backup(saved.store, saved.settings, tmp_path / "second.zip", TODAY)
    assert written.left_out == {}
    assert set(members_of(tmp_path / "second.zip")) == {"manifest.json", "tables.json", *OWN_FILES}


def test_files_left_out_of_a_backup_are_named_with_the_reason(saved: Saved, tmp_path: Path) -> None:
    data = saved.settings.data
    (data / "questions" / "linked.toml").symlink_to(tmp_path / "elsewhere.toml")
    (data / "more").symlink_to(saved.settings.keys)
    (data / "copy.sqlite").write_bytes((data / "kiosk.sqlite").read_bytes())
    (data / "copy.sqlite-wal").write_bytes(b"frames")
    (data / "last.zip").write_bytes(saved.file.read_bytes())
    (data / "tables.json").write_text("{}")
    (data / "Logo.png").write_bytes(b"another")
    (data / "a\\b").write_bytes(b"x")
    os.mkfifo(data / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(data / "socket"))
    written = write_backup(saved.store, saved.settings, tmp_path / "second.zip", TODAY)
    assert written.left_out == {
        "questions/linked.toml": "a link",
        "more": "a link",
        "copy.sqlite": "a database",
        "copy.sqlite-wal": "a database",
        "last.zip": "a backup",
        "tables.json": "a name that some systems cannot store, or that a backup needs itself",
        "logo.png": "another file's name, but for small and large letters",
        "a\\b": "a name that some systems cannot store, or that a backup needs itself",
        "pipe": "neither file nor folder",
        "socket": "neither file nor folder",
    }
    assert "more/" not in "".join(members_of(tmp_path / "second.zip"))


def test_keys_inside_the_data_folder_are_left_out_of_a_backup(tmp_path: Path) -> None:
    """`doctor` advises moving them; a backup made before that must not contain them."""
    settings, store = installation(tmp_path / "data")
    inside = settings.data / "keys"
    (inside / "box.r.a").mkdir(parents=True)
    (inside / "readme").write_text("x")
    write_backup(store, type(settings)(**{**vars(settings), "keys": inside}), tmp_path / "b.zip", TODAY)
    assert set(members_of(tmp_path / "b.zip")) == {"manifest.json", "tables.json"}


def test_a_backup_that_could_not_be_restored_is_not_written(saved: Saved, tmp_path: Path) -> None:
    with (saved.settings.data / "film.mov").open("wb") as large:
        large.truncate(9_000_000_000)
    with pytest.raises(StoreError, match=r"too large for a backup \(.* the largest is film.mov\)"):
        write_backup(saved.store, saved.settings, tmp_path / "second.zip", TODAY)
    assert not list(tmp_path.glob("*second*"))


def test_a_backup_overwrites_no_file(saved: Saved, tmp_path: Path) -> None:
    before = saved.file.read_bytes()
    with pytest.raises(StoreError, match="exists already"):
        write_backup(saved.store, saved.settings, saved.file, TODAY)
    with pytest.raises(StoreError, match="not a folder"):
        write_backup(saved.store, saved.settings, tmp_path / "nowhere" / "backup.zip", TODAY)
    assert saved.file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "first", "first-keys"]


LIMITED = """
import resource, sys
from datetime import date
from pathlib import Path
from kiosk.operation.backup import write_backup
from tests.tools.backups import settings_of
from kiosk.storage import StoreError, open_store
settings = settings_of(Path(sys.argv[1]))
store = open_store(settings.data, settings.database_url, settings.keys)
tables = store.dump()
store.dump = lambda: tables  # SQLite's own files are longer
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    write_backup(store, settings, Path(sys.argv[2]), date(2026, 11, 28))
except StoreError as error:
    print(error)
"""
"""Writes a backup in a process with a file size limit."""


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0, 100, 5000])
def test_a_failed_backup_leaves_nothing_and_gives_the_reason(saved: Saved, limit: int) -> None:
    folder = saved.file.with_name("small disk")
    folder.mkdir()
    arguments: list[str | Path] = [saved.settings.data, folder / "b.zip", str(limit)]
    command = [sys.executable, "-c", LIMITED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder / 'b.zip'}: File too large; no backup was written\n"
    assert list(folder.iterdir()) == []


def test_a_backup_to_a_full_disk_leaves_nothing_and_gives_the_reason(saved: Saved, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a disk; the limit on files above shows the same without")
    try:
        with pytest.raises(StoreError, match=r"b.zip: No space left on device; no backup was written"):
            write_backup(saved.store, saved.settings, disk / "b.zip", TODAY)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from kiosk.operation import backup
from tests.tools.backups import settings_of
from kiosk.storage import open_store
settings = settings_of(Path(sys.argv[1]))
store = open_store(settings.data, settings.database_url, settings.keys)
backup.Manifest = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
backup.write_backup(store, settings, Path(sys.argv[2]), date(2026, 11, 28))
"""
"""Is killed when all members except the manifest are written."""


@pytest.mark.slow
def test_the_next_backup_removes_files_of_a_killed_one(saved: Saved, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    command: list[str | Path] = [sys.executable, "-c", KILLED, saved.settings.data, folder / "october.zip"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert [path.name for path in folder.iterdir()] == [".october.zip.unfinished"]
    write_backup(saved.store, saved.settings, folder / "november.zip", TODAY)
    assert [path.name for path in folder.iterdir()] == ["november.zip"]


def test_an_unfinished_backup_of_another_process_is_not_removed(saved: Saved, tmp_path: Path) -> None:
    """A backup that another program is writing is locked."""
    with (tmp_path / ".other.zip.unfinished").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        write_backup(saved.store, saved.settings, tmp_path / "second.zip", TODAY)
        assert (tmp_path / ".other.zip.unfinished").exists()
        with pytest.raises(StoreError, match="another backup is being written there"):
            write_backup(saved.store, saved.settings, tmp_path / "other.zip", TODAY)


@pytest.mark.slow
def test_the_backup_command_lists_what_is_included_and_excluded(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    printed(run("user", "add", "anna", "--role", "coordinator", typed="ten letters!\n"))
    printed(run(*OPEN))
    printed(run("survey", "export", "ombudsmannaskap", "form.xlsx"))
    printed(run("survey", "import", "form.xlsx"))
    (tmp_path / "data" / "audio").symlink_to(tmp_path)
    output = printed(run("backup", "b.zip")).splitlines()
    assert output[0].startswith("b.zip: ")
    assert output[0].endswith(f"bytes, by version {kiosk.__version__} (schema {newest_schema()}).")
    assert output[1] == (
        "In it: rounds 1, with their published figures; accounts 1; addresses; the log; files of your own 2 "
        "(.last-good 1, questions 1)."
    )
    assert output[2].startswith("Not in it, on purpose: ballots that wait to be counted, slips, keys")
    assert output[3:] == ["Not in it: 'audio' (a link); keep it elsewhere if you need it."]
