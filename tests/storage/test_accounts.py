"""Accounts, their one-time links and second factors: nobody removes the only coordinator."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.storage import (
    LINK_LIFETIME,
    Account,
    AccountExistsError,
    LastCoordinatorError,
    NoAccountError,
    Role,
    SecondFactor,
    Store,
    open_store,
)
from kiosk.storage.accounts import Accounts
from tests.tools.builders import a_store
from tests.tools.postgresql import new_database

NOW = datetime(2026, 3, 2, 12)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one coordinator and one member of staff."""
    store = a_store(tmp_path)
    store.accounts.set(Account("anna", Role.COORDINATOR, "hash"))
    store.accounts.set(Account("bo", Role.STAFF, "hash"))
    return store


DEPARTURES: dict[str, Callable[[Store, str], object]] = {
    "removal": lambda store, name: store.accounts.remove(name),
    "another role": lambda store, name: store.accounts.set_role(name, Role.VIEWER),
    "the account written anew": lambda store, name: store.accounts.set(Account(name, Role.STAFF, "hash")),
}


@pytest.mark.parametrize("depart", DEPARTURES.values(), ids=DEPARTURES)
def test_the_only_coordinator_cannot_be_removed_or_lose_the_role(
    store: Store, depart: Callable[[Store, str], object]
) -> None:
    with pytest.raises(LastCoordinatorError, match="anna is the only coordinator; add another one first"):
        depart(store, "anna")
    assert [account.role for account in store.accounts.all()] == [Role.COORDINATOR, Role.STAFF]
    store.accounts.set_role("bo", Role.COORDINATOR)
    depart(store, "anna")
    with pytest.raises(LastCoordinatorError):
        depart(store, "bo")


def test_the_only_coordinator_can_change_their_password(store: Store) -> None:
    store.accounts.set_password("anna", "other")
    account = store.accounts.named("anna")
    assert account is not None
    assert (account.role, account.password) == (Role.COORDINATOR, "other")


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.accounts.set_role("dan", Role.STAFF),
        lambda store: store.accounts.set_password("dan", "hash"),
        lambda store: store.account_links.add("dan", None, NOW),
    ],
)
def test_changing_a_missing_account_creates_none(store: Store, change: Callable[[Store], object]) -> None:
    with pytest.raises(NoAccountError, match="there is no account named 'dan'"):
        change(store)
    assert store.accounts.named("dan") is None


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'accounts.sqlite'}"
    return new_database(request.getfixturevalue("server"), tmp_path.name)


def remaining_coordinators(url: str, folder: Path, departures: list[Callable[[Store, str], object]]) -> int:
    """The number of coordinators after two of them were removed at once, by two processes."""
    stores = [open_store(folder, url, folder / "keys", durable=False) for _ in departures]
    stores[0].migrate()
    for name in ("anna", "bo"):
        stores[0].accounts.set(Account(name, Role.COORDINATOR, "hash"))
    together = threading.Barrier(2)

    def leave(store: Store, name: str, depart: Callable[[Store, str], object]) -> None:
        together.wait()
        try:
            depart(store, name)
        except LastCoordinatorError:
            pass
        finally:
            store.close()

    threads = [
        threading.Thread(target=leave, args=(store, name, depart))
        for store, name, depart in zip(stores, ("anna", "bo"), departures, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    number = sum(account.role is Role.COORDINATOR for account in stores[0].accounts.all())
    for store in stores:
        store.close()
    return number


@pytest.mark.parametrize("second", DEPARTURES.values(), ids=DEPARTURES)
def test_two_concurrent_removals_leave_one_coordinator(
    url: str, tmp_path: Path, second: Callable[[Store, str], object]
) -> None:
    assert remaining_coordinators(url, tmp_path, [DEPARTURES["removal"], second]) == 1


def test_without_a_transaction_two_concurrent_removals_leave_no_coordinator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both requests check before either changes anything."""
    both_checked, check = threading.Barrier(2), Accounts._check_other_coordinator

    def check_before_the_write(accounts: Accounts, name: str) -> None:
        check(accounts, name)
        both_checked.wait(60)

    def remove(store: Store, name: str) -> None:
        check_before_the_write(store.accounts, name)
        monkeypatch.setattr(Accounts, "_check_other_coordinator", lambda *_: None)
        store.accounts.remove(name)

    assert remaining_coordinators(f"sqlite:///{tmp_path / 'k.sqlite'}", tmp_path, [remove, remove]) == 0


def test_a_link_creates_an_account_once(store: Store) -> None:
    code = store.account_links.add("cia", Role.VIEWER, NOW)
    assert store.accounts.named("cia") is None
    assert store.account_links.waiting(NOW) == {"cia": Role.VIEWER}
    account = store.account_links.use(code, "chosen", NOW)
    assert account == Account("cia", Role.VIEWER, "chosen")
    assert store.account_links.use(code, "again", NOW) is None
    assert [account.password for account in store.accounts.all()] == ["hash", "hash", "chosen"]
    assert store.account_links.waiting(NOW) == {}


def test_a_link_for_an_existing_account_keeps_its_role_and_ends_its_sessions(store: Store) -> None:
    before = store.accounts.named("anna")
    code = store.account_links.add("anna", None, NOW)
    assert store.accounts.named("anna") == before, "until it is used"
    store.account_links.use(code, "chosen", NOW)
    after = store.accounts.named("anna")
    assert before is not None
    assert after is not None
    assert (after.role, after.password) == (Role.COORDINATOR, "chosen")
    assert after.session_epoch != before.session_epoch


def test_a_link_expires(store: Store) -> None:
    code = store.account_links.add("anna", None, NOW)
    last = NOW + LINK_LIFETIME - timedelta(seconds=1)
    assert store.account_links.valid(code, last) is not None
    assert store.account_links.valid(code, NOW + LINK_LIFETIME) is None
    assert store.account_links.use(code, "chosen", NOW + LINK_LIFETIME) is None


REVOCATIONS: dict[str, Callable[[Store], object]] = {
    "a newer link": lambda store: store.account_links.add("bo", None, NOW),
    "removal": lambda store: store.accounts.remove("bo"),
    "another role": lambda store: store.accounts.set_role("bo", Role.VIEWER),
    "a password": lambda store: store.accounts.set_password("bo", "own"),
}


@pytest.mark.parametrize("revoke", REVOCATIONS.values(), ids=REVOCATIONS)
def test_a_change_of_the_account_revokes_its_link(store: Store, revoke: Callable[[Store], object]) -> None:
    code = store.account_links.add("bo", None, NOW)
    revoke(store)
    assert store.account_links.use(code, "chosen", NOW) is None


def test_a_link_for_a_name_that_is_taken_is_refused(store: Store) -> None:
    with pytest.raises(AccountExistsError, match="there is an account named 'anna' already"):
        store.account_links.add("anna", Role.STAFF, NOW)


def test_a_link_for_a_new_account_can_be_withdrawn(store: Store) -> None:
    code = store.account_links.add("cia", Role.VIEWER, NOW)
    assert store.account_links.withdraw("cia")
    assert not store.account_links.withdraw("cia")
    assert store.account_links.use(code, "chosen", NOW) is None


def test_links_and_recovery_codes_are_not_stored_in_plain_text(store: Store, tmp_path: Path) -> None:
    code = store.account_links.add("cia", Role.VIEWER, NOW)
    store.second_factors.set("anna", SecondFactor("sealed", 1), ["RECOVERY-CODE"])
    backup = str(store.dump())
    store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("k.sqlite*"))
    assert code.encode() not in stored
    assert b"RECOVERY-CODE" not in stored
    assert b"sealed" in stored, "the control"
    assert "cia" not in backup, "no backup has links"


def test_a_one_time_password_and_a_recovery_code_are_valid_once(store: Store) -> None:
    store.second_factors.set("anna", SecondFactor("sealed", 100), ["first", "second"])
    assert store.second_factors.use_step("anna", 101)
    assert not store.second_factors.use_step("anna", 101)
    assert not store.second_factors.use_step("anna", 99)
    assert not store.second_factors.use_recovery_code("bo", "first"), "another account's"
    assert store.second_factors.use_recovery_code("anna", "first")
    assert not store.second_factors.use_recovery_code("anna", "first")
    assert store.second_factors.unused_recovery_codes("anna") == 1


def test_a_new_account_does_not_inherit_the_second_factor_of_a_removed_one(store: Store) -> None:
    store.second_factors.set("bo", SecondFactor("sealed", 100), ["first"])
    store.accounts.remove("bo")
    store.accounts.set(Account("bo", Role.STAFF, "hash"))
    assert store.second_factors.of("bo") is None
    assert not store.second_factors.use_recovery_code("bo", "first")
    assert store.second_factors.names() == frozenset()
