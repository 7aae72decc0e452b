"""A guest answers, in a real browser: by touch, by keyboard, without a script, and leaves no trace."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect
from playwright.sync_api import Error as PlaywrightError

from kiosk.domain.rounds import Admission
from kiosk.domain.slips import spaced
from kiosk.guest.rate_limit import RateLimit
from tests.tools.accessibility import violations
from tests.tools.broken_words import BROKEN
from tests.tools.frames import frame, resize
from tests.tools.guest_side import NOW, Place
from tests.tools.speech import unheard_speech
from tests.web.guest import KIOSK, PHONE, Counted, Guest, Serve, thanks

pytestmark = pytest.mark.browser

INSECURE = "Object.defineProperty(window, 'isSecureContext', { value: false });"
"""A page without encryption, whose browser has no cryptography for it."""


TOUCHES = "for (let n = 0; n < 30; n++) document.dispatchEvent(new Event('pointerdown'))"
"""More touches than any guest of four statements makes."""

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [("sv", "ltr", "Tack för dina svar!"), ("ar", "rtl", "شكرًا على إجاباتك!")],
)
def test_a_guest_answers_one_statement_at_a_time(
    guest: Guest, language: str, direction: str, words: str
) -> None:
    guest.start(language)
    expect(guest.page.locator("html")).to_have_attribute("dir", direction)
    expect(guest.page.locator("fieldset")).to_have_count(4)
    expect(guest.page.locator("fieldset:visible")).to_have_count(1)
    guest.answer("5", "1", "dont_know", "3")
    thanks(guest, words)
    assert guest.counted() == {
        "listened": [0, 0, 0, 0, 1],
        "contact_support": [1, 0, 0, 0, 0],
        "rights_knowledge": [0, 0, 0, 0, 0],
        "feel_better": [0, 0, 1, 0, 0],
    }


SCRIPTS = (
    "/static/guest.js", "/static/guest_bar.js", "/static/guest_on_kiosk.js", "/static/guest_phone.js",
)  # fmt: skip


MOST_BYTES = 32_000
"""Most bytes that a visit transfers in Latin script, without its sounds."""


# A kiosk also fetches what seals its ballots, and what keeps them while the network is away. Browsers accept
# Brotli over HTTPS only, and from this machine; nor does a kiosk without encryption seal and keep.
@pytest.mark.parametrize(
    ("path", "accepted", "is_encrypted"),
    [
        ("/s/poster", "gzip, br", True),
        ("/s/poster", "gzip", False),
        ("/", "gzip, br", True),
        ("/", "gzip", False),
    ],
    ids=["phone", "phone without Brotli", "kiosk", "kiosk without Brotli"],
)
def test_a_visit_makes_few_requests_and_transfers_few_bytes(
    context: BrowserContext, serve: Serve, tmp_path: Path, path: str, accepted: str, is_encrypted: bool
) -> None:
    ways = frozenset({Admission.KIOSK, Admission.POSTER})
    place = Place(tmp_path, ways, audio=unheard_speech())
    served = Counted(place.app, accepted)
    guest = Guest(context.new_page(), place, served, serve(served))
    if not is_encrypted:
        guest.page.add_init_script(INSECURE)
    for _ in range(2):
        # Visitors before this one, after whom a kiosk's page and scripts are kept compressed.
        for shared in (path, *SCRIPTS):
            place.client.get(shared, headers={"Accept-Encoding": accepted})
    guest.start("sv", path)
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    # A kiosk's sign of life follows the clock, whoever stands there: it is no part of a visit.
    asked = [asked for asked in guest.served.asked if asked != "HEAD /alive"]
    assert len(asked) <= 6, asked
    assert [post for post in asked if post.startswith("POST")] == [f"POST {path}"]
    assert guest.served.bytes <= MOST_BYTES, guest.served.bytes


def test_the_server_never_learns_the_guests_language(guest: Guest) -> None:
    guest.start("fa")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "ممنون از پاسخ‌های شما!")
    assert not [asked for asked in guest.served.asked if "fa" in asked or "lang" in asked]


def test_changing_the_language_keeps_the_position_and_the_answers(guest: Guest) -> None:
    guest.start("sv")
    guest.answer("4")
    guest.choose("2")
    guest.tap("#language")
    guest.tap('[data-language="en"]')
    expect(guest.page.locator("#progress")).to_have_text("Question 2 of 4")
    expect(guest.page.locator("html")).to_have_attribute("lang", "en")
    expect(guest.page.locator('input[name="contact_support"][value="2"]')).to_be_checked()
    guest.tap("#back")
    expect(guest.page.locator('input[name="listened"][value="4"]')).to_be_checked()


def test_next_waits_for_an_answer_and_skip_does_not(guest: Guest) -> None:
    guest.start("sv")
    expect(guest.page.locator("#next")).to_be_disabled()
    guest.choose("5")
    expect(guest.page.locator("#next")).to_be_enabled()
    for _ in range(4):
        guest.tap("#skip")
    thanks(guest, "Tack för dina svar!")
    assert guest.counted()["listened"] == [0, 0, 0, 0, 0]


def test_a_second_tap_right_after_a_screen_change_is_ignored(guest: Guest) -> None:
    guest.stop_clock()
    guest.start("sv")
    guest.choose("5")
    guest.tap("#next")
    guest.page.locator("#skip").click()
    expect(guest.page.locator("#progress")).to_have_text("Fråga 2 av 4")
    guest.tap("#skip")
    expect(guest.page.locator("#progress")).to_have_text("Fråga 3 av 4")


def test_one_touch_answers_and_continues_and_the_last_answer_can_be_changed(guest: Guest) -> None:
    """Six touches in all for four statements: the language, the beginning, and each answer."""
    guest.stop_clock()
    guest.start("sv")
    for number, value in enumerate(("5", "1", "dont_know"), start=2):
        guest.touch_answer(value)
        guest.page.clock.run_for(300)
        expect(guest.page.locator("#progress")).to_have_text(f"Fråga {number} av 4")
    guest.touch_answer("3")
    guest.page.clock.run_for(3_000)
    expect(guest.page.locator("#next.soon")).to_be_visible()
    guest.touch_answer("2")
    guest.page.clock.run_for(3_000)
    expect(guest.page.locator("legend:visible")).to_be_visible()
    guest.page.clock.run_for(1_000)
    thanks(guest, "Tack för dina svar!")
    assert guest.counted() == {
        "listened": [0, 0, 0, 0, 1],
        "contact_support": [1, 0, 0, 0, 0],
        "rights_knowledge": [0, 0, 0, 0, 0],
        "feel_better": [0, 1, 0, 0, 0],
    }


def test_a_double_touch_answers_only_one_statement(guest: Guest) -> None:
    guest.stop_clock()
    guest.start("sv")
    guest.touch_answer("5")
    guest.page.clock.run_for(300)
    expect(guest.page.locator("#progress")).to_have_text("Fråga 2 av 4")
    answer = guest.page.locator('fieldset:not([hidden]) label:has(input[value="5"])')
    answer.click()
    expect(answer).to_have_class(re.compile("ignored"))
    guest.page.clock.run_for(5_000)
    expect(guest.page.locator("#progress")).to_have_text("Fråga 2 av 4")
    expect(guest.page.locator("input:checked:not([value=''])")).to_have_count(1)


def test_back_and_start_over_stop_automatic_sending(guest: Guest) -> None:
    guest.stop_clock()
    guest.start("sv")
    guest.answer("5", "5", "5")
    guest.touch_answer("5")
    guest.tap("#start-over")
    guest.page.clock.run_for(9_000)
    guest.tap("#keep-answers")
    guest.page.clock.run_for(9_000)
    expect(guest.page.locator("#progress")).to_have_text("Fråga 4 av 4")
    guest.touch_answer("5")
    guest.tap("#back")
    guest.page.clock.run_for(9_000)
    expect(guest.page.locator("#progress")).to_have_text("Fråga 3 av 4")
    assert not [asked for asked in guest.served.asked if asked.startswith("POST")]


@pytest.mark.parametrize("stray", ["beside", "text size"])
def test_a_stray_touch_does_not_keep_the_answers_from_being_sent(guest: Guest, stray: str) -> None:
    """The guest sees the time run out, and leaves."""
    guest.stop_clock()
    guest.start("sv")
    guest.answer("5", "5", "5")
    guest.touch_answer("5")
    guest.page.clock.run_for(1_000)
    if stray == "beside":
        guest.page.mouse.click(2, 400)
    else:
        guest.tap("#text-size")
        guest.page.clock.run_for(3_000)
        expect(guest.page.locator("#progress")).to_have_text("Fråga 4 av 4")
    guest.page.clock.run_for(4_000)
    thanks(guest, "Tack för dina svar!")


def test_a_finger_on_an_answer_is_seen_before_it_is_lifted(guest: Guest) -> None:
    guest.start("sv")
    answer = guest.page.locator("fieldset:not([hidden]) .answer").first
    drawn = "(answer) => getComputedStyle(answer).boxShadow"
    assert "inset" not in answer.evaluate(drawn)
    answer.hover()
    assert "inset" not in answer.evaluate(drawn)
    guest.page.mouse.down()
    assert "inset" in answer.evaluate(drawn)


def test_a_touch_on_a_picture_reaches_the_answer_itself(guest: Guest) -> None:
    """In Safari, a click on a label is followed by one on its input that looks like a keyboard's."""
    guest.start("sv")
    hit = """(svg) => {
        const box = svg.getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).tagName;
    }"""
    pictures = guest.page.locator("fieldset:not([hidden]) .answer svg")
    assert pictures.evaluate_all(f"(all) => all.map({hit})") == ["INPUT"] * 5


def test_with_reduced_motion_an_answer_waits_for_the_button(guest: Guest) -> None:
    guest.stop_clock()
    guest.page.emulate_media(reduced_motion="reduce")
    guest.start("sv")
    guest.touch_answer("5")
    guest.page.clock.run_for(9_000)
    expect(guest.page.locator("#progress")).to_have_text("Fråga 1 av 4")
    guest.tap("#next")
    expect(guest.page.locator("#progress")).to_have_text("Fråga 2 av 4")


def test_a_guest_answers_with_the_keyboard_alone(guest: Guest) -> None:
    press = guest.page.keyboard.press
    guest.page.goto(guest.address)
    press("Tab")
    press("Enter")
    expect(guest.page.locator("#promise")).to_be_visible()
    press("Tab")
    press("Enter")
    for _ in range(4):
        expect(guest.page.locator("legend:visible")).to_be_focused()
        press("Tab")
        press("ArrowDown")
        press("Enter")
    thanks(guest, "Tack för dina svar!")
    assert sum(guest.counted()["feel_better"]) == 1


def test_a_guest_answers_without_a_script(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    place = Place(tmp_path)
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(serve(place.app) + "/?lang=ar")
    expect(page.locator("fieldset:visible")).to_have_count(4)
    expect(page.locator('[data-text="anonymous"]:visible')).to_have_count(1)
    for name in ("listened", "contact_support", "rights_knowledge"):
        page.locator(f'label:has(input[name="{name}"][value="4"])').click()
    page.locator("#send").click()
    expect(page.locator(".message").first).to_have_text("Tack för dina svar!")
    context.close()
    for _ in range(4):
        place.client.post("/", data={"listened": "1"})
    assert place.waiting() == 5


def test_a_scanned_slip_leaves_the_address_bar_and_admits_one_ballot(guest: Guest) -> None:
    guest.page.goto(f"{guest.address}/q#{spaced(guest.place.slip)}")
    expect(guest.page.locator("#picker")).to_be_visible()
    assert guest.place.slip[:3] not in guest.page.url
    guest.tap('button[lang="en"]')
    guest.tap("#start")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Thank you for your answers!")
    guest.page.goto(f"{guest.address}/q#{spaced(guest.place.slip)}")
    guest.tap('button[lang="en"]')
    guest.tap("#start")
    guest.answer("1", "1", "1", "1")
    thanks(guest, "The slip has been used already. Take a new slip if you want to answer.")
    assert guest.counted()["listened"] == [0, 0, 0, 0, 1]


def test_a_wrong_typed_slip_code_is_reported_at_once(guest: Guest) -> None:
    guest.page.goto(f"{guest.address}/q")
    guest.page.locator("#slip").fill("bbb bbb bbb bbb")
    guest.page.locator("form button").click()
    expect(guest.page.locator(".message").first).to_contain_text("Koden är fel eller för gammal.")


def test_no_trace_of_a_guest_is_left_in_the_browser(guest: Guest, context: BrowserContext) -> None:
    guest.start("ar")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "شكرًا على إجاباتك!")
    guest.page.clock.run_for(15_000)
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    expect(guest.page.locator("#picker")).to_be_visible()
    for _ in range(10):
        # A page from the browser's memory loads itself anew, which may cut Back short.
        with suppress(PlaywrightError):
            guest.page.go_back()
    guest.page.wait_for_load_state()
    chosen = guest.page.locator('input:checked:not([value=""]):not([type="hidden"])')
    expect(chosen).to_have_count(0)
    assert context.cookies() == []
    kept = "[localStorage.length, sessionStorage.length, document.cookie.length]"
    if guest.page.url.startswith("http"):
        assert guest.page.evaluate(kept) == [0, 0, 0]


def test_going_back_to_an_abandoned_form_shows_no_answer(guest: Guest) -> None:
    guest.start("sv")
    guest.answer("5", "4")
    guest.page.goto(f"{guest.address}/nothing")
    guest.page.go_back()
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator('input:checked:not([value=""])')).to_have_count(0)


def test_an_idle_kiosk_asks_and_then_clears_the_answers(guest: Guest) -> None:
    guest.stop_clock()
    guest.start("ar")
    guest.choose("5")
    guest.page.clock.run_for(89_000)
    expect(guest.page.locator("#still-here")).not_to_be_visible()
    guest.page.clock.run_for(2_000)
    expect(guest.page.locator("#still-here")).to_be_visible()
    guest.tap("#stay")
    expect(guest.page.locator("#still-here")).not_to_be_visible()
    expect(guest.page.locator('input[name="listened"][value="5"]')).to_be_checked()
    guest.page.clock.run_for(91_000)
    guest.page.clock.run_for(30_000)
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    expect(guest.page.locator('input:checked:not([value=""])')).to_have_count(0)
    assert not [asked for asked in guest.served.asked if asked.startswith("POST")]


def test_a_touch_beside_the_idle_dialog_means_that_the_guest_is_there(guest: Guest) -> None:
    guest.stop_clock()
    guest.start("sv")
    guest.choose("5")
    guest.page.clock.run_for(91_000)
    expect(guest.page.locator("#still-here")).to_be_visible()
    guest.page.mouse.click(20, 400)
    expect(guest.page.locator("#still-here")).not_to_be_visible()
    expect(guest.page.locator('input[name="listened"][value="5"]')).to_be_checked()


def test_a_kiosk_loads_the_new_page_when_its_round_changes(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    now = [NOW]
    place = Place(tmp_path, clock=lambda: now[0])
    page = context.new_page()
    page.clock.install()
    page.goto(serve(place.app))
    before = page.locator("#answers").get_attribute("data-letterbox")
    now[0] = end = place.round.closes_at
    place.store.count(end)
    place.store.open_round(replace(place.round, id="next", opens_at=end, closes_at=end + WEEK), end)
    with page.expect_navigation():
        page.clock.run_for(300_000)
    after = page.locator("#answers").get_attribute("data-letterbox")
    assert after == place.store.public_key("next", "frida") != before


def test_a_kiosk_loads_the_page_of_a_new_round_only_when_no_ballot_is_on_its_way(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    """A kiosk without encryption stores no ballot: the page that sends it must stay."""
    now, is_away = [NOW], [True]
    place = Place(tmp_path, clock=lambda: now[0])
    served = Counted(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    page = guest.page
    page.add_init_script(INSECURE)
    page.clock.install()

    def lose(route: Route) -> None:
        if is_away[0] and route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/*", lose)
    guest.start("sv")
    guest.answer("5", "5", "5", "5")
    expect(page.locator("#again")).to_be_visible()
    guest.tap("#start-over")
    expect(page.locator("#picker")).to_be_visible()
    now[0] = end = place.round.closes_at
    place.store.count(end)
    place.store.open_round(replace(place.round, id="next", opens_at=end, closes_at=end + WEEK), end)
    page.evaluate("window.isSame = true")
    with page.expect_response("**/alive"):
        page.clock.run_for(300_000)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.isSame")
    is_away[0] = False
    with page.expect_navigation():
        page.clock.run_for(10_000)
    assert page.locator("#answers").get_attribute("data-letterbox") == place.store.public_key("next", "frida")


def test_an_idle_kiosk_returns_from_the_page_about_stored_data(guest: Guest) -> None:
    guest.page.goto(guest.address)
    guest.tap('[data-language="sv"]')
    guest.tap("#stored")
    expect(guest.page.locator("h1")).to_have_text("Vad sparas om mig?")
    # Its scripts have run, and the clock that is moved is theirs.
    guest.page.wait_for_load_state("load")
    guest.page.clock.run_for(91_000)
    expect(guest.page.locator("#picker")).to_be_visible()


def test_a_kiosk_without_encryption_resends_a_rate_limited_ballot(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    times = [NOW]
    place = Place(tmp_path, rate_limit=RateLimit(8.0, 1, lambda: times[0].timestamp()))
    served = Counted(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    guest.page.add_init_script(INSECURE)
    assert place.client.post("/", data={"listened": "1"}).status_code == 303
    guest.start("sv")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Vänta lite. Svaren skickas snart.")
    expect(guest.page.locator("#message button:visible, #start-over:visible")).to_have_count(0)
    times[0] += timedelta(seconds=8)
    guest.page.clock.run_for(2_000)
    thanks(guest, "Tack för dina svar!")


def test_a_kiosk_without_encryption_marks_rapid_ballots(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, rate_limit=RateLimit(0.0, 1, pause=3_600.0))
    guest = Guest(context.new_page(), place, Counted(place.app), serve(place.app))
    guest.page.add_init_script(INSECURE)
    guest.start("sv")
    # Touches instead of haste: on a slow machine, nothing here takes less than four seconds.
    guest.page.evaluate(TOUCHES)
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    assert place.waiting() == 0
    assert place.store.snapshot()["rounds"][0]["nodes"][0]["excluded_rapid"] == 1


RAPID_AFTER = """(gaps) => {
    const files = ["/static/guest_bar.js", "/static/guest_kiosk.js"].map((path) => import(path));
    return Promise.all(files).then(([{ device }]) => {
        let now = 0;
        performance.now = () => now;
        return gaps.map((seconds) => {
            now += 1000 * seconds;
            return device.kiosk.fields(document.getElementById("answers")).has("_rapid");
        });
    });
}"""
"""Whether a kiosk's script marks each of several ballots as rapid, by the seconds before it."""


def test_a_kiosk_marks_hasty_ballots_from_the_third_in_a_row_until_a_pause(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, rate_limit=RateLimit(0.0, 1, pause=12.0))
    page = context.new_page()
    page.goto(serve(place.app))
    page.wait_for_load_state("networkidle")
    # Four statements: a ballot in a row is hasty in less than four seconds.
    marked = page.evaluate(RAPID_AFTER, [60, 3, 3, 3, 60, 3, 3, 9])
    assert marked == [False, False, True, True, False, False, True, False]


def test_a_phone_keeps_answers_without_a_network_and_sends_them_once(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, frozenset({Admission.POSTER}))
    served = Counted(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    guest.start("sv", "/s/poster")
    guest.answer("5", "5", "5")
    context.set_offline(True)
    guest.answer("5")
    thanks(guest, "Svaren kom inte fram. De finns kvar på skärmen. Försök igen.")
    context.set_offline(False)
    guest.tap("#again")
    thanks(guest, "Tack för dina svar!")
    assert place.waiting() == 1


@pytest.mark.parametrize("size", [KIOSK, PHONE], ids=["kiosk", "phone"])
@pytest.mark.parametrize("language", ["sv", "ar"])
def test_no_guest_screen_has_an_accessibility_violation(guest: Guest, size: Any, language: str) -> None:
    page, faults = guest.page, {}

    def look(name: str) -> None:
        page.wait_for_load_state()
        faults[name] = violations(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        faults[f"{name} overflows"] = ["sideways"] if overflow > 0 else []

    resize(page, **size)
    page.goto(guest.address)
    look("picker")
    guest.tap(f'[data-language="{language}"]')
    look("promise")
    guest.tap("#start")
    look("statement")
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll("button, label, a")]
            .filter((target) => target.checkVisibility())
            .map((target) => target.getBoundingClientRect().height))"""
    )
    assert smallest >= 44
    least = 72 if size is KIOSK else 56
    for answer in page.locator(".answer:visible").all():
        box = answer.bounding_box()
        assert box
        assert box["height"] >= least
    guest.answer("5", "4", "3", "2")
    expect(page.locator("#message")).to_be_visible()
    look("thanks")
    for path in ("/thanks", "/q", "/stored", "/nothing"):
        page.goto(guest.address + path)
        look(path)
    assert {name: barriers for name, barriers in faults.items() if barriers} == {}


@pytest.mark.parametrize("language", ["sv", "ar"])
def test_text_at_200_percent_fits_the_width_of_a_phone(guest: Guest, language: str) -> None:
    resize(guest.page, 320, 640)
    guest.start(language)
    guest.page.evaluate("document.documentElement.style.setProperty('font-size', '36px')")
    # The layout follows within the frame after the one that has larger letters.
    frame(guest.page)
    frame(guest.page)
    for _ in range(4):
        overflow = guest.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, guest.page.locator("legend:visible").inner_text()
        assert guest.page.evaluate(BROKEN) == []
        guest.tap("#skip")
