"""Slips: codes that are not stored, and that admit one ballot each."""

import json
import re
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import SystemRandom

import pytest

from kiosk.domain.rounds import Admission
from kiosk.domain.slips import (
    ALPHABET,
    SALT_BYTES,
    UnknownSlipError,
    UsedSlipError,
    empty_set,
    new_code,
    normalise,
    spaced,
    unpack,
)
from kiosk.storage import NotAdmittedError, RoundClosedError, Store, open_store, read_dump
from kiosk.storage.database import StoreError
from tests.tools.builders import MONDAY, a_round, a_store, ballot, closed, tree
from tests.tools.desk_side import Desk


def test_a_code_is_recognised_in_any_case_and_spacing() -> None:
    code = new_code("BCD", SystemRandom())
    assert len(code) == 12
    assert set(code) <= set(ALPHABET)
    for typed in (code, spaced(code), code.lower(), f"  {spaced(code).replace('-', ' ')}\n"):
        assert normalise(typed) == code


def test_a_slip_set_distinguishes_unknown_from_used_codes() -> None:
    one, other, strange = (new_code("BCD", SystemRandom()) for _ in range(3))
    slips = empty_set(bytes(SALT_BYTES)).with_new([one, other]).use(one)
    with pytest.raises(UsedSlipError):
        slips.use(one)
    with pytest.raises(UnknownSlipError):
        slips.use(strange)
    assert (slips.has(one), slips.has(other), slips.has(strange)) == (True, True, False)
    assert unpack(slips.pack()) == slips


def test_a_packed_slip_set_reveals_neither_codes_nor_the_order_of_use() -> None:
    codes = [new_code("BCD", SystemRandom()) for _ in range(20)]
    printed = empty_set(bytes(SALT_BYTES)).with_new(codes)
    forwards, backwards = printed, printed
    for code in codes[:10]:
        forwards = forwards.use(code)
    for code in reversed(codes[:10]):
        backwards = backwards.use(code)
    assert forwards.pack() == backwards.pack()
    assert not [code for code in codes if code.encode() in forwards.pack()]


def test_a_slip_admits_one_ballot_to_its_own_unit(tmp_path: Path) -> None:
    store, of_round = a_store(tmp_path), a_round(tree("a", "b"))
    store.open_round(of_round, MONDAY)
    [slip] = store.print_slips("r", "a", 1)
    assert store.unit_of_slip(slip) == ("r", "a")
    with pytest.raises(UnknownSlipError):
        store.cast("r", "b", ballot(1, 1), MONDAY, slip)
    store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    for unit in ("a", "b"):
        with pytest.raises((UsedSlipError, UnknownSlipError)):
            store.cast("r", unit, ballot(1, 1), MONDAY, slip)
    for _ in range(4):
        store.cast("r", "a", ballot(2, 2), MONDAY)
    assert closed(store, of_round)["root"] == 5


def test_slips_are_deleted_when_the_round_closes(tmp_path: Path) -> None:
    store, of_round = a_store(tmp_path), a_round(tree("a"))
    store.open_round(of_round, MONDAY)
    [slip] = store.print_slips("r", "a", 1)
    closed(store, of_round)
    assert store.unit_of_slip(slip) is None
    with pytest.raises(RoundClosedError):
        store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    with pytest.raises(StoreError, match="closed"):
        store.print_slips("r", "a", 1)


def test_a_round_that_does_not_admit_slips_refuses_them(tmp_path: Path) -> None:
    store, of_round = a_store(tmp_path), replace(a_round(tree("a")), admission=frozenset({Admission.KIOSK}))
    store.open_round(of_round, MONDAY)
    [slip] = store.print_slips("r", "a", 1)
    with pytest.raises(NotAdmittedError):
        store.cast("r", "a", ballot(1, 1), MONDAY, slip)
    assert closed(store, of_round)["root"] is None


def closed_with_slips(store: Store) -> None:
    """A closed round of k = 5: a large run and a small one at a unit with figures, and a large one at a unit
    without figures, with three used slips each."""
    of_round = a_round(tree("a", "b"))
    store.open_round(of_round, MONDAY)
    for unit, printed in (("a", 10), ("a", 9), ("b", 10)):
        for code in store.print_slips("r", unit, printed)[:3]:
            assert store.slip_counts("r") == {}
            store.cast("r", unit, ballot(1, 1), MONDAY, code)
    assert store.printed_slips("r") == {"a": (10, 9), "b": (10,)}
    for _ in range(20):
        store.cast("r", "a", ballot(2, 2), MONDAY)
    store.count(MONDAY + timedelta(hours=8))
    assert closed(store, of_round)["b"] is None
    assert store.printed_slips("r") == {}


TOLD = {"a": ((10, 3), (9, 0)), "b": ((10, 0),)}
"""Used slips of runs under 2k, and of units without figures, are hidden by every page."""


def test_numbers_of_used_slips_that_no_page_shows_are_not_stored(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    closed_with_slips(store)
    assert store.slip_counts("r") == TOLD
    backup = [(row["unit_id"], row["run"], row["used"]) for row in store.dump()["slip_count"]]
    assert backup == [("a", 1, 3), ("a", 2, 0), ("b", 1, 0)]


def test_numbers_of_used_slips_stored_by_an_older_version_are_removed(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    closed_with_slips(store)
    with sqlite3.connect(next(tmp_path.glob("*.sqlite"))) as database:
        database.execute("UPDATE slip_count SET used = 3")
    old = json.loads(json.dumps(store.dump()))
    assert {row["used"] for row in old["slip_count"]} == {3}
    store.renew()
    assert store.slip_counts("r") == TOLD
    folder = tmp_path / "restored"
    restored = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", durable=False)
    restored.load(read_dump(old), lambda: None)
    assert restored.slip_counts("r") == TOLD


def test_the_desk_shows_used_slips_of_large_print_runs_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.now += timedelta(days=91)
    desk.store.count(desk.now)
    slips_only = replace(
        desk.round, id="slips", admission=frozenset({Admission.SLIP}), opens_at=desk.now,
        closes_at=desk.now + timedelta(days=9),
    )  # fmt: skip
    desk.store.open_round(slips_only, desk.now)
    codes = desk.store.print_slips("slips", "frida", 12)
    desk.store.print_slips("slips", "frida", 3)
    for code in codes[:11]:
        desk.store.cast("slips", "frida", ballot(1, 2, 3, 4), desk.now, code)

    def rows() -> list[list[str]]:
        desk.sign_in()
        page = desk.client.get("/admin/links/slips").text
        rows = re.findall(r"FRIDA</th>\s*((?:<td>[^<]*</td>\s*){4})", page)
        return [re.findall(r"<td>([^<]*)</td>", row) for row in rows]

    assert rows() == [["1", "12", "–", "–"], ["2", "3", "–", "–"]]
    desk.now = slips_only.closes_at
    desk.store.count(desk.now)
    assert rows() == [["1", "12", "11", "1"], ["2", "3", "–", "–"]]
