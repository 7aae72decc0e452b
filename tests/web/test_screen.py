"""The guest's screen itself: its size for each eye, hand, script and device, and the way out of it."""

import base64
from collections.abc import Callable, Iterator
from math import radians, tan
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from tests.tools.accessibility import violations
from tests.tools.guest_side import Place
from tests.web.guest import Serve
from tests.web.kiosk_screen import (
    ALL_WAYS,
    KIOSK,
    PHONE,
    STATEMENTS,
    TEN_INCH,
    TWENTY_ONE_INCH,
    UPRIGHT,
    Open,
    Size,
    overflow,
    start,
)
from tests.web.touch import choose, touch

pytestmark = pytest.mark.browser


TOO_LONG_FOR_TEN_INCHES = "Verksamheten stödjer mig i kontakt med tex."
"""97 letters beside five answers: with a wide font the last word is below the edge, at 600 mm."""


def font_size(page: Page) -> float:
    return float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))


# -- text size -------------------------------------------------------------------------------------


FAULTS_OF_STATEMENTS = """async (number) => {
    const { documentElement: root } = document, faults = [];
    const press = async (control) => {
        const button = document.getElementById(control);
        button.scrollIntoView({ block: "nearest" });
        document.dispatchEvent(new Event("scroll")); // frames stand still
        const { x, y, width, height } = button.getBoundingClientRect();
        if (!button.contains(document.elementFromPoint(x + width / 2, y + height / 2)))
            faults.push(`${control} is covered`);
        button.click();
        // Timers stand still, so a message to this page itself waits for the page's own reactions.
        await new Promise((done) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = done;
            port2.postMessage(null);
        });
    };
    for (let at = 0; at < number; at += 1) {
        const { innerText } = document.querySelector("fieldset:not([hidden]) legend");
        if (root.scrollWidth > root.clientWidth) faults.push(`${innerText} overflows`);
        await press("skip");
    }
    for (let at = 0; at < number; at += 1) await press("back");
    return faults;
}"""
"""Goes through a number of statements and back. Returns those that overflow sideways, and covered buttons."""


def assert_text_grows_at_one_place(page: Page, language: str) -> None:
    """The text size is changed at one place of every screen, and nothing overflows sideways in any size."""
    usual, places = font_size(page), []
    button = page.locator("#text-size")

    def look() -> None:
        assert overflow(page) <= 0
        box = button.bounding_box()
        assert box
        places.append(
            (
                round(box["x"] + (0 if page.locator("html[dir=rtl]").count() else box["width"])),
                box["y"],
            )
        )

    look()
    touch(page, f'[data-language="{language}"]')
    look()
    touch(page, "#start")
    look()
    assert {y for _, y in places} == {places[0][1]}
    for factor, label in ((1.25, "125 %"), (1.5, "150 %")):
        touch(page, "#text-size")
        assert font_size(page) == pytest.approx(usual * factor)
        assert button.inner_text().strip().endswith(label)
        assert page.evaluate(FAULTS_OF_STATEMENTS, STATEMENTS - 1) == []
    touch(page, "#text-size")
    assert font_size(page) == pytest.approx(usual)


@pytest.mark.parametrize("size", [(320, 568), PHONE, KIOSK, (1920, 1080), (1080, 1920)])
def test_the_text_size_button_does_not_move_and_nothing_overflows(
    open_page: Open, subtests: pytest.Subtests, size: Size
) -> None:
    page = open_page(size, "/" if size[0] > 1000 else "/s/poster")
    for language in ("sv", "ar", "ti"):
        page.reload()
        with subtests.test(language=language):
            assert_text_grows_at_one_place(page, language)


def test_the_text_size_is_announced_to_screen_readers(open_page: Open) -> None:
    page = open_page(KIOSK)
    page.get_by_role("button", name="Textstorlek 100 %").press("Enter")
    expect(page.get_by_role("button", name="Textstorlek 125 %")).to_be_visible()
    page.locator('[data-language="en"]').press("Enter")
    expect(page.get_by_role("button", name="Text size 125 %")).to_be_visible()


def test_a_guest_reads_why_the_text_cannot_be_larger(open_page: Open) -> None:
    """On a low screen, text grows only as far as all answers are in sight."""
    page = open_page((1024, 600), screen=Screen(220))
    start(page, "en")
    button = page.get_by_role("button", name="Text size", description="Larger text does not fit.")
    expect(button).to_be_disabled()
    before = font_size(page)
    button.click(force=True)
    assert font_size(page) == before
    shown = "(button) => getComputedStyle(button, '::after').content"
    assert "Larger text" in button.evaluate(shown)


def test_the_text_size_lasts_for_one_guest_and_is_stored_nowhere(open_page: Open) -> None:
    page = open_page(KIOSK)
    usual = font_size(page)

    def grown() -> None:
        start(page)
        touch(page, "#text-size")
        assert font_size(page) > usual

    # Without a network the page stays: it is not a fresh one that is the usual size.
    page.context.set_offline(True)
    grown()
    touch(page, "#start-over")
    expect(page.locator("#picker")).to_be_visible()
    assert font_size(page) == usual
    grown()
    page.clock.run_for(91_000)
    page.clock.run_for(31_000)
    expect(page.locator("#picker")).to_be_visible()
    assert font_size(page) == usual
    page.context.set_offline(False)
    grown()
    for _ in range(STATEMENTS):
        touch(page, "#skip")
    expect(page.locator("#message p")).to_have_text("Tack för dina svar!")
    assert font_size(page) == usual
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie.length]") == [0, 0, 0]
    assert page.context.cookies() == []


# -- a measured screen -----------------------------------------------------------------------------


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    """A page of no site."""
    page = browser.new_page()
    yield page
    page.close()


def capital_height(page: Page, blank: Page, selector: str) -> int:
    """Height in pixels of a capital H with the letters of an element, as Chromium paints it. The picture is
    read on a page without our policy."""
    page.evaluate(
        """selector => {
            const all = [...document.querySelectorAll(selector)];
            const like = getComputedStyle(all.find((e) => e.checkVisibility()));
            const letter = document.createElement("div");
            letter.id = "measured";
            letter.textContent = "H";
            const { fontFamily, fontSize, fontWeight, fontSizeAdjust } = like;
            Object.assign(letter.style, { fontFamily, fontSize, fontWeight, fontSizeAdjust, lineHeight: 1 });
            Object.assign(letter.style, { position: "fixed", inset: "0 auto auto 0", padding: "40px" });
            Object.assign(letter.style, { color: "#000", background: "#fff", zIndex: 9 });
            document.body.append(letter);
        }""",
        selector,
    )
    picture = base64.b64encode(page.locator("#measured").screenshot()).decode()
    page.evaluate("document.getElementById('measured').remove()")
    rows = blank.evaluate(
        """async (picture) => {
            const image = new Image();
            image.src = "data:image/png;base64," + picture;
            await image.decode();
            const canvas = document.createElement("canvas");
            Object.assign(canvas, { width: image.width, height: image.height });
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, image.width, image.height);
            let rows = 0;
            for (let y = 0; y < image.height; y++)
                rows += data.slice(4 * y * image.width, 4 * (y + 1) * image.width).some((v) => v < 128);
            return rows;
        }""",
        picture,
    )
    return int(rows)


@pytest.mark.parametrize(("size", "width_mm"), [TEN_INCH, TWENTY_ONE_INCH, UPRIGHT])
def test_capitals_and_buttons_are_large_enough_for_the_distance(
    open_page: Open, blank: Page, size: Size, width_mm: int
) -> None:
    page = open_page(size, screen=Screen(width_mm, 600))
    least = 600 * tan(radians(0.7)) * size[0] / width_mm
    # A row of pixels that the letter covers by less than half counts for nothing.
    assert capital_height(page, blank, ".languages a") >= least - 1
    start(page)
    for selector in (".option", "legend", "#progress", "#language", ".no-answer label", "#next"):
        assert capital_height(page, blank, selector) >= least - 1, selector
    for _ in range(STATEMENTS):
        for answer in page.locator(".answer:visible").all():
            box = answer.bounding_box()
            assert box
            assert box["height"] >= 72
        room = page.evaluate("document.documentElement.scrollHeight - window.innerHeight")
        statement = page.locator("legend:visible").inner_text()
        if not (width_mm == TEN_INCH[1] and statement.startswith(TOO_LONG_FOR_TEN_INCHES)):
            assert room <= 0, f"{statement} must be scrolled by {room}"
        touch(page, "#skip")


def test_the_check_catches_small_letters_on_an_unmeasured_screen(open_page: Open, blank: Page) -> None:
    """The control of the test above: it sees letters that are too small."""
    (width, height), width_mm = TEN_INCH
    page = open_page((width, height))
    start(page)
    assert capital_height(page, blank, ".option") < 600 * tan(radians(0.7)) * width / width_mm - 1


def test_two_kiosks_have_letters_for_their_own_screens(
    browser: Browser, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, ALL_WAYS, screen=Screen(476))
    measured = {"tablet": Screen(217), "wall": Screen(708, 1200), "unmeasured": None}
    for code, screen in measured.items():
        place.store.links.add(Admission.KIOSK, "frida", code=code, screen=screen)
    address, page, refused = serve(place.app), browser.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    for code, screen in measured.items():
        needed = screen or Screen(476)
        for path in ("", "/practice", "/stored", "/thanks", "/paired"):
            page.goto(f"{address}/k/{code}{path}")
            assert font_size(page) == pytest.approx(1280 / needed.width_mm * needed.text_mm, abs=0.1), path
            assert overflow(page) <= 0, path
    page.close()
    assert refused == []


def test_long_answers_leave_enough_width_for_the_statement(
    open_page: Open, subtests: pytest.Subtests
) -> None:
    size, width_mm = TEN_INCH
    page = open_page(size, screen=Screen(width_mm, 600))
    for language in ("uk", "ru", "pl", "ro"):
        page.reload()
        with subtests.test(language=language):
            touch(page, f'[data-language="{language}"]')
            touch(page, "#start")
            box = page.locator("legend:visible").bounding_box()
            assert box
            assert box["width"] >= 0.38 * size[0]


def assert_all_is_within_reach(
    page: Page, language: str, height: int, pixel_mm: float, lower_edge: int
) -> None:
    """All that is touched is 800 to 1,100 mm above the floor, on a screen of `height` pixels whose lower edge
    is `lower_edge` mm above it."""

    def out_of_reach() -> list[str]:
        boxes = page.evaluate(
            """[...document.querySelectorAll("button, a, label")].filter((e) => e.checkVisibility())
                .map((e) => [e.innerText, e.getBoundingClientRect().top, e.getBoundingClientRect().bottom])"""
        )
        floor = [lower_edge + (height - y) * pixel_mm for _, *edges in boxes for y in edges]
        assert len(boxes) >= 1
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        names = [name for name, *_ in boxes for _ in range(2)]
        return [f"{n}: {mm:.0f} mm" for n, mm in zip(names, floor, strict=True) if not 799 <= mm <= 1101]

    assert out_of_reach() == []
    touch(page, f'[data-language="{language}"]')
    assert out_of_reach() == []
    touch(page, "#start")
    assert out_of_reach() == []
    page.clock.run_for(91_000)
    expect(page.locator("#still-here")).to_be_visible()
    dialog = page.locator("#still-here button").evaluate_all(
        "all => all.flatMap((e) => [e.getBoundingClientRect().top, e.getBoundingClientRect().bottom])"
    )
    floor = [round(lower_edge + (height - y) * pixel_mm) for y in dialog]
    assert [mm for mm in floor if not 799 <= mm <= 1101] == []
    touch(page, "#stay")
    page.route("**/", lambda route: route.fulfill(status=500))
    for _ in range(STATEMENTS):
        touch(page, "#skip")
    expect(page.locator("#again")).to_be_visible()
    assert out_of_reach() == []
    page.unroute("**/")
    touch(page, "#again")
    expect(page.locator("#again")).not_to_be_visible()
    assert out_of_reach() == []


@pytest.mark.parametrize(("width_mm", "lower_edge"), [(398, 700), (268, 750)])
def test_on_an_upright_screen_all_controls_are_within_reach(
    open_page: Open, subtests: pytest.Subtests, width_mm: int, lower_edge: int
) -> None:
    width, height = 1080, 1920
    page = open_page((width, height), screen=Screen(width_mm, 600, lower_edge), lost="**/queue")
    for language in ("sv", "ar", "ti", "ru"):
        page.unroute("**/")
        page.reload()
        with subtests.test(language=language):
            assert_all_is_within_reach(page, language, height, width_mm / width, lower_edge)


# -- fonts -----------------------------------------------------------------------------------------


def used_fonts(page: Page, selector: str) -> set[tuple[str, bool]]:
    """(family, whether it came from us) of what Chromium painted the element's text with."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    session.detach()
    return {(font["familyName"], font["isCustomFont"]) for font in fonts}


@pytest.mark.parametrize(
    ("language", "family", "files"),
    [
        ("sv", None, set()),
        (
            "ar",
            "Noto Sans Arabic",
            {"guest-arabic-400.woff2", "guest-arabic-700.woff2"},
        ),
        (
            "fa",
            "Noto Sans Arabic",
            {"guest-arabic-400.woff2", "guest-arabic-700.woff2"},
        ),
        (
            "ti",
            "Noto Sans Ethiopic",
            {"guest-ethiopic-400.woff2", "guest-ethiopic-700.woff2"},
        ),
    ],
)
def test_each_writing_system_uses_only_its_shipped_font_and_line_height(
    open_page: Open, language: str, family: str | None, files: set[str]
) -> None:
    page = open_page(PHONE, "/s/poster")
    fetched: set[str] = set()
    page.on("request", lambda request: fetched.add(request.url.rsplit("/", 1)[1]))
    page.reload()
    page.evaluate("document.fonts.ready.then(() => 0)")
    for code in ("ar", "fa", "ti"):
        fonts = used_fonts(page, f'.languages [lang="{code}"]')
        assert any(is_ours for _, is_ours in fonts), (code, fonts)
    start(page, language)
    page.evaluate("document.fonts.ready.then(() => 0)")
    for selector in ("fieldset:not([hidden]) legend", "fieldset:not([hidden]) .option", "#next"):
        fonts = used_fonts(page, selector)
        ours = {name for name, is_ours in fonts if is_ours}
        assert ours == ({family} if family else set()), (selector, fonts)
    assert {name for name in fetched if name.endswith(".woff2")} == files
    lines = page.evaluate(
        """["legend", ".option", "#next", "#progress"].map((of) => {
            const style = getComputedStyle(document.querySelector(of));
            return parseFloat(style.lineHeight) / parseFloat(style.fontSize);
        })"""
    )
    assert min(lines) >= (1.6 if family else 1.2) - 0.01


# -- leave this page now ---------------------------------------------------------------------------


class Elsewhere:
    """Another site, which keeps the headers it is sent."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/":
            self.heard.append({name: value for name, value in environ.items() if name.startswith("HTTP_")})
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<title>Weather</title><p>Sunny"]


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("way_in", ["poster", "slip"])
def test_leaving_opens_another_site_without_a_referrer(
    open_page: Open, serve: Serve, scripts: bool, way_in: str
) -> None:
    elsewhere = Elsewhere()
    other = serve(elsewhere).replace("127.0.0.1", "localhost")
    page = open_page(
        PHONE,
        "/s/poster" if way_in == "poster" else "/q",
        leave_to=other,
        context={"java_script_enabled": scripts},
    )
    assert overflow(page) <= 0 if scripts else True
    page.locator("#leave-now").click()
    expect(page).to_have_title("Weather")
    assert page.url.startswith(other)
    assert len(elsewhere.heard) == 1
    assert "HTTP_REFERER" not in elsewhere.heard[0]


def test_the_check_catches_a_referrer_of_a_page_without_headers(open_page: Open, serve: Serve) -> None:
    """The control of the test above: a plain link from a plain page sends a referrer."""
    elsewhere = Elsewhere()
    other = serve(elsewhere).replace("127.0.0.1", "localhost")

    def plain(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [f'<a href="{other}">away</a>'.encode()]

    page = open_page(PHONE)
    page.goto(serve(plain))
    page.locator("a").click()
    expect(page).to_have_title("Weather")
    assert "HTTP_REFERER" in elsewhere.heard[0]


def test_leaving_clears_the_page_and_back_shows_no_answer(open_page: Open, serve: Serve) -> None:
    other = serve(Elsewhere()).replace("127.0.0.1", "localhost")
    page = open_page(PHONE, "/s/poster", leave_to=other)
    before = page.locator("#leave-now").bounding_box()
    start(page)
    assert page.locator("#leave-now").bounding_box() == before
    choose(page, "5")
    touch(page, "#next")
    steps = page.evaluate("history.length")
    # At once: the tap that follows another one is heeded, and the page is empty before the other has come.
    seen = page.evaluate(
        """() => {
            document.getElementById("leave-now").click();
            return [document.body.innerText, document.title, document.forms.length];
        }"""
    )
    assert seen == ["", "", 0]
    expect(page).to_have_title("Weather")
    assert page.evaluate("history.length") == steps
    page.go_back()
    assert page.locator("fieldset").count() == 0


def test_a_kiosk_has_no_link_to_another_site(open_page: Open) -> None:
    page = open_page(KIOSK)
    for path in ("", "stored", "thanks", "nothing"):
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/" + path)
        assert page.locator("#leave-now").count() == 0
        assert page.locator("a[href^='http']").count() == 0


# -- for everybody ---------------------------------------------------------------------------------

FORCED = {"forced_colors": "active", "reduced_motion": "reduce"}

SPACED = """() => {
    const style = new CSSStyleSheet();
    style.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; } p { margin-block-end: 2em !important; }`);
    document.adoptedStyleSheets = [style];
}"""
"""WCAG 2.2, 1.4.12."""


NEXT = """async () => {
    document.getElementById("next").click();
    // Timers stand still, so a message to this page itself waits for the page's own reactions.
    await new Promise((done) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(null);
    });
}"""
"""Goes to the next statement without a hit test, which takes most of a touch's processor time."""


def walk(page: Page, language: str, look: Callable[[str], None]) -> None:
    """Look at every screen from the picker to the thank-you."""
    look("picker")
    touch(page, f'[data-language="{language}"]')
    look("promise")
    touch(page, "#start")
    for at in range(STATEMENTS):
        look(f"statement {at + 1}")
        choose(page, "4")
        page.evaluate(NEXT)
    expect(page.locator("#message")).to_be_visible()
    look("thanks")


@pytest.mark.parametrize("size", [KIOSK, PHONE], ids=["kiosk", "phone"])
@pytest.mark.parametrize("language", ["sv", "ar", "ti"])
def test_axe_finds_no_violation_on_any_screen(open_page: Open, size: Size, language: str) -> None:
    page = open_page(size, "/" if size == KIOSK else "/s/poster")
    violations_of = {}

    def look(name: str) -> None:
        violations_of[name] = violations(page)

    if size == KIOSK:
        touch(page, f'[data-language="{language}"]')
        page.clock.run_for(91_000)
        expect(page.locator("#still-here")).to_be_visible()
        look("still here")
        with page.expect_navigation():
            touch(page, "#start-over-now")
    walk(page, language, look)
    for path in ("/thanks", "/stored", "/nothing") if size == KIOSK else ("/q", "/s/poster/stored", "/s/no"):
        page.goto(page.evaluate("origin") + path)
        look(path)
    assert {name: barriers for name, barriers in violations_of.items() if barriers} == {}


def assert_nothing_is_cut_off(page: Page, language: str, script: str) -> None:
    """No text is cut off on any screen, after `script` has run, if there is one."""
    if script:
        page.evaluate(script)

    def look(name: str) -> None:
        assert overflow(page) <= 0, name
        cut = page.evaluate(
            """[...document.querySelectorAll("button, a, label, legend, p")]
                .filter((e) => e.checkVisibility() && !e.closest(".unseen") && e.clientWidth)
                .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
                .map((e) => e.innerText)"""
        )
        assert cut == [], name

    walk(page, language, look)


@pytest.mark.parametrize(
    ("size", "context", "script"),
    [
        ((320, 256), {}, ""),
        ((320, 568), {}, SPACED),
        (KIOSK, {}, SPACED),
        (PHONE, FORCED, ""),
        (KIOSK, FORCED, ""),
    ],
    ids=["zoom 400 %", "spaced narrow", "spaced kiosk", "forced colours phone", "forced colours kiosk"],
)
def test_nothing_is_cut_off(
    open_page: Open, subtests: pytest.Subtests, size: Size, context: dict[str, Any], script: str
) -> None:
    page = open_page(size, "/" if size == KIOSK else "/s/poster", context=context)
    for language in ("sv", "ar", "ti"):
        page.reload()
        with subtests.test(language=language):
            assert_nothing_is_cut_off(page, language, script)


def test_a_chosen_answer_is_visible_in_forced_colours(open_page: Open) -> None:
    page = open_page(KIOSK, context=FORCED)
    start(page)
    answer = page.locator(".answer:visible").first
    before = answer.screenshot()
    touch(page, ".answer")
    page.locator("legend:visible").focus()
    assert answer.screenshot() != before


PALE_PICTURES = """[...document.querySelectorAll("fieldset:not([hidden]) .answer")].filter((answer) => {
    const colour = (part) => getComputedStyle(answer.querySelector(part)).color;
    return colour(".fill, .face") !== colour(".option");
}).length"""
"""The number of answers whose picture has another colour than its words."""


def test_pictures_have_the_colour_of_their_words_in_forced_dark_colours(open_page: Open) -> None:
    page = open_page(KIOSK, context=FORCED | {"color_scheme": "dark"})
    start(page)
    assert page.evaluate(PALE_PICTURES) == 0
    touch(page, ".answer")
    assert page.evaluate(PALE_PICTURES) == 0


def test_nothing_moves_by_itself(open_page: Open) -> None:
    page = open_page(KIOSK, context=FORCED)
    start(page)
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_leave_button_stays_visible_while_scrolling(open_page: Open) -> None:
    page = open_page((320, 568), "/s/poster/stored")
    before = page.locator("#leave-now").bounding_box()
    assert before
    page.evaluate("window.scrollTo(0, 3000)")
    after = page.locator("#leave-now").bounding_box()
    assert after
    assert 0 <= after["y"] <= before["y"]
    assert page.locator("#leave-now").evaluate(
        "(e, { x, y }) => document.elementFromPoint(x + 20, y + 20) === e", after
    )
