"""A report as an accessible PDF (PDF/UA-1). Its content reaches the typesetter as JSON, never as markup."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

from kiosk.domain.report import Kind, ReportDocument
from kiosk.output.file_program import WITHOUT_SIGN
from kiosk.output.paper import LOGO_FORMATS, LogoError, NoGlyphError, shipped_fonts
from kiosk.output.pdf_row_headings import with_row_headings

TEMPLATE = Path(__file__).with_name("report.typ")


def report_pdf(report: ReportDocument) -> bytes:
    """Return the report as PDF, in which every character has a glyph. Raises NoGlyphError for a sign that no
    font has, and LogoError for a logo that cannot be drawn; both are PaperErrors. Raises typst.TypstError for
    any other fault of a block, ValueError if the typesetter's file has another structure than the report's
    tables, and KeyError for a logo that is no `data:` URL of a media type in LOGO_FORMATS."""
    try:
        pdf = typst.compile(
            TEMPLATE,
            font_paths=shipped_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(_data(report))},
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        if strange := re.search(r"the text `(.+?)` could not be displayed", error.message):
            raise NoGlyphError(strange[1], WITHOUT_SIGN) from error
        if re.match(r"failed to (?:decode image|parse SVG)", error.message):
            raise LogoError from error
        raise
    tables = (block for block in report.blocks if block.kind is Kind.TABLE)
    return with_row_headings(pdf, [table.has_row_headings for table in tables])


def _data(report: ReportDocument) -> dict[str, Any]:
    """Return the input of the template: the report, its logo, and which tables have short headings of
    rows."""
    data = report.as_json()
    for drawn, block in zip(data["blocks"], report.blocks, strict=True):
        drawn["is_heading_short"] = block.short_heading > 0
    return {**data, "logo": logo_of(report)}


def logo_of(report: ReportDocument) -> dict[str, Any] | None:
    """Return a report's logo as its "content", a list of bytes, and the typesetter's name of its "format";
    None without one. KeyError for a logo that is no `data:` URL of a media type in LOGO_FORMATS."""
    if not report.logo:
        return None
    media_type, _, encoded = report.logo.removeprefix("data:").partition(";base64,")
    return {"content": list(b64decode(encoded)), "format": LOGO_FORMATS[media_type]}


def logo_png(logo: Mapping[str, Any]) -> bytes:
    """Return a logo, as `logo_of` returns it, as PNG, 18 mm high. Raises TypeError if the typesetter makes
    several pages of it, and typst.TypstError for one that it cannot draw."""
    document = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        "#let logo = json(bytes(sys.inputs.logo))\n"
        "#image(bytes(logo.content), format: logo.format, height: 18mm)"
    )
    picture = typst.compile(
        document.encode(),
        format="png",
        ppi=300,
        font_paths=shipped_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"logo": json.dumps(logo)},
    )
    if not isinstance(picture, bytes):
        raise TypeError("the logo became several pages")
    return picture
