"""What monitoring is told: whether answers can be taken, on both sides, and nothing of guests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response
from werkzeug.test import TestResponse

from kiosk.domain.ballot import Ballot
from kiosk.screen.health import proof
from kiosk.storage import Devices, DeviceStatus, tables
from tests.tools.desk_side import Desk
from tests.tools.full_disk import full_disk
from tests.tools.guest_side import NOW, Place

APPLICATIONS: dict[str, Callable[[Path], Place | Desk]] = {"guests": Place, "desk": Desk}


def health(app: Flask) -> TestResponse:
    return app.test_client().get("/health")


def all_of(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, sorted(answer.headers.items()), answer.data


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_healthy_application_responds_ok_without_a_session(tmp_path: Path, application: str) -> None:
    answer = health(APPLICATIONS[application](tmp_path).app)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"ok\n", "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_health_proof_is_made_with_the_secret_key_and_for_valid_challenges_only(
    tmp_path: Path, application: str
) -> None:
    made = APPLICATIONS[application](tmp_path)
    challenge = "0123456789abcdef" * 2
    given = made.app.test_client().get(f"/health?challenge={challenge}").headers["Kiosk-Proof"]
    assert given == proof("s" * 32, challenge)
    assert given not in (proof("t" * 32, challenge), proof("s" * 32, challenge[::-1]))
    for asked in (
        "",
        "?challenge=",
        f"?challenge={challenge}0",
        "?challenge=<script>",
        f"?challenge={challenge.upper()}",
    ):
        assert "Kiosk-Proof" not in made.app.test_client().get(f"/health{asked}").headers


def answers_differ(made: Place | Desk) -> bool:
    """Whether any answer changes with ballots that come, and with a count."""
    before = all_of(health(made.app))
    seen = []
    for number in range(1, 17):
        made.store.cast("r", "frida", Ballot((1, 2, 3, 4)), NOW)
        seen.append(all_of(health(made.app)))
        if number == 16:
            made.store.count(NOW)
            seen.append(all_of(health(made.app)))
    return any(one != before for one in seen)


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_health_response_does_not_depend_on_ballots(tmp_path: Path, application: str) -> None:
    assert not answers_differ(APPLICATIONS[application](tmp_path))


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_check_catches_a_health_response_that_depends_on_ballots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, application: str
) -> None:
    """The control: an address that is as helpful as others are."""
    made = APPLICATIONS[application](tmp_path)

    def talkative() -> Response:
        box = tables.Box
        [(key_id,)] = made.store._database.rows(box.select(box.key_id).where(box.unit_id == "frida"))
        return Response("ok\n", headers={"ETag": f'"{key_id}"'})

    name = next(rule.endpoint for rule in made.app.url_map.iter_rules() if rule.rule == "/health")
    monkeypatch.setitem(made.app.view_functions, name, talkative)
    assert answers_differ(made)


def test_a_health_request_is_not_a_kiosks_sign_of_life(tmp_path: Path) -> None:
    devices = Devices(clock=lambda: 0)
    place = Place(tmp_path, devices=devices)
    health(place.app)
    assert devices.status("") is DeviceStatus.UNKNOWN
    place.client.get("/alive")
    assert devices.status("") is DeviceStatus.ALIVE


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_health_response_reports_missing_keys_until_they_are_back(
    tmp_path: Path, application: str
) -> None:
    made = APPLICATIONS[application](tmp_path)
    (tmp_path / "keys").rename(tmp_path / "away")
    assert (health(made.app).status_code, health(made.app).data) == (
        503,
        b"the folder of keys cannot be reached\n",
    )
    (tmp_path / "keys").mkdir()
    assert health(made.app).status_code == 503
    (tmp_path / "keys").rmdir()
    (tmp_path / "away").rename(tmp_path / "keys")
    assert health(made.app).status_code == 200


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_health_response_reports_an_unreadable_database(tmp_path: Path, application: str) -> None:
    made = APPLICATIONS[application](tmp_path)
    made.store.close()
    database = tmp_path / "k.sqlite"
    database.write_bytes(b"no database" * 1000)
    answer = health(made.app)
    assert (answer.status_code, answer.data) == (503, b"the database cannot be reached\n")


def test_a_post_to_the_health_page_is_refused(tmp_path: Path) -> None:
    assert Place(tmp_path).client.post("/health").status_code in (405, 415)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a disk")
@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize(("folder", "part"), [("", "database"), ("keys", "keys")])
def test_the_health_response_reports_a_full_disk_until_there_is_room(
    tmp_path: Path, application: str, folder: str, part: str
) -> None:
    made = APPLICATIONS[application](tmp_path)
    assert health(made.app).status_code == 200
    with full_disk(tmp_path / folder):
        answer = health(made.app)
        assert (answer.status_code, answer.text) == (503, f"the disk of the {part} is full\n")
    assert health(made.app).status_code == 200
