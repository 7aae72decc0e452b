"""The menu and the start page: what is running, what there is to do, and the guide to the first round."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from kiosk.desk.handbook import FILES
from kiosk.desk.navigation import MENU
from kiosk.domain.rounds import Admission
from kiosk.settings import shipped_folder
from kiosk.storage import Account, Role
from kiosk.storage.devices import SILENT_AFTER, Devices
from tests.tools.desk_side import HASH, Desk
from tests.tools.shipped import library_for

NAMES = {"anna": Role.COORDINATOR, "bo": Role.STAFF, "cia": Role.VIEWER}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return furnished(Desk(tmp_path, admission=frozenset(Admission)))


def furnished(made: Desk) -> Desk:
    made.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    return made


def menu(desk: Desk, path: str) -> list[str]:
    """Return the labels of the menu's items on a page, the current one in brackets."""
    [links] = re.findall(r'(?s)<nav class="menu".*?</nav>', desk.client.get(path).text)
    return [f"[{label}]" if "aria-current" in mark else label for mark, label in links_in(links)]


def links_in(html: str) -> list[tuple[str, str]]:
    return [(mark, unescape(label)) for mark, label in re.findall(r"(?s)<a ([^>]*)>(.*?)</a>", html)]


def tasks(desk: Desk) -> dict[str, str]:
    """Return the tasks of the start page: text -> address."""
    page = desk.client.get("/admin/").text
    listed = re.findall(r'(?s)<ul aria-labelledby="to-do">(.*?)</ul>', page)
    rows = re.findall(r'<a href="([^"]+)">(.*?)</a>', "".join(listed))
    return {unescape(text): address for address, text in rows}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (
            "anna",
            ["Resultat", "[Omgångar]", "Skärmar och utskrifter", "Enkäter", "Insatser", "Inställningar"],
        ),
        ("bo", ["Resultat", "[Omgångar]", "Skärmar och utskrifter", "Insatser", "Inställningar"]),
        ("cia", ["Resultat", "[Omgångar]", "Insatser"]),
    ],
)
def test_the_menu_has_the_items_of_the_accounts_role(desk: Desk, name: str, labels: list[str]) -> None:
    desk.sign_in(name)
    assert menu(desk, "/admin/rounds") == labels


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_page_of_the_menu_opens_for_its_accounts_and_marks_itself(desk: Desk, name: str) -> None:
    desk.sign_in(name)
    adapter = desk.app.url_map.bind("localhost")
    for item in MENU:
        usable = [page for page in item.pages if NAMES[name] in page.roles]
        for page in usable:
            response = desk.client.get(adapter.build(page.endpoint), follow_redirects=True)
            assert response.status_code == 200, page
            assert f"[{item.label}]" in menu(desk, response.request.path), page
            rows = re.findall(r'(?s)<nav class="pages-of-item".*?</nav>', response.text)
            marked = [label for row in rows for mark, label in links_in(row) if 'current="page"' in mark]
            assert marked == ([page.label] if len(usable) > 1 else []), page
        for page in {*item.pages} - {*usable}:
            assert desk.client.get(adapter.build(page.endpoint)).status_code == 403, page


def test_the_menu_opens_on_a_phone_without_a_script(desk: Desk) -> None:
    desk.sign_in()
    page = desk.client.get("/admin/rounds").text
    [folded] = re.findall(r'(?s)<details class="menu"><summary>(.*?)</summary>(.*?)</details>', page)
    assert folded[0] == "Meny: Omgångar"
    assert len(links_in(folded[1])) == len(MENU)
    page = desk.client.get("/admin/links/slips").text
    [folded] = re.findall(r'(?s)<details class="menu"><summary>(.*?)</summary>(.*?)</details>', page)
    assert folded[0] == "Meny: Skärmar och utskrifter › Lappar"
    pages = next(item.pages for item in MENU if item.label == "Skärmar och utskrifter")
    assert {page.label for page in pages} <= {label for _, label in links_in(folded[1])}


def chapters_of(handbook: str) -> dict[str, str]:
    """Return id -> words of each heading and of each paragraph that begins in bold."""
    topics = re.findall(r"<h\d id='([^']+)'>(.*?)</h|<p id='([^']+)'><strong>(.*?)</strong>", handbook)
    return {heading or topic: words or bold for heading, words, topic, bold in topics}


@pytest.mark.slow
def test_every_page_of_the_menu_leads_to_its_chapter_of_the_handbook(desk: Desk) -> None:
    desk.sign_in()
    response = desk.client.get("/admin/handbook")
    assert response.status_code == 200
    chapters = chapters_of(response.text)
    adapter = desk.app.url_map.bind("localhost")
    for page in [page for item in MENU for page in item.pages]:
        shown = desk.client.get(adapter.build(page.endpoint), follow_redirects=True).text
        [chapter] = re.findall(r'href="/admin/handbook#([^"]+)"', shown)
        assert chapter in chapters, page


def test_an_english_desk_shows_the_english_handbook_under_the_same_ids(desk: Desk) -> None:
    desk.sign_in()
    swedish = chapters_of(desk.client.get("/admin/handbook").text)
    data = {"csrf_token": desk.token("/admin/handbook"), "language": "en"}
    desk.client.post("/admin/language", data=data)
    page = desk.client.get("/admin/handbook").text
    assert '<article class="handbook" lang="en">' in page
    english = chapters_of(page)
    assert list(english) == list(swedish)
    assert (english["konton"], english["lappar"]) == ("Accounts.", "Slips.")
    assert (swedish["konton"], swedish["lappar"]) == ("Konton.", "Lappar.")


def test_the_handbook_is_html_without_raw_markdown(desk: Desk) -> None:
    desk.sign_in("cia")
    [article] = re.findall(r"(?s)<article.*?</article>", desk.client.get("/admin/handbook").text)
    assert not re.search(r"\*\*|^#|^\||\]\(|^- ", article, re.MULTILINE)
    assert "<code>kiosk doctor</code>" in article
    assert "<th scope='row'>skydd</th>" in article


@pytest.mark.parametrize(("name", "language"), [("anna", "sv"), ("cia", "en")])
def test_the_handbook_shows_its_pictures_from_the_desk_itself(desk: Desk, name: str, language: str) -> None:
    desk.sign_in(name)
    desk.client.post(
        "/admin/language", data={"csrf_token": desk.token("/admin/handbook"), "language": language}
    )
    pictures = re.findall("<img ([^>]*)>", desk.client.get("/admin/handbook").text)
    written = re.findall(r"!\[", (shipped_folder("docs") / FILES[language]).read_text("utf-8"))
    assert len(pictures) == len(written) >= 9
    for picture in pictures:
        values = dict(re.findall(r"(\w+)='([^']*)'", picture))
        assert values["src"].startswith("/admin/handbook/pictures/")
        assert values["alt"]
        assert int(values["width"]) > int(values["height"]) / 3 > 100
        answer = desk.client.get(values["src"])
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        old = desk.client.get(values["src"].partition("?")[0])
        assert old.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.webp", "..%2Fhandbok.md", "%2e%2e/handbok.md", "picker"])
def test_an_unknown_picture_of_the_handbook_is_not_found(desk: Desk, name: str) -> None:
    desk.sign_in()
    assert desk.client.get(f"/admin/handbook/pictures/{name}").status_code == 404


def test_a_picture_of_the_handbook_needs_a_sign_in(desk: Desk) -> None:
    assert desk.client.get("/admin/handbook/pictures/picker.webp").status_code == 302


def test_the_start_page_says_what_runs_above_the_figures(desk: Desk) -> None:
    desk.answer(30)
    desk.sign_in()
    page = unescape(desk.client.get("/admin/").text)
    assert "pågår till och med 31\xa0maj\xa02026." in page
    assert page.index("pågår till och med") < page.index("data-statement")
    assert '<a href="/admin/links/slips">Skriv ut lappar</a>' in page
    assert "Att göra:" not in desk.client.get("/admin/overview/r/vasteras").text


def test_a_round_that_ends_in_five_days_is_announced(desk: Desk) -> None:
    text = f"Stänger snart: ”{desk.round.title}”"
    desk.now = desk.round.closes_at - timedelta(days=5, minutes=1)
    desk.sign_in()
    assert text not in tasks(desk)
    desk.now += timedelta(minutes=1)
    assert tasks(desk)[text] == "/admin/rounds"


def test_a_closed_round_asks_for_a_reply_and_for_the_next_round(desk: Desk) -> None:
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    wanted = {
        "Skriv ett svar till gäster": "/admin/reply/r",
        "Ingen omgång pågår: öppna en": "/admin/rounds/new",
    }
    assert {text: address for text, address in tasks(desk).items() if text in wanted} == wanted
    desk.store.replies.set("r", {"sv": "Tack!"})
    later = replace(desk.round, id="later", opens_at=desk.now, closes_at=desk.now + timedelta(days=60))
    desk.store.open_round(later, desk.now)
    assert not tasks(desk).keys() & wanted.keys()


def test_a_silent_kiosk_is_announced_to_staff(tmp_path: Path) -> None:
    seconds = [0.0]
    desk = furnished(Desk(tmp_path, devices=Devices(clock=lambda: seconds[0])))
    link = desk.store.links.add(Admission.KIOSK, "frida")
    desk.app.extensions["desk"].devices.record_sign_of_life(link.code)
    desk.sign_in("bo")
    assert tasks(desk) == {}
    seconds[0] += SILENT_AFTER + 1
    assert tasks(desk) == {"Kiosk utan kontakt: FRIDA": "/admin/links"}
    desk.client = desk.app.test_client()
    desk.sign_in("cia")
    assert tasks(desk) == {}


def test_a_unit_whose_slips_are_nearly_all_printed_is_announced(tmp_path: Path) -> None:
    desk = Desk(tmp_path, admission=frozenset({Admission.SLIP}), expected={"frida": 20})
    desk.store.print_slips("r", "frida", 26)
    desk.sign_in("bo")
    assert tasks(desk) == {}
    desk.store.print_slips("r", "frida", 1)
    assert tasks(desk) == {"Nästan alla lappar är utskrivna: FRIDA": "/admin/links/slips"}


def test_languages_to_review_are_counted_again_when_texts_change(desk: Desk) -> None:
    desk.sign_in()
    before = len(desk.app.extensions["desk"].library.guest) - 1
    assert tasks(desk)[f"Granska språk: {before}"] == "/admin/languages"
    library = desk.app.extensions["desk"].library
    kept = {code: catalogue for code, catalogue in library.guest.items() if code != "so"}
    desk.app.extensions["desk"].library = replace(library, guest=kept)
    assert f"Granska språk: {before - 1}" in tasks(desk)


def test_a_survey_that_nobody_translated_is_a_task_of_its_own(desk: Desk) -> None:
    desk.sign_in()
    languages = len(desk.app.extensions["desk"].library.guest) - 1
    before = tasks(desk)
    assert f"Granska språk: {languages}" in before
    library = desk.app.extensions["desk"].library
    own = replace(desk.round.survey, id="own", title="Trygghet hos oss", translations={})
    desk.app.extensions["desk"].library = replace(library, surveys={**library.surveys, "own": own})
    added = {text: address for text, address in tasks(desk).items() if text not in before}
    assert added == {f"Översättningar saknas: ”Trygghet hos oss” (språk: {languages})": "/admin/languages"}


def steps(desk: Desk) -> list[tuple[str, bool]]:
    """Return the guide's steps: (name, is done)."""
    page = desk.client.get("/admin/").text
    rows = re.findall(r'(?s)<li( class="ready")?>\s*<h2>(.*?)</h2>', page)
    return [(re.sub("<[^>]+>", "", name), bool(ready)) for ready, name in rows]


def test_without_a_round_the_start_page_is_a_guide_with_the_real_state(tmp_path: Path) -> None:
    desk = furnished(Desk(tmp_path, is_empty=True))
    desk.sign_in()
    assert steps(desk) == [
        ("Verksamheter", False), ("Enkät", False), ("Språk", False), ("Omgång", False),
        ("Skärm eller lappar", False),
    ]  # fmt: skip
    page = desk.client.get("/admin/").text
    assert [page.count(words) for words in ("Klart", "Kan användas som det är", "Återstår")] == [0, 3, 2]
    desk.client.post("/admin/units/vasteras/copy", data={"csrf_token": desk.token("/admin/walls")})
    assert steps(desk)[:2] == [("Verksamheter", True), ("Enkät", False)]
    desk.store.links.add(Admission.KIOSK, "frida")
    assert steps(desk)[-1] == ("Skärm eller lappar", True)
    library = library_for(desk.settings)
    desk.app.extensions["desk"].library = replace(library, trees={}, surveys={})
    assert [is_done for _, is_done in steps(desk)] == [False, False, False, False, True]
    desk.store.open_round(desk.round, desk.now)
    assert steps(desk) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_guide_leads_only_where_the_account_may_go(tmp_path: Path, name: str) -> None:
    desk = furnished(Desk(tmp_path, is_empty=True))
    desk.sign_in(name)
    page = desk.client.get("/admin/").text
    addresses = re.findall(r'<h2><a href="([^"]+)"', page)
    assert len(addresses) == {"anna": 5, "bo": 1, "cia": 0}[name]
    assert [desk.client.get(address).status_code for address in addresses] == [200] * len(addresses)
