"""Files and keys: each mistake is really made, with real users if root runs the tests."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.operation.doctor import Severity, Topic
from kiosk.settings import shipped_folder
from tests.tools.patient import Patient, passable

IS_ROOT = os.geteuid() == 0
SOMEBODY = 65533


def test_a_missing_data_folder_is_reported_and_not_created(patient: Patient) -> None:
    away = patient.settings.data.with_name("away")
    patient.settings.data.rename(away)
    told = patient.told(Severity.BAD, Topic.INSTALLATION)
    assert told == [
        f"KIOSK_DATA ({patient.settings.data}) does not exist; is its disk mounted? For a new installation: "
        "kiosk init"
    ]
    assert not patient.settings.data.exists()


def test_a_missing_database_is_reported_and_not_created(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.store.close()
    database = patient.settings.data / "kiosk.sqlite"
    database.rename(database.with_suffix(".away"))
    [told] = patient.told(Severity.BAD, Topic.INSTALLATION)
    assert told.startswith(f"the database {database} does not exist")
    assert not database.exists()


def test_a_missing_key_folder_is_reported_and_not_created(patient: Patient) -> None:
    patient.settings.keys.rename(patient.settings.keys.with_name("away"))
    [told] = patient.told(Severity.BAD, Topic.KEYS)
    assert told.startswith(f"KIOSK_KEYS ({patient.settings.keys}) does not exist; mount its disk")
    assert not patient.settings.keys.exists()


def test_an_empty_key_folder_is_bad(patient: Patient) -> None:
    """The mount point of a disk that is not mounted."""
    patient.settings.keys.rename(patient.settings.keys.with_name("away"))
    patient.settings.keys.mkdir(mode=0o700)
    [told] = patient.told(Severity.BAD, Topic.KEYS)
    assert told.startswith("keys that do not open what they belong to: 3, such as ")
    assert "is missing" in told


@pytest.mark.parametrize("kind", ["box", "slips", "letterbox"])
@pytest.mark.parametrize("damage", [b"", bytes(31), bytes(32)])
def test_a_damaged_key_of_any_kind_is_named(patient: Patient, kind: str, damage: bytes) -> None:
    [key] = next(patient.settings.keys.glob(f"{kind}.*")).iterdir()
    whole = key.read_bytes()
    key.write_bytes(damage)
    [told] = patient.told(Severity.BAD)
    assert told.startswith(f"keys that do not open what they belong to: 1, such as {key}, which ")
    key.write_bytes(whole)
    assert patient.told(Severity.BAD) == []


def test_findings_about_keys_reveal_nothing_about_boxes(patient: Patient) -> None:
    before = [one.text for one in patient.examine() if one.topic is Topic.KEYS]
    assert before == [
        "the keys are outside KIOSK_DATA; make sure that no backup includes them",
        "every key opens its box, slip set or letterbox",
    ]


def test_keys_inside_the_data_folder_are_bad(patient: Patient) -> None:
    inside = patient.settings.data / "keys"
    patient.settings.keys.rename(inside)
    patient.settings = replace(patient.settings, keys=inside)
    [told] = patient.told(Severity.BAD, Topic.KEYS)
    assert "Set KIOSK_KEYS to a folder outside it" in told


@pytest.mark.parametrize(
    "name", ["data", "keys", "data/kiosk.sqlite", "data/kiosk.sqlite-wal", "data/secret_key"]
)
@pytest.mark.parametrize("mode", [0o040, 0o004])
def test_a_file_readable_by_others_is_named_with_the_command_that_fixes_it(
    patient: Patient, name: str, mode: int
) -> None:
    path = patient.settings.data.parent / name
    own = path.stat().st_mode & 0o700
    path.chmod(own | mode)
    [told] = patient.told(Severity.BAD)
    assert f"such as {path}; run: chmod -R go= " in told
    subprocess.run(told.partition("run: ")[2].split(), check=True)
    assert patient.told(Severity.BAD) == []


def test_a_key_readable_by_others_is_bad(patient: Patient) -> None:
    key = next(patient.settings.keys.glob("box.*/*"))
    key.chmod(0o644)
    [told] = patient.told(Severity.BAD)
    assert str(key) in told


def test_a_database_elsewhere_is_examined_too(patient: Patient, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in patient.settings.data.glob("kiosk.sqlite*"):
        file.rename(elsewhere / file.name)
    patient.settings = replace(patient.settings, database_url=f"sqlite:///{elsewhere / 'kiosk.sqlite'}")
    assert patient.told(Severity.BAD, Topic.FILES) == []
    (elsewhere / "kiosk.sqlite").chmod(0o644)
    [told] = patient.told(Severity.BAD, Topic.FILES)
    assert f"run: chmod go= {elsewhere}/kiosk.sqlite*" in told


def test_files_their_owner_cannot_write_are_bad(patient: Patient) -> None:
    (patient.settings.data / "kiosk.sqlite").chmod(0o400)
    told = patient.told(Severity.BAD, Topic.FILES)
    assert "that their owner cannot write" in told[0]
    assert "chmod -R u+rwX " in told[0]


def test_another_users_file_is_named_with_its_owner(patient: Patient) -> None:
    """Root gives one key away. Any other user can only create a link to a file of root's."""
    key = next(patient.settings.keys.glob("box.*/*"))
    if IS_ROOT:
        os.chown(key, SOMEBODY, -1)
        planted, owner = key, str(SOMEBODY)
    else:
        planted, owner = key.with_name("planted"), "root"
        planted.symlink_to("/etc/hostname")
    told = patient.told(Severity.BAD, Topic.FILES)
    assert any(f"such as {planted} ({owner}'s)" in line and "run: chown -R " in line for line in told)


def test_a_user_who_is_not_the_owner_is_told_to_run_doctor_as_the_owner(patient: Patient) -> None:
    """Root examines as the owner. Any other user is refused, because unreadable files prove nothing."""
    if not IS_ROOT:
        patient.settings = replace(patient.settings, data=Path("/root" if Path("/root").is_dir() else "/"))
        assert "belongs to root" in patient.told(Severity.BAD, Topic.FILES)[0]
        return
    with installation_of(SOMEBODY, patient):
        os.seteuid(SOMEBODY - 1)
        try:
            [told] = patient.told(Severity.BAD, Topic.FILES)
        finally:
            os.seteuid(0)
    assert f"this is {SOMEBODY - 1}, and KIOSK_DATA" in told
    assert f"run: sudo -u {SOMEBODY} kiosk doctor" in told


def is_reachable(folder: Path) -> bool:
    """Whether every user may open the folder and all folders above it."""
    return all(above.stat().st_mode & 0o001 for above in (folder, *folder.parents))


def test_root_examines_as_the_owner_and_leaves_no_file_of_root(patient: Patient) -> None:
    if not IS_ROOT:
        assert patient.told(Severity.BAD) == []
        return
    # Modules that are loaded when they are needed are loaded now: the owner cannot read a Python in /root.
    assert patient.told(Severity.BAD) == []
    with installation_of(SOMEBODY, patient):
        # The owner cannot run a program below root's own folder, such as a clone in /root: that is bad.
        bad = patient.told(Severity.BAD)
        if is_reachable(shipped_folder("questions")):
            assert bad == []
        else:
            assert "Permission denied" in bad[0]
        everything = (
            path for folder in (patient.settings.data, patient.settings.keys) for path in folder.rglob("*")
        )
        assert {path.stat().st_uid for path in everything} == {SOMEBODY}
        assert os.geteuid() == 0
        patient.settings.keys.chmod(0o500)
        told = patient.told(Severity.BAD, Topic.FILES)
        assert any(
            "nothing can be written in KIOSK_KEYS" in line and "Permission denied" in line for line in told
        )
        patient.settings.keys.chmod(0o700)


@contextmanager
def installation_of(user: int, patient: Patient) -> Iterator[None]:
    """Give the installation to another user, who can reach it."""
    for top in (patient.settings.data, patient.settings.keys):
        for path in (top, *top.rglob("*")):
            os.chown(path, user, -1)
    with passable(patient.settings.data.parent):
        yield


@pytest.mark.parametrize("name", ["data", "keys"])
def test_a_full_disk_is_bad(patient: Patient, name: str) -> None:
    """Root fills a small separate disk. Any other user sets the file size limit to 0, which has the same
    effect."""
    folder: Path = getattr(patient.settings, name)
    with full_disk(folder) if IS_ROOT else no_room():
        told = patient.told(Severity.BAD, Topic.FILES)
    assert any(
        line.startswith(f"nothing can be written in KIOSK_{name.upper()} ({folder}): ") for line in told
    )
    assert not list(folder.glob(".doctor-*"))


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Move the folder to a disk of 2 MiB that a file fills."""
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "none", folder], check=True)
    try:
        for path, content in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content)
        with (folder / "full").open("wb", buffering=0) as filling, suppress(OSError):
            while True:
                filling.write(bytes(4096))
        assert os.statvfs(folder).f_bavail == 0
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def no_room() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_damaged_secret_key_is_bad(patient: Patient) -> None:
    (patient.settings.data / "secret_key").write_text("half")
    [told] = patient.told(Severity.BAD)
    assert "secret_key is damaged" in told
    patient.settings = replace(patient.settings, secret_key="s" * 32)
    assert patient.told(Severity.BAD, Topic.FILES) == []


def test_a_damaged_database_is_bad(patient: Patient) -> None:
    patient.store.close()
    file = patient.settings.data / "kiosk.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 4] = os.urandom(4096)
    file.write_bytes(content)
    told = patient.told(Severity.BAD, Topic.DATABASE)
    assert told
    assert "the database is damaged" in told[0] or "malformed" in told[0]


def test_a_file_that_is_not_a_database_is_bad(patient: Patient) -> None:
    patient.store.close()
    (patient.settings.data / "kiosk.sqlite").write_text("no database" * 1000)
    told = patient.told(Severity.BAD, Topic.DATABASE)
    assert "not a database" in " ".join(told)


def test_tables_of_an_older_version_are_reported_with_the_remedy(patient: Patient) -> None:
    patient.store._database.set("schema", "1")
    [told] = patient.told(Severity.BAD, Topic.INSTALLATION)
    assert "kiosk upgrade" in told
