"""A page reads the signed-in account once, and a change of the account takes effect at the next request."""

import logging
from pathlib import Path

import pytest

from kiosk.storage import Account, Role
from tests.tools.desk_side import HASH, PASSWORD, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def reads_of_accounts(desk: Desk, path: str, caplog: pytest.LogCaptureFixture) -> int:
    """Return the number of statements that read accounts while a page is made."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "peewee"):
        assert desk.client.get(path).status_code in (200, 400)
    return sum('FROM "account"' in str(record.msg) for record in caplog.records)


def test_every_page_reads_the_account_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.sign_in()
    rules = [
        rule for rule in desk.app.url_map.iter_rules() if "GET" in (rule.methods or ()) if not rule.arguments
    ]
    paths = [rule.rule for rule in rules if rule.rule.startswith("/admin") and "sign" not in rule.rule]
    assert len(paths) > 8
    assert {path: reads_of_accounts(desk, path, caplog) for path in paths} == dict.fromkeys(paths, 1)


def test_a_change_of_role_takes_effect_at_the_next_request(desk: Desk) -> None:
    desk.sign_in()
    assert desk.client.get("/admin/rounds/new").status_code == 200
    desk.store.accounts.set(Account("anna", Role.VIEWER, HASH))
    assert desk.client.get("/admin/rounds/new").status_code == 403


def test_a_sign_in_during_a_session_is_logged_for_the_new_account(desk: Desk) -> None:
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/rounds/new"), "name": "bo", "password": PASSWORD}
    assert desk.client.post("/admin/sign-in", data=data).status_code == 303
    assert {entry.name for entry in desk.store.audit_log.entries()} == {"anna", "bo"}
    assert desk.client.get("/admin/rounds/new").status_code == 403
