"""A coordinator signs in and watches the charts, in a real browser under the strict policy."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.output.stacked_bars import Bar, Segment, stacked_bars
from tests.tools.accessibility import violations
from tests.tools.desk_side import PASSWORD, Desk
from tests.tools.earlier_figures import enter
from tests.tools.frames import frame, resize
from tests.tools.polling import wait_until
from tests.tools.published import statements

pytestmark = pytest.mark.browser

PLOTLY = Path(__file__).parents[2] / "static" / "plotly"

Serve = Callable[[Any], str]


class Watcher:
    """A page at a desk, with all that its browser complained of or asked for."""

    def __init__(self, page: Page, desk: Desk, address: str) -> None:
        self.page, self.desk, self.address = page, desk, address
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def sign_in(self) -> None:
        self.page.goto(f"{self.address}/admin/")
        self.page.locator("#name").fill("anna")
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("main button").click()
        expect(self.page.locator("h1")).to_have_text("Västerås stadsmission")

    def read_in_full(self, *, points_at_a_chart: bool = True) -> None:
        """Open the page with every statement in full, in the session of a client that signed in, and point at
        a chart, which makes the charts live."""
        self.desk.client = self.desk.app.test_client()
        self.desk.sign_in()
        session = self.desk.client.get_cookie("desk")
        assert session
        self.page.context.add_cookies([{"name": "desk", "value": session.value, "url": self.address}])
        self.page.goto(f"{self.address}/admin/results/r/vasteras")
        if points_at_a_chart:
            self.page.locator(".drawing").first.hover()


@pytest.fixture
def watcher(browser: Browser, serve: Serve, tmp_path: Path) -> Iterator[Watcher]:
    desk = Desk(tmp_path, seconds=1)
    desk.answer(40)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Watcher(context.new_page(), desk, serve(desk.app))
    context.close()


def test_charts_are_drawn_with_numbers_and_without_console_errors(watcher: Watcher) -> None:
    watcher.read_in_full()
    now = watcher.page.locator('[data-figure="listened-now"]')
    expect(now.locator("g.point")).to_have_count(5)
    table = statements(watcher.desk.store.snapshot()["rounds"][0]["nodes"][0])["listened"]
    expect(now.locator(".annotation")).to_have_text(f"n = {sum(table['counts'])}")
    texts = [text.get_attribute("data-unformatted") or "" for text in now.locator("text.bartext").all()]
    drawn = [int(number) for text in texts for number in re.findall(r"^\d+", text)]
    assert drawn == [n for n in reversed(table["counts"]) if n]
    assert watcher.complaints == []


def test_charts_update_with_a_new_snapshot_and_keep_the_scroll_position(
    watcher: Watcher,
) -> None:
    watcher.read_in_full()
    facts, summary = watcher.page.locator(".facts strong"), watcher.page.locator("#feel_better-table summary")
    before = facts.inner_text()
    expect(watcher.page.locator('[data-figure="listened-now"] g.point')).to_have_count(5)
    summary.click()
    with watcher.page.expect_response(lambda response: response.url.endswith("/results.json")):
        pass
    watcher.desk.answer(25)
    expect(facts).not_to_have_text(before)
    expect(watcher.page.locator("#feel_better-table")).to_have_attribute("open", "")
    expect(summary).to_be_focused()
    answered = watcher.desk.store.snapshot()["rounds"][0]["nodes"][0]["answered"]
    expect(facts).to_have_text(f"{answered} gäster har svarat")
    expect(watcher.page.locator('[data-figure="listened-now"] .annotation')).to_contain_text("n = ")
    assert watcher.complaints == []


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_overview_is_visible_without_scrolling_or_plotly(
    watcher: Watcher, width: int, height: int
) -> None:
    resize(watcher.page, width, height)
    watcher.sign_in()
    bars = watcher.page.locator(".glance-rows .strip")
    expect(bars).to_have_count(4)
    seen = [watcher.page.locator(".headline"), *bars.all()[:3], *watcher.page.locator(".share").all()[:3]]
    for part in seen:
        box = part.bounding_box()
        assert box
        assert box["y"] + box["height"] <= height
    assert watcher.page.evaluate("document.documentElement.scrollWidth") == width
    watcher.asked.clear()
    watcher.page.reload()
    expect(bars).to_have_count(4)
    assert len(set(watcher.asked)) <= 5
    assert not [url for url in watcher.asked if "plotly" in url]
    assert watcher.complaints == []


def test_the_overview_updates_after_a_count_and_polls_only_the_tag(watcher: Watcher) -> None:
    watcher.sign_in()
    bar = watcher.page.locator(".glance-rows .strip").first
    before = bar.get_attribute("aria-label")
    watcher.page.locator('.sort [aria-current="true"]').focus()
    with watcher.page.expect_response(lambda response: response.url.endswith("/results.json")) as looked:
        pass
    assert (looked.value.request.method, looked.value.status) == ("HEAD", 304)
    watcher.desk.answer(25)
    expect(bar).not_to_have_attribute("aria-label", before or "")
    expect(watcher.page.locator('.sort [aria-current="true"]')).to_be_focused()
    assert watcher.complaints == []


BUNDLE = "**/plotly-basic.min.js*"


def test_a_chart_becomes_live_when_the_reader_points_at_it(watcher: Watcher) -> None:
    resize(watcher.page, 390, 100)
    watcher.read_in_full(points_at_a_chart=False)
    now = watcher.page.locator('[data-figure="listened-now"]')
    drawing = watcher.page.locator(".drawing", has=now)
    drawing.scroll_into_view_if_needed()
    frame(watcher.page)
    frame(watcher.page)
    assert not [url for url in watcher.asked if "plotly" in url]
    top = "(place) => place.getBoundingClientRect().top"
    before = drawing.evaluate(top)
    with watcher.page.expect_request(BUNDLE):
        drawing.click()
    expect(now.locator("g.point")).to_have_count(5)
    expect(watcher.page.locator(".chart .main-svg").first).to_be_visible()
    assert drawing.evaluate(top) == before, "what is above does not move it"
    last = watcher.page.locator("[data-figure]").last
    assert last.evaluate("(place) => place.children.length") == 0, "a chart far below is not drawn"
    assert watcher.complaints == []


def test_a_chart_becomes_live_under_a_mouse_that_rested_there_before_the_script_ran(watcher: Watcher) -> None:
    watcher.read_in_full(points_at_a_chart=False)
    page, held = watcher.page, list[Route]()
    page.route("**/desk_results.js*", lambda route: held.append(route))
    with page.expect_request("**/desk_results.js*"):
        page.reload(wait_until="commit")
    page.locator(".drawing").first.hover()
    held[0].continue_()
    expect(page.locator('[data-figure="listened-now"] g.point')).to_have_count(5)


def test_pictures_stay_if_plotly_fails_to_load_and_the_next_touch_tries_again(watcher: Watcher) -> None:
    watcher.page.route(BUNDLE, lambda route: route.abort())
    with watcher.page.expect_event("requestfailed"):
        watcher.read_in_full()
    expect(watcher.page.locator("img.drawn").first).to_be_visible()
    expect(watcher.page.locator('[data-figure="listened-now"]')).not_to_be_visible()
    watcher.page.unroute(BUNDLE)
    watcher.page.locator(".drawing").first.click()
    expect(watcher.page.locator('[data-figure="listened-now"] g.point')).to_have_count(5)


MOST_REQUESTS, MOST_BYTES = 8, 100_000
"""Of a first visit to a page, compressed, a page of one statement in full included."""


@pytest.mark.parametrize(("width", "letters"), [(1280, 11), (390, 10)])
def test_a_first_visit_is_small_and_its_charts_can_be_read(
    watcher: Watcher, width: int, letters: int
) -> None:
    """Control: a chart that is live breaks the limit."""
    resize(watcher.page, width, 844)
    watcher.read_in_full(points_at_a_chart=False)
    visited = watcher.page.context.new_cdp_session(watcher.page)
    visited.send("Network.enable")
    visited.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    visited.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    watcher.page.goto(f"{watcher.address}/admin/results/r/vasteras/listened")
    picture = watcher.page.locator("img.drawn").first
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    watcher.page.wait_for_load_state("load")
    assert len(sizes) <= MOST_REQUESTS
    assert sum(sizes) <= MOST_BYTES
    drawn = watcher.page.evaluate(
        "async (picture) => (await fetch(picture.currentSrc)).text()", picture.element_handle()
    )
    scale = picture.evaluate("(one) => one.width / one.naturalWidth")
    assert min(map(int, re.findall(r'font-size="(\d+)"', drawn))) * scale >= letters
    picture.click()
    expect(watcher.page.locator("g.point").first).to_be_attached()
    assert sum(sizes) > MOST_BYTES


def test_no_chart_has_a_share_button_and_no_request_goes_to_others(watcher: Watcher) -> None:
    watcher.read_in_full()
    expect(watcher.page.locator('[data-figure="listened-now"] g.point')).to_have_count(5)
    watcher.page.locator('[data-figure="listened-now"]').hover()
    expect(watcher.page.locator(".modebar-btn")).to_have_count(0)
    assert {url.split("/")[2] for url in watcher.asked} == {watcher.address.split("/")[2]}


def test_prints_have_pictures_with_patterns_instead_of_live_charts(watcher: Watcher) -> None:
    watcher.read_in_full()
    chart, picture = (
        watcher.page.locator('[data-figure="listened-now"]'),
        watcher.page.locator("img.drawn").first,
    )
    expect(chart.locator("g.point")).to_have_count(5)
    expect(picture).to_have_css("visibility", "hidden")
    watcher.page.emulate_media(media="print")
    expect(picture).to_be_visible()
    expect(chart).not_to_be_visible()


NUMBERS = """(place) => [...place.querySelectorAll("text.bartext, .annotation text")]
    .filter((text) => text.getAttribute("data-unformatted") && getComputedStyle(text).visibility !== "hidden"
        && text.getBoundingClientRect().width > 0 && !text.closest("[style*='display: none']"))
    .flatMap((text) => (text.getAttribute("data-unformatted").match(/^\\d+/) || []))
    .map(Number)"""

BOXES = """(place) => [...place.querySelectorAll(".annotation")].map((note) => {
    const box = note.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
})"""


def lopsided(watcher: Watcher) -> None:
    """Figures with many small parts, places without any, and a report from elsewhere."""
    desk = watcher.desk
    for number in range(160):
        few: dict[int, Answer] = {0: 1, 1: 2, 2: 3, 3: 4, 4: NoAnswer.DONT_KNOW, 5: 1, 6: 2}
        desk.store.cast("r", "matcentralen", Ballot((few.get(number, 5),) * 4), desk.now)
    desk.now += timedelta(seconds=5)
    desk.store.count(desk.now)
    desk.client.get("/admin/")
    desk.sign_in()
    enter(desk, node="vasteras")


@pytest.mark.parametrize("width", [1280, 390])
def test_every_number_is_visible_without_hovering(watcher: Watcher, width: int) -> None:
    lopsided(watcher)
    resize(watcher.page, width, 900)
    watcher.read_in_full()
    nodes = watcher.desk.store.snapshot()["rounds"][0]["nodes"]
    tables = [node["statements"]["listened"]["counts"] for node in nodes if node["answered"] is not None]
    places = watcher.page.locator('[data-figure="listened-places"]')
    places.scroll_into_view_if_needed()
    expect(places.locator("g.point")).to_have_count(sum(map(len, tables)))
    wanted = sorted(n for table in tables for n in table if n)
    # The numbers below bars are drawn after the bars.
    wait_until(
        watcher.page,
        f"""wanted => {{
            const places = document.querySelector('[data-figure="listened-places"]');
            return String(({NUMBERS})(places).sort((a, b) => a - b)) === String(wanted);
        }}""",
        wanted,
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_bars_have_equal_heights_and_no_text_overlaps_them(watcher: Watcher, width: int) -> None:
    lopsided(watcher)
    resize(watcher.page, width, 900)
    watcher.read_in_full()
    for kind in ("time", "places"):
        chart = watcher.page.locator(f'[data-figure="listened-{kind}"]')
        chart.scroll_into_view_if_needed()
        expect(chart.locator("g.point").first).to_be_attached()
        bars = [box for box in (point.bounding_box() for point in chart.locator("g.point path").all()) if box]
        wide = [box for box in bars if box["width"] > 0]
        assert max(box["height"] for box in wide) - min(box["height"] for box in wide) < 3
        notes = chart.evaluate(BOXES)
        frame = chart.bounding_box()
        assert frame
        for name in chart.locator(".ytick text").all():
            box = name.bounding_box()
            assert box
            assert box["x"] >= frame["x"], "no name is cut"
        for left, top, right, bottom in notes:
            assert left >= frame["x"] - 1
            assert right <= frame["x"] + frame["width"] + 1
            for box in wide:
                over = min(bottom, box["y"] + box["height"]) - max(top, box["y"])
                beside = min(right, box["x"] + box["width"]) - max(left, box["x"])
                assert over < 4 or beside < 1
    breaks = watcher.page.locator('[data-breaks="listened-time"]')
    expect(breaks).to_be_visible(visible=width < 480)
    expect(breaks).to_contain_text("importerat, räknat på annat sätt")


def test_a_print_has_each_statement_once_for_its_charts(watcher: Watcher) -> None:
    lopsided(watcher)
    watcher.read_in_full()
    expect(watcher.page.locator('[data-figure="listened-now"] g.point').first).to_be_attached()
    printed = pypdfium2.PdfDocument(watcher.page.pdf(format="A4"))
    words = "\n".join(sheet.get_textpage().get_text_bounded() for sheet in printed).replace("\xa0", " ")
    assert words.count("Jag känner att personalen lyssnar på mig") == 1
    assert f"1 / {len(printed)}" in words
    assert "Hämtat 2 mars 2026 kl. 12:00" in words
    assert words.count("Räkna med att det kan vara mellan") == 4
    watcher.page.emulate_media(media="print")
    assert [link.inner_text() for link in watcher.page.locator("a:visible").all()] == []
    watcher.page.emulate_media(media="screen")


def test_nothing_stands_below_the_last_words_of_a_printed_page(watcher: Watcher) -> None:
    lopsided(watcher)
    watcher.read_in_full()
    resize(watcher.page, 700, 300)
    watcher.page.emulate_media(media="print")
    for path in ("/admin/", "/admin/results/r/vasteras", "/admin/results/r/vasteras/listened"):
        watcher.page.goto(f"{watcher.address}{path}")
        below = watcher.page.evaluate(
            """() => {
                const ends = [...document.querySelectorAll("main :is(p, table, li)")];
                const last = Math.max(...ends.map((one) => one.getBoundingClientRect().bottom));
                return document.documentElement.scrollHeight - scrollY - last;
            }"""
        )
        assert below <= 5, f"{path}: an empty page is printed if only this is left"
    watcher.page.emulate_media(media="screen")


def test_names_in_a_chart_are_shown_as_they_were_written(browser: Browser) -> None:
    """Control: without the escape, plotly takes a part of the name for its format."""
    name = "<b>FRIDA</b> & <5 \u00e5r>"
    figure = stacked_bars([Bar(name, "n = 1", (Segment(100, "1", name),), outside=name)], ["#000000"])
    page = browser.new_page()
    page.set_content('<div id="chart"></div>')
    page.add_script_tag(path=PLOTLY / "plotly-basic.min.js")
    draw = "async ({ data, layout }) => { await Plotly.newPlot(chart, data, layout); }"
    page.evaluate(draw, figure)
    expect(page.locator(".ytick text")).to_have_text(name)
    expect(page.locator(".annotation text").last).to_have_text(name)
    figure["layout"]["yaxis"]["ticktext"] = [name]
    page.evaluate(draw, figure)
    expect(page.locator(".ytick text")).not_to_have_text(name)
    page.close()


def test_the_style_sheet_equals_the_styles_that_plotly_would_add(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content('<div id="chart"></div>')
    page.add_script_tag(path=PLOTLY / "plotly-basic.min.js")
    added = page.evaluate(
        """() => {
            Plotly.newPlot("chart", [{ y: [1] }]);
            const sheet = document.getElementById("plotly.js-style-global").sheet;
            return [...sheet.cssRules].map((rule) => rule.cssText).join("\\n");
        }"""
    )
    page.close()
    assert added + "\n" == (PLOTLY / "plotly.css").read_text("utf-8")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_results_page_has_an_accessibility_violation(watcher: Watcher, width: int) -> None:
    page = watcher.page
    resize(page, width, 800)
    page.goto(f"{watcher.address}/admin/")
    violations_of = {"sign-in": violations(page)}
    watcher.sign_in()
    violations_of["overview"] = violations(page)
    page.goto(f"{watcher.address}/admin/results/r/vasteras")
    violations_of["pictures"] = violations(page)
    page.locator(".drawing").first.click()
    expect(page.locator('[data-figure="listened-now"] g.point')).to_have_count(5)
    for summary in page.locator("main summary").all():
        summary.click()
    violations_of["results"] = violations(page)
    for path in ("rounds", "rounds/new", "links", "languages", "nothing"):
        page.goto(f"{watcher.address}/admin/{path}")
        violations_of[path] = violations(page)
    barriers = {f"{path}: {rule}" for path, rules in violations_of.items() for rule in rules}
    assert barriers == set()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0


def test_without_a_script_every_figure_is_in_the_tables(
    browser: Browser, serve: Serve, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    desk.answer(40)
    context = browser.new_context(java_script_enabled=False)
    watcher = Watcher(context.new_page(), desk, serve(desk.app))
    watcher.read_in_full()
    pictures = watcher.page.locator("section[aria-labelledby=listened] img.drawn")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        expect(picture).to_have_js_property("naturalWidth", 960)
    watcher.page.locator("#listened-table summary").click()
    counts = watcher.page.locator("#listened-table td[data-count]")
    expect(counts).to_have_count(5)
    expect(counts.first).to_be_visible()
    context.close()
