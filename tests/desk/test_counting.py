"""Taps that phones send: counted once, for a known counter and a month that is open; nothing else is kept."""

import json
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.counters import MOST_TAPS, month_of
from tests.tools.desk_side import Desk

MARCH = month_of(date(2026, 3, 1))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in("bo")
    return made


def tap(number: int, **changes: object) -> dict[str, Any]:
    usual = {"month": "2026-03", "counter": "advise", "target": "", "step": 1}
    return {"ticket": f"{number:032x}", **usual, **changes}


def send(desk: Desk, taps: object, unit: str = "frida") -> TestResponse:
    headers = {"X-CSRFToken": desk.token("/admin/count/frida")}
    return desk.client.post(f"/admin/count/{unit}", json=taps, headers=headers)


def test_taps_that_a_phone_sends_repeatedly_count_once(desk: Desk) -> None:
    for _ in range(3):
        response = send(desk, [tap(1), tap(2), tap(3, counter="link", target="skola")])
        assert response.json == {"refused": []}
    assert desk.store.outputs.all().taps == {
        ("frida", MARCH, "advise", ""): 2,
        ("frida", MARCH, "link", "skola"): 1,
    }
    assert "Rådgivning <b>2</b>" in desk.client.get("/admin/count/frida").text


@pytest.mark.slow
def test_two_thousand_taps_all_sent_twice_are_counted_exactly(desk: Desk) -> None:
    batches = [[tap(200 * batch + at) for at in range(200)] for batch in range(10)]
    for batch in [*batches, *reversed(batches)]:
        assert send(desk, batch).status_code == 200
    assert desk.store.outputs.all().taps == {("frida", MARCH, "advise", ""): 2000}


def test_taps_of_this_and_the_previous_month_are_counted_and_others_refused(desk: Desk) -> None:
    months = ["2026-01", "2026-02", "2026-03", "2026-04", "2026", "2026-03-02"]
    response = send(desk, [tap(at, month=month) for at, month in enumerate(months)])
    assert response.json == {"refused": [tap(at)["ticket"] for at in (0, 3, 4, 5)]}
    assert {str(month): n for (_, month, _, _), n in desk.store.outputs.all().taps.items()} == {
        "2026-02": 1,
        "2026-03": 1,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"counter": "x"},
        {"counter": "individuals"},
        {"target": "Anna"},
        {"step": 2},
        {"step": "1"},
        {"step": [1]},
        {"step": {}},
        {"month": None},
    ],
)
def test_an_invalid_tap_is_returned_and_the_others_are_counted(
    desk: Desk, changes: dict[str, object]
) -> None:
    response = send(desk, [tap(1, **changes), tap(2)])
    assert response.json == {"refused": [tap(1)["ticket"]]}
    assert desk.store.outputs.all().taps == {("frida", MARCH, "advise", ""): 1}


@pytest.mark.parametrize(
    "taps",
    [
        {},
        "tap",
        [1],
        [tap(1, ticket="Anna Berg")],
        [tap(1, ticket=5)],
        [tap(at) for at in range(MOST_TAPS + 1)],
    ],
    ids=["no list", "words", "numbers", "a ticket of words", "a number as ticket", "too many"],
)
def test_malformed_taps_are_refused_and_not_stored(desk: Desk, taps: object) -> None:
    assert send(desk, taps).status_code == 400
    assert desk.store.outputs.all().taps == {}


def test_a_tap_without_a_session_or_its_token_counts_nothing(desk: Desk) -> None:
    assert desk.client.post("/admin/count/frida", json=[tap(1)]).status_code == 400
    headers = {"X-CSRFToken": desk.token("/admin/count/frida")}
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    assert desk.client.post("/admin/count/frida", json=[tap(1)], headers=headers).status_code in {400, 401}
    assert desk.store.outputs.all().taps == {}


def test_an_unknown_unit_has_no_page_and_accepts_no_tap(desk: Desk) -> None:
    assert desk.client.get("/admin/count/nowhere").status_code == 404
    assert send(desk, [tap(1)], unit="nowhere").status_code == 404


def test_unknown_fields_of_a_tap_are_not_stored(desk: Desk, tmp_path: Path) -> None:
    send(desk, [tap(1, name="Anna Berg", at="12:00", day="2026-03-02")])
    with sqlite3.connect(tmp_path / "k.sqlite") as database:
        assert list(database.execute("SELECT * FROM output_count")) == [("frida", "2026-03", "advise", "", 1)]
        assert list(database.execute("SELECT * FROM output_ticket")) == [(tap(1)["ticket"], "2026-03")]


def test_the_counting_page_can_be_installed_and_contains_no_account_name(desk: Desk) -> None:
    page = desk.client.get("/admin/count/frida")
    assert "manifest-src 'self'" in page.headers["Content-Security-Policy"]
    assert "bo</" not in page.text
    manifest = json.loads(desk.client.get("/admin/count/frida/manifest.json").data)
    assert manifest["start_url"] == manifest["scope"] == "/admin/count/frida"
    assert manifest["display"] == "standalone"
    worker = desk.client.get("/admin/count/worker.js")
    assert worker.mimetype == "text/javascript"
