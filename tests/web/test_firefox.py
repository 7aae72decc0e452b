"""A guest's walk on a phone in Firefox: from the poster's link to the thank-you, with and without scripts."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.rounds import Admission
from tests.attack.firefox import Firefox, FirefoxError, firefox, wait_until
from tests.attack.watched import NotPermittedError
from tests.tools.guest_side import Place
from tests.web.guest import PHONE, Counted, Serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("listened", "contact_support", "rights_knowledge", "feel_better")


class LosingAnswer:
    """An application whose answer to the first ballot is lost: the ballot is taken, and a proxy answers."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.is_lost = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if self.is_lost or environ["REQUEST_METHOD"] != "POST":
            return list(self.application(environ, start_response))
        self.is_lost = True
        list(self.application(environ, lambda *_: None))
        start_response("504 Gateway Timeout", [("Content-Type", "text/html")])
        return [b"<title>504</title>"]


class Walk:
    """A guest with a poster's link in a phone's Firefox."""

    def __init__(self, browser: Firefox, address: str, *, has_script: bool) -> None:
        self.browser = browser
        browser.allow_scripts(is_allowed=has_script)
        browser.command("browsingContext.setViewport", context=browser.tab, viewport=PHONE)
        browser.go(f"{address}/s/poster")

    def sees(self, expression: str) -> None:
        wait_until(lambda: self.browser.evaluate(expression) is True, expression)

    def fits(self) -> None:
        """Nothing of the page is beside the screen."""
        self.sees(f"innerWidth === {PHONE['width']} && document.documentElement.scrollWidth <= innerWidth")

    def says(self, selector: str, words: str) -> None:
        text = f"document.querySelector({json.dumps(selector)})?.textContent.trim()"
        self.sees(f"{text} === {json.dumps(words)}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Firefox, started once for all walks. Skips them where it is not installed."""
    try:
        with firefox(tmp_path_factory.mktemp("profile"), has_script=True) as browser:
            yield browser
    except NotPermittedError as reason:
        pytest.skip(str(reason))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, frozenset({Admission.POSTER}))


def test_back_keeps_an_answer_and_a_ballot_without_a_reply_counts_once(
    browser: Firefox, place: Place, serve: Serve
) -> None:
    served = Counted(LosingAnswer(place.app))
    guest = Walk(browser, serve(served), has_script=True)
    guest.fits()
    browser.tap('[data-language="en"]', "#promise:not([hidden])")
    guest.fits()
    browser.tap("#start", "fieldset:not([hidden])")
    for number, name in enumerate(NAMES[:2], start=1):
        guest.says("#progress", f"Question {number} of 4")
        guest.fits()
        browser.tap(f'fieldset:not([hidden]) label:has([name="{name}"][value="4"])')
    guest.says("#progress", "Question 3 of 4")
    browser.traverse(-1)
    guest.says("#progress", "Question 2 of 4")
    guest.sees(f"document.querySelector('[name={NAMES[1]}][value=\"4\"]').checked")
    browser.tap("#next")
    for number, name in enumerate(NAMES[2:], start=3):
        guest.says("#progress", f"Question {number} of 4")
        browser.tap(f'fieldset:not([hidden]) label:has([name="{name}"][value="2"])')
    browser.tap("#next", "#message:not([hidden])")
    browser.tap("#again:not([hidden])")
    guest.says("#message p", "Thank you for your answers!")
    guest.fits()
    guest.sees("!document.querySelector('fieldset :checked:not([value=\"\"])')")
    assert served.asked.count("POST /s/poster") == 2
    assert place.waiting() == 1


def test_without_scripts_a_form_that_is_sent_again_counts_once(
    browser: Firefox, place: Place, serve: Serve
) -> None:
    """Back from the thanks shows no answer: without a script nothing tells whose turn it is."""
    served = Counted(LosingAnswer(place.app))
    guest = Walk(browser, serve(served), has_script=False)
    guest.fits()
    browser.tap('[data-language="en"]', 'html[lang="en"] #send')
    guest.fits()
    for name in NAMES:
        option = f'[name="{name}"][value="4"]'
        browser.tap(f"label:has({option})", f"{option}:checked")
    browser.tap("#send")
    guest.sees("document.title === '504'")
    # The page is left while it loads again: its form leads to the thanks.
    with suppress(FirefoxError):
        browser.reload()
    guest.sees("location.pathname.endsWith('/thanks')")
    guest.says('.message[lang="en"]', "Thank you for your answers!")
    guest.fits()
    browser.traverse(-1)
    guest.sees("document.readyState === 'complete' && !document.querySelector('[value=\"4\"]:checked')")
    assert served.asked.count("POST /s/poster") == 2
    assert place.waiting() == 1
