"""What staff did, counted with a tap: by unit and month, nothing finer."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.counters import month_of
from tests.tools.desk_side import Desk

MARCH = month_of(date(2026, 3, 1))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in("bo")
    return made


def tap(desk: Desk, **changes: str) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/activities"), "unit": "frida", "kind": "advise", "step": "more"}
    return desk.client.post("/admin/activities", data={**data, **changes})


def test_each_tap_counts_one_and_a_mistake_is_taken_back(desk: Desk) -> None:
    for step in ("more", "more", "more", "fewer"):
        assert tap(desk, step=step).status_code == 303
    tap(desk, unit="talk2me", kind="train")
    assert desk.store.outputs.all().taps == {
        ("frida", MARCH, "advise", ""): 2,
        ("talk2me", MARCH, "train", ""): 1,
    }
    assert "Rådgivning <b>2</b>" in desk.client.get("/admin/activities?unit=frida").text


def test_none_is_the_least_there_is(desk: Desk) -> None:
    tap(desk, step="fewer")
    assert desk.store.outputs.all().taps == {("frida", MARCH, "advise", ""): 0}


def test_months_are_kept_apart_and_days_are_not(desk: Desk) -> None:
    tap(desk)
    desk.now += timedelta(minutes=20)
    tap(desk)
    desk.now += timedelta(days=31)
    desk.sign_in("bo")
    tap(desk)
    assert desk.store.outputs.all().taps == {
        ("frida", MARCH, "advise", ""): 2,
        ("frida", month_of(date(2026, 4, 1)), "advise", ""): 1,
    }
    page = desk.client.get("/admin/activities?unit=frida").text
    assert page.index("april 2026") < page.index("mars 2026")


@pytest.mark.parametrize("changes", [{"unit": "x"}, {"kind": "x"}, {"step": "x"}, {"step": "100"}])
def test_what_nobody_can_do_is_refused(desk: Desk, changes: dict[str, str]) -> None:
    assert tap(desk, **changes).status_code == 400
    assert desk.store.outputs.all().taps == {}


def test_only_a_coordinator_downloads_them_all(desk: Desk) -> None:
    tap(desk)
    assert desk.client.get("/admin/activities.csv").status_code == 403
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    desk.sign_in("anna")
    lines = desk.client.get("/admin/activities.csv").get_data().decode("utf-8-sig").splitlines()
    assert lines == ["unit,month,activity,number", "frida,2026-03,advise,1"]
