"""Rounds at the desk: their names, chosen units, and cancelling one before it opens."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.storage import Action, RoundClosedError
from tests.tools.desk_side import Desk, expecting

NAME = "Våren 2027, dagverksamheten"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a running round in Västerås, and a coordinator who is signed in."""
    desk = Desk(tmp_path, admission=frozenset(Admission))
    desk.sign_in()
    return desk


def plan(desk: Desk, **changes: object) -> TestResponse:
    """Open a round that begins after the running one."""
    first = (desk.round.closes_at + timedelta(days=1)).date()
    data: dict[str, object] = {
        "csrf_token": desk.token("/admin/rounds/new"), "survey": "ombudsmannaskap", "tree": "vasteras",
        "k": "8", "opens": str(first), "closes": str(first + timedelta(days=60)), "admission": ["slip"],
        "figures": "live", "protection": "protected", "understood": "y", "name": NAME, **expecting(desk),
    }  # fmt: skip
    return desk.client.post("/admin/rounds/new", data={**data, **changes}, follow_redirects=True)


def cancel(desk: Desk, round_id: str) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/rounds/new"), "round": round_id}
    return desk.client.post("/admin/rounds/cancel", data=data, follow_redirects=True)


def test_a_round_can_have_a_name_that_slips_show(desk: Desk) -> None:
    page = plan(desk)
    assert f"Omgången ”{NAME}” är sparad" in page.text
    planned = desk.store.rounds()[0].round
    assert (planned.name, planned.title) == (NAME, NAME)
    assert desk.round.title == desk.round.survey.title
    assert (
        NAME in desk.client.get("/admin/links/slips").text.split('id="slips-round"')[1].split("</select>")[0]
    )


@pytest.mark.parametrize("name", ["x" * 81, "a\u202eb"])
def test_an_unprintable_round_name_is_refused(desk: Desk, name: str) -> None:
    refused = plan(desk, name=name)
    assert refused.status_code == 400
    assert 'href="#name"' in refused.text
    assert len(desk.store.rounds()) == 1


def test_a_planned_round_can_be_cancelled_and_all_staff_see_it_in_the_log(desk: Desk) -> None:
    plan(desk)
    round_id = desk.store.rounds()[0].round.id
    assert desk.client.get("/admin/rounds").text.count('action="/admin/rounds/cancel') == 1
    assert f"Omgången ”{NAME}” är inställd." in cancel(desk, round_id).text
    assert [state.round.id for state in desk.store.rounds()] == ["r"]
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    log = desk.client.get("/admin/log").text
    assert f"<td>ställde in en omgång</td><td>{NAME}" in log
    assert "ställ in" not in desk.client.get("/admin/rounds").text.lower().split("<table")[1]


def test_a_running_round_cannot_be_cancelled_and_the_page_says_why(desk: Desk) -> None:
    refused = cancel(desk, "r")
    assert refused.status_code == 409
    assert "Omgången har öppnat. Då kan ingen ställa in den." in refused.text
    assert cancel(desk, "other").status_code == 404
    assert [state.round for state in desk.store.rounds()] == [desk.round]


def test_only_coordinators_can_cancel_a_round(desk: Desk) -> None:
    plan(desk)
    round_id = desk.store.rounds()[0].round.id
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    data = {"csrf_token": desk.token("/admin/rounds"), "round": round_id}
    assert desk.client.post("/admin/rounds/cancel", data=data).status_code == 403
    assert len(desk.store.rounds()) == 2


def test_no_round_can_be_cancelled_while_the_clock_is_in_doubt(desk: Desk) -> None:
    plan(desk)
    round_id = desk.store.rounds()[0].round.id
    desk.app.extensions["desk"].doubtful_time = lambda: desk.now
    assert cancel(desk, round_id).status_code == 409
    assert len(desk.store.rounds()) == 2


def test_a_round_of_selected_units_leaves_the_others_without_a_round(desk: Desk) -> None:
    assert plan(desk, units=["frida", "dagverksamheten"]).status_code == 200
    planned = desk.store.rounds()[0].round
    assert set(planned.tree.leaves) == {"frida", "dagverksamheten"}
    assert planned.tree.root.id == "vasteras"
    assert desk.store.running_round("frida", planned.opens_at) == planned
    others = set(desk.round.tree.leaves) - set(planned.tree.leaves)
    assert others
    for unit in others:
        with pytest.raises(RoundClosedError):
            desk.store.running_round(unit, planned.opens_at)
    assert re.search(r"Bara: [^<]*FRIDA", desk.client.get("/admin/rounds").text)
    opened = desk.store.audit_log.entries([Action.ROUND_OPENED])[0]
    assert "FRIDA" in opened.what


def test_two_rounds_can_run_at_once_at_different_units_only(desk: Desk) -> None:
    plan(desk, units=["frida"])
    assert "pågår i samma verksamhet" in plan(desk, units=["frida", "talk2me"]).text
    assert plan(desk, units=["talk2me"]).status_code == 200
    assert len(desk.store.rounds()) == 3


def test_an_unknown_unit_is_refused(desk: Desk) -> None:
    refused = plan(desk, units=["nowhere"])
    assert refused.status_code == 400
    assert len(desk.store.rounds()) == 1
