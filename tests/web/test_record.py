"""Recording speech at the desk: record, listen, approve, go on; without a microphone, upload a file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kiosk.screen.speech import find, sound_name
from tests.tools.accessibility import violations
from tests.tools.desk_side import PASSWORD, Desk
from tests.tools.guest_side import Place
from tests.tools.recordings import PAGE, SURVEY_PAGE, somali, voice
from tests.web.guest import Counted, Guest, Serve

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def context(browser: Browser, serve: Callable[[Any], str], desk: Desk) -> Iterator[BrowserContext]:
    """A phone whose owner is signed in as the coordinator."""
    context = browser.new_context(base_url=serve(desk.app), viewport={"width": 390, "height": 844})
    yield context
    context.close()


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto("/admin/sign-in")
    page.fill("#name", "anna")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.goto(path)
    return page


def recording(desk: Desk) -> Path | None:
    return find(desk.settings.audio_folder, "so", sound_name("so", somali(desk)))


def test_a_text_is_recorded_heard_approved_and_counted_and_the_next_one_is_at_hand(
    context: BrowserContext, desk: Desk
) -> None:
    page = opened(context, SURVEY_PAGE)
    first, second = page.locator(".readings > li").nth(0), page.locator(".readings > li").nth(1)
    first.get_by_role("button", name="Spela in", exact=True).click()
    # The microphone beeps once a second.
    first.get_by_role("button", name="Stoppa (2 s)").click()
    expect(first.get_by_role("button", name="Lyssna")).to_be_focused()
    assert recording(desk) is None, "nothing is sent before it is approved"
    first.get_by_role("button", name="Godkänn").click()
    expect(page.locator("#left")).to_contain_text("1 av ")
    expect(first).to_contain_text("✓ Klar")
    expect(second.get_by_role("button", name="Spela in", exact=True)).to_be_focused()
    path = recording(desk)
    assert path
    assert path.stat().st_size > 2000
    assert first.locator("audio").evaluate(
        "async (player) => { await player.play(); return !player.error && player.duration > 0.2; }"
    )
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("language", ["so", "ti"])
def test_an_approved_recording_is_heard_on_a_kiosk(
    context: BrowserContext, desk: Desk, serve: Serve, tmp_path_factory: pytest.TempPathFactory, language: str
) -> None:
    page = opened(context, SURVEY_PAGE.replace("/so/", f"/{language}/"))
    first = page.locator(".readings > li").first
    first.get_by_role("button", name="Spela in", exact=True).click()
    first.get_by_role("button", name="Stoppa (2 s)").click()
    first.get_by_role("button", name="Godkänn").click()
    expect(page.locator("#left")).to_contain_text("1 av ")
    statement = first.locator(f'[lang="{language}"]').first.inner_text()

    place = Place(tmp_path_factory.mktemp("kiosk"), audio=desk.settings.audio_folder)
    kiosk = context.new_page()
    kiosk.add_init_script("const made = Audio; Audio = function () { return (window.heard = new made()); };")
    guest = Guest(kiosk, place, Counted(place.app), serve(place.app))
    guest.start(language)
    expect(kiosk.locator("fieldset:not([hidden]) legend")).to_have_text(statement)
    guest.tap("fieldset:not([hidden]) .speaker")
    heard = """new Promise((done) => {
        heard.ontimeupdate = () => heard.currentTime > 0 && done(!heard.error && heard.duration > 1);
    })"""
    assert kiosk.evaluate(heard)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("new DOMException('', 'NotAllowedError')", "Tillåt mikrofonen"),
        ("new DOMException('', 'NotFoundError')", "Ingen mikrofon"),
    ],
    ids=["denied", "missing"],
)
def test_without_a_microphone_the_page_says_so_and_takes_a_file(
    context: BrowserContext, desk: Desk, error: str, words: str
) -> None:
    context.add_init_script(f"navigator.mediaDevices.getUserMedia = async () => {{ throw {error} }}")
    page = opened(context, SURVEY_PAGE)
    first = page.locator(".readings > li").first
    first.get_by_role("button", name="Spela in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(words)
    sound = {"name": "voice.wav", "mimeType": "audio/wav", "buffer": voice(0.6, rate=44_100, channels=2)}
    first.locator("input[type=file]").set_input_files(sound)  # type: ignore[arg-type]
    first.get_by_role("button", name="Godkänn").click()
    expect(first).to_contain_text("✓ Klar")
    assert recording(desk)


def test_a_page_without_a_safe_address_offers_no_recording(context: BrowserContext) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page = opened(context, PAGE)
    expect(page.get_by_role("alert")).to_contain_text("https")
    expect(page.get_by_role("button", name="Spela in")).to_have_count(0)
    expect(page.locator("input[type=file]").first).to_be_visible()
