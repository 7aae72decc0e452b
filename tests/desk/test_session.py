"""A page reads the signed-in account once. Every change of an account, and its sign-out, end its sessions."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Blueprint
from flask.testing import FlaskClient

import kiosk.desk.app
from kiosk.desk.results.access import may_read
from kiosk.desk.session import UndeclaredAccessError
from kiosk.storage import Account, Role, hash_password, open_store, read_dump
from tests.tools.desk_side import HASH, PASSWORD, Desk
from tests.tools.postgresql import new_database

OTHER_HASH = hash_password("another long password")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a second coordinator, since the only one cannot be removed."""
    desk = Desk(tmp_path)
    desk.store.accounts.set(Account("eva", Role.COORDINATOR, HASH))
    return desk


LEADS_ON = {"/admin/theory", "/admin/overview"}
"""Pages that only lead to another page."""

LISTS_ACCOUNTS = "/admin/accounts"
"""The page that reads all accounts too."""


def reads_of_accounts(desk: Desk, path: str, caplog: pytest.LogCaptureFixture) -> int:
    """Return the number of statements that read accounts while a page is made."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "peewee"):
        expected = (302,) if path in LEADS_ON else (200, 400)
        assert desk.client.get(path).status_code in expected
    return sum('FROM "account"' in str(record.msg) for record in caplog.records)


@pytest.mark.slow
def test_every_page_without_an_argument_reads_the_account_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.sign_in()
    rules = [
        rule for rule in desk.app.url_map.iter_rules() if "GET" in (rule.methods or ()) if not rule.arguments
    ]
    paths = [rule.rule for rule in rules if rule.rule.startswith("/admin") and "sign" not in rule.rule]
    paths = [path for path in paths if not path.startswith("/admin/api/")]  # read by programs, with a token
    assert len(paths) > 8
    wanted = dict.fromkeys(paths, 1) | {LISTS_ACCOUNTS: 2}
    assert {path: reads_of_accounts(desk, path, caplog) for path in paths} == wanted


def copied(desk: Desk) -> FlaskClient:
    """Return a client with a copy of the signed-in browser's cookies."""
    thief = desk.app.test_client()
    cookie = desk.client.get_cookie("desk")
    assert cookie is not None
    thief.set_cookie("desk", cookie.value)
    return thief


def signed_in_as(desk: Desk, name: str) -> FlaskClient:
    """Return another browser in which an account is signed in."""
    coordinators, desk.client = desk.client, desk.app.test_client()
    desk.sign_in(name)
    theirs, desk.client = desk.client, coordinators
    return theirs


def sign_out(desk: Desk) -> None:
    data = {"csrf_token": desk.token("/admin/rounds/new")}
    assert desk.client.post("/admin/sign-out", data=data).status_code == 303


ENDS: dict[str, Callable[[Desk], object]] = {
    "sign-out": sign_out,
    "another password": lambda desk: desk.store.accounts.set(Account("anna", Role.COORDINATOR, OTHER_HASH)),
    "the same password again": lambda desk: desk.store.accounts.set(Account("anna", Role.COORDINATOR, HASH)),
    "another role": lambda desk: desk.store.accounts.set(Account("anna", Role.VIEWER, HASH)),
    "removal": lambda desk: desk.store.accounts.remove("anna"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_every_session_of_the_account_ends_even_with_a_copied_cookie(
    desk: Desk, end: Callable[[Desk], object]
) -> None:
    desk.sign_in()
    thief, other = copied(desk), signed_in_as(desk, "bo")
    assert thief.get("/admin/rounds/new").status_code == 200
    end(desk)
    for client in (thief, desk.client):
        page = client.get("/admin/rounds/new")
        assert (page.status_code, page.headers.get("Location", "")[:14]) == (302, "/admin/sign-in")
        assert client.get("/results.json").status_code != 200
    assert other.get("/admin/links").status_code == 200, "another account's session goes on"


def test_an_account_added_again_after_its_removal_has_no_sessions(desk: Desk) -> None:
    desk.sign_in()
    thief = copied(desk)
    assert desk.store.accounts.remove("anna")
    assert not desk.store.accounts.remove("anna")
    desk.store.accounts.set(Account("anna", Role.COORDINATOR, HASH))
    assert thief.get("/admin/rounds/new").status_code == 302


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'epochs.sqlite'}"
    return new_database(request.getfixturevalue("server"), tmp_path.name)


def test_every_change_of_an_account_starts_a_new_epoch(database_url: str, tmp_path: Path) -> None:
    """Another process, such as `kiosk user add`, ends sessions too."""
    folders = tmp_path / "data", tmp_path / "data-keys"
    server, command = (open_store(folders[0], database_url, folders[1], durable=False) for _ in range(2))
    server.migrate()
    epochs = set()
    changes: tuple[Callable[[], None], ...] = (
        lambda: command.accounts.set(Account("anna", Role.STAFF, HASH)),
        lambda: command.accounts.end_sessions("anna"),
        lambda: command.accounts.set(Account("anna", Role.STAFF, HASH)),
    )
    for change in changes:
        change()
        account = server.accounts.named("anna")
        assert account is not None
        epochs.add(account.session_epoch)
    assert len(epochs) == 3
    assert "session_epoch" not in str(server.dump())
    assert command.accounts.remove("anna")
    assert server.accounts.named("anna") is None
    for store in (server, command):
        store.close()


def test_a_restore_revives_no_session(desk: Desk, tmp_path: Path) -> None:
    backup = json.loads(json.dumps(desk.store.dump()))
    desk.sign_in()
    thief = copied(desk)
    sign_out(desk)
    folder = tmp_path / "restored"
    restored = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", durable=False)
    restored.load(read_dump(backup), lambda: None)
    desk.app.extensions["desk"].store = restored
    assert thief.get("/admin/rounds/new").status_code == 302
    desk.sign_in()
    thief = copied(desk)
    assert thief.get("/admin/rounds/new").status_code == 200
    sign_out(desk)
    assert thief.get("/admin/rounds/new").status_code == 302


def test_a_sign_in_during_a_session_is_logged_for_the_new_account(desk: Desk) -> None:
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/rounds/new"), "name": "bo", "password": PASSWORD}
    assert desk.client.post("/admin/sign-in", data=data).status_code == 303
    assert {entry.name for entry in desk.store.audit_log.entries()} == {"anna", "bo"}
    assert desk.client.get("/admin/rounds/new").status_code == 403


OPEN_WITHOUT_SESSION = {
    "/admin/account-link/<code>",
    "/admin/language",
    "/admin/sign-in",
    "/admin/sign-in/code",
    "/admin/sign-out",
    "/admin/static/<path:filename>",
    "/admin/wall/<code>",
    "/admin/wall/<code>/<statement_id>.svg",
    "/health",
    "/results.json",
}
"""Routes that check access themselves, or have nothing to protect."""


@pytest.mark.slow
def test_every_route_but_those_open_without_a_session_asks_for_a_sign_in(desk: Desk) -> None:
    rules = [rule for rule in desk.app.url_map.iter_rules() if rule.rule not in OPEN_WITHOUT_SESSION]
    assert len(rules) > 50
    for rule in rules:
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<int:\w+>", "1", rule.rule))
        path = re.sub(r"<[^>]+>", "unknown", path)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            response = desk.client.open(path, method=method)
            leads_to_sign_in = response.headers.get("Location", "").startswith("/admin/sign-in")
            assert response.status_code == 401 or leads_to_sign_in, (method, rule.rule)


def test_a_route_without_declared_access_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blueprint = Blueprint("added", __name__)
    blueprint.add_url_rule("/added", "page", lambda: "figures")
    topics = (*kiosk.desk.app.TOPICS, SimpleNamespace(blueprint=blueprint))
    monkeypatch.setattr(kiosk.desk.app, "TOPICS", topics)
    with pytest.raises(UndeclaredAccessError, match=r"^added\.page: add for_coordinator"):
        Desk(tmp_path / "with the route")


def test_no_round_is_readable_without_an_account(desk: Desk) -> None:
    [state] = desk.store.rounds()
    with desk.app.test_request_context("/admin/"):
        assert not may_read(state)
