"""All answers of a statement are in sight at once, or the page scrolls with nothing above them.

Each scale is one page, whose language, text size and viewport change, since a page load takes long.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.screen.scripts import KIOSK_ENTRY, script
from kiosk.settings import read_settings, shipped_folder
from tests.tools.frames import FRAME, resize
from tests.tools.guest_side import Place
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.scale_lengths import survey_of, survey_with
from tests.tools.shipped import library_for
from tests.tools.speech import shipped_speech
from tests.web.guest import Serve, stop_clock

pytestmark = pytest.mark.browser

KIOSKS = [(1280, 800), (1920, 1080), (1080, 1920), (1024, 600)]
PHONES = [(390, 844), (320, 568)]
SIZES = [100, 150]
LEAST_LETTERS = 67
"""Smallest letters of a measured kiosk, in per cent of those that EN 301 549 asks for: capitals of 4.9 mm at
600 mm."""

HARDEST = ["sv", "ru", "ti"]
Look = Callable[..., list[dict[str, Any]]]

LOOK = """async ([languages, sizes]) => {
    const rows = [];
    const steps = document.getElementById("steps"), bar = document.getElementById("bar");
    const more = document.getElementById("more");
    for (const language of languages) {
        document.getElementById("language").click();
        document.querySelector(`[data-language="${language}"]`).click();
        for (const size of sizes) {
            document.documentElement.dataset.size = size;
            document.body.offsetWidth;
            window.scrollTo(0, 0);
            await document.fonts.ready;
            await FRAME;
            const labels = [...document.querySelectorAll("fieldset:not([hidden]) label:not(.skipped)")];
            const boxes = labels.map((label) => label.getBoundingClientRect());
            const whole = () => {
                const edge = more.hidden ? window.innerHeight : more.getBoundingClientRect().top;
                const places = labels.map((label) => label.getBoundingClientRect());
                return { below: places.filter((box) => box.bottom > edge + 1).length, more: !more.hidden,
                    halves: places.filter((box) => box.top < edge - 1 && box.bottom > edge + 1).length };
            };
            const views = [whole()];
            while (!more.hidden && views.length < 9) {
                more.click();
                await FRAME;
                views.push(whole());
            }
            window.scrollTo(0, 0);
            const top = bar.getBoundingClientRect().bottom, bottom = steps.getBoundingClientRect().top;
            rows.push({
                language, size, views,
                layout: document.getElementById("answers").dataset.fit,
                shown: Number(document.documentElement.dataset.shown),
                hidden: boxes.filter((box) => box.top < top - 1 || box.bottom > bottom + 1).length,
                isAbove: getComputedStyle(steps).position === "sticky",
                wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                answers: boxes.length,
                height: Math.min(...boxes.map((box) => box.height)),
                widths: new Set([...document.querySelectorAll("fieldset:not([hidden]) .answer")]
                    .map((e) => Math.round(e.getBoundingClientRect().width))).size,
            });
        }
    }
    document.documentElement.dataset.size = 100;
    return rows;
}""".replace("FRAME", FRAME)
"""What is seen of the first statement in each language and text size."""


SCRIPT = script(shipped_folder("static"), KIOSK_ENTRY)
UNFITTED = SCRIPT.replace("function fit(){", "function fit(){return;")
"""The script without the choice of a layout."""

JAVASCRIPT = "text/javascript"

START = """document.querySelector("[data-language=sv]").click(),
    document.getElementById("start").click()"""


def least_target(viewport: tuple[int, int]) -> int:
    """The least height of an answer, in CSS pixels."""
    return 44 if viewport in PHONES else 72


@pytest.fixture
def look(context: BrowserContext, serve: Serve, tmp_path: Path) -> Look:
    """look(number, viewports, languages, ...) -> what is seen of the first statement with that many
    answers, in each viewport, language and text size."""

    def seen(
        number: int,
        viewports: list[tuple[int, int]],
        languages: Sequence[str],
        is_fitted: bool = True,
        **values: Any,
    ) -> list[dict[str, Any]]:
        values.setdefault("survey", survey_of(number, tmp_path))
        place = Place(tmp_path, frozenset(Admission), **values)
        page, address, rows = context.new_page(), serve(place.app), []
        stop_clock(page)
        if not is_fitted:
            page.route(
                f"**/{KIOSK_ENTRY}", lambda route: route.fulfill(body=UNFITTED, content_type=JAVASCRIPT)
            )
        path = ""
        for width, height in viewports:
            resize(page, width, height)
            if path != (path := "/s/poster" if (width, height) in PHONES else "/"):
                page.goto(address + path)
                if values.get("audio"):
                    page.locator("fieldset > .speaker").first.wait_for(state="attached")
                page.evaluate(START)
            for row in page.evaluate(LOOK, [languages, SIZES]):
                rows.append({"viewport": (width, height), "number": number, **row})
        return rows

    return seen


def check(rows: list[dict[str, Any]]) -> None:
    """Check that all answers, with "don't know", are wholly in sight, or that the page scrolls with nothing
    above them."""
    assert [row for row in rows if row["hidden"] and row["isAbove"]] == []
    views = [(row["viewport"], row["language"], row["size"], view) for row in rows for view in row["views"]]
    assert [view for *_, view in views if view["halves"] or (view["below"] > 0) != view["more"]] == []
    assert [row for row in rows if row["views"][-1]["below"]] == []
    assert [row for row in rows if row["wide"] > 0 or row["widths"] != 1] == []
    assert [row for row in rows if row["answers"] != row["number"] + 1] == []
    assert [row for row in rows if row["height"] < least_target(row["viewport"])] == []


@pytest.mark.parametrize("number", range(2, 12))
def test_all_answers_are_in_view_or_the_page_scrolls_from_the_first_one(look: Look, number: int) -> None:
    rows = look(number, [*KIOSKS, *PHONES], GUEST_LANGUAGES if number in {5, 11} else HARDEST)
    check(rows)
    scrolled = [row for row in rows if row["hidden"] or not row["isAbove"]]
    assert [row for row in scrolled if row["viewport"] in KIOSKS] == []
    assert [row for row in scrolled if number <= 5 and row["size"] == 100] == []
    assert [row for row in rows if row["shown"] < 100] == []


def test_all_numbers_with_the_words_of_their_poles_are_in_view(look: Look, tmp_path: Path) -> None:
    library = library_for(read_settings({"KIOSK_DATA": str(tmp_path)}))
    numbers = survey_with(library.scales["zero_to_ten"], library)
    rows = look(11, [(1024, 600), (320, 568)], ["sv", "fa", "ti"], survey=numbers)
    check(rows)
    assert [row for row in rows if row["size"] == 100 and (row["hidden"] or not row["isAbove"])] == []


def test_answers_with_speech_buttons_are_in_view(look: Look) -> None:
    rows = look(5, [*KIOSKS, *PHONES], ["sv", "ar"], audio=shipped_speech("sv", "ar"))
    check(rows)


@pytest.mark.parametrize("number", range(2, 12))
def test_all_answers_are_in_view_on_ten_inches_with_speech_in_letters_that_can_be_read(
    look: Look, number: int
) -> None:
    """At every text size: larger text grows as far as all answers have room."""
    audio = shipped_speech("ar") if number == 5 else None
    viewports = [(1024, 600), (1280, 800)] if number in {5, 11} else [(1024, 600)]
    rows = look(number, viewports, ["so", "ru", "ar"], audio=audio, screen=Screen(220))
    check(rows)
    assert [row for row in rows if row["hidden"] or not row["isAbove"]] == []
    assert [row for row in rows if row["shown"] < LEAST_LETTERS] == []


PROMISES = """async (languages) => {
    const rows = [], root = document.documentElement;
    for (const language of languages) {
        document.getElementById("language").click();
        document.querySelector(`[data-language="${language}"]`).click();
        await document.fonts.ready;
        await FRAME;
        const scrolled = () => root.scrollHeight - window.innerHeight;
        const row = { language, shown: Number(root.dataset.shown), scrolled: scrolled() };
        root.dataset.shown = 100;
        rows.push({ ...row, usual: scrolled() });
        root.dataset.shown = row.shown;
    }
    return rows;
}""".replace("FRAME", FRAME)
"""By how many pixels the first screen after the choice of each language scrolls, at the size of letters that
it shows, and at the usual one."""


@pytest.mark.parametrize("viewport", [(1024, 600), (1280, 800)], ids=str)
def test_on_ten_inches_the_promise_is_in_one_view_in_letters_that_can_be_read(
    context: BrowserContext, serve: Serve, tmp_path: Path, viewport: tuple[int, int]
) -> None:
    """The control: at the usual size of letters it scrolls."""
    audio = shipped_speech("fa") if viewport == (1024, 600) else None
    place = Place(tmp_path, frozenset(Admission), screen=Screen(220), audio=audio)
    page = context.new_page()
    resize(page, *viewport)
    page.goto(serve(place.app))
    page.locator("body.steps").wait_for()
    page.locator('[data-language="sv"]').evaluate("(link) => link.click()")
    rows = page.evaluate(PROMISES, GUEST_LANGUAGES)
    assert [row for row in rows if row["scrolled"] > 0 or row["shown"] < LEAST_LETTERS] == []
    assert all(row["usual"] > 0 for row in rows), "the control"


def test_the_check_catches_answers_out_of_view_without_the_layouts(look: Look) -> None:
    """The control of the tests above: a list of seven answers is longer than a low screen."""
    rows = look(7, [(1024, 600)], ["sv"], is_fitted=False)
    assert all(row["hidden"] and row["isAbove"] for row in rows)
