"""Paper as PDF: sheets of slips, posters, table cards.

All paper names its unit. A slip also names its round and the round's last day, so that guests and staff
notice a slip of another unit or an old one. Paper has no print date and no number, and the slips of a sheet
are in random order. Variable content reaches the typesetter as JSON, never as markup.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import segno
import typst

from kiosk.domain.rounds import Round
from kiosk.domain.slips import spaced
from kiosk.domain.theme import Theme
from kiosk.library.catalogues import Catalogue
from kiosk.library.text_rules import is_one_line
from kiosk.screen.texts import SCREEN
from kiosk.settings import shipped_folder

TEMPLATE = Path(__file__).with_name("paper.typ")

SLIP_SYMBOL_MM = 36
"""Width of a slip's QR symbol. From a blurred and rotated picture, programs still read a symbol of 35 mm, and
none of 15 mm; 1 mm is added for printers that shrink."""

LARGEST_VERSION = 10
"""Largest QR version: 57 modules per side, 0.6 mm each on a slip."""


def _(message: str) -> str:
    """Mark a reference text for the catalogues."""
    return message


CALL = _("Vad tycker du? Svara med mobilen.")
"""The sentence of a poster or slip that asks to answer."""
PROMISE = SCREEN["anonymous"]
"""The sentence of a poster or slip that nobody is identified."""


class PaperError(Exception):
    """The paper could not be made. The message has the reason and the remedy."""


class NoGlyphError(PaperError):
    """The shipped fonts cannot draw `sign`, a part of the texts."""

    def __init__(self, sign: str, remedy: str) -> None:
        super().__init__(f"the fonts have no glyph for {sign}; {remedy}")
        self.sign = sign.strip('"')


class LogoError(PaperError):
    """The typesetter cannot draw the theme's logo."""

    def __init__(self) -> None:
        super().__init__("the logo cannot be printed; save it again, as PNG")


class Size(StrEnum):
    """The paper size of a poster."""

    A4 = "A4"
    A5 = "A5"
    A6 = "A6"


POSTER_MM = {Size.A4: (85, 18), Size.A5: (60, 13), Size.A6: (40, 8)}
"""Poster size -> (width of its QR symbol, width of its margin), in millimetres."""

POSTER_LANGUAGES = {Size.A4: 12, Size.A5: 8, Size.A6: 5}
"""Poster size -> number of shipped languages that fit, in any combination."""

LOGO_FORMATS = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
"""Media type -> the typesetter's name of the format."""

SLIP_LANGUAGES = 3
"""Most languages on a slip. With three, about eight slips fit on a sheet."""


def compile_pdf(template: Path, data: str) -> bytes:
    """Return the accessible PDF (PDF/UA-1) that a template makes of a JSON document. Raises PaperError for
    texts that do not fit, NoGlyphError for a sign that no font has, LogoError for a logo that cannot be
    drawn, and typst.TypstError for any other fault."""
    try:
        return typst.compile(
            template,
            font_paths=shipped_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        if "the texts do not fit" in error.message:
            raise PaperError("the texts do not fit; choose fewer languages or larger paper") from error
        if error.message.startswith("failed to parse SVG") or "decode image" in error.message:
            raise LogoError from error
        if strange := re.search(r"the text `(.+?)` could not be displayed", error.message):
            raise NoGlyphError(strange[1], "leave that language out, or rename the unit or survey") from error
        raise


Typesetter = Callable[[Path, str], bytes]
"""A function that returns the PDF that a template makes of a JSON document, with the errors of
`compile_pdf`."""


@dataclass(frozen=True)
class PaperTexts:
    """A paper's texts in one language: `call` asks to answer, `promise` says that nobody is identified.

    `language` is the language's code without script and country: two or three letters.
    """

    language: str
    is_right_to_left: bool
    call: str
    promise: str


def paper_texts(catalogues: Mapping[str, Catalogue], codes: Iterable[str]) -> tuple[PaperTexts, ...]:
    """Return the texts in the languages with these codes, in the catalogues' order. A code without a
    catalogue is ignored."""
    asked = set(codes)
    return tuple(
        PaperTexts(
            code.partition("_")[0],
            catalogue.language.direction == "rtl",
            catalogue.text(CALL),
            catalogue.text(PROMISE),
        )
        for code, catalogue in catalogues.items()
        if code in asked
    )


@dataclass(frozen=True)
class SlipOrigin:
    """The origin printed on a slip: the names of its unit and round, the round's last day in ISO 8601, which
    is legible in every language, and the organisation's theme."""

    unit: str
    round: str
    last_day: str
    theme: Theme = field(default_factory=Theme)


def slip_origin(of_round: Round, unit_id: str, theme: Theme) -> SlipOrigin:
    """Return the origin that is printed on a unit's slips for a round. KeyError if the round lacks the
    unit."""
    last_moment = of_round.closes_at - timedelta(microseconds=1)
    return SlipOrigin(of_round.tree.node(unit_id).name, of_round.title, f"{last_moment:%Y-%m-%d}", theme)


def slip_address(guest_address: str, code: str) -> str:
    """Return the address in a slip's QR symbol. The code is in the fragment, which no server receives.
    `guest_address` is that of the guest's side, without a slash at its end."""
    return f"{guest_address}/q#{code}"


def slip_sheets(
    guest_address: str,
    codes: Collection[str],
    words: Sequence[PaperTexts],
    origin: SlipOrigin,
    rng: Random,
    typesetter: Typesetter = compile_pdf,
) -> bytes:
    """Return A4 sheets of slips with cut lines, as PDF, in an order that `rng` draws. `codes`, at least one,
    are as `slips.new_code` makes them; `words` has the texts of each language, at least one.

    `rng` must be `secrets.SystemRandom()` outside tests. `typesetter` makes the PDF of the template and its
    values, here or in a program of its own. Raises PaperError for texts that do not fit, NoGlyphError for a
    sign that no font has, and LogoError for a logo that cannot be drawn; PaperError also without `words`, for
    a text of several lines, and for an address too long for its symbol.
    """
    shuffled = rng.sample(sorted(codes), len(codes))
    return _typeset(
        words,
        {
            "kind": "slips",
            "unit": origin.unit,
            "round": origin.round,
            "last_day": origin.last_day,
            **organisation_on_paper(origin.theme),
            "size": "a4",
            "margin_mm": 0,
            "symbol_mm": SLIP_SYMBOL_MM,
            "typed_at": _for_people(f"{guest_address}/q"),
            "slips": [
                {"code": spaced(code), **_symbol(slip_address(guest_address, code))} for code in shuffled
            ],
        },
        typesetter,
    )


def poster_page(
    address: str,
    words: Sequence[PaperTexts],
    size: Size,
    unit: str,
    theme: Theme | None = None,
    typesetter: Typesetter = compile_pdf,
) -> bytes:
    """Return a poster or table card of the unit with this name, one page, as PDF; its QR symbol leads to
    `address`. `words` has the texts of each language, at least one. `theme` is the organisation's; None for
    one without name and logo. `typesetter` makes the PDF of the template and its values, here or in a program
    of its own. Raises PaperError for texts that do not fit, NoGlyphError for a sign that no font has, and
    LogoError for a logo that cannot be drawn; PaperError also without `words`, for a text of several lines,
    and for an address too long for its symbol."""
    symbol_mm, margin_mm = POSTER_MM[size]
    return _typeset(
        words,
        {
            "kind": "poster",
            "unit": unit,
            **organisation_on_paper(theme or Theme()),
            "size": size.lower(),
            "margin_mm": margin_mm,
            "symbol_mm": symbol_mm,
            "typed_at": _for_people(address),
            "poster": _symbol(address),
        },
        typesetter,
    )


def organisation_on_paper(theme: Theme) -> dict[str, Any]:
    """Return the values that a template needs: "organisation", its name, and "logo", a dictionary with
    "content" (a list of bytes) and "format" (the typesetter's name of it), or None without a logo. KeyError
    for a logo of a media type that is not in LOGO_FORMATS."""
    logo = theme.logo
    image = {"content": list(logo.content), "format": LOGO_FORMATS[logo.media_type]} if logo else None
    return {"organisation": theme.name, "logo": image}


def _for_people(address: str) -> str:
    """Return an address as people type it: without https://."""
    return address.removeprefix("https://")


def _symbol(address: str) -> dict[str, str]:
    """Return the address with its QR symbol as SVG, without the quiet zone. Raises PaperError if the symbol
    would need more modules than LARGEST_VERSION has."""
    try:
        symbol = segno.make(address, error="q", micro=False)
    except segno.DataOverflowError:
        symbol = None
    if symbol is None or int(symbol.version) > LARGEST_VERSION:
        raise PaperError(f"the address {address[:60]}... is too long for a readable symbol; choose a shorter")
    return {"address": address, "svg": symbol.svg_inline(border=0, omitsize=True)}


def _typeset(words: Sequence[PaperTexts], content: dict[str, Any], typesetter: Typesetter) -> bytes:
    """Return a PDF with the texts and content. Raises PaperError without any texts, for a text of several
    lines, and for texts, signs and logos that cannot be printed (`compile_pdf`)."""
    if not words:
        raise PaperError("choose at least one language")
    texts = {of_language.language: of_language.call + of_language.promise for of_language in words}
    texts |= {name: content[name] for name in ("unit", "round", "organisation") if name in content}
    for name, text in texts.items():
        if not is_one_line(text):
            raise PaperError(f"{name}: a text has a line break or a character that changes its direction")
    return typesetter(
        TEMPLATE, json.dumps({**content, "words": [asdict(of_language) for of_language in words]})
    )


@cache
def shipped_fonts() -> typst.Fonts:
    """Return the shipped fonts, and no others."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[shipped_folder("static") / "fonts"],
    )
