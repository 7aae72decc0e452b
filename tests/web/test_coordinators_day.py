"""A coordinator's day in a real browser: from writing a statement to a printed chart."""

import re
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.domain.earlier_figures import EarlierFigures, KnownCounts
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import read_library
from kiosk.operation.demonstration_report import publish_report
from kiosk.output.paper import POSTER_LANGUAGES, Size
from kiosk.settings import read_settings
from kiosk.storage import MailChoice, Role, SecondFactor
from tests.tools.accessibility import small_targets
from tests.tools.desk_side import Desk
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.published import statements
from tests.web.coordinator import barriers, sign_in
from tests.web.guest import Serve

pytestmark = pytest.mark.browser

STATEMENT = "Jag är trygg när jag är här"


def write_a_statement(page: Page) -> None:
    """Copy the easy survey, reword its first statement and add one, and look at it as a guest."""
    page.get_by_role("link", name="Enkäter", exact=True).click()
    page.get_by_role("button", name="Skapa en egen kopia av Ombudsmannaskap, samma").click()
    page.locator("#title").fill("Trygghet")
    page.locator("#text-1").fill(STATEMENT)
    page.locator("#text-4").fill("Jag blir väl bemött")
    page.locator("#outcome-4").fill("Bemötande")
    page.get_by_role("button", name="Spara som ny version").click()
    expect(page.get_by_role("alert")).to_be_in_viewport()
    assert barriers(page) == []
    page.get_by_role("radio", name="Nej, något annat.").check()
    page.get_by_role("button", name="Spara", exact=True).click()
    expect(page.locator("h1")).to_have_text("Trygghet")
    expect(page.locator("#text-4")).to_have_value("Jag blir väl bemött")
    assert barriers(page) == []
    page.get_by_role("link", name="Se som en gäst").click()
    expect(page.locator("body.steps")).to_be_visible()
    # By keyboard: taps within moments of a change are meant for the screen before.
    page.locator('[data-language="sv"]').press("Enter")
    page.locator("#start").press("Enter")
    expect(page.locator("fieldset:visible legend")).to_have_text(STATEMENT)
    page.go_back()


def open_a_round(page: Page, desk: Desk) -> None:
    page.get_by_role("link", name="Omgångar", exact=True).click()
    page.get_by_role("link", name="Öppna en omgång").click()
    survey = page.locator("#survey option", has_text="Trygghet (påståenden: 4)")
    page.locator("#survey").select_option(value=survey.get_attribute("value"))
    for expected in page.locator("input[id^=expected-]:visible").all():
        expected.fill("100")
    page.locator("#a_day").fill("12")
    page.locator("#k").fill("5")
    expect(page.locator("[name=protection][value=protected]")).to_be_checked()
    page.locator("[name=figures][value=live]").check()
    page.locator("[name=understood]").check()
    page.get_by_role("button", name="Öppna omgången").click()
    expect(page.locator("#outlook")).to_contain_text("efter ungefär 3 dygn")
    expect(page.locator("#notice")).to_be_focused()
    assert barriers(page) == []
    page.get_by_role("button", name="Öppna omgången så här").click()
    expect(page.locator("#notice")).to_be_focused()
    expect(page.locator("tbody tr").first).to_contain_text("Trygghet")
    assert len(desk.store.rounds()) == 2


def make_an_address(page: Page) -> str:
    """The path of a new kiosk at Frida."""
    page.get_by_role("link", name="Skärmar och utskrifter", exact=True).click()
    page.locator("#unit").select_option(label="FRIDA")
    page.get_by_role("button", name="Skapa en adress").click()
    path = re.search(r"/k/\S+", page.locator(".kiosks a code").first.inner_text())
    assert path
    return path.group(0)


def test_from_writing_a_statement_to_a_printed_chart(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.now = desk.round.closes_at + timedelta(days=1)
    desk.store.count(desk.now)
    address = serve(desk.app)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    sign_in(page, address)
    write_a_statement(page)
    page.goto(f"{address}/admin/walls")
    open_a_round(page, desk)
    kiosk = make_an_address(page)

    library = read_library(read_settings({"KIOSK_DATA": str(tmp_path)}))
    guests = create_guest_app(
        desk.store, library, clock=lambda: desk.now, rate_limit=RateLimit(0.0, 1), allowed_languages=None
    ).test_client()
    assert STATEMENT in guests.get(kiosk).text
    asked = desk.store.rounds()[0].round.survey.statements
    for number in range(24):
        answers = {statement.id: str(1 + (number + at) % 5) for at, statement in enumerate(asked)}
        assert guests.post(kiosk, data=answers).status_code == 303
        if number % 8 == 7:
            desk.now += timedelta(days=1)
            desk.store.count(desk.now)

    sign_in(page, address)
    page.get_by_role("link", name="FRIDA").click()
    expect(page.locator("h1")).to_have_text("FRIDA")
    assert barriers(page) == []
    page.get_by_role("link", name="Alla påståenden i sin helhet").click()
    [node] = [node for node in desk.store.snapshot()["rounds"][0]["nodes"] if node["id"] == "frida"]
    table = statements(node)[asked[0].id]
    assert node["answered"] == 19
    # Plotly draws a bar for each option, without a width if nobody gave that answer.
    page.locator(".drawing").first.hover()
    points = page.locator(f'[data-figure="{asked[0].id}-now"] g.point')
    expect(points).to_have_count(len(table["counts"]))
    shown = page.locator("[data-count]").evaluate_all("cells => cells.map((one) => +one.dataset.count)")
    tables = [statements(node)[statement.id] for statement in asked]
    assert shown == [count for one in tables for count in reversed(one["counts"])]
    assert barriers(page) == []

    with page.expect_download() as download:
        page.get_by_role("link", name=f"Ladda ner PNG: {STATEMENT}", exact=True).click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")

    printed = pypdfium2.PdfDocument(page.pdf(format="A4"))
    words = "\n".join(sheet.get_textpage().get_text_bounded() for sheet in printed)
    assert STATEMENT in words
    assert f"n = {sum(table['counts'])}" in words
    assert "Logga ut" not in words
    context.close()


@pytest.mark.parametrize(("device", "width"), [("", 390), ("/kiosk", 1280)])
def test_a_preview_can_be_completed_and_links_back(
    browser: Browser, serve: Serve, tmp_path: Path, device: str, width: int
) -> None:
    desk = Desk(tmp_path)
    address = serve(desk.app)
    page = browser.new_context(viewport={"width": width, "height": 844}).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    sign_in(page, address)
    page.clock.install()
    page.goto(f"{address}/admin/surveys/ombudsmannaskap/preview{device}")
    for _ in range(4):  # five minutes, in which a kiosk sends a sign of life
        page.clock.run_for(80_000)
        page.keyboard.press("Shift")  # a kiosk that nobody touches loads its page anew
    page.locator('[data-language="sv"]').press("Enter")
    page.locator("#start").press("Enter")
    for _ in range(4):
        page.locator("fieldset:visible input").first.press("Space")
        page.locator("#next").press("Enter")
    expect(page.locator("#message p")).to_have_text("Tack för dina svar!")
    page.get_by_role("link", name="Tillbaka till enkäten").press("Enter")
    expect(page.locator("h1")).to_have_text("Enkäter")
    assert complaints == []
    page.context.close()


def test_a_posters_size_limits_its_languages(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    desk = Desk(tmp_path, admission=frozenset(Admission), languages=frozenset(GUEST_LANGUAGES))
    desk.store.links.add(Admission.POSTER, "frida")
    desk.store.mail_choices.set(
        "anna", MailChoice(f"{'anna.' * 8}andersson@stadsmissionen.example.org", "sv")
    )
    desk.store.mail_queue.put_trial("anna", desk.now)
    address = serve(desk.app)
    page = browser.new_context(accept_downloads=True).new_page()
    sign_in(page, address)
    page.goto(f"{address}/admin/links/poster")
    ticked = page.locator("#poster-languages input:checked")
    expect(ticked).to_have_count(12)
    for size in Size:
        page.locator("#poster-size").select_option(value=size)
        expect(ticked).to_have_count(POSTER_LANGUAGES[size])
        with page.expect_download() as download:
            page.get_by_role("button", name="Hämta som PDF").click()
        assert download.value.path().read_bytes().startswith(b"%PDF")
    page.locator("#poster-languages input").first.uncheck()
    page.locator("#poster-size").select_option(value="A4")
    expect(ticked).to_have_count(4)
    page.context.close()


def test_every_number_of_a_table_is_visible_at_1280_pixels(
    browser: Browser, serve: Serve, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    desk.answer(60)
    desk.answer(40, "matcentralen")
    address = serve(desk.app)
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    sign_in(page, address)
    page.locator("main details").first.wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((table) => (table.open = true))")
    hidden = "(all) => all.map((one) => one.scrollWidth - one.clientWidth)"
    assert set(page.locator(".scroll").evaluate_all(hidden)) == {0}
    page.context.close()


@pytest.mark.parametrize("width", [390, 768])
def test_on_a_phone_and_a_tablet_all_actions_are_visible(
    browser: Browser, serve: Serve, tmp_path: Path, width: int
) -> None:
    desk = Desk(tmp_path)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    address = serve(desk.app)
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    sign_in(page, address)
    for path in ("rounds", "surveys", "scales", "counters"):
        page.goto(f"{address}/admin/{path}")
        ways = page.locator("tbody :is(a, button)")
        assert ways.count() >= 2
        for way in ways.all():
            box = way.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width, (path, way.inner_text())
            assert min(box["width"], box["height"]) >= 24, way.inner_text()
    page.context.close()


PAGES = [
    "surveys", "surveys/ombudsmannaskap/preview", "surveys/ombudsmannaskap/preview/kiosk", "languages/ar",
    "languages", "reference", "rounds/new", "imported", "imported/new/ombudsmannaskap",
    "walls", "log", "activities", "theory/ombudsmannaskap/dagverksamheten", "links", "rounds", "reply/r",
    "links/slips", "links/poster", "comparison", "exchange", "accounts", "account", "mail",
    "scales", "new-scale", "new-scale?like=zero_to_ten", "tokens", "new-survey", "units", "new-units",
    "new-language", "languages/ar/review", "languages/sv/recordings", "theme", "reports", "handbook",
    "overview/r/vasteras/files", "comment/r/vasteras/listened", "counters", "new-counter", "counters/advise",
    "", "overview/r/vasteras", "results/r/vasteras", "results/r/vasteras/listened",
    "theory", "count/frida", "surveys/ombudsmannaskap_2", "surveys/ombudsmannaskap_2/remove",
    "languages/th/remove", "reports/r2026-1", "reports/r2026-1/part/about", "reports/r2026-1/preview",
    "reports/r2026-1/edition/1.html", "sign-in", "theory/ombudsmannaskap_2/edit",
    "theory/ombudsmannaskap_2/remove", "scales/own", "surveys/ombudsmannaskap/preview/thanks",
    "surveys/ombudsmannaskap/preview/stored", "surveys/ombudsmannaskap/preview/practice",
]  # fmt: skip
"""Addresses of the desk's pages, apart from those of a wall, an own organisation and an account's link."""

OWN_SCALE = {"title": "Own", "label": ["Sällan", "Ofta", "Alltid", "", ""]}

FILES = {
    "static", "results_json", "health", "api.snapshot", "api.package", "api.export", "results.pick",
    "files.board", "files.place_pdf", "files.chart", "files.package", "files.export",
    "activities.as_csv", "counting.manifest", "counting.worker", "surveys.as_xlsform",
    "links.leaflet", "walls.wall_chart", "languages.as_file", "recordings.sound",
    "handbook.picture",
}  # fmt: skip
"""Endpoints that send a file or figures, or redirect."""


PHONE = 390
"""The width of a phone in pixels, at which all targets are as large as a thumb."""


@pytest.mark.parametrize("width", [1280, 768, PHONE])
def test_no_desk_page_has_an_accessibility_violation(
    browser: Browser, serve: Serve, tmp_path: Path, width: int
) -> None:
    desk = Desk(tmp_path)
    desk.answer(30)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    wall = desk.store.walls.add("vasteras")
    desk.store.links.add(Admission.KIOSK, "frida", screen=Screen(217))
    desk.store.links.add(Admission.POSTER, "frida")
    publish_report(desk.store, desk.app.extensions["desk"].library, desk.now)
    desk.sign_in()
    token = desk.token("/admin/rounds/new")
    for path, data in (
        ("surveys/copy", {"survey": "ombudsmannaskap"}),
        ("theory/ombudsmannaskap/copy", {}),
        ("new-language", {"language": "th"}),
        ("units/vasteras/copy", {}),
        ("new-scale", OWN_SCALE),
    ):
        assert desk.client.post(f"/admin/{path}", data={"csrf_token": token, **data}).status_code == 303
    known = KnownCounts("listened", "Text", tuple("abcde"), (1, 2, 3, 4, 5))
    earlier = EarlierFigures("frida", date(2022, 1, 1), date(2022, 12, 31), 20, "Rapport", (known,))
    desk.store.earlier_figures.set("2022", earlier.as_json())
    link = desk.store.account_links.add("eva", Role.VIEWER, desk.now)
    adapter = desk.app.url_map.bind("localhost")
    paths = [
        *PAGES,
        f"wall/{wall.code}",
        "units/vasteras_stadsmission_kopia",
        f"account-link/{link}",
        "imported/2022",
    ]
    walked = {adapter.match("/admin/" + path.partition("?")[0])[0] for path in paths}
    pages = {rule.endpoint for rule in desk.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages - walked - FILES == {"sign_in.second_step"}
    address = serve(desk.app)
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    sign_in(page, address)
    all_barriers = []
    for path in paths:
        response = page.goto(f"{address}/admin/{path}")
        assert response is not None
        assert (path, response.status) == (path, 200)
        all_barriers += barriers(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (path, overflow) == (path, 0)
        if width == PHONE:
            assert (path, small_targets(page)) == (path, [])
    desk.store.second_factors.set("anna", SecondFactor("sealed", 0), [])
    page.context.clear_cookies()
    sign_in(page, address)
    expect(page).to_have_url(re.compile("/admin/sign-in/code"))
    all_barriers += barriers(page)
    assert all_barriers == []
    page.context.close()
