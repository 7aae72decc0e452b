"""While the server's clock is in doubt, the desk says so and opens no round."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.clock import Machine, confirmed
from kiosk.domain.schedule import Daily
from tests.tools.desk_side import START, Desk, expecting

NOTICE = "Räkningen väntar."
IN_DOUBT = datetime(2038, 1, 1, 12)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def doubt(desk: Desk) -> None:
    desk.app.extensions["desk"].doubtful_time = lambda: IN_DOUBT


def test_only_coordinators_see_the_notice_about_the_clock(desk: Desk) -> None:
    desk.sign_in()
    assert NOTICE not in desk.client.get("/admin/").text
    doubt(desk)
    page = desk.client.get("/admin/").text
    assert NOTICE in page
    assert "1\xa0jan.\xa02038 kl. 12:00" in page
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert NOTICE not in desk.client.get("/admin/rounds").text


def test_no_round_opens_while_the_clock_is_in_doubt(desk: Desk) -> None:
    desk.sign_in()
    data = {
        "csrf_token": desk.token("/admin/rounds/new"),
        "survey": "ombudsmannaskap",
        "tree": "vasteras",
        "k": "5",
        "opens": f"{START + timedelta(days=100):%Y-%m-%d}",
        "closes": f"{START + timedelta(days=120):%Y-%m-%d}",
        "admission": "slip",
        "figures": "live",
        "protection": "protected",
        "understood": "y",
        **expecting(desk),
    }
    doubt(desk)
    refused = desk.client.post("/admin/rounds/new", data=data)
    assert refused.status_code == 400
    assert "osäkert om serverns klocka går rätt" in refused.text
    assert len(desk.store.rounds()) == 1
    desk.app.extensions["desk"].doubtful_time = lambda: None
    opened = desk.client.post("/admin/rounds/new", data=data)
    assert opened.status_code == 303, opened.text
    assert len(desk.store.rounds()) == 2


def test_the_next_count_is_shown_as_postponed_by_a_confirmation(desk: Desk) -> None:

    desk.sign_in()
    desk.app.extensions["desk"].ticks = Daily(datetime(2026, 1, 1, 17).time())
    assert "Nästa räkning: 2\xa0mars\xa02026 kl. 17:00" in desk.client.get("/admin/").text
    record = confirmed(desk.now.astimezone(), desk.now, Machine("boot", timedelta(days=1), None))
    desk.store.confirm_clock(record, desk.now)
    assert "Nästa räkning: 3\xa0mars\xa02026 kl. 17:00" in desk.client.get("/admin/").text
