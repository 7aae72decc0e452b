"""Missing or damaged key files: writes that need one fail, and rows are kept until they are given up."""

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from kiosk.storage import KeyUnavailableError, Sealed, Store, StoreError, open_store
from tests.tools.builders import MONDAY, a_round, a_store, ballot, cast_all, closed, random_ballots, tree
from tests.tools.envelopes import seal
from tests.tools.key_damage import FAULTS

ROUND = a_round(tree("a", "b"))
OTHER_ROUND = replace(a_round(tree("c")), id="other")
ENVELOPE_ROOM = 64 * len(ROUND.survey.statements)


@dataclass
class Waiting:
    """31 uncounted ballots in two boxes, a slip that admits another one, and an envelope with another one."""

    folder: Path
    store: Store
    slip: str
    public_key: str
    envelope: bytes

    def key_file(self, kind: Sealed, unit: str = "a") -> Path:
        [file] = (self.folder / "keys" / f"{kind}.r.{unit}").iterdir()
        return file

    def cast(self) -> None:
        self.store.cast("r", "a", ballot(1, 1), MONDAY)

    def cast_by_slip(self) -> None:
        self.store.cast("r", "a", ballot(1, 1), MONDAY, self.slip)

    def cast_envelope(self) -> None:
        self.store.cast_envelope(self.public_key, self.envelope, MONDAY)

    def print_slips(self) -> None:
        self.store.print_slips("r", "a", 1)

    def count(self) -> None:
        self.store.count(MONDAY + timedelta(hours=8))

    def close(self) -> None:
        self.store.count(ROUND.closes_at)

    def renew(self) -> None:
        self.store.renew()

    def upgrade(self) -> None:
        self.store.upgrade()

    def open_round(self) -> None:
        self.store.open_round(OTHER_ROUND, MONDAY)

    def stored(self) -> tuple[list[object], dict[Path, bytes]]:
        """All that the database and the folder of keys hold."""
        with closing(sqlite3.connect(self.folder / "k.sqlite")) as database:
            tables = [
                row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            rows: list[object] = [
                database.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608
                for name in tables
            ]
        files = (file for file in (self.folder / "keys").rglob("*") if file.is_file())
        return rows, {file: file.read_bytes() for file in files}


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    store = a_store(tmp_path)
    store.open_round(ROUND, MONDAY)
    cast_all(store, "a", random_ballots(17, Random(1)))
    cast_all(store, "b", random_ballots(14, Random(2)))
    [slip] = store.print_slips("r", "a", 1)
    public_key = store.public_key("r", "a")
    envelope = seal(bytes.fromhex(public_key), b"s1=5", room=ENVELOPE_ROOM)
    return Waiting(tmp_path, store, slip, public_key, envelope)


ALWAYS = (Waiting.count, Waiting.close, Waiting.renew, Waiting.upgrade, Waiting.open_round)
NEEDING: dict[Sealed, tuple[Callable[[Waiting], None], ...]] = {
    Sealed.BOX: (Waiting.cast, Waiting.cast_by_slip, Waiting.cast_envelope, *ALWAYS),
    Sealed.SLIPS: (Waiting.cast_by_slip, Waiting.print_slips, *ALWAYS),
    Sealed.LETTERBOX: (Waiting.cast_envelope, *ALWAYS),
}
"""Kind of row -> writes that need the key of unit a's row."""


@pytest.mark.parametrize("kind", Sealed)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_key_file_stops_writes_that_need_it_and_loses_nothing(
    waiting: Waiting, kind: Sealed, fault: str
) -> None:
    file, (damage, problem) = waiting.key_file(kind), FAULTS[fault]
    key = file.read_bytes()
    damage(file)
    before = waiting.stored()
    for write in NEEDING[kind]:
        with pytest.raises(
            KeyUnavailableError, match=f"{file} {problem}.*bring the key files back.*give-up-keys"
        ):
            write(waiting)
        assert waiting.stored() == before
    if file.is_dir():
        file.rmdir()
    file.write_bytes(key)
    waiting.cast_by_slip()
    waiting.cast_envelope()
    assert closed(waiting.store, ROUND)["root"] == 31 + 2
    assert waiting.store.rounds()[0].lost_boxes == 0


@pytest.mark.parametrize("kind", Sealed)
def test_a_bad_key_file_stops_no_ballot_of_another_unit(waiting: Waiting, kind: Sealed) -> None:
    waiting.key_file(kind, unit="b").write_bytes(b"")
    waiting.cast()
    waiting.cast_by_slip()
    waiting.cast_envelope()
    with pytest.raises(KeyUnavailableError, match=f"{kind}.r.b"):
        waiting.count()


def test_a_missing_key_folder_stops_every_write_and_loses_nothing(waiting: Waiting) -> None:
    before = waiting.stored()
    (waiting.folder / "keys").rename(waiting.folder / "away")
    for write in {*NEEDING[Sealed.BOX], *NEEDING[Sealed.SLIPS], *NEEDING[Sealed.LETTERBOX]}:
        with pytest.raises(KeyUnavailableError, match="is missing"):
            write(waiting)
    assert not (waiting.folder / "keys").exists()
    (waiting.folder / "away").rename(waiting.folder / "keys")
    assert waiting.stored() == before
    waiting.cast_by_slip()
    waiting.cast_envelope()
    assert closed(waiting.store, ROUND)["root"] == 31 + 2


def test_a_wrong_key_folder_is_left_unchanged(waiting: Waiting, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "box.other.c"
    other.mkdir(parents=True)
    wrong = open_store(tmp_path, f"sqlite:///{tmp_path / 'k.sqlite'}", tmp_path / "elsewhere", durable=False)
    for write in (wrong.renew, wrong.upgrade, lambda: wrong.open_round(OTHER_ROUND, MONDAY)):
        with pytest.raises(KeyUnavailableError, match=r"and 5 more key files"):
            write()
    assert list((tmp_path / "elsewhere").rglob("*")) == [other]
    assert closed(waiting.store, ROUND)["root"] == 31


def test_a_second_key_left_by_a_crash_is_no_fault_and_loses_no_ballot(waiting: Waiting) -> None:
    """A crash between two writes leaves a second key; the row names the valid one."""
    for kind in Sealed:
        (waiting.key_file(kind).parent / "left-over").write_bytes(b"")
    assert waiting.store.key_faults() == []
    waiting.cast_by_slip()
    assert closed(waiting.store, ROUND)["root"] == 31 + 1


def test_rows_given_up_start_empty_and_all_others_are_kept(waiting: Waiting) -> None:
    waiting.key_file(Sealed.BOX).unlink()
    waiting.key_file(Sealed.SLIPS).write_bytes(b"")
    waiting.key_file(Sealed.LETTERBOX).write_bytes(secrets.token_bytes(32))
    lost = waiting.store.key_faults()
    assert [(fault.kind, fault.round_id, fault.unit_id) for fault in lost] == [
        (kind, "r", "a") for kind in Sealed
    ]
    waiting.store.give_up_keys(lost)
    assert waiting.store.key_faults() == []
    assert waiting.store.rounds()[0].lost_boxes == 1
    assert waiting.store.unit_of_slip(waiting.slip) is None
    assert waiting.store.public_key("r", "a") != waiting.public_key
    [slip] = waiting.store.print_slips("r", "a", 1)
    waiting.store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    assert closed(waiting.store, ROUND)["root"] == 14 + 1


def test_all_keys_can_be_given_up_if_their_folder_is_lost(waiting: Waiting) -> None:
    (waiting.folder / "keys").rename(waiting.folder / "away")
    waiting.store.give_up_keys(waiting.store.key_faults())
    assert waiting.store.rounds()[0].lost_boxes == 2
    cast_all(waiting.store, "a", random_ballots(6, Random(1)))
    assert closed(waiting.store, ROUND)["root"] == 6


def test_nothing_is_given_up_unless_exactly_the_lost_rows_are_named(waiting: Waiting) -> None:
    file = waiting.key_file(Sealed.BOX)
    file.rename(waiting.folder / "away")
    lost = waiting.store.key_faults()
    other = waiting.key_file(Sealed.BOX, unit="b")
    other.rename(waiting.folder / "other")
    before = waiting.stored()
    with pytest.raises(StoreError, match="run kiosk give-up-keys again"):
        waiting.store.give_up_keys(lost)
    assert waiting.stored() == before
    (waiting.folder / "away").rename(file)
    (waiting.folder / "other").rename(other)
    for named in (lost, []):
        with pytest.raises(StoreError, match="run kiosk give-up-keys again"):
            waiting.store.give_up_keys(named)
    assert closed(waiting.store, ROUND)["root"] == 31
