"""A newcomer's first minutes: start the demonstration, answer as ten guests, see the chart move."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tools.demonstration import Demonstration
from tests.web.touch import touch

pytestmark = pytest.mark.browser


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Demonstration]:
    running = Demonstration(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def answer(page: Page, address: str, language: str) -> None:
    page.goto(address)
    steps = [f'[data-language="{language}"]', "#start"]
    steps += [f'fieldset:nth-of-type({at}):not([hidden]) label:has(input[value="4"])' for at in range(1, 5)]
    for step in [*steps, "#next"]:
        touch(page, step)
    expect(page.locator("#message p")).to_have_text(
        {"sv": "Tack för dina svar!", "ar": "شكرًا على إجاباتك!"}[language]
    )


def test_ten_guests_move_the_chart(browser: Browser, demonstration: Demonstration) -> None:
    address = demonstration.word_after("Answer as a guest")
    desk = browser.new_page()
    desk.goto(demonstration.word_after("See the results"))
    desk.locator("#name").fill(demonstration.word_after("Sign in as"))
    desk.locator("#password").fill(demonstration.word_after("Password"))
    desk.locator("main button").click()
    desk.get_by_role("link", name="Läs en påhittad effektrapport").click()
    expect(desk.locator(".made-up")).to_have_text("DEMONSTRATION: svaren är påhittade.")
    expect(desk.locator("h2").first).to_have_text("I korthet")
    desk.go_back()
    desk.get_by_role("link", name="Dagverksamheten").click()
    expect(desk.locator("h1")).to_have_text("Dagverksamheten")
    desk.get_by_role("link", name="Alla påståenden i sin helhet").click()
    desk.locator(".drawing").first.hover()
    expect(desk.locator('[data-figure="listened-now"] g.point').first).to_be_visible()
    before = int(desk.locator(".facts strong").inner_text().split()[0])

    guest = browser.new_page()
    guest.clock.install()
    for language in ("sv", "ar") * 5:
        answer(guest, address, language)

    expect(desk.locator(".facts strong")).not_to_have_text(f"{before} gäster har svarat")
    after = int(desk.locator(".facts strong").inner_text().split()[0])
    assert after - before >= 5
    expect(desk.locator("aside.demonstration")).to_be_visible()
    expect(guest.locator("p.demonstration")).to_be_visible()
    desk.close()
    guest.close()
    assert demonstration.stop() == 0


def test_a_second_demonstration_on_the_same_address_changes_nothing(demonstration: Demonstration) -> None:
    address = demonstration.word_after("Answer as a guest").removeprefix("http://").rstrip("/")
    second = subprocess.run(
        [str(Path(sys.executable).with_name("kiosk")), "demo"],
        env={**os.environ, "KIOSK_GUEST_LISTEN": address},
        cwd=demonstration.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 2
    assert second.stderr.startswith(f"kiosk: cannot listen on {address}")
