"""Key files on disk: a new key survives a power cut, and a destroyed key is overwritten."""

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.operation.doctor.files import acting_as
from kiosk.storage.keys import KeyFolder
from tests.tools.key_files import seal

KEY_BYTES = 32

Destroy = Callable[[KeyFolder, str, str], None]


@dataclass(frozen=True)
class Synced:
    """What survives a power cut: a file's bytes, or the names in a folder."""

    path: Path
    content: bytes | frozenset[str]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Synced]:
    """All that fsync has written to disk so far. The calls are passed on to the operating system."""
    calls: list[Synced] = []
    fsync = os.fsync

    def recorded(handle: int) -> None:
        fsync(handle)
        opened = Path(f"/proc/self/fd/{handle}")
        content = frozenset(os.listdir(opened)) if opened.is_dir() else opened.read_bytes()
        calls.append(Synced(opened.readlink(), content))

    monkeypatch.setattr(os, "fsync", recorded)
    return calls


def survives_a_power_cut(synced: list[Synced], keys: Path, row: str, key_id: str) -> bool:
    """Whether the key, its name and its folder's name are on disk."""
    file = keys / row / key_id
    names = {(one.path, name) for one in synced if isinstance(one.content, frozenset) for name in one.content}
    return (
        Synced(file, file.read_bytes()) in synced and (file.parent, key_id) in names and (keys, row) in names
    )


def test_a_new_key_and_its_folder_are_flushed_before_the_key_is_used(
    tmp_path: Path, synced: list[Synced]
) -> None:
    keys = KeyFolder(tmp_path)
    for _ in range(2):
        key_id, _ = seal(keys, "row", b"plain")
        assert survives_a_power_cut(synced, tmp_path, "row", key_id)


def test_the_power_cut_check_catches_keys_that_are_not_flushed(tmp_path: Path, synced: list[Synced]) -> None:
    key_id, _ = seal(KeyFolder(tmp_path, durable=False), "row", b"plain")
    assert not survives_a_power_cut(synced, tmp_path, "row", key_id)


def test_the_power_cut_check_catches_an_unflushed_folder(tmp_path: Path, synced: list[Synced]) -> None:
    key_id, _ = seal(KeyFolder(tmp_path), "row", b"plain")
    files_alone = [one for one in synced if isinstance(one.content, bytes)]
    assert not survives_a_power_cut(files_alone, tmp_path, "row", key_id)


def test_the_name_of_the_folder_of_all_keys_is_flushed_before_a_key_is_used(
    tmp_path: Path, synced: list[Synced]
) -> None:
    seal(KeyFolder(tmp_path / "keys"), "row", b"plain")
    assert Synced(tmp_path, frozenset({"keys"})) in synced


def destroy_unused(keys: KeyFolder, row: str, key_id: str) -> None:
    assert keys.unused(row, keep=None) == [key_id]
    for name in keys.unused(row, keep=None):
        keys.destroy(row, name)


def forget(keys: KeyFolder, row: str, key_id: str) -> None:
    del key_id
    keys.forget(row)


def remove_the_name_only(keys: KeyFolder, row: str, key_id: str) -> None:
    (keys.folder / row / key_id).unlink()


def bytes_left(keys: KeyFolder, other_name: Path, destroy: Destroy) -> bytes:
    """The bytes in a destroyed key's place, read through a hard link made beforehand."""
    key_id, _ = seal(keys, "row", b"plain")
    file = keys.folder / "row" / key_id
    other_name.hardlink_to(file)
    assert other_name.read_bytes() != bytes(KEY_BYTES)
    destroy(keys, "row", key_id)
    assert not file.exists()
    return other_name.read_bytes()


@pytest.mark.parametrize("destroy", [KeyFolder.destroy, destroy_unused, forget])
@pytest.mark.parametrize("durable", [True, False])
def test_a_destroyed_key_is_overwritten(tmp_path: Path, destroy: Destroy, *, durable: bool) -> None:
    keys = KeyFolder(tmp_path / "keys", durable=durable)
    assert bytes_left(keys, tmp_path / "other name", destroy) == bytes(KEY_BYTES)


def test_the_overwrite_check_catches_a_key_that_is_only_unlinked(tmp_path: Path) -> None:
    left = bytes_left(KeyFolder(tmp_path / "keys"), tmp_path / "other name", remove_the_name_only)
    assert left != bytes(KEY_BYTES)


@pytest.mark.parametrize("destroy", [KeyFolder.destroy, destroy_unused, forget])
def test_a_key_is_overwritten_on_disk_before_it_is_unlinked(
    tmp_path: Path, synced: list[Synced], destroy: Destroy
) -> None:
    keys = KeyFolder(tmp_path)
    key_id, _ = seal(keys, "row", b"plain")
    destroy(keys, "row", key_id)
    assert Synced(tmp_path / "row" / key_id, bytes(KEY_BYTES)) in synced


def test_a_key_folder_that_may_not_be_entered_is_away_and_raises_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    (folder / "box.r.a").mkdir(parents=True)
    assert KeyFolder(folder).are_there(["box.r.a"])
    folder.chmod(0)
    nobody = pwd.getpwnam("nobody").pw_uid
    with acting_as(nobody):
        assert not KeyFolder(folder).are_there(["box.r.a"])
    folder.chmod(0o700)
