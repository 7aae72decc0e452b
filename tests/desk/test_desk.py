"""The staff's side: who gets in, what they see, and that nothing there changes a round."""

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import openpyxl
import pytest
from werkzeug.test import TestResponse

from kiosk.desk.login.throttle import FREE_FAILURES
from kiosk.domain.noise import STRONG_EPSILON
from kiosk.domain.rounds import Admission, Protection
from kiosk.domain.snapshot import etag
from kiosk.storage import Account, Action, Role, SecondFactor
from kiosk.storage.passwords import hash_password
from tests.tools.desk_side import HASH, PASSWORD, Desk, expecting
from tests.tools.figures import figures_in
from tests.tools.policies import directives
from tests.tools.published import statements


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


PREVIEW = "/admin/surveys/ombudsmannaskap/preview"
SIGNED_IN_PAGES = ["/admin/", "/admin/results/r/frida", "/admin/rounds", "/admin/rounds/new", "/admin/links"]


@pytest.mark.parametrize("path", [*SIGNED_IN_PAGES, "/admin/languages"])
def test_a_page_of_the_desk_without_a_session_redirects_to_sign_in(desk: Desk, path: str) -> None:
    response = desk.client.get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/sign-in")


def test_signing_in_redirects_to_the_requested_page(desk: Desk) -> None:
    data = {"csrf_token": desk.token("/admin/sign-in"), "name": "anna", "password": PASSWORD}
    response = desk.client.post("/admin/sign-in?next=/admin/rounds", data=data)
    assert (response.status_code, response.headers["Location"]) == (303, "/admin/rounds")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/admin/", "/\\evil.example", "x", "//["]
)
def test_signing_in_never_redirects_to_another_site(desk: Desk, away: str) -> None:
    data = {"csrf_token": desk.token("/admin/sign-in"), "name": "anna", "password": PASSWORD}
    response = desk.client.post("/admin/sign-in", data=data, query_string={"next": away})
    assert response.headers["Location"] == "/admin/"


def test_a_wrong_name_and_a_wrong_password_look_the_same(desk: Desk) -> None:
    def page(response: TestResponse) -> str:
        return re.sub(r'value="[^"]*"', "", response.text)

    known, unknown = desk.sign_in("anna", "wrong"), desk.sign_in("nobody", "wrong")
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert page(known) == page(unknown)
    assert desk.client.get("/admin/rounds").status_code == 302


@pytest.mark.slow
@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_guessing_is_slowed_down_even_for_the_right_password(desk: Desk, name: str) -> None:
    for _ in range(FREE_FAILURES):
        assert desk.sign_in(name, "wrong").status_code == 403
    slowed = desk.sign_in(name)
    assert slowed.status_code == 429
    assert slowed.headers["Retry-After"] == "2"


def test_after_the_delay_the_right_password_is_accepted(desk: Desk) -> None:
    for _ in range(FREE_FAILURES):
        desk.sign_in("anna", "wrong")
    desk.now += timedelta(seconds=2)
    assert desk.sign_in().status_code == 303


@pytest.mark.parametrize("path", ["/admin/sign-in", "/admin/sign-out", "/admin/links", "/admin/rounds/new"])
def test_a_form_without_a_csrf_token_is_refused(desk: Desk, path: str) -> None:
    desk.sign_in()
    response = desk.client.post(path, data={"name": "anna", "password": PASSWORD, "unit": "frida"})
    assert response.status_code == 400
    assert "legat öppen för länge" in response.text
    assert desk.store.links.all() == []


def test_a_session_ends_after_half_an_hour_without_a_request(desk: Desk) -> None:
    desk.sign_in()
    for _ in range(3):
        desk.now += timedelta(minutes=29)
        assert desk.client.get("/admin/rounds").status_code == 200
    desk.now += timedelta(minutes=31)
    assert desk.client.get("/admin/rounds").status_code == 302


def test_after_a_session_has_ended_the_first_sign_in_succeeds(desk: Desk) -> None:
    desk.sign_in()
    desk.now += timedelta(days=3)
    assert desk.sign_in().status_code == 303
    assert desk.client.get("/admin/rounds").status_code == 200


def test_automatic_refreshes_do_not_extend_a_session(desk: Desk) -> None:
    desk.sign_in()
    for _ in range(3):
        desk.now += timedelta(minutes=10)
        assert desk.client.get("/admin/", headers={"X-By-Itself": "1"}).status_code == 200
    desk.now += timedelta(minutes=1)
    assert desk.client.get("/admin/").status_code == 302


LIVE = {"X-By-Itself": "1"}


def shown_for(desk: Desk, length: timedelta) -> list[int]:
    """Return the answers to a live page's requests, every four minutes."""
    statuses = []
    for _ in range(length // timedelta(minutes=4)):
        desk.now += timedelta(minutes=4)
        statuses.append(desk.client.head("/results.json").status_code)
    return statuses


@pytest.mark.slow
def test_a_live_page_goes_on_reading_while_it_is_shown_and_opens_nothing_else(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    assert set(shown_for(desk, timedelta(hours=2))) == {200}
    figures = ["/admin/", "/admin/results/r/vasteras/listened"]
    assert [desk.client.get(path, headers=LIVE).status_code for path in figures] == [200, 200]
    assert desk.client.get("/admin/chart/r/vasteras/listened/now.svg").status_code == 200
    for path in ("/admin/", "/admin/rounds", "/admin/accounts"):
        for headers in ({}, LIVE) if path != "/admin/" else ({},):
            assert desk.client.get(path, headers=headers).status_code == 302, path
    assert desk.client.post("/admin/accounts", headers=LIVE).status_code == 401
    assert set(shown_for(desk, timedelta(minutes=40))) == {200}, "the page goes on beside the others"


def test_a_sign_in_beside_a_live_page_leaves_it_to_the_same_browser(desk: Desk) -> None:
    desk.sign_in()
    shown_for(desk, timedelta(minutes=40))
    assert "sign-in" in desk.client.get("/admin/rounds").location
    wrong = {"csrf_token": desk.token("/admin/sign-in"), "name": "anna", "password": "wrong"}
    assert desk.client.post("/admin/sign-in", data=wrong).status_code == 403
    assert shown_for(desk, timedelta(minutes=4)) == [200]
    secret = desk.store.second_factors
    secret.set("anna", SecondFactor("sealed", 0), [])
    assert "code" in desk.sign_in().location
    assert shown_for(desk, timedelta(minutes=4)) == [200], "the code is not typed yet"
    assert desk.client.get("/admin/rounds").status_code == 302
    secret.remove("anna")
    assert desk.sign_in().status_code == 303
    assert desk.client.get("/admin/rounds").status_code == 200
    assert shown_for(desk, timedelta(minutes=40))[-1] == 200


def test_the_second_step_of_another_account_gives_no_access_without_a_live_page(desk: Desk) -> None:
    desk.store.second_factors.set("bo", SecondFactor("sealed", 0), [])
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/rounds/new"), "name": "bo", "password": PASSWORD}
    assert "code" in desk.client.post("/admin/sign-in", data=data).location
    assert desk.client.head("/results.json").status_code == 401


def test_a_live_page_that_is_not_shown_for_five_minutes_is_signed_out(desk: Desk) -> None:
    desk.sign_in()
    assert set(shown_for(desk, timedelta(minutes=40))) == {200}
    desk.now += timedelta(minutes=5, seconds=1)
    assert desk.client.head("/results.json").status_code == 401


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["ten hours", "sign-out", "password", "removal", "sign-out at the page"])
def test_a_live_page_ends_with_its_session(desk: Desk, ending: str) -> None:
    desk.store.accounts.set(Account("eva", Role.COORDINATOR, HASH))
    desk.sign_in()
    token = desk.token("/admin/account")
    if ending == "ten hours":
        assert set(shown_for(desk, timedelta(hours=10))) == {200}
    else:
        shown_for(desk, timedelta(minutes=40))
        assert desk.client.get("/admin/rounds").status_code == 302
    cookie = desk.client.get_cookie("desk")
    assert cookie
    if ending == "sign-out":
        desk.store.accounts.end_sessions("anna")
    elif ending == "password":
        desk.store.accounts.set(Account("anna", Role.COORDINATOR, hash_password("another long password")))
    elif ending == "removal":
        desk.store.accounts.remove("anna")
    elif ending == "sign-out at the page":
        assert desk.client.post("/admin/sign-out", data={"csrf_token": token}).status_code == 303
        desk.client.set_cookie("desk", cookie.value)
    assert shown_for(desk, timedelta(minutes=8)) == [401, 401]


def test_a_session_ends_after_ten_hours_even_with_requests(desk: Desk) -> None:
    desk.sign_in()
    for _ in range(29):
        desk.now += timedelta(minutes=20)
        desk.client.get("/admin/rounds")
    assert desk.client.get("/admin/rounds").status_code == 200
    desk.now += timedelta(minutes=21)
    assert desk.client.get("/admin/rounds").status_code == 302


def test_a_session_ends_when_the_password_changes_and_when_signing_out(desk: Desk) -> None:
    desk.sign_in()
    desk.store.accounts.set(Account("anna", Role.COORDINATOR, hash_password("another password")))
    assert desk.client.get("/admin/rounds").status_code == 302
    desk.store.accounts.set(Account("anna", Role.COORDINATOR, HASH))
    desk.sign_in()
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    assert desk.client.get("/admin/rounds").status_code == 302


@pytest.mark.parametrize("path", ["/admin/results/r/frida", "/admin/rounds/new", "/admin/languages"])
def test_staff_see_no_results_of_a_running_round_and_cannot_open_rounds(desk: Desk, path: str) -> None:
    desk.answer(30)
    desk.sign_in("bo")
    response = desk.client.get(path)
    assert response.status_code == 403
    assert "data-count" not in response.text
    start = desk.client.get("/admin/").text
    assert "Personal ser resultatet när den är avslutad." in start
    assert "data-statement" not in start
    assert desk.client.get("/results.json").status_code == 403


def test_staff_see_the_results_of_a_closed_round(desk: Desk) -> None:
    desk.answer(30)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.sign_in("bo")
    page = desk.client.get("/admin/results/r/dagverksamheten").text
    assert "data-count" in page
    assert "/admin/export/" not in page
    assert desk.client.get("/admin/export/counts.csv").status_code == 403


def test_a_viewer_can_read_results_and_change_nothing(desk: Desk) -> None:
    desk.answer(30)
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    desk.sign_in("cia")
    assert "data-count" in desk.client.get("/admin/results/r/vasteras").text
    for path in ("/results.json", "/admin/rounds"):
        assert desk.client.get(path).status_code == 200
    for path in ("/admin/rounds/new", "/admin/links", "/admin/languages"):
        assert desk.client.get(path).status_code == 403


@pytest.mark.slow
def test_a_viewer_can_export_the_figures(desk: Desk) -> None:
    desk.answer(30)
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    desk.sign_in("cia")
    assert desk.client.get("/admin/export/counts.csv").status_code == 200


@pytest.mark.slow
def test_the_table_by_unit_has_the_published_figures_of_every_place(tmp_path: Path) -> None:
    # The count draws the ballots that stay. With this seed the places have different shares.
    desk = Desk(tmp_path, rng=Random(1))
    desk.answer(30)
    desk.answer(40, "matcentralen")
    desk.sign_in()
    page = desk.client.get("/admin/results/r/vasteras").text
    for node in desk.store.snapshot()["rounds"][0]["nodes"]:
        name = desk.round.tree.node(node["id"]).name
        [row] = re.findall(rf'data-place="{name}">(.*?)</tr>', page, re.DOTALL)[:1]
        figures = re.findall(r"<td data-number>(\d+)(?:</td>| <span)", row)
        if node["answered"] is None:
            assert "Väntar på fler svar" in row
        else:
            table = statements(node)["listened"]
            assert figures[:5] == [str(n) for n in reversed(table["counts"])]
            assert sum(map(int, figures[:5])) == int(figures[5])
    assert re.search(r"Störst andel svarade så på (Dagverksamheten|Matcentralen) \(\d+ av", page)


CHART = "/admin/chart/r/dagverksamheten/listened/"


@pytest.mark.slow
def test_a_downloaded_chart_has_the_numbers_of_the_snapshot(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    [node] = [node for node in desk.store.snapshot()["rounds"][0]["nodes"] if node["id"] == "dagverksamheten"]
    table = statements(node)["listened"]
    numbers = [
        *reversed(table["counts"]),
        sum(table["counts"]),
        *table["no_answer"].values(),
        table["withheld"],
    ]
    heading, line = csv.reader(io.StringIO(desk.client.get(f"{CHART}now.csv").get_data().decode("utf-8-sig")))
    assert len(heading) == len(line)
    assert line[3:-2] == [str(number) for number in numbers]
    book = openpyxl.load_workbook(io.BytesIO(desk.client.get(f"{CHART}now.xlsx").get_data()))
    assert tuple(numbers) in [row[3 : 3 + len(numbers)] for row in book.worksheets[0].values]
    drawn = desk.client.get(f"{CHART}now.svg?download=1")
    assert drawn.mimetype == "image/svg+xml"
    assert drawn.headers["Content-Disposition"] == (
        "attachment; filename=jag-kanner-att-personalen-lyssnar-pa-mig_dagverksamheten_2026-03-02.svg"
    )
    assert f"n = {sum(table['counts'])}" in drawn.text
    assert desk.client.get(f"{CHART}now.png").get_data().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["now.exe", "now", "then.svg", "time.svg", "places.svg", "now.SVG"])
def test_a_missing_chart_is_not_found(desk: Desk, name: str) -> None:
    desk.answer(30)
    desk.sign_in()
    assert desk.client.get(CHART + name).status_code == 404


def test_staff_cannot_create_addresses(desk: Desk) -> None:
    desk.sign_in("bo")
    token = desk.token("/admin/rounds")
    response = desk.client.post("/admin/links", data={"csrf_token": token, "unit": "frida", "kind": "kiosk"})
    assert response.status_code == 403
    assert desk.store.links.all() == []


def test_the_snapshot_needs_a_session_and_is_sent_unchanged(desk: Desk) -> None:
    assert desk.client.get("/results.json").status_code == 401
    desk.sign_in()
    response = desk.client.get("/results.json")
    assert (response.status_code, response.text) == (200, desk.store.snapshot_text())


def test_the_snapshot_is_not_sent_again_until_it_changes(desk: Desk) -> None:
    desk.sign_in()
    tag = desk.client.get("/results.json").headers["ETag"]
    assert tag == f'"{etag(desk.store.snapshot_text())}"'
    assert desk.client.get("/results.json", headers={"If-None-Match": tag}).status_code == 304
    desk.answer(30)
    assert desk.client.get("/results.json", headers={"If-None-Match": tag}).status_code == 200


def test_every_figure_on_the_page_equals_that_of_the_snapshot(desk: Desk) -> None:
    desk.answer(40)
    desk.answer(33, "matcentralen")
    desk.sign_in()
    [published] = desk.store.snapshot()["rounds"]
    for node in published["nodes"]:
        page = desk.client.get(f"/admin/results/r/{node['id']}").text
        counts = [int(n) for n in re.findall(r'data-count="(\d+)"', page)]
        tables = statements(node).values()
        assert counts == [n for table in tables for n in reversed(table["counts"])]
        cells = r"\s*".join([r"<td>(\d+)</td>"] * 5)
        outside = re.findall(cells, page)
        assert [tuple(map(int, row)) for row in outside] == [
            (sum(table["counts"]), *table["no_answer"].values(), table["withheld"]) for table in tables
        ]
        figures = figures_in(page)
        for name, table in statements(node).items():
            n = sum(table["counts"])
            shown = [trace["x"][0] for trace in figures[f"{name}-now"]["data"]]
            assert shown == [100 * count / n for count in reversed(table["counts"])]


@pytest.mark.slow
def test_an_export_has_the_counts_of_the_snapshot_and_is_not_for_staff(desk: Desk) -> None:
    desk.answer(40)
    desk.sign_in()
    assert desk.client.get("/admin/export/snapshot.json").text == desk.store.snapshot_text()
    counts = desk.client.get("/admin/export/counts.csv")
    assert counts.headers["Content-Disposition"] == "attachment; filename=counts.csv"
    assert counts.text.count("dagverksamheten") == 4 * (5 + 3 + 1)
    assert desk.client.get("/admin/export/kiosk.sqlite").status_code == 404
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get("/admin/export/counts.csv").status_code == 403


def test_a_node_with_too_few_answers_shows_no_figure(desk: Desk) -> None:
    desk.answer(9)
    desk.sign_in()
    page = desk.client.get("/admin/results/r/dagverksamheten").text
    assert "Väntar på fler svar." in page
    assert "data-count" not in page


def test_a_missing_page_has_a_plain_error_page(desk: Desk) -> None:
    desk.sign_in()
    for path in ("/admin/nothing", "/admin/results/r/nowhere", "/admin/results/none/frida"):
        response = desk.client.get(path)
        assert response.status_code == 404
        assert "Sidan finns inte." in response.text


def test_an_error_is_reported_to_the_operator_without_details_on_the_page(
    desk: Desk, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign_in()

    def broken() -> str:
        raise OSError("disk full at anna's answers")

    monkeypatch.setattr(desk.store, "snapshot_text", broken)
    response = desk.client.get("/admin/")
    assert response.status_code == 500
    assert "Ingenting ändrades" in response.text
    log = capfd.readouterr().err
    assert "OSError" in log
    assert "anna" not in log + response.text.replace("Logga ut anna", "")


def open_round(desk: Desk, **changes: object) -> TestResponse:
    day = desk.now.date()
    data: dict[str, object] = {
        "csrf_token": desk.token("/admin/rounds/new"), "survey": "ombudsmannaskap_latt", "tree": "vasteras",
        "k": "8", "opens": str(day + timedelta(days=100)), "closes": str(day + timedelta(days=150)),
        "admission": ["kiosk", "slip"], "figures": "live", "protection": "protected", "understood": "y",
        **expecting(desk),
    }  # fmt: skip
    return desk.client.post("/admin/rounds/new", data={**data, **changes})


def test_a_coordinator_opens_a_round_with_frozen_terms(desk: Desk) -> None:
    desk.sign_in()
    assert open_round(desk).status_code == 303
    newest = desk.store.rounds()[0].round
    assert newest.k == 8
    assert newest.admission == {Admission.KIOSK, Admission.SLIP}
    assert newest.closes_at == datetime(2026, 7, 31)
    assert newest.protection is Protection.PROTECTED
    listed = desk.client.get("/admin/rounds").text
    assert newest.id in listed
    assert "Skyddade siffror." in listed
    assert "skyddade siffror" in desk.client.get("/admin/log").text


def test_a_coordinator_opens_a_strongly_protected_round(desk: Desk) -> None:
    desk.sign_in()
    assert open_round(desk, protection="strong").status_code == 303
    newest = desk.store.rounds()[0].round
    assert (newest.protection, newest.epsilon) == (Protection.PROTECTED, STRONG_EPSILON)
    assert "Starkt skyddade siffror." in desk.client.get("/admin/rounds").text
    assert "starkt skyddade siffror" in desk.client.get("/admin/log").text


def test_the_form_explains_the_protections_and_requires_a_choice(desk: Desk) -> None:
    desk.sign_in()
    page = desk.client.get("/admin/rounds/new").text
    assert (
        "Skyddade siffror: när 20 svar räknas på en gång kan varje stapel vara fel på upp till 3 svar" in page
    )
    assert (
        "skyddade siffror: när 20 svar räknas på en gång kan varje stapel vara fel på upp till 6 svar" in page
    )
    assert [int(n) for n in re.findall(r"Från omkring (\d+) svar säger diagrammen något", page)] == [40, 60]
    assert re.search(r'value="protected"[^>]* checked', page)
    assert not re.search(r'value="(strong|exact)"[^>]* checked', page)
    assert "Välj det inte där någon kan råka illa ut för ett svar." in page
    assert open_round(desk, protection="none").status_code == 400
    assert open_round(desk, protection="exact").status_code == 303
    assert desk.store.rounds()[0].round.protection is Protection.EXACT


def test_the_outlook_is_shown_before_a_round_opens(desk: Desk) -> None:
    desk.sign_in()
    preview = open_round(desk, a_day="0.5")
    assert preview.status_code == 200
    assert "efter ungefär 48 dygn" in preview.text
    assert "Med ungefär 25 svar i en verksamhet kan varje stapel vara fel på upp till 4 svar" in preview.text
    strong = open_round(desk, a_day="0.5", protection="strong")
    assert "Med ungefär 25 svar i en verksamhet kan varje stapel vara fel på upp till 8 svar" in strong.text
    assert len(desk.store.rounds()) == 1
    assert open_round(desk, a_day="0.5", thought_over="y").status_code == 303
    assert len(desk.store.rounds()) == 2


def test_a_broken_rule_is_reported_before_the_outlook(desk: Desk) -> None:
    desk.sign_in()
    preview = open_round(desk, a_day="3", opens="2026-03-10")
    assert (preview.status_code, "pågår i samma verksamhet" in preview.text) == (400, True)
    assert 'id="outlook"' not in preview.text


BAD_ROUNDS: dict[str, tuple[dict[str, object], str]] = {
    "guests in words": ({"a_day": "många"}, 'href="#a_day"'),
    "guests below nothing": ({"a_day": "-3"}, 'href="#a_day"'),
    "k under the floor": ({"k": "4"}, "k måste vara minst 5"),
    "k in words": ({"k": "fem"}, "heltal"),
    "too short": ({"closes": "2026-06-12"}, "minst 5 dagar"),
    "the last day there is": ({"closes": "9999-12-31"}, "högst 366 dagar"),
    "no such day": ({"closes": "2026-02-30"}, "Skriv en dag, som 2027-03-01."),
    "another round runs": ({"opens": "2026-03-10"}, "pågår i samma verksamhet"),
    "no way in": ({"admission": []}, "minst ett sätt"),
    "an unknown way in": ({"admission": ["door"]}, "Valet finns inte längre. Välj igen."),
    "not understood": ({"understood": ""}, 'href="#understood"'),
    "an unknown survey": ({"survey": "other"}, 'href="#survey"'),
    "an unknown tree": ({"tree": "other"}, 'href="#tree"'),
}


@pytest.mark.parametrize("case", BAD_ROUNDS)
def test_a_round_that_breaks_a_rule_is_refused_with_the_reason(desk: Desk, case: str) -> None:
    changes, words = BAD_ROUNDS[case]
    desk.sign_in()
    response = open_round(desk, **changes)
    assert response.status_code == 400
    assert words in response.text
    assert 'value="2026-06-10"' in response.text or "opens" in changes
    assert [state.round.id for state in desk.store.rounds()] == ["r"]


def test_a_coordinator_can_create_an_address_for_a_unit(desk: Desk) -> None:
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/links"), "unit": "frida", "kind": "kiosk"}
    assert desk.client.post("/admin/links", data=data).status_code == 303
    [made] = desk.store.links.all()
    assert f"http://guest.example/k/{made.code}" in desk.client.get("/admin/links").text


def test_an_unreviewed_language_is_marked_as_such(desk: Desk) -> None:
    desk.sign_in()
    page = desk.client.get("/admin/languages").text
    rows = dict(re.findall(r'<span\s+lang="(\w+)".*?</th>\s*<td>(.*?)</td>', page, re.DOTALL))
    assert rows["ar"].startswith("<strong>Dolt</strong>")
    assert "inte granskade" in rows["ar"]
    assert rows["sv"].startswith("Visas")


def test_the_desk_can_be_switched_to_english(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    token = desk.token("/admin/")
    data = {"csrf_token": token, "language": "en", "next": "/admin/"}
    assert desk.client.post("/admin/language", data=data).headers["Location"] == "/admin/"
    page = desk.client.get("/admin/results/r/vasteras").text
    assert '<html lang="en"' in page
    assert "How to read the figures" in page
    assert "staff listen to me" in page


WRITES = {
    "/admin/sign-in", "/admin/sign-out", "/admin/language", "/admin/rounds/new", "/admin/rounds/cancel",
    "/admin/links", "/admin/tokens", "/admin/tokens/remove",
    "/admin/comment/<round_id>/<node_id>/<statement_id>",
    "/admin/walls", "/admin/walls/remove", "/admin/imported/new/<survey_id>", "/admin/imported/<name>",
    "/admin/imported/remove",
    "/admin/links/pair", "/admin/links/screen", "/admin/links/move", "/admin/links/remove",
    "/admin/links/slips", "/admin/links/poster", "/admin/reply/<round_id>", "/admin/surveys/copy",
    "/admin/surveys/<survey_id>", "/admin/new-survey", "/admin/new-scale", "/admin/scales/<scale_id>",
    "/admin/scales/<scale_id>/remove", "/admin/new-units", "/admin/units/<tree_id>",
    "/admin/units/<tree_id>/copy", "/admin/languages/<code>/review",
    "/admin/new-language", "/admin/languages/<code>/remove",
    "/admin/activities", "/admin/activities/typed", "/admin/activities/correct", "/admin/count/<unit_id>",
    "/admin/reports", "/admin/reports/claims", "/admin/reports/<report_id>",
    "/admin/reports/<report_id>/part/<part>", "/admin/reports/<report_id>/publish",
    "/admin/surveys/import", "/admin/surveys/import/keep", "/admin/languages/<code>/file",
    "/admin/languages/<code>/choose", "/admin/languages/<code>/recordings",
        "/admin/languages/<code>/recordings/remove", "/admin/theme", "/admin/theme/preview",
    "/admin/surveys/<survey_id>/preview", "/admin/surveys/<survey_id>/preview/<any(kiosk):device>",
    "/admin/surveys/<survey_id>/remove", "/admin/languages/<code>", "/admin/reference",
    "/admin/sign-in/code", "/admin/account-link/<code>", "/admin/account/password",
    "/admin/account/second-factor", "/admin/account/second-factor/add",
    "/admin/account/second-factor/remove", "/admin/account/recovery-codes", "/admin/accounts",
    "/admin/accounts/link", "/admin/accounts/role", "/admin/accounts/second-factor",
    "/admin/account/mail", "/admin/account/mail/trial", "/admin/accounts/mail", "/admin/mail/again",
    "/admin/mail/remove",
    "/admin/accounts/remove", "/admin/theory/<theory_id>/copy", "/admin/theory/<theory_id>/edit",
    "/admin/theory/<theory_id>/remove",
    "/admin/new-counter", "/admin/counters/<counter_id>", "/admin/counters/<counter_id>/remove",
    "/admin/exchange/bundle", "/admin/exchange/bundle/show", "/admin/exchange/bundle/import",
    "/admin/exchange/figures", "/admin/exchange/receive", "/admin/exchange/remove",
    "/admin/exchange/trust", "/admin/exchange/distrust",
}  # fmt: skip


def _filled(path: str) -> str:
    parts = {
        "<survey_id>": "ombudsmannaskap",
        "<unit_id>": "frida",
        "<round_id>": "r",
        "<node_id>": "frida",
        "<statement_id>": "listened",
        "<report_id>": "r2026-1",
        "<part>": "vision",
        "<theory_id>": "ombudsmannaskap",
        "<counter_id>": "advise",
        "<code>": "en",
        "<any(kiosk):device>": "kiosk",
    }
    for name, value in parts.items():
        path = path.replace(name, value)
    return path


def test_every_route_that_takes_a_form_is_tried_on_a_round(desk: Desk) -> None:
    rules = [
        rule
        for rule in desk.app.url_map.iter_rules()
        if rule.methods and rule.methods & {"POST", "PUT", "DELETE", "PATCH"}
    ]
    assert {rule.rule for rule in rules} == WRITES


@pytest.mark.slow
def test_no_route_closes_a_round_or_changes_its_terms(desk: Desk) -> None:
    """Each route that takes a form is posted whatever could change a round."""
    desk.sign_in()
    before = desk.store.rounds()
    for path in WRITES - {"/admin/sign-out"}:
        data = {
            "csrf_token": desk.token("/admin/rounds/new"), "id": "r", "round": "r", "k": "5",
            "closes": "2026-03-03", "opens": "2026-03-02", "survey": "ombudsmannaskap",
            "tree": "vasteras", "admission": "poster", "understood": "y", "closed": "1",
            "name": "anna", "password": PASSWORD,
        }  # fmt: skip
        desk.client.post(_filled(path), data=data)
    assert desk.store.rounds() == before


def test_pages_errors_and_json_forbid_inline_code_and_foreign_sources(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    for path in [*SIGNED_IN_PAGES, "/admin/languages", "/admin/nothing", "/results.json"]:
        response = desk.client.get(path)
        policy = directives(response)
        assert policy["default-src"] == {"'none'"}
        assert set().union(*policy.values()) <= {"'self'", "'none'"}
        assert not re.search(r'\son\w+=|\sstyle="|<style|href="http(?!://guest\.example)', response.text)


@pytest.mark.parametrize("path", [*SIGNED_IN_PAGES, "/admin/nothing", PREVIEW, "/results.json"])
def test_pages_errors_and_previews_send_forms_to_this_server_only(desk: Desk, path: str) -> None:
    desk.sign_in()
    policy = directives(desk.client.get(path))
    assert policy["form-action"] == {"'self'"}
    assert (policy["base-uri"], policy["frame-ancestors"]) == ({"'none'"}, {"'none'"})


def test_the_demonstration_is_marked_on_pages_and_error_pages(desk: Desk) -> None:
    desk.store.mark_demonstration()
    assert 'class="demonstration"' in desk.client.get("/admin/sign-in").text
    desk.sign_in()
    for path in [*SIGNED_IN_PAGES, "/admin/languages", "/admin/nothing"]:
        assert 'class="demonstration"' in desk.client.get(path).text


@pytest.mark.slow
def test_a_planned_round_does_not_hide_the_running_one(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    planned = replace(
        desk.round, id="later", opens_at=desk.round.closes_at, closes_at=desk.round.closes_at + timedelta(90)
    )
    desk.store.open_round(planned, desk.now)
    page = desk.client.get("/admin/").text
    assert "har svarat</strong>" in page
    assert "later" not in page
    assert desk.client.get("/admin/results/later/frida").status_code == 403
    desk.now = planned.opens_at
    desk.store.count(desk.now)
    desk.sign_in()
    assert '<option value="later">' in desk.client.get("/admin/").text


@pytest.mark.slow
@pytest.mark.parametrize("number", ["sNaN", "NaN", "Infinity", "1e9999", "x"])
def test_an_invalid_number_of_guests_a_day_is_refused(desk: Desk, number: str) -> None:
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/rounds/new"), "a_day": number}
    assert desk.client.post("/admin/rounds/new", data=data).status_code == 400


def test_a_number_may_have_a_decimal_comma(desk: Desk) -> None:
    desk.sign_in()
    assert "Med ungefär 0,5 svar om dagen" in open_round(desk, a_day="0,5").text


def test_a_closed_round_without_figures_promises_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    assert "inga svar visas ännu" in desk.client.get("/admin/").text
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    page = desk.client.get("/admin/").text
    assert "inga svar visas" in page
    assert "inga svar visas ännu" not in page


def test_a_decimal_number_is_typed_in_a_field_that_keeps_its_comma(desk: Desk) -> None:
    """In a field of type number a browser in English leaves out the comma: 0,5 becomes 5."""
    desk.sign_in()
    [field] = re.findall(r"<input[^>]*\bid=\"a_day\"[^>]*>", desk.client.get("/admin/rounds/new").text)
    assert 'type="text"' in field
    assert 'inputmode="decimal"' in field


@pytest.mark.slow
@pytest.mark.parametrize(("field", "number"), [("a_day", "många"), ("expected-frida", "x"), ("a_day", "NaN")])
def test_an_invalid_number_gives_one_message(desk: Desk, field: str, number: str) -> None:
    desk.sign_in()
    notice = open_round(desk, **{field: number}).text.split('id="notice"')[1].split("</div>")[0]
    assert notice.count("<li>") == 1


@pytest.mark.parametrize("minutes", [31, 90, 24 * 60])
def test_texts_sent_after_the_session_ended_are_shown_for_copying(desk: Desk, minutes: int) -> None:
    desk.sign_in()
    data = {
        "csrf_token": desk.token("/admin/rounds/new"),
        "text": "En halvtimmes <arbete>",
        "password": "hemligt",
    }
    desk.now += timedelta(minutes=minutes)
    for path in ("/admin/rounds/new", "/admin/links/slips"):
        answer = desk.client.post(path, data=data)
        assert answer.status_code == 401
        assert "Inget är sparat." in answer.text
        assert "En halvtimmes &lt;arbete&gt;</textarea>" in answer.text
        assert "hemligt" not in answer.text


@pytest.mark.parametrize(
    ("name", "path", "message"),
    [
        ("cia", "/admin/log", "Bara samordnare och personal kan använda sidan ”Logg”."),
        ("bo", "/admin/walls", "Bara samordnare kan använda sidan ”Väggskärmar”."),
        ("cia", "/admin/links", "Bara samordnare och personal kan använda sidan ”Skärmar och utskrifter”."),
        ("bo", "/admin/export/counts.csv", "Bara samordnare och läsare kan använda sidan ”Resultat”."),
        ("bo", "/admin/results/r/frida", "Omgången pågår."),
        ("anna", "/admin/surveys/ombudsmannaskap", "följer med programmet"),
    ],
)
def test_a_forbidden_page_says_which_roles_it_is_for(desk: Desk, name: str, path: str, message: str) -> None:
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    desk.sign_in(name)
    refused = desk.client.get(path)
    assert refused.status_code == 403
    assert message in refused.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "small", "large"), [("sv", "0,1", "10\xa0000"), ("en", "0.1", "10,000")]
)
def test_numbers_are_formatted_in_the_desks_language(
    desk: Desk, language: str, small: str, large: str
) -> None:
    desk.sign_in()
    desk.client.post("/admin/language", data={"csrf_token": desk.token("/admin/"), "language": language})
    preview = open_round(desk, a_day="0.1", k="5", closes=str(desk.now.date() + timedelta(days=170))).text
    assert f" {small} " in preview.split('id="outlook"')[1]
    outside = open_round(desk, a_day="0.05").text
    assert small in outside
    assert large in outside
    assert "Numret" not in outside


def test_a_smaller_k_is_advised_only_above_the_minimum(desk: Desk) -> None:
    desk.sign_in()
    days = {"a_day": "0.1", "closes": str(desk.now.date() + timedelta(days=170))}
    assert "ett mindre k" not in open_round(desk, k="5", **days).text
    assert "ett mindre k" in open_round(desk, k="6", **days).text


def test_the_round_form_lists_languages_and_distinguishes_similar_surveys(tmp_path: Path) -> None:
    desk = Desk(tmp_path, languages=frozenset({"ar"}))
    desk.sign_in()
    page = re.sub(r"<[^>]+>", "", desk.client.get("/admin/rounds/new").text)
    assert "Översättningarna låses också." in page
    shown = "Språk att välja: Svenska, العربية (arabiska)."
    assert f"{shown} Inte granskade: English (engelska), العربية (arabiska)," in page
    survey = desk.app.extensions["desk"].library.surveys["ombudsmannaskap"]
    assert f"{survey.title} (påståenden: 4)" in page
    library = desk.app.extensions["desk"].library
    first, *others = survey.statements
    alike = replace(survey, id="alike", statements=(replace(first, text="Jag känner mig trygg"), *others))
    desk.app.extensions["desk"].library = replace(library, surveys={"own": survey, "alike": alike})
    page = desk.client.get("/admin/rounds/new").text
    assert f"{survey.title} (påståenden: 4): ”{first.text}”" in page
    assert f"{survey.title} (påståenden: 4): ”Jag känner mig trygg”" in page
    assert 'href="/admin/surveys/ombudsmannaskap/preview"' in desk.client.get("/admin/rounds/new").text


def test_the_list_of_rounds_links_to_results_only_for_permitted_roles(desk: Desk) -> None:
    to_results = 'href="/admin/results/r/vasteras"'
    desk.sign_in("bo")
    assert to_results not in desk.client.get("/admin/rounds").text
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.sign_in("bo")
    assert to_results in desk.client.get("/admin/rounds").text


def test_the_log_describes_actions_in_words(desk: Desk) -> None:
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/links"), "unit": "dagverksamheten", "kind": "kiosk"}
    desk.client.post("/admin/links", data=data)
    page = desk.client.get("/admin/log").text
    assert "<td>loggade in</td><td>samordnare</td>" in page
    assert "<td>skapade en adress</td><td>Dagverksamheten, kiosk</td>" in page


def test_an_account_named_like_a_unit_keeps_its_name_in_the_log(desk: Desk) -> None:
    desk.store.audit_log.note(desk.now, "kiosk", Action.ACCOUNT_SET, "frida, staff")
    desk.sign_in()
    assert "<td>frida, personal</td>" in desk.client.get("/admin/log").text


@pytest.mark.slow
def test_a_data_package_is_made_from_one_snapshot(desk: Desk) -> None:
    desk.answer(40)
    desk.sign_in()
    sent = desk.client.get("/admin/export/data-package.zip")
    assert sent.headers["Content-Disposition"] == "attachment; filename=data-package.zip"
    with zipfile.ZipFile(io.BytesIO(sent.get_data())) as package:
        contents = {name: package.read(name) for name in package.namelist()}
    assert contents["snapshot.json"].decode() == desk.store.snapshot_text()
    for resource in json.loads(contents["datapackage.json"])["resources"]:
        content = contents[resource["path"]]
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert desk.client.get("/admin/export/data-package.zip").get_data() == sent.get_data()


@pytest.mark.slow
def test_survey_texts_are_marked_as_swedish_on_english_pages(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    desk.client.post("/admin/language", data={"csrf_token": desk.token("/admin/"), "language": "en"})
    page = desk.client.get("/admin/results/r/vasteras").text
    assert f'<span lang="sv">{desk.round.survey.title}</span>' in page
    assert f'Says something about: <span lang="sv">{desk.round.survey.statements[0].outcome}</span>' in page
