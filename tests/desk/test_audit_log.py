"""The log names what was changed as the pages do: an id is never in sight."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.operation.demonstration_report import publish_report
from tests.tools.desk_side import Desk, expecting


@pytest.mark.slow
def test_the_log_has_names_in_place_of_ids(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer(30)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    publish_report(desk.store, desk.app.extensions["desk"].library, desk.now)
    desk.sign_in()
    token = desk.token("/admin/walls")

    def send(path: str, **fields: object) -> None:
        assert desk.client.post(path, data={"csrf_token": token, **fields}).status_code == 303

    send("/admin/theory/ombudsmannaskap/copy")
    send("/admin/surveys/copy", survey="ombudsmannaskap")
    send("/admin/units/vasteras/copy")
    send("/admin/reports/r2026-1/publish")
    opens = (desk.now + timedelta(days=1)).date()
    send(
        "/admin/rounds/new", survey="ombudsmannaskap", tree="vasteras", k="8", opens=opens,
        closes=opens + timedelta(days=60), admission="slip", figures="live", protection="protected",
        understood="y", units=["frida", "matcentralen"], **expecting(desk),
    )  # fmt: skip
    page = desk.client.get("/admin/log").text
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    assert len(cells) > 12
    ids = {
        *desk.app.extensions["desk"].library.places, *desk.app.extensions["desk"].library.surveys,
        *desk.app.extensions["desk"].library.theories, *desk.store.reports.all(),
        *(state.round.id for state in desk.store.rounds()),
    }  # fmt: skip
    shown = {word for cell in cells for word in re.split(r", | → ", cell)}
    assert shown & ids == set()
    assert {"FRIDA", "Matcentralen"} <= shown


def test_the_log_names_a_theory_that_is_gone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    token = desk.token("/admin/walls")
    for path in ("copy", "remove"):
        of = "ombudsmannaskap" if path == "copy" else "ombudsmannaskap_2"
        sent = desk.client.post(f"/admin/theory/{of}/{path}", data={"csrf_token": token})
        assert sent.status_code == 303
    page = desk.client.get("/admin/log").text
    assert "en borttagen förändringsteori" in page
    assert "ombudsmannaskap_2" not in page
