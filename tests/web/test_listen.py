"""A guest who would rather listen presses a speaker; nothing speaks by itself, or says what she chose."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kiosk.domain.rounds import Admission
from kiosk.screen.speech import sound_name
from tests.tools.accessibility import violations
from tests.tools.frames import resize
from tests.tools.guest_side import Place
from tests.tools.polling import wait_until
from tests.tools.speech import address_name, shipped_speech
from tests.web.guest import KIOSK, Counted, Guest, Serve

pytestmark = pytest.mark.browser

HEARD = "Jag känner att personalen lyssnar på mig"


SLOW = """const made = window.Audio;
    window.Audio = function () {
        window.heard = new made();
        window.heard.defaultPlaybackRate = 0.1;
        return window.heard;
    };"""
"""Lets each sound last long enough to be found playing on a busy machine."""


class Listener(Guest):
    """A guest at a screen with speech in Swedish and Arabic, whose sounds are watched."""

    def __init__(self, context: BrowserContext, serve: Serve, folder: Path) -> None:
        place = Place(folder, audio=shipped_speech("sv", "ar"))
        served = Counted(place.app)
        page = context.new_page()
        page.add_init_script(SLOW)
        super().__init__(page, place, served, serve(served))

    @property
    def sounds(self) -> list[str]:
        return [path for path in self.served.asked if "/audio/" in path]

    def state(self) -> tuple[bool, float]:
        """(whether it is silent, the volume)."""
        paused, volume = self.page.evaluate("[heard.paused, heard.volume]")
        return bool(paused), float(volume)

    def hear_fast(self) -> None:
        """Let the sounds to come be short. A sound that was begun slowly once never ended."""
        self.page.evaluate("() => { heard.playbackRate = heard.defaultPlaybackRate = 16; }")

    def listen(self, within: str) -> None:
        self.tap(f"{within} .speaker")


@pytest.fixture
def guest(browser: Browser, serve: Serve, tmp_path: Path) -> Iterator[Listener]:
    context = browser.new_context(viewport=KIOSK)  # type: ignore[arg-type]
    yield Listener(context, serve, tmp_path)
    context.close()


def playing(page: Page) -> None:
    page.evaluate(
        "new Promise((done) => heard.currentTime > 0 ? done() : (heard.ontimeupdate = () => done()))"
    )
    assert not page.evaluate("heard.paused")


def test_one_button_reads_the_statement_and_its_answers_in_order(guest: Listener) -> None:
    guest.start("sv")
    texts = guest.page.locator("fieldset:not([hidden]) :is(legend, label:not(.skipped))").all_inner_texts()
    assert len(texts) == 7
    guest.page.evaluate(
        """() => {
            window.read = [];
            new MutationObserver(() => {
                const text = document.querySelector(".read")?.innerText;
                if (text && text !== window.read.at(-1)) window.read.push(text);
            }).observe(document.body, { subtree: true, attributeFilter: ["class"] });
        }"""
    )
    guest.hear_fast()
    guest.listen("fieldset:not([hidden])")
    expect(guest.page.locator("[aria-pressed=true]")).to_have_count(0)
    expect(guest.page.locator(".read")).to_have_count(0)
    names = [sound.rpartition("/")[2] for sound in dict.fromkeys(guest.sounds)]
    assert names == [address_name("sv", text.strip()) for text in texts]
    assert guest.page.evaluate("window.read") == texts
    expect(guest.page.locator("input:checked:not([value=''])")).to_have_count(0)


def test_a_speaker_plays_its_text_and_stops_when_pressed_again(guest: Listener) -> None:
    guest.start("sv")
    assert guest.sounds == []
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    assert guest.page.evaluate("heard.currentSrc").endswith(f"/audio/sv/{address_name('sv', HEARD)}")
    expect(guest.page.locator("[aria-pressed=true]")).to_have_count(1)
    guest.listen("fieldset:not([hidden])")
    assert guest.state()[0]
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    assert guest.page.evaluate("heard.currentTime") < 1


@pytest.mark.parametrize("other", ["#skip", "#language", "#start-over"])
def test_any_other_touch_stops_the_speech(guest: Listener, other: str) -> None:
    guest.start("ar")
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    if other == "#start-over":
        with guest.page.expect_navigation():
            guest.tap(other)
        wait_until(guest.page, "() => Boolean(window.heard)")
    else:
        guest.tap(other)
    assert guest.state()[0]
    expect(guest.page.locator("[aria-pressed=true]")).to_have_count(0)


def test_touching_an_answer_stops_the_speech_and_is_not_read_aloud(guest: Listener) -> None:
    guest.start("sv")
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    expect(guest.page.locator("input:checked:not([value=''])")).to_have_count(0)
    asked = guest.sounds
    guest.touch_answer("4")
    assert guest.state()[0]
    expect(guest.page.locator(".read")).to_have_count(0)
    guest.page.clock.run_for(300)
    expect(guest.page.locator("#progress")).to_have_text("Fråga 2 av 4")
    guest.tap("#back")
    guest.answer("5", "1", "2", "3")
    expect(guest.page.locator("#message p")).to_have_text("Tack för dina svar!")
    assert guest.sounds == asked


def test_the_promise_is_read_from_beginning_to_end(guest: Listener) -> None:
    guest.page.goto(guest.address)
    guest.tap('[data-language="sv"]')
    guest.hear_fast()
    guest.listen("#promise")
    expect(guest.page.locator("[aria-pressed=true]")).to_have_count(0)
    names = [sound.rpartition("/")[2] for sound in dict.fromkeys(guest.sounds)]
    promises = guest.page.locator("#promise > p[data-text]").all_inner_texts()
    assert names == [address_name("sv", text) for text in promises]


def test_the_volume_is_reset_for_the_next_guest(guest: Listener) -> None:
    guest.start("sv")
    guest.tap("#volume")
    expect(guest.page.locator("#volume")).to_have_text("Volym 60 %")
    assert guest.state()[1] == pytest.approx(0.6)
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    with guest.page.expect_navigation():
        guest.tap("#start-over")
    expect(guest.page.locator("#volume")).to_have_text("Volym 100 %")
    guest.tap('[data-language="sv"]')
    guest.tap("#start")
    guest.listen("fieldset:not([hidden])")
    assert guest.state()[1] == 1


def test_a_statement_without_speech_for_all_answers_is_read_without_them(
    guest: Listener, tmp_path: Path
) -> None:
    """Some answers read, and others not, would favour the former."""
    folder = shutil.copytree(shipped_speech("sv", "ar"), tmp_path / "speech")
    (folder / "drafts" / "sv" / f"{sound_name('sv', 'Vet inte')}.mp3").unlink()
    guest_application = guest.place.app.extensions["guest"]
    guest_application.unmeasured = replace(guest_application.unmeasured, audio=folder)
    guest.start("sv")
    guest.hear_fast()
    guest.listen("fieldset:not([hidden])")
    expect(guest.page.locator("[aria-pressed=true]")).to_have_count(0)
    assert [sound.rpartition("/")[2] for sound in dict.fromkeys(guest.sounds)] == [address_name("sv", HEARD)]


def test_a_language_without_speech_has_no_speakers(guest: Listener) -> None:
    guest.start("en")
    expect(guest.page.locator("fieldset:not([hidden]) .speaker:visible")).to_have_count(0)
    expect(guest.page.locator("#volume")).not_to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("language", ["sv", "ar"])
def test_speaker_buttons_are_large_enough_and_cause_no_overflow(
    guest: Listener, width: int, language: str
) -> None:
    resize(guest.page, width, 800)
    guest.start(language)
    assert violations(guest.page) == []
    least = 72 if width == 1280 else 44
    [button] = guest.page.locator("fieldset:not([hidden]) .speaker").all()
    box = button.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= least
    assert guest.page.evaluate("document.documentElement.scrollWidth") <= width


KEPT_SOUNDS = """async () => {
    const kept = await (await caches.open("kiosk")).keys();
    return kept.map(({ url }) => new URL(url).pathname).filter((path) => path.startsWith("/audio/")).sort();
}"""


def test_a_kiosk_speaks_without_a_network_and_its_cache_does_not_depend_on_guests(
    guest: Listener,
) -> None:
    guest.place.store.links.add(Admission.KIOSK, "frida", code="kept")
    guest.page.goto(f"{guest.address}/k/kept")
    guest.page.clock.run_for(300_000)
    wait_until(guest.page, "() => Boolean(navigator.serviceWorker.controller)")
    kept = guest.page.evaluate(KEPT_SOUNDS)
    assert {path.split("/")[2] for path in kept} == {"sv", "ar"}
    assert f"/audio/sv/{address_name('sv', HEARD)}" in kept
    asked = guest.sounds
    assert sorted(path.removeprefix("GET ") for path in asked) == kept
    guest.page.context.set_offline(True)
    guest.tap('[data-language="sv"]')
    guest.tap("#start")
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    guest.page.context.set_offline(False)
    guest.tap("#skip")
    guest.listen("fieldset:not([hidden])")
    playing(guest.page)
    assert guest.page.evaluate(KEPT_SOUNDS) == kept
    assert guest.sounds == asked
