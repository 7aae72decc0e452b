"""The second factor: a password alone signs nobody in who has one, and each code signs in once."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.desk.login.second_factor import (
    SecretSealer,
    matching_step,
    normalise,
    read_secret,
    secret_to_type,
)
from kiosk.desk.login.throttle import FREE_FAILURES
from kiosk.storage import Action
from tests.tools.desk_side import PASSWORD, Desk

STEP = timedelta(seconds=30)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a coordinator, signed in."""
    desk = Desk(tmp_path)
    desk.sign_in()
    return desk


def code_of(desk: Desk, secret: bytes) -> str:
    """The code that a phone shows now."""
    return TOTP(secret, 6, SHA1(), 30).generate(desk.now.timestamp()).decode()  # noqa: S303


def shown_secret(page: TestResponse) -> bytes:
    match = re.search(r'name="secret"[^>]*value="([^"]+)"', page.text)
    assert match
    secret = read_secret(match.group(1))
    assert secret is not None
    return secret


def post(desk: Desk, path: str, **data: str) -> TestResponse:
    sent = {"csrf_token": desk.token("/admin/account"), **data}
    return desk.client.post(f"/admin/account/{path}", data=sent, follow_redirects=True)


def enrolled(desk: Desk) -> tuple[bytes, list[str]]:
    """Add a second factor to the signed-in account: the secret and the recovery codes."""
    secret = shown_secret(post(desk, "second-factor"))
    data = {"secret": secret_to_type(secret), "code": code_of(desk, secret), "current": PASSWORD}
    codes = re.findall(r"<code>([A-Z2-9-]{19})</code>", post(desk, "second-factor/add", **data).text)
    desk.now += 2 * STEP
    return secret, codes


def password_step(desk: Desk, address: str = "127.0.0.1") -> FlaskClient:
    """Another browser in which the password was right."""
    client = desk.app.test_client()
    environ = {"REMOTE_ADDR": address}
    page = client.get("/admin/sign-in", environ_base=environ)
    data = {"csrf_token": token_in(page), "name": "anna", "password": PASSWORD}
    answer = client.post("/admin/sign-in?next=/admin/rounds", data=data, environ_base=environ)
    assert answer.headers["Location"] == "/admin/sign-in/code?next=/admin/rounds"
    return client


def token_in(page: TestResponse) -> str:
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert match
    return match.group(1)


def send(client: FlaskClient, code: str, address: str = "127.0.0.1") -> TestResponse:
    environ = {"REMOTE_ADDR": address}
    page = client.get("/admin/sign-in/code", environ_base=environ)
    data = {"csrf_token": token_in(page), "code": code}
    return client.post("/admin/sign-in/code?next=/admin/rounds", data=data, environ_base=environ)


def test_the_password_alone_signs_nobody_in(desk: Desk) -> None:
    secret, _ = enrolled(desk)
    client = password_step(desk)
    assert client.get("/admin/rounds").status_code == 302
    assert client.get("/results.json").status_code == 401
    assert send(client, "000000" if code_of(desk, secret) != "000000" else "000001").status_code == 403
    assert client.get("/admin/rounds").status_code == 302
    answer = send(client, code_of(desk, secret))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/rounds")
    assert client.get("/admin/rounds").status_code == 200


def test_a_code_is_valid_once(desk: Desk) -> None:
    secret, _ = enrolled(desk)
    code = code_of(desk, secret)
    assert send(password_step(desk), code).status_code == 303
    assert send(password_step(desk), code).status_code == 403
    desk.now += STEP
    assert send(password_step(desk), code_of(desk, secret)).status_code == 303


def test_the_code_used_for_enrolment_cannot_sign_in(desk: Desk) -> None:
    secret, _ = enrolled(desk)
    desk.now -= 2 * STEP
    assert send(password_step(desk), code_of(desk, secret)).status_code == 403


@pytest.mark.slow
def test_a_recovery_code_is_valid_once_and_the_page_says_how_many_are_left(desk: Desk) -> None:
    _, codes = enrolled(desk)
    assert len(set(codes)) == 8
    client = password_step(desk)
    assert send(client, codes[0].lower().replace("-", " ")).status_code == 303
    assert "Du har 7 kvar." in client.get("/admin/rounds").text
    assert desk.store.audit_log.entries()[0].action is Action.RECOVERY_CODE_USED
    assert send(password_step(desk), codes[0]).status_code == 403
    assert send(password_step(desk), codes[1]).status_code == 303


def test_guessing_codes_is_slowed_down_over_all_addresses(desk: Desk) -> None:
    """The guesser has the password: a right one in between does not end the delay."""
    enrolled(desk)
    statuses = []
    for number in range(FREE_FAILURES + 2):
        address = f"198.51.100.{number}"
        statuses.append(send(password_step(desk, address), "wrong", address).status_code)
    assert statuses == [403] * FREE_FAILURES + [429] * 2


def test_a_code_is_refused_until_the_whole_delay_has_passed(desk: Desk) -> None:
    secret, _ = enrolled(desk)
    client = password_step(desk, "198.51.100.1")
    for _ in range(FREE_FAILURES):
        send(client, "wrong")
    desk.now += timedelta(seconds=0.5)
    early = send(client, code_of(desk, secret))
    assert (early.status_code, early.headers["Retry-After"]) == (429, "1")
    desk.now += timedelta(seconds=0.5)
    assert send(client, code_of(desk, secret)).status_code == 303


def test_guessing_codes_does_not_lock_out_a_known_device(desk: Desk) -> None:
    secret, _ = enrolled(desk)
    hers = desk.client
    token = token_in(hers.get("/admin/account"))
    hers.post("/admin/sign-out", data={"csrf_token": token})
    for number in range(FREE_FAILURES + 1):
        address = f"198.51.100.{number}"
        send(password_step(desk, address), "wrong", address)
    data = {"csrf_token": token_in(hers.get("/admin/sign-in")), "name": "anna", "password": PASSWORD}
    hers.post("/admin/sign-in", data=data)
    assert send(hers, code_of(desk, secret)).status_code == 303


def test_the_time_for_entering_a_code_is_limited(desk: Desk) -> None:
    secret, _ = enrolled(desk)
    client = password_step(desk)
    desk.now += timedelta(minutes=11)
    answer = client.get("/admin/sign-in/code")
    assert answer.headers["Location"].startswith("/admin/sign-in?")
    late = password_step(desk)
    desk.store.accounts.set_password("anna", "another hash")
    assert late.get("/admin/sign-in/code").status_code == 303
    assert code_of(desk, secret)


def test_adding_a_second_factor_needs_a_code_and_the_password(desk: Desk) -> None:
    secret = shown_secret(post(desk, "second-factor"))
    typed, right = secret_to_type(secret), code_of(desk, secret)
    refused = post(desk, "second-factor/add", secret=typed, code="abcdef", current=PASSWORD)
    assert 'href="#code"' in refused.text
    assert shown_secret(refused) == secret, "the app keeps the key that it read"
    refused = post(desk, "second-factor/add", secret=typed, code=right, current="wrong")
    assert 'href="#current"' in refused.text
    assert post(desk, "second-factor/add", secret="AAAA", code=right, current=PASSWORD).status_code == 400
    assert desk.store.second_factors.of("anna") is None
    assert "Reservkoder" in post(desk, "second-factor/add", secret=typed, code=right, current=PASSWORD).text


def test_adding_a_second_factor_ends_other_sessions(desk: Desk) -> None:
    other, mine = desk.app.test_client(), desk.client
    desk.client = other
    desk.sign_in()
    desk.client = mine
    enrolled(desk)
    assert other.get("/admin/account").status_code == 302
    assert mine.get("/admin/account").status_code == 200


@pytest.mark.parametrize("path", ["second-factor/remove", "recovery-codes"])
def test_removing_a_second_factor_or_renewing_codes_needs_the_password(desk: Desk, path: str) -> None:
    _, codes = enrolled(desk)
    assert post(desk, path, current="wrong").status_code == 403
    assert desk.store.second_factors.unused_recovery_codes("anna") == 8
    assert post(desk, path, current=PASSWORD).status_code == 200
    assert not desk.store.second_factors.use_recovery_code("anna", normalise(codes[0]))
    assert (desk.store.second_factors.of("anna") is None) == (path == "second-factor/remove")


def test_a_coordinator_can_remove_the_second_factor_of_a_lost_phone(desk: Desk) -> None:
    enrolled(desk)
    data = {"csrf_token": desk.token("/admin/account"), "name": "anna"}
    page = desk.client.post("/admin/accounts/second-factor", data=data, follow_redirects=True)
    assert "anna loggar in med bara lösenordet." in page.text
    assert desk.store.second_factors.of("anna") is None
    assert desk.store.audit_log.entries()[0].action is Action.SECOND_FACTOR_REMOVED


def test_neither_the_database_nor_a_backup_reveals_the_secret(desk: Desk, tmp_path: Path) -> None:
    secret, codes = enrolled(desk)
    desk.store.audit_log.note(desk.now, "anna", Action.ACCOUNT_SET, "a control")
    backup = str(desk.store.dump())
    desk.store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("k.sqlite*"))
    for content in (stored, backup.encode()):
        assert b"a control" in content
        for clear in (secret, secret.hex().encode(), secret_to_type(secret).replace(" ", "").encode()):
            assert clear not in content
        for code in codes:
            assert code.encode() not in content
            assert normalise(code).encode() not in content


def test_recovery_codes_are_valid_after_a_restore_without_the_key(desk: Desk) -> None:
    secret, codes = enrolled(desk)
    desk.app.extensions["desk"].secret_sealer = SecretSealer("t" * 32)
    assert send(password_step(desk), code_of(desk, secret)).status_code == 403
    assert send(password_step(desk), codes[0]).status_code == 303


def test_a_sealed_secret_is_valid_for_its_account_only() -> None:
    sealer = SecretSealer("s" * 32)
    sealed = sealer.seal("anna", b"secret")
    assert sealer.unseal("anna", sealed) == b"secret"
    assert sealer.unseal("bo", sealed) is None
    assert sealer.unseal("anna", "not sealed") is None


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_equal_the_test_vectors_of_rfc_6238(at: int, code: str) -> None:
    """The last six digits of the SHA-1 vectors of RFC 6238, appendix B."""
    secret = b"12345678901234567890"
    assert matching_step(secret, code, at) == at // 30
    assert matching_step(secret, code, at + 30) == at // 30
    assert matching_step(secret, code, at + 60) is None
    assert matching_step(secret, code, at + 90) is None


def test_the_page_with_recovery_codes_gets_the_focus_and_says_what_happened(desk: Desk) -> None:
    secret = shown_secret(post(desk, "second-factor"))
    data = {"secret": secret_to_type(secret), "code": code_of(desk, secret), "current": PASSWORD}
    pages = [
        post(desk, "second-factor/add", **data).text,
        post(desk, "recovery-codes", current=PASSWORD).text,
    ]
    notices = [re.findall(r'<[^>]* id="notice"[^>]*>[^<]*', page) for page in pages]
    assert [len(elements) for elements in notices] == [1, 1]
    assert all('tabindex="-1" autofocus' in elements[0] for elements in notices)
    assert "Andra webbläsare är utloggade." in notices[0][0]
    assert "utloggade" not in notices[1][0], "renewed codes sign nobody out"
    assert "De som du hade gäller inte längre." in notices[1][0]
