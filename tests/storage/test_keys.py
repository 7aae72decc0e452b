"""Sealed rows reveal no order and no number, and leave no key."""

import errno
import stat
import threading
from pathlib import Path
from random import Random

import pytest

from kiosk.domain.ballot import pack, unpack
from kiosk.storage.keys import PAD_BYTES, KeyFolder, KeyUnavailableError
from tests.tools.builders import MONDAY, a_round, a_store, random_ballots, tree
from tests.tools.key_files import seal


def test_packed_ballots_do_not_depend_on_the_order_of_arrival() -> None:
    ballots = random_ballots(30, Random(1))
    shuffled = [Random(seed).sample(ballots, 30) for seed in range(50)]
    assert len({pack(order) for order in shuffled}) == 1


def test_ballots_survive_packing_and_unpacking() -> None:
    ballots = random_ballots(200, Random(2))
    assert sorted(map(str, unpack(pack(ballots), 2))) == sorted(map(str, ballots))


def test_the_length_of_a_sealed_row_does_not_reveal_the_number_of_ballots(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    lengths = {len(seal(keys, "row", pack(random_ballots(n, Random(n))))[1]) for n in (0, 1, 5, 100, 1000)}
    assert len(lengths) == 1
    assert len(seal(keys, "row", bytes(PAD_BYTES))[1]) - lengths.pop() == PAD_BYTES


def test_sealing_the_same_content_gives_different_bytes_each_time(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    assert len({seal(keys, "row", b"same")[1] for _ in range(20)}) == 20


def test_a_sealed_row_opens_with_its_own_key_and_name_only(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    key_id, sealed = seal(keys, "row", b"plain")
    other_id, _ = seal(keys, "row", b"other")
    assert keys.open("row", key_id, sealed) == b"plain"
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / key_id).write_bytes((tmp_path / "row" / key_id).read_bytes())
    damaged = bytes([sealed[0] ^ 1]) + sealed[1:]
    for row, key, text, problem in [
        ("moved", key_id, sealed, "does not fit"),
        ("row", other_id, sealed, "does not fit"),
        ("row", key_id, damaged, "does not fit"),
        ("row", key_id, b"", "does not fit"),
        ("row", "none", sealed, "is missing"),
        ("none", key_id, sealed, "is missing"),
    ]:
        with pytest.raises(
            KeyUnavailableError, match=f"{tmp_path / row / key} {problem}.*kiosk give-up-keys"
        ):
            keys.open(row, key, text)


def test_a_foreign_folder_among_the_keys_stops_no_write(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    key_id, sealed = seal(keys, "row", b"plain")
    left_over, _ = seal(keys, "row", b"older")
    (tmp_path / "row" / "copy").mkdir()
    assert keys.unused("row", keep=key_id) == [left_over]
    keys.destroy("row", left_over)
    assert keys.open("row", key_id, sealed) == b"plain"
    assert not (tmp_path / "row" / left_over).exists()


def test_a_prepared_key_that_another_process_destroyed_is_not_used(tmp_path: Path) -> None:
    keys, other = KeyFolder(tmp_path), KeyFolder(tmp_path)
    first, _ = seal(keys, "row", b"plain")
    keys.prepare(["row"])
    for name in other.unused("row", keep=first):
        other.destroy("row", name)
    key_id, sealed = seal(keys, "row", b"plain")
    assert other.open("row", key_id, sealed) == b"plain"
    assert {path.name for path in (tmp_path / "row").iterdir()} == {first, key_id}


def test_a_prepared_key_that_is_used_survives_a_process_that_saw_it_unused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process destroys unused keys after its commit, when others may write the row again."""
    assert does_open(tmp_path / "kept")

    # Control: the key has the same name before and while it is used.
    monkeypatch.setattr("kiosk.storage.keys._PREPARED", "")
    assert not does_open(tmp_path / "control")


def does_open(folder: Path) -> bool:
    keys, other = KeyFolder(folder), KeyFolder(folder)
    first, _ = seal(keys, "row", b"plain")
    keys.prepare(["row"])
    unused = other.unused("row", keep=first)
    key_id, sealed = seal(keys, "row", b"plain")
    assert len(unused) == 1
    for name in unused:
        other.destroy("row", name)
    try:
        return other.open("row", key_id, sealed) == b"plain"
    except KeyUnavailableError:
        return False


def test_a_key_whose_renaming_a_power_cut_undid_is_found_and_destroyed(
    tmp_path: Path,
) -> None:
    keys = KeyFolder(tmp_path)
    seal(keys, "row", b"plain")
    keys.prepare(["row"])
    [file] = (tmp_path / "row").glob("*.next")
    key_id, sealed = keys.seal("row", b"plain")
    (tmp_path / "row" / key_id).rename(file)
    other = KeyFolder(tmp_path)
    assert other.open("row", key_id, sealed) == b"plain"
    assert file.name not in other.unused("row", keep=key_id)
    other.destroy("row", key_id)
    assert not file.exists()


def test_a_prepared_key_is_used_once_without_another_write(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    first, _ = seal(keys, "row", b"plain")
    keys.prepare(["row"])
    prepared = {path.stem for path in (tmp_path / "row").iterdir()} - {first}
    key_id, sealed = keys.seal("row", b"plain")
    assert {key_id} == prepared
    assert KeyFolder(tmp_path).open("row", key_id, sealed) == b"plain"
    assert keys.seal("row", b"plain")[0] not in {first, key_id}


def test_keys_that_could_not_be_prepared_are_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFolder(tmp_path)
    seal(keys, "row", b"plain")
    before = set(tmp_path.rglob("*"))

    def is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(KeyFolder, "_sync_folder", is_full)
        with pytest.raises(OSError, match="No space left"):
            keys.prepare(["row"])
    assert set(tmp_path.rglob("*")) == before


def test_a_missing_key_folder_of_one_row_is_detected(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    assert not keys.are_there([])
    seal(keys, "row", b"plain")
    assert keys.are_there(["row"])
    assert not keys.are_there(["row", "lost"])


def test_keys_are_readable_by_their_owner_only_and_can_be_destroyed(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    key_id, _ = seal(keys, "row", b"plain")
    file = tmp_path / "keys" / "row" / key_id
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    keys.destroy("row", key_id)
    keys.destroy("row", key_id)
    assert not file.exists()
    keys.forget("row")
    keys.forget("row")
    assert not file.parent.exists()


def test_each_ballot_destroys_the_previous_key(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.open_round(a_round(tree("a")), MONDAY)

    def key_files() -> set[str]:
        return {path.name for path in (tmp_path / "keys").rglob("*") if path.is_file()}

    for one in random_ballots(5, Random(3)):
        before = key_files()
        store.cast("r", "a", one, MONDAY)
        assert len(key_files() - before) == 1
        assert len(key_files()) == len(before)


def test_the_disk_is_waited_for_once_for_all_keys_of_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files and two folders are flushed at the same time: each waits for the three others."""
    keys, rows = KeyFolder(tmp_path / "keys"), ("box.r.a", "letterbox.r.a")
    keys.save([(row, keys.seal(row, b"")[0]) for row in rows])
    four = threading.Barrier(4)
    monkeypatch.setattr(keys, "_sync", lambda _: four.wait(10))
    keys.save([(row, keys.seal(row, b"")[0]) for row in rows])
    # Control: one after the other.
    monkeypatch.setattr(keys, "_waiters", None)
    monkeypatch.setattr(keys, "_sync", lambda _: four.wait(0.01))
    with pytest.raises(threading.BrokenBarrierError):
        keys.save([(row, keys.seal(row, b"")[0]) for row in rows])


def test_all_files_are_flushed_before_an_error_of_one_is_raised(tmp_path: Path) -> None:
    keys, done, may_end = KeyFolder(tmp_path / "keys"), list[str](), threading.Event()

    def fail() -> None:
        may_end.set()
        raise OSError(errno.EIO, "Input/output error")

    def flush() -> None:
        assert may_end.wait(10)
        done.append("flushed")

    with pytest.raises(OSError, match="Input"):
        keys.together([fail, flush])
    assert done == ["flushed"]
