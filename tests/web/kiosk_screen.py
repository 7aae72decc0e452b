"""The guest's screen in a browser: sizes of screens, and what is measured on each of its pages."""

from collections.abc import Callable

from playwright.sync_api import Page

from kiosk.domain.rounds import Admission
from tests.web.touch import touch

Size = tuple[int, int]
Open = Callable[..., Page]
ALL_WAYS = frozenset({Admission.KIOSK, Admission.POSTER, Admission.SLIP})
KIOSK, PHONE = (1280, 800), (390, 844)
STATEMENTS = 4
TEN_INCH, TWENTY_ONE_INCH, UPRIGHT = ((1280, 800), 217), ((1920, 1080), 476), ((1080, 1920), 398)
"""Pixels, and the width of what is lit in millimetres."""

LETTERS_ARE_HERE = "document.body.offsetWidth && document.fonts.ready.then(() => true)"
"""Waits for the fonts of what is laid out: until they have come, boxes are as wide as other letters."""


def start(page: Page, language: str = "sv") -> None:
    """Choose the language and begin, in the letters that the guest sees."""
    touch(page, f'[data-language="{language}"], button[lang="{language}"]')
    touch(page, "#start")
    page.evaluate(LETTERS_ARE_HERE)


def overflow(page: Page) -> int:
    overflow: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return overflow
