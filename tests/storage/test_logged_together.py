"""An action and its line in the audit log are one write: no crash and no error comes between them."""

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import peewee
import pytest

from kiosk.desk.audit_log import SEEN_BY_STAFF
from kiosk.domain.rounds import Admission
from kiosk.storage import Account, Action, Entry, Pairing, Role, Store
from kiosk.storage.audit_log import AuditLog
from tests.storage.crashes import crash, reopen
from tests.tools.builders import MONDAY, a_round, a_store, tree

KEY = "s" * 32
PLANNED = a_round(tree("a", "b"), opens_at=MONDAY + timedelta(days=7))
NEW = replace(PLANNED, id="new", tree=tree("c", "d"))


def prepare(folder: Path) -> tuple[Store, str]:
    """A store with a planned round, a coordinator's kiosk at unit c, and a pairing code that staff made for
    that unit."""
    store = a_store(folder)
    store.links.add(Admission.KIOSK, "c", "tablet")
    store.accounts.set(Account("bo", Role.STAFF, "hash"))
    store.open_round(PLANNED, MONDAY)
    return store, store.pairing_codes.new(Pairing("c", "bo", valid_during_round=False), MONDAY, KEY)


def entry(action: Action) -> Entry:
    return Entry(MONDAY, "anna", action, "about it")


def pair(store: Store, code: str) -> object:
    return store.pair_screen(code, MONDAY, KEY)


def pair_in_two_writes(store: Store, code: str) -> object:
    """Control: the address first, then the log."""
    del code
    link = store.links.add(Admission.KIOSK, "c")
    store.audit_log.note(MONDAY, "bo", Action.SCREEN_PAIRED, f"c, {link.code_ending}")
    return link


def screens_after_crashes(folder: Path, write: Callable[[Store, str], object]) -> list[tuple[int, int]]:
    """(kiosks, screens to confirm when the new round opens) after a crash at each durable step of a pairing,
    and last after one without a crash."""
    numbers, died = list[tuple[int, int]](), True
    while died:
        at = folder / str(len(numbers))
        store, code = prepare(at)
        store.close()
        died = crash(at, len(numbers) + 1, lambda store, code=code: write(store, code))  # type: ignore[misc]
        store = reopen(at)
        numbers.append((len(store.links.all()) - 1, len(store.staffs_screens(NEW))))
        store.close()
    return numbers


@pytest.mark.slow
def test_no_crash_hides_a_screen_that_staff_paired(tmp_path: Path) -> None:
    assert set(screens_after_crashes(tmp_path, pair)) == {(0, 0), (1, 1)}


@pytest.mark.slow
def test_a_crash_between_two_writes_hides_the_screen(tmp_path: Path) -> None:
    assert set(screens_after_crashes(tmp_path, pair_in_two_writes)) == {(0, 0), (1, 0), (1, 1)}


def move(store: Store, code: str) -> None:
    store.links.move(code, "d", MONDAY, [entry(Action.KIOSK_MOVED)])


def move_in_two_writes(store: Store, code: str) -> None:
    """Control: the move first, then the log."""
    store.links.move(code, "d", MONDAY, [])
    store.audit_log.note(MONDAY, "anna", Action.KIOSK_MOVED, "about it")


def moves_after_crashes(folder: Path, write: Callable[[Store, str], None]) -> set[tuple[str, int]]:
    """(unit of the kiosk, lines in the log) after a crash at each durable step of a move, and last after one
    without a crash."""
    states, steps, died = set(), 0, True
    while died:
        at, steps = folder / str(steps), steps + 1
        store = a_store(at)
        store.links.add(Admission.KIOSK, "c", "tablet")
        store.close()
        died = crash(at, steps, lambda store: write(store, "tablet"))
        store = reopen(at)
        [kiosk] = store.links.all()
        states.add((kiosk.unit_id, len(store.audit_log.entries())))
        store.close()
    return states


@pytest.mark.slow
def test_no_crash_hides_a_move(tmp_path: Path) -> None:
    assert moves_after_crashes(tmp_path, move) == {("c", 0), ("d", 1)}


@pytest.mark.slow
def test_a_crash_between_two_writes_hides_the_move(tmp_path: Path) -> None:
    assert moves_after_crashes(tmp_path, move_in_two_writes) == {("c", 0), ("d", 0), ("d", 1)}


def stored(store: Store) -> tuple[object, ...]:
    rounds = sorted(state.round.id for state in store.rounds())
    slips = store.printed_slips("r") if "r" in rounds else {}
    return store.links.all(), store.pairing_codes.waiting(MONDAY), rounds, slips, store.snapshot_text()


ACTIONS: dict[str, Callable[[Store, str], object]] = {
    "pairing": pair,
    "opening": lambda store, _: store.open_round(NEW, MONDAY, [entry(Action.ROUND_OPENED)]),
    "cancelling": lambda store, _: store.cancel_round("r", MONDAY, [entry(Action.ROUND_CANCELLED)]),
    "moving": lambda store, _: move(store, "tablet"),
    "adding an address": lambda store, _: store.links.add(
        Admission.POSTER, "c", log=[entry(Action.ADDRESS_MADE)]
    ),
    "making a pairing code": lambda store, _: store.pairing_codes.new(
        Pairing("c", "anna", valid_during_round=True), MONDAY, KEY, [entry(Action.PAIRING_BEGUN)]
    ),
    "printing slips": lambda store, _: store.print_slips("r", "a", 3, [entry(Action.SLIPS_PRINTED)]),
    "removing an address": lambda store, _: store.links.remove("tablet", [entry(Action.ADDRESS_REMOVED)]),
}


@pytest.mark.parametrize("act", ACTIONS.values(), ids=ACTIONS.keys())
def test_an_action_that_cannot_be_logged_does_not_happen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Store, str], object]
) -> None:
    store, code = prepare(tmp_path)
    before = stored(store)

    def is_full(*_: object) -> None:
        raise peewee.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(AuditLog, "insert", is_full)
        with pytest.raises(peewee.OperationalError):
            act(store, code)
    assert stored(store) == before
    act(store, code)
    assert stored(store) != before
    [logged] = store.audit_log.entries()
    assert logged.name in {"anna", "bo"}
    assert logged.at == MONDAY


def test_a_code_that_a_planned_round_made_invalid_pairs_and_logs_nothing(tmp_path: Path) -> None:
    store, code = prepare(tmp_path)
    store.open_round(NEW, MONDAY)
    assert store.pair_screen(code, MONDAY, KEY) is None
    assert len(store.links.all()) == 1
    assert store.audit_log.entries() == []


@pytest.mark.parametrize("wrong", ["other key", "other code", "late"])
def test_a_wrong_code_pairs_nothing_and_stays_valid(tmp_path: Path, wrong: str) -> None:
    store, code = prepare(tmp_path)
    typed = code[::-1] + "0" if wrong == "other code" else code
    now = MONDAY + timedelta(hours=1) if wrong == "late" else MONDAY
    assert store.pair_screen(typed, now, "o" * 32 if wrong == "other key" else KEY) is None
    assert len(store.links.all()) == 1
    assert store.pair_screen(code, MONDAY, KEY) is not None


def test_a_change_of_an_unknown_address_is_not_logged(tmp_path: Path) -> None:
    store, _ = prepare(tmp_path)
    store.links.move("gone", "d", MONDAY, [entry(Action.KIOSK_MOVED)])
    store.links.remove("gone", [entry(Action.ADDRESS_REMOVED)])
    assert store.audit_log.entries() == []


CHANGES_NOTHING = {Action.POSTER_PRINTED, Action.SCREEN_MEASURED}
"""Actions of SEEN_BY_STAFF that store nothing about whose ballots come into a box: a poster's address exists
already, and measures set the size of letters."""


def logged_by_itself(source: str) -> set[str]:
    """The names of the actions that a module logs in a write of their own."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        argument.attr
        for call in calls
        if getattr(call.func, "attr", getattr(call.func, "id", "")) == "note"
        for argument in call.args
        if isinstance(argument, ast.Attribute)
    }


def test_no_module_logs_an_action_about_boxes_in_a_second_write() -> None:
    modules = sorted(Path("kiosk").rglob("*.py"))
    by_themselves = set[str]().union(*(logged_by_itself(module.read_text("utf-8")) for module in modules))
    assert "POSTER_PRINTED" in by_themselves
    assert by_themselves.isdisjoint({action.name for action in SEEN_BY_STAFF - CHANGES_NOTHING})
