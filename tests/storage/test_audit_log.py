"""The log has staff's actions and no data about guests."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.desk.audit_log import SEEN_BY_STAFF
from kiosk.desk.devices.links import key_of
from kiosk.domain.rounds import Admission
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.storage import COMMAND_LINE, Account, Action, Devices, Role, open_store
from tests.tools.command_line import OPEN, Run, printed
from tests.tools.desk_side import HASH, Desk


def test_the_log_lists_actions_with_their_account_newest_first(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    token = desk.token("/admin/links")
    desk.client.post("/admin/links", data={"csrf_token": token, "unit": "frida", "kind": "poster"})
    desk.client.post("/admin/walls", data={"csrf_token": token, "node": "talk2me"})
    logged = [(entry.name, entry.action, entry.what) for entry in desk.store.audit_log.entries()]
    assert logged == [
        ("anna", Action.WALL_MADE, "talk2me"),
        ("anna", Action.ADDRESS_MADE, "frida, poster"),
        ("anna", Action.SIGNED_IN, "coordinator"),
    ]
    page = desk.client.get("/admin/log").text
    assert page.index("skapade en väggskärm") < page.index("skapade en adress") < page.index("loggade in")


def test_ballots_leave_nothing_in_the_log(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()

    def log() -> str:
        # A form's token bears the second it was made in.
        return re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", desk.client.get("/admin/log").text)

    before = log()
    desk.answer(30)
    assert log() == before


def test_every_logged_action_has_a_text(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for action in Action:
        desk.store.audit_log.note(datetime(2026, 3, 2), "anna", action, "x")
    desk.sign_in()
    page = desk.client.get("/admin/log").text
    removed = "en inställd omgång|en borttagen enkät|en borttagen förändringsteori"
    details = re.findall(f"<td>(x|{removed})</td>", page)
    assert len(details) == len(Action)
    assert "<td></td>" not in page


def seen_by(desk: Desk, name: str) -> list[tuple[str, ...]]:
    """The rows of the log that an account sees, as (name, action, details)."""
    desk.client.delete_cookie("desk", path="/")
    desk.sign_in(name)
    page = desk.client.get("/admin/log").text
    return re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td>', page)


@pytest.mark.slow
def test_all_staff_see_who_paired_moved_measured_and_printed(tmp_path: Path) -> None:
    devices = Devices()
    desk = Desk(tmp_path, admission=frozenset(Admission), devices=devices)
    guests = create_guest_app(
        desk.store, desk.app.extensions["desk"].library, clock=lambda: desk.now,
        rate_limit=RateLimit(1.0, 1000), allowed_languages=None, devices=devices, secret_key="s" * 32,
    )  # fmt: skip
    desk.sign_in()

    def send(path: str, **fields: str) -> str:
        data = {"csrf_token": desk.token("/admin/links"), **fields}
        return desk.client.post(f"/admin/links{path}", data=data).get_data().decode(errors="replace")

    code = re.search(r"<strong>([\d ]{14})</strong>", send("/pair", unit="frida"))
    assert code
    screen = guests.test_client(use_cookies=False)
    assert screen.post("/pair", data={"code": code[1]}).status_code == 303
    send("", unit="frida", kind="poster")
    kiosk, poster = sorted(desk.store.links.all(), key=lambda link: link.admission)
    send("/slips", round="r", unit="frida", number="10", languages="sv")
    send("/poster", link=poster.code, size="A6", languages="sv")
    send("/screen", key=key_of(kiosk), width_mm="476", distance_mm="600")
    send("/remove", key=key_of(poster))
    desk.now = desk.round.closes_at
    desk.sign_in()
    send("/move", key=key_of(kiosk), unit="talk2me")
    rows = seen_by(desk, "bo")
    assert {name for name, _, _ in rows} == {"anna"}
    period = "2\xa0mars\xa02026 – 31\xa0maj\xa02026"
    assert [(action, details) for _, action, details in rows] == [
        ("flyttade en kiosk", f"FRIDA → Talk2Me, {kiosk.code_ending}"),
        ("stängde en adress", "FRIDA, affisch"),
        ("skrev in en skärms mått", f"FRIDA, {kiosk.code_ending}, 476 mm"),
        ("skrev ut en affisch", f"FRIDA, {poster.code_ending}"),
        ("skrev ut lappar", f"{desk.round.survey.title}, {period}, FRIDA, 10"),
        ("skapade en adress", "FRIDA, affisch"),
        ("kopplade en skärm med sin kod", f"FRIDA, {kiosk.code_ending}"),
        ("skapade en kod för en skärm", "FRIDA"),
    ]


def test_posters_printed_by_commands_are_in_the_log_for_all_staff(run: Run) -> None:
    printed(run("init"))
    printed(run(*OPEN))
    printed(run("poster", "--unit", "frida", "--out", "poster.pdf", "--languages", "sv", "--trial"))
    entries = open_store(Path("data"), f"sqlite:///{Path('data/kiosk.sqlite')}", Path("data/keys")).audit_log
    [printed_poster, made] = entries.entries(SEEN_BY_STAFF)[:2]
    assert (printed_poster.action, made.action) == (Action.POSTER_PRINTED, Action.ADDRESS_MADE)
    assert (made.name, made.what) == (COMMAND_LINE, "frida, poster")


def test_sign_ins_and_accounts_are_shown_to_coordinators_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for action in Action:
        desk.store.audit_log.note(desk.now, "anna", action, "x")
    hidden = {"loggade in", "skapade eller ändrade ett konto", "tog bort ett konto"}
    assert hidden <= {action for _, action, _ in seen_by(desk, "anna")}
    assert not hidden & {action for _, action, _ in seen_by(desk, "bo")}


@pytest.mark.slow
def test_many_sign_ins_do_not_push_a_pairing_out_of_the_log_for_staff(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.store.audit_log.note(desk.now, "anna", Action.PAIRING_BEGUN, "frida")
    for _ in range(501):
        desk.store.audit_log.note(desk.now, "anna", Action.SIGNED_IN, "coordinator")
    assert seen_by(desk, "bo") == [("anna", "skapade en kod för en skärm", "FRIDA")]


def test_viewers_do_not_see_the_log(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    desk.sign_in("cia")
    assert desk.client.get("/admin/log").status_code == 403
