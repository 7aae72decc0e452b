"""Accounts in the browser: links, roles, removal, the own password."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.desk.login.throttle import FREE_FAILURES
from kiosk.storage import LINK_LIFETIME, Account, Action, Role, verify
from tests.tools.desk_side import HASH, PASSWORD, Desk

CHOSEN = "another long password"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a coordinator, signed in, and a member of staff."""
    desk = Desk(tmp_path)
    desk.sign_in()
    return desk


def token(client: FlaskClient, path: str) -> str:
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert match
    return match.group(1)


def post(desk: Desk, path: str, **data: str) -> TestResponse:
    """Send a form of the signed-in account, and follow to the page that confirms it."""
    sent = {"csrf_token": desk.token("/admin/account"), **data}
    return desk.client.post(path, data=sent, follow_redirects=True)


def link_in(page: TestResponse) -> str:
    """The path of the link that a page shows."""
    match = re.search(r"http://localhost(/admin/account-link/[0-9a-f]{32})", page.text)
    assert match
    return match.group(1)


def choose(desk: Desk, link: str, password: str = CHOSEN, again: str = CHOSEN) -> TestResponse:
    """Choose a password with a link, in another browser."""
    client = desk.app.test_client()
    data = {"csrf_token": token(client, link), "password": password, "again": again}
    return client.post(link, data=data, follow_redirects=True)


def test_a_new_account_gets_a_link_that_is_shown_once(desk: Desk) -> None:
    page = post(desk, "/admin/accounts", name=" cia  ek ", role="viewer")
    link = link_in(page)
    assert link not in desk.client.get("/admin/accounts").text
    assert "cia ek" in desk.client.get("/admin/accounts").text
    assert "Ditt konto heter cia ek." in desk.app.test_client().get(link).text
    assert "Logga in som cia ek." in choose(desk, link).text
    account = desk.store.accounts.named("cia ek")
    assert account is not None
    assert account.role is Role.VIEWER
    assert verify(account.password, CHOSEN)
    actions = [(entry.name, entry.action) for entry in desk.store.audit_log.entries()]
    assert actions[:2] == [("cia ek", Action.ACCOUNT_LINK_USED), ("anna", Action.ACCOUNT_LINK_MADE)]


def test_a_link_stays_valid_until_a_password_is_chosen(desk: Desk) -> None:
    """Programs of mail and chat open links."""
    link = link_in(post(desk, "/admin/accounts/link", name="bo"))
    for _ in range(3):
        assert desk.app.test_client().get(link).status_code == 200
    assert choose(desk, link, again="something else").status_code == 400
    assert choose(desk, link, "short", "short").status_code == 400
    assert "Logga in som bo." in choose(desk, link).text
    assert desk.app.test_client().get(link).status_code == 404


def test_a_link_expires_after_three_days(desk: Desk) -> None:
    link = link_in(post(desk, "/admin/accounts/link", name="bo"))
    desk.now += LINK_LIFETIME
    gone = desk.app.test_client().get(link)
    assert gone.status_code == 404
    assert "Be en samordnare om en ny." in gone.text


def test_choosing_a_password_by_link_ends_all_sessions(desk: Desk) -> None:
    link = link_in(post(desk, "/admin/accounts/link", name="bo"))
    theirs = desk.app.test_client()
    mine, desk.client = desk.client, theirs
    desk.sign_in("bo")
    desk.client = mine
    assert theirs.get("/admin/links").status_code == 200
    choose(desk, link)
    assert theirs.get("/admin/links").status_code == 302


@pytest.mark.parametrize(
    ("path", "data"),
    [("accounts/remove", {}), ("accounts/role", {"role": "viewer"})],
    ids=["removed", "viewer"],
)
def test_a_coordinator_who_leaves_has_no_link_to_come_back_by(
    desk: Desk, path: str, data: dict[str, str]
) -> None:
    """Control: links stay valid when somebody leaves who could not make any."""
    desk.store.accounts.set(Account("cia", Role.COORDINATOR, HASH))
    desk.store.accounts.set(Account("dan", Role.STAFF, HASH))
    kept = [
        link_in(post(desk, "/admin/accounts", name="eva", role="coordinator")),
        link_in(post(desk, "/admin/accounts/link", name="bo")),
    ]
    assert "gäller inte längre" not in post(desk, f"/admin/{path}", name="dan", **data).text
    assert [desk.app.test_client().get(link).status_code for link in kept] == [200, 200]
    assert "som inte hade använts gäller inte längre" in post(desk, f"/admin/{path}", name="cia", **data).text
    assert [desk.app.test_client().get(link).status_code for link in kept] == [404, 404]


def test_guessing_account_links_is_slowed_down(desk: Desk) -> None:
    client = desk.app.test_client()
    wrong = [client.get(f"/admin/account-link/{number}").status_code for number in range(FREE_FAILURES + 2)]
    assert wrong == [404] * FREE_FAILURES + [429] * 2
    assert client.get("/admin/account-link/0").headers["Retry-After"] == "2"
    desk.now += timedelta(seconds=2)
    assert client.get("/admin/account-link/0").status_code == 404


def test_opening_an_expired_link_again_does_not_count_as_guessing(desk: Desk) -> None:
    client = desk.app.test_client()
    assert {client.get("/admin/account-link/old").status_code for _ in range(20)} == {404}


def test_changing_a_role_signs_the_person_out(desk: Desk) -> None:
    page = post(desk, "/admin/accounts/role", name="bo", role="viewer")
    assert "bo har en ny roll och är utloggad överallt." in page.text
    account = desk.store.accounts.named("bo")
    assert account is not None
    assert account.role is Role.VIEWER


def test_removing_an_account_signs_the_person_out_at_once(desk: Desk) -> None:
    theirs = desk.app.test_client()
    mine, desk.client = desk.client, theirs
    desk.sign_in("bo")
    desk.client = mine
    assert "bo är borttagen" in post(desk, "/admin/accounts/remove", name="bo").text
    assert theirs.get("/admin/links").status_code == 302
    assert [account.name for account in desk.store.accounts.all()] == ["anna"]
    assert desk.store.audit_log.entries()[0].action is Action.ACCOUNT_REMOVED


@pytest.mark.parametrize(("path", "data"), [("remove", {}), ("role", {"role": "staff"})])
def test_the_only_coordinator_cannot_be_removed_and_the_page_says_why(
    desk: Desk, path: str, data: dict[str, str]
) -> None:
    refused = post(desk, f"/admin/accounts/{path}", name="anna", **data)
    assert refused.status_code == 409
    assert "anna är den enda samordnaren. Gör först någon annan till samordnare." in refused.text
    desk.store.accounts.set(Account("eva", Role.COORDINATOR, HASH))
    post(desk, f"/admin/accounts/{path}", name="anna", **data)
    assert desk.client.get("/admin/accounts").status_code != 200


def test_a_form_about_a_removed_account_gives_an_error(desk: Desk) -> None:
    for path in ("link", "role", "second-factor", "remove"):
        refused = post(desk, f"/admin/accounts/{path}", name="nobody", role="staff")
        assert refused.status_code == 404
        assert "Det finns inget sådant konto att ändra: nobody" in refused.text


@pytest.mark.parametrize(
    ("name", "message"),
    [("anna", "Det finns redan ett konto som heter anna."), ("  ", "skriv något"), ("x" * 81, "högst 80")],
)
def test_an_invalid_account_name_is_refused_with_a_link_to_the_field(
    desk: Desk, name: str, message: str
) -> None:
    refused = post(desk, "/admin/accounts", name=name, role="staff")
    assert refused.status_code in {400, 409}
    [notice] = re.findall(r'<div id="notice".*?</div>', refused.text, re.DOTALL)
    assert message in notice
    assert 'href="#name"' in notice
    assert desk.store.account_links.waiting(desk.now) == {}


def test_an_unused_link_can_be_withdrawn(desk: Desk) -> None:
    link = link_in(post(desk, "/admin/accounts", name="cia", role="viewer"))
    assert "Länken till cia gäller inte längre." in post(desk, "/admin/accounts/remove", name="cia").text
    assert desk.app.test_client().get(link).status_code == 404


@pytest.mark.parametrize("name", ["bo", "cia"])
def test_only_coordinators_can_change_accounts(desk: Desk, name: str) -> None:
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    desk.client = desk.app.test_client()
    desk.sign_in(name)
    before = desk.store.accounts.all()
    for path in ("", "/link", "/role", "/second-factor", "/remove"):
        assert post(desk, f"/admin/accounts{path}", name="anna", role="viewer").status_code == 403
    assert desk.client.get("/admin/accounts").status_code == 403
    assert desk.store.accounts.all() == before


def test_changing_the_own_password_ends_all_other_sessions(desk: Desk) -> None:
    other, mine = desk.app.test_client(), desk.app.test_client()
    desk.client = mine
    desk.sign_in("bo")
    desk.client = other
    desk.sign_in("bo")
    desk.client = mine
    data = {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN}
    assert "Lösenordet är bytt." in post(desk, "/admin/account/password", **data).text
    assert mine.get("/admin/account").status_code == 200
    assert other.get("/admin/account").status_code == 302
    account = desk.store.accounts.named("bo")
    assert account is not None
    assert verify(account.password, CHOSEN)


@pytest.mark.parametrize(
    ("change", "message", "field"),
    [
        ({"current": "wrong"}, "Lösenordet stämmer inte.", "new-current"),
        ({"password": "short", "again": "short"}, "Skriv minst 10 tecken.", "new-password"),
        ({"again": "something else"}, "Lösenorden är olika.", "new-again"),
    ],
)
def test_a_refused_password_changes_nothing(
    desk: Desk, change: dict[str, str], message: str, field: str
) -> None:
    data = {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN, **change}
    refused = post(desk, "/admin/account/password", **data)
    assert message in refused.text
    assert f'href="#{field}"' in refused.text
    assert f'id="{field}"' in refused.text
    account = desk.store.accounts.named("anna")
    assert account is not None
    assert account.password == HASH


def test_guessing_the_password_on_the_account_page_is_slowed_down(desk: Desk) -> None:
    data = {"password": CHOSEN, "again": CHOSEN}
    tries = [
        post(desk, "/admin/account/password", current=f"wrong {number}", **data).status_code
        for number in range(2 * FREE_FAILURES + 1)
    ]
    assert tries == [403] * 2 * FREE_FAILURES + [429], "as a known device, then as a source"
