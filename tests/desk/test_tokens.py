"""Tokens for programs: shown once, stored as a digest, for the snapshot and the exports only, revocable."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.cli import main
from kiosk.desk.login.throttle import FREE_FAILURES
from kiosk.storage import Action
from tests.tools.desk_side import Desk

API = "/admin/api/results.json"
FILES = (
    "counts.csv",
    "codebook.csv",
    "results.xlsx",
    "snapshot.json",
    "datapackage.json",
    "data-package.zip",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.answer(30)
    desk.sign_in()
    return desk


def make(desk: Desk, name: str = "Statistik") -> str:
    """Make a token in the browser, and return it."""
    data = {"csrf_token": desk.token("/admin/tokens"), "name": name}
    page = desk.client.post("/admin/tokens", data=data).text
    [code] = re.findall(r">(kiosk_[0-9a-f]{64})</textarea>", page)
    return str(code)


def ask(desk: Desk, code: str, path: str = API, client: FlaskClient | None = None) -> TestResponse:
    """Send a token without a session."""
    headers = {"Authorization": f"Bearer {code}"}
    return (client or desk.app.test_client()).get(path, headers=headers)


def actions(desk: Desk) -> list[tuple[Action, str]]:
    return [(entry.action, entry.what) for entry in desk.store.audit_log.entries()]


@pytest.mark.slow
def test_a_token_reads_the_snapshot_and_every_file_of_the_export(desk: Desk) -> None:
    code = make(desk)
    response = ask(desk, code)
    assert response.text == desk.store.snapshot_text()
    assert "Set-Cookie" not in response.headers
    for name in FILES:
        given = ask(desk, code, f"/admin/api/export/{name}")
        assert given.data == desk.client.get(f"/admin/export/{name}").data
    semicolons = ask(desk, code, "/admin/api/export/counts.csv?csv=semicolon")
    assert semicolons.data == desk.client.get("/admin/export/counts.csv?csv=semicolon").data
    assert ask(desk, code, "/admin/api/export/keys.csv").status_code == 404
    assert ask(desk, code, "/admin/api/export/counts.csv?csv=tab").status_code == 400


@pytest.mark.slow
def test_a_token_opens_no_page_and_changes_nothing(desk: Desk) -> None:
    """Control: the same addresses of the desk open to a session."""
    code, log = make(desk), actions(desk)
    rules = [rule for rule in desk.app.url_map.iter_rules() if not rule.arguments]
    pages = [rule.rule for rule in rules if "GET" in (rule.methods or ()) and "/api/" not in rule.rule]
    with_session = {path for path in pages if desk.client.get(path).status_code == 200}
    opened = {path for path in pages if ask(desk, code, path).status_code == 200}
    assert len(with_session) > 15
    # The sign-in page and the health check are open to everybody.
    assert opened == {path for path in pages if desk.app.test_client().get(path).status_code == 200}
    assert not opened & with_session - {"/health"}
    headers = {"Authorization": f"Bearer {code}"}
    for rule in desk.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and not rule.arguments:
            answer = desk.app.test_client().post(rule.rule, headers=headers, data={"name": "x"})
            assert answer.status_code in {303, 400, 401, 403}, rule.rule
        if "/api/" in rule.rule:
            assert rule.methods == {"GET", "HEAD", "OPTIONS"}
    assert actions(desk) == log


def test_a_token_is_shown_once_and_stored_as_a_digest(desk: Desk, tmp_path: Path) -> None:
    code = make(desk)
    assert code not in desk.client.get("/admin/tokens").text
    assert code not in desk.client.get("/admin/log").text
    assert "Statistik" in desk.client.get("/admin/tokens").text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert code.encode() not in path.read_bytes()
            assert code.removeprefix("kiosk_").encode() not in path.read_bytes()
    assert "api_token" not in desk.store.dump()


def test_a_removed_token_is_refused_at_once(desk: Desk) -> None:
    code, other = make(desk), make(desk, "Annat")
    data = {"csrf_token": desk.token("/admin/tokens"), "name": "Statistik"}
    assert desk.client.post("/admin/tokens/remove", data=data).status_code == 303
    assert ask(desk, code).status_code == 401
    assert ask(desk, other).status_code == 200
    assert desk.client.post("/admin/tokens/remove", data=data).status_code == 404
    assert actions(desk)[0] == (Action.TOKEN_REMOVED, "Statistik")
    assert (Action.TOKEN_MADE, "Statistik") in actions(desk)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer kiosk_0", "Basic YTpi", "kiosk_0"])
def test_no_token_and_a_wrong_one_are_refused_with_the_scheme_to_use(desk: Desk, header: str) -> None:
    response = desk.app.test_client().get(API, headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert set(json.loads(response.text)) == {"error"}


def test_a_session_is_no_token(desk: Desk) -> None:
    assert desk.client.get(API).status_code == 401


def test_guessing_tokens_is_slowed_down_and_repeating_one_is_no_guess(desk: Desk) -> None:
    code = make(desk)
    for _ in range(3 * FREE_FAILURES):
        assert ask(desk, "kiosk_old").status_code == 401
    for guess in range(FREE_FAILURES):
        ask(desk, f"kiosk_{guess}")
    refused = ask(desk, code)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    elsewhere = desk.app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert ask(desk, code, client=elsewhere).status_code == 200


def test_a_taken_or_empty_token_name_is_refused(desk: Desk) -> None:
    make(desk)
    data = {"csrf_token": desk.token("/admin/tokens"), "name": "Statistik"}
    assert desk.client.post("/admin/tokens", data=data).status_code == 409
    assert desk.client.post("/admin/tokens", data={**data, "name": " "}).status_code == 400


def test_staff_cannot_open_the_page_of_tokens(desk: Desk) -> None:
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get("/admin/tokens").status_code == 403


def test_the_command_makes_lists_and_removes_tokens(desk: Desk, tmp_path: Path) -> None:
    environ = {"KIOSK_DATA": str(tmp_path), "KIOSK_DATABASE_URL": f"sqlite:///{tmp_path / 'k.sqlite'}"}

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["token", *words], env=environ)
        return done.exit_code, done.stdout.strip()

    status, code = run("add", "Statistik")
    assert status == 0
    assert ask(desk, code).status_code == 200
    assert run("add", "Statistik")[0] != 0
    listed = run("list")[1]
    assert listed.startswith("Statistik  20")
    assert code not in listed
    assert run("remove", "Statistik") == (0, "Statistik is removed.")
    assert ask(desk, code).status_code == 401
    assert run("remove", "Statistik")[0] != 0
    assert actions(desk)[:2] == [(Action.TOKEN_REMOVED, "Statistik"), (Action.TOKEN_MADE, "Statistik")]
