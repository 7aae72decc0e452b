"""The log has staff's actions and no data about guests."""

import re
from datetime import datetime
from pathlib import Path

from kiosk.storage import Deed
from tests.tools.desk_side import Desk


def test_the_log_tells_who_did_what_the_last_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    token = desk.token("/admin/links")
    desk.client.post("/admin/links", data={"csrf_token": token, "unit": "frida", "kind": "poster"})
    desk.client.post("/admin/walls", data={"csrf_token": token, "node": "talk2me"})
    told = [(entry.name, entry.deed, entry.what) for entry in desk.store.audit_log.entries()]
    assert told == [
        ("anna", Deed.WALL_MADE, "talk2me"),
        ("anna", Deed.ADDRESS_MADE, "frida, poster"),
        ("anna", Deed.SIGNED_IN, "coordinator"),
    ]
    page = desk.client.get("/admin/log").text
    assert page.index("gjorde en väggskärm") < page.index("gjorde en adress") < page.index("loggade in")


def test_the_log_knows_nothing_of_guests(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()

    def log() -> str:
        # A form's token bears the second it was made in.
        return re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", desk.client.get("/admin/log").text)

    before = log()
    desk.answer(30)
    assert log() == before


def test_every_deed_has_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for deed in Deed:
        desk.store.audit_log.note(datetime(2026, 3, 2), "anna", deed, "x")
    desk.sign_in()
    page = desk.client.get("/admin/log").text
    assert page.count("<td>x</td>") == len(Deed)
    assert "<td></td>" not in page


def test_the_log_is_for_coordinators(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in("bo")
    assert desk.client.get("/admin/log").status_code == 403
