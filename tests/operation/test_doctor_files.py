"""Files and keys: each mistake is really made, with real users if root runs the tests."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.operation.doctor import Severity, Topic
from kiosk.settings import shipped_folder
from tests.tools.examined import ExaminedInstallation, passable
from tests.tools.full_disk import full_disk

IS_ROOT = os.geteuid() == 0
SOMEBODY = 65533


def test_a_missing_data_folder_is_reported_and_not_created(examined: ExaminedInstallation) -> None:
    away = examined.settings.data.with_name("away")
    examined.settings.data.rename(away)
    texts = examined.advice_texts(Severity.BAD, Topic.INSTALLATION)
    assert texts == [
        f"KIOSK_DATA ({examined.settings.data}) does not exist; is its disk mounted? For a new installation: "
        "kiosk init"
    ]
    assert not examined.settings.data.exists()


def test_a_missing_database_is_reported_and_not_created(tmp_path: Path) -> None:
    examined = ExaminedInstallation(tmp_path)
    examined.store.close()
    database = examined.settings.data / "kiosk.sqlite"
    database.rename(database.with_suffix(".away"))
    [texts] = examined.advice_texts(Severity.BAD, Topic.INSTALLATION)
    assert texts.startswith(f"the database {database} does not exist")
    assert not database.exists()


def test_a_missing_key_folder_is_reported_and_not_created(examined: ExaminedInstallation) -> None:
    examined.settings.keys.rename(examined.settings.keys.with_name("away"))
    [texts] = examined.advice_texts(Severity.BAD, Topic.KEYS)
    assert texts.startswith(f"KIOSK_KEYS ({examined.settings.keys}) does not exist; mount its disk")
    assert not examined.settings.keys.exists()


def test_an_empty_key_folder_is_bad(examined: ExaminedInstallation) -> None:
    """The mount point of a disk that is not mounted."""
    examined.settings.keys.rename(examined.settings.keys.with_name("away"))
    examined.settings.keys.mkdir(mode=0o700)
    [texts] = examined.advice_texts(Severity.BAD, Topic.KEYS)
    assert texts.startswith("keys that do not open what they belong to: 3, such as ")
    assert "is missing" in texts


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["box", "slips", "letterbox"])
@pytest.mark.parametrize("damage", [b"", bytes(31), bytes(32)])
def test_a_damaged_key_of_any_kind_is_named(examined: ExaminedInstallation, kind: str, damage: bytes) -> None:
    [key] = next(examined.settings.keys.glob(f"{kind}.*")).iterdir()
    whole = key.read_bytes()
    key.write_bytes(damage)
    [texts] = examined.advice_texts(Severity.BAD)
    assert texts.startswith(f"keys that do not open what they belong to: 1, such as {key}, which ")
    key.write_bytes(whole)
    assert examined.advice_texts(Severity.BAD) == []


def test_findings_about_good_keys_tell_nothing_of_boxes(examined: ExaminedInstallation) -> None:
    before = [one.text for one in examined.examine() if one.topic is Topic.KEYS]
    assert before == [
        "the keys are outside KIOSK_DATA; make sure that no backup includes them",
        "every key opens its box, slip set or letterbox",
    ]


def test_keys_inside_the_data_folder_are_bad(examined: ExaminedInstallation) -> None:
    inside = examined.settings.data / "keys"
    examined.settings.keys.rename(inside)
    examined.settings = replace(examined.settings, keys=inside)
    [texts] = examined.advice_texts(Severity.BAD, Topic.KEYS)
    assert "Set KIOSK_KEYS to a folder outside it" in texts


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["data", "keys", "data/kiosk.sqlite", "data/kiosk.sqlite-wal", "data/secret_key"]
)
@pytest.mark.parametrize("mode", [0o040, 0o004])
def test_a_file_readable_by_others_is_named_with_the_command_that_fixes_it(
    examined: ExaminedInstallation, name: str, mode: int
) -> None:
    path = examined.settings.data.parent / name
    own = path.stat().st_mode & 0o700
    path.chmod(own | mode)
    [texts] = examined.advice_texts(Severity.BAD)
    assert f"such as {path}; run: chmod -R go= " in texts
    subprocess.run(texts.partition("run: ")[2].split(), check=True)
    assert examined.advice_texts(Severity.BAD) == []


def test_a_key_readable_by_others_is_bad(examined: ExaminedInstallation) -> None:
    key = next(examined.settings.keys.glob("box.*/*"))
    key.chmod(0o644)
    [texts] = examined.advice_texts(Severity.BAD)
    assert str(key) in texts


@pytest.mark.slow
def test_a_database_elsewhere_is_examined_too(examined: ExaminedInstallation, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in examined.settings.data.glob("kiosk.sqlite*"):
        file.rename(elsewhere / file.name)
    examined.settings = replace(examined.settings, database_url=f"sqlite:///{elsewhere / 'kiosk.sqlite'}")
    assert examined.advice_texts(Severity.BAD, Topic.FILES) == []
    (elsewhere / "kiosk.sqlite").chmod(0o644)
    [texts] = examined.advice_texts(Severity.BAD, Topic.FILES)
    assert f"run: chmod go= {elsewhere}/kiosk.sqlite*" in texts


def test_files_their_owner_cannot_write_are_bad(examined: ExaminedInstallation) -> None:
    (examined.settings.data / "kiosk.sqlite").chmod(0o400)
    texts = examined.advice_texts(Severity.BAD, Topic.FILES)
    assert "that their owner cannot write" in texts[0]
    assert "chmod -R u+rwX " in texts[0]


def test_another_users_file_is_named_with_its_owner(examined: ExaminedInstallation) -> None:
    """Root gives one key away. Any other user can only create a link to a file of root's."""
    key = next(examined.settings.keys.glob("box.*/*"))
    if IS_ROOT:
        os.chown(key, SOMEBODY, -1)
        planted, owner = key, str(SOMEBODY)
    else:
        planted, owner = key.with_name("planted"), "root"
        planted.symlink_to("/etc/hostname")
    texts = examined.advice_texts(Severity.BAD, Topic.FILES)
    assert any(f"such as {planted} ({owner}'s)" in line and "run: chown -R " in line for line in texts)


def test_a_user_who_is_not_the_owner_is_told_to_run_doctor_as_the_owner(
    examined: ExaminedInstallation,
) -> None:
    """Root examines as the owner. Any other user is refused, because unreadable files prove nothing."""
    if not IS_ROOT:
        examined.settings = replace(examined.settings, data=Path("/root" if Path("/root").is_dir() else "/"))
        assert "belongs to root" in examined.advice_texts(Severity.BAD, Topic.FILES)[0]
        return
    with installation_of(SOMEBODY, examined):
        os.seteuid(SOMEBODY - 1)
        try:
            [texts] = examined.advice_texts(Severity.BAD, Topic.FILES)
        finally:
            os.seteuid(0)
    assert f"this is {SOMEBODY - 1}, and KIOSK_DATA" in texts
    assert f"run: sudo -u {SOMEBODY} kiosk doctor" in texts


def is_reachable(folder: Path) -> bool:
    """Whether every user may open the folder and all folders above it."""
    return all(above.stat().st_mode & 0o001 for above in (folder, *folder.parents))


def test_root_examines_as_the_owner_and_leaves_no_file_of_root(examined: ExaminedInstallation) -> None:
    if not IS_ROOT:
        assert examined.advice_texts(Severity.BAD) == []
        return
    # Modules that are loaded when they are needed are loaded now: the owner cannot read a Python in /root.
    assert examined.advice_texts(Severity.BAD) == []
    with installation_of(SOMEBODY, examined):
        # The owner cannot run a program below root's own folder, such as a clone in /root: that is bad.
        bad = examined.advice_texts(Severity.BAD)
        if is_reachable(shipped_folder("questions")):
            assert bad == []
        else:
            assert "Permission denied" in bad[0]
        everything = (
            path for folder in (examined.settings.data, examined.settings.keys) for path in folder.rglob("*")
        )
        assert {path.stat().st_uid for path in everything} == {SOMEBODY}
        assert os.geteuid() == 0
        examined.settings.keys.chmod(0o500)
        texts = examined.advice_texts(Severity.BAD, Topic.FILES)
        assert any(
            "nothing can be written in KIOSK_KEYS" in line and "Permission denied" in line for line in texts
        )
        examined.settings.keys.chmod(0o700)


@contextmanager
def installation_of(user: int, examined: ExaminedInstallation) -> Iterator[None]:
    """Give the installation to another user, who can reach it."""
    for top in (examined.settings.data, examined.settings.keys):
        for path in (top, *top.rglob("*")):
            os.chown(path, user, -1)
    with passable(examined.settings.data.parent):
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "keys"])
def test_a_full_disk_is_bad(examined: ExaminedInstallation, name: str) -> None:
    """Root fills a small separate disk. Any other user sets the file size limit to 0, which has the same
    effect."""
    folder: Path = getattr(examined.settings, name)
    with full_disk(folder) if IS_ROOT else no_room():
        texts = examined.advice_texts(Severity.BAD, Topic.FILES)
    assert any(
        line.startswith(f"nothing can be written in KIOSK_{name.upper()} ({folder}): ") for line in texts
    )
    assert not list(folder.glob(".doctor-*"))


@contextmanager
def no_room() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
def test_a_damaged_secret_key_is_bad(examined: ExaminedInstallation) -> None:
    (examined.settings.data / "secret_key").write_text("half")
    [texts] = examined.advice_texts(Severity.BAD)
    assert "secret_key is damaged" in texts
    examined.settings = replace(examined.settings, secret_key="s" * 32)
    assert examined.advice_texts(Severity.BAD, Topic.FILES) == []


def test_a_damaged_database_is_bad(examined: ExaminedInstallation) -> None:
    examined.store.close()
    file = examined.settings.data / "kiosk.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 4] = os.urandom(4096)
    file.write_bytes(content)
    texts = examined.advice_texts(Severity.BAD, Topic.DATABASE)
    assert texts
    assert "the database is damaged" in texts[0] or "malformed" in texts[0]


def test_a_damaged_database_that_can_be_written_is_not_called_whole(examined: ExaminedInstallation) -> None:
    examined.store.close()
    with (examined.settings.data / "kiosk.sqlite").open("r+b") as file:
        file.seek(36)
        file.write((7).to_bytes(4, "big"))  # the number of free pages, in SQLite's header
    advice = [one for one in examined.examine() if one.topic is Topic.DATABASE]
    assert {one.severity for one in advice} == {Severity.BAD}
    assert all("the database is damaged" in one.text for one in advice)


def test_a_file_that_is_not_a_database_is_bad(examined: ExaminedInstallation) -> None:
    examined.store.close()
    (examined.settings.data / "kiosk.sqlite").write_text("no database" * 1000)
    texts = examined.advice_texts(Severity.BAD, Topic.DATABASE)
    assert "not a database" in " ".join(texts)


def test_tables_of_an_older_version_are_reported_with_the_remedy(examined: ExaminedInstallation) -> None:
    examined.store._database.set("schema", "1")
    [texts] = examined.advice_texts(Severity.BAD, Topic.INSTALLATION)
    assert "kiosk upgrade" in texts


def test_a_web_server_whose_configuration_cannot_be_read_is_not_called_good(
    examined: ExaminedInstallation,
) -> None:
    assert "the configuration of nginx keeps no log" in str(examined.advice_texts(Severity.GOOD, Topic.PROXY))
    main = examined.root / "etc/nginx/nginx.conf"
    main.write_text(f"{main.read_text()}\ninclude sites-enabled/*;\n")
    gone = examined.root / "etc/nginx/sites-enabled/gone"
    gone.parent.mkdir()
    gone.symlink_to(examined.root / "missing")
    assert "the configuration of nginx" not in str(examined.advice_texts(Severity.GOOD, Topic.PROXY))
    assert str(gone) in str(examined.advice_texts(Severity.WARNING, Topic.LOGS))


def test_a_journal_that_does_not_answer_is_bad(examined: ExaminedInstallation) -> None:
    def slow(_: float) -> str:
        raise subprocess.TimeoutExpired(["journalctl"], 30)

    examined.machine = replace(examined.machine, journal=slow)
    [texts] = examined.advice_texts(Severity.BAD)
    assert "cannot be examined further" in texts
    assert "journalctl" in texts
