"""A report as an accessible PDF (PDF/UA-1). Its content reaches the typesetter as JSON, never as markup."""

import json
import re
from pathlib import Path

import typst

from kiosk.domain.report import ReportDocument
from kiosk.output.paper import PaperError, shipped_fonts

TEMPLATE = Path(__file__).with_name("report.typ")


def report_pdf(report: ReportDocument) -> bytes:
    """Return the report as PDF, in which every character has a glyph. Raises PaperError."""
    try:
        return typst.compile(
            TEMPLATE,
            font_paths=shipped_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(report.as_json())},
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        if strange := re.search(r"the text `(.+?)` could not be displayed", error.message):
            raise PaperError(
                f"the fonts have no glyph for {strange[1]}; remove it from the report's texts"
            ) from error
        raise
