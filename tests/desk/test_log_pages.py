"""Nobody can push a line out of the log: older ones are on further pages, and each kind can be seen alone."""

import re
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest

from kiosk.desk.audit_log import ACTIONS_OF, ENTRIES_ON_PAGE, SEEN_BY_STAFF
from kiosk.desk.devices.links import key_of
from kiosk.domain.rounds import Admission
from kiosk.storage import Action
from tests.tools.builders import a_store
from tests.tools.desk_side import Desk

NOON = datetime(2026, 3, 2, 12)
PAIRING = ("anna", "skapade en kod för en skärm", "FRIDA")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A pairing, a move and a print, then 600 measures of a screen. A member of staff is signed in."""
    desk = Desk(tmp_path)
    log = desk.store.audit_log
    log.note(desk.now, "anna", Action.PAIRING_BEGUN, "frida")
    log.note(desk.now, "anna", Action.KIOSK_MOVED, "frida → talk2me, abcd")
    log.note(desk.now, "anna", Action.SLIPS_PRINTED, "r, frida, 10")
    for number in range(600):
        log.note(desk.now, "bo", Action.SCREEN_MEASURED, f"frida, abcd, {number} mm")
    desk.sign_in("bo")
    return desk


def rows(page: str) -> list[tuple[str, str, str]]:
    """(name, action, details) of each line on a page of the log."""
    return re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td>', page)


def links(page: str) -> dict[str, str]:
    """Text -> address of the links of a page that lead to the log."""
    return {
        text.strip(): unescape(address)
        for address, text in re.findall(r'<a href="(/admin/log[^"]*)"[^>]*>([^<]*)</a>', page)
    }


def page_at(desk: Desk, address: str) -> str:
    answer = desk.client.get(address)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.slow
def test_after_600_other_lines_staff_reach_a_pairing_by_the_links_of_the_page(desk: Desk) -> None:
    latest = page_at(desk, "/admin/log")
    assert len(rows(latest)) == ENTRIES_ON_PAGE
    assert PAIRING not in rows(latest), "the control: it is not on the first page"
    older = page_at(desk, links(latest)["Äldre händelser"])
    assert rows(older)[-1] == PAIRING
    assert "Äldre händelser" not in links(older)
    assert sorted(rows(latest) + rows(older)) == sorted({*rows(latest), *rows(older)}), "no line twice"
    assert len(rows(latest) + rows(older)) == 603
    assert rows(page_at(desk, links(older)["Nyare händelser"])) == rows(latest)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("Kiosker och adresser", "skapade en kod för en skärm"),
        ("Flyttade kiosker", "flyttade en kiosk"),
        ("Utskrifter", "skrev ut lappar"),
    ],
)
def test_pairings_moves_and_prints_can_be_seen_by_themselves(desk: Desk, kind: str, action: str) -> None:
    page = page_at(desk, links(page_at(desk, "/admin/log"))[kind])
    assert [shown for _, shown, _ in rows(page)] == [action]


def test_no_kind_has_an_action_that_staff_may_not_see_or_can_repeat_at_will() -> None:
    of_kinds = frozenset[Action]().union(*ACTIONS_OF.values())
    assert of_kinds == SEEN_BY_STAFF - {Action.SCREEN_MEASURED}


@pytest.mark.slow
def test_hidden_lines_change_nothing_on_the_pages_of_staff(desk: Desk) -> None:
    """Numbers of rows would tell how many actions of others lie between two lines."""
    addresses = ["/admin/log", links(page_at(desk, "/admin/log"))["Äldre händelser"], "/admin/log?last=7"]
    before = [rows(page_at(desk, address)) for address in addresses]
    for _ in range(20):
        desk.store.audit_log.note(desk.now, "anna", Action.SIGNED_IN, "coordinator")
    assert [rows(page_at(desk, address)) for address in addresses] == before


@pytest.mark.parametrize("query", ["last=0", "last=-5", "last=x", f"last={10**30}", "kind=other", "kind="])
def test_an_odd_address_shows_a_page_of_the_log(tmp_path: Path, query: str) -> None:
    desk = Desk(tmp_path)
    desk.store.audit_log.note(desk.now, "anna", Action.PAIRING_BEGUN, "frida")
    desk.sign_in("bo")
    assert rows(page_at(desk, f"/admin/log?{query}")) == [PAIRING]


def test_a_kind_without_actions_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in("bo")
    assert "Inga sådana händelser." in page_at(desk, "/admin/log?kind=moves")
    assert "Loggen är tom." in page_at(desk, "/admin/log")


def test_a_page_of_the_log_stays_the_same_while_lines_are_added(tmp_path: Path) -> None:
    log, shown = a_store(tmp_path).audit_log, frozenset({Action.PAIRING_BEGUN})
    for number in range(8):
        log.note(NOON, "bo", Action.PAIRING_BEGUN, str(number))
    latest = log.page(shown, 3)
    assert ([one.what for one in latest.entries], latest.first, latest.total) == (["7", "6", "5"], 6, 8)
    log.note(NOON, "bo", Action.PAIRING_BEGUN, "8")
    log.note(NOON, "bo", Action.KIOSK_MOVED, "9")
    assert log.page(shown, 3, latest.last).entries == latest.entries
    older = log.page(shown, 3, latest.first - 1)
    assert [one.what for one in older.entries] == ["4", "3", "2"]
    oldest = log.page(shown, 3, older.first - 1)
    assert ([one.what for one in oldest.entries], oldest.first) == (["1", "0"], 1)


def test_a_repeated_measurement_is_logged_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    kiosk = desk.store.links.add(Admission.KIOSK, "frida")
    desk.sign_in("bo")

    def measure(width: str) -> None:
        data = {"csrf_token": desk.token("/admin/links"), "key": key_of(kiosk), "width_mm": width}
        assert desk.client.post("/admin/links/screen", data=data).status_code == 303

    for width in ("476", "476", "476", "500", "500", "", ""):
        measure(width)
    logged = desk.store.audit_log.entries({Action.SCREEN_MEASURED})
    assert [one.what.rpartition(", ")[2] for one in logged] == ["–", "500 mm", "476 mm"]
