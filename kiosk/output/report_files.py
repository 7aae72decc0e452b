"""The files that a published report is written as."""

from collections.abc import Callable, Mapping

from kiosk.domain.report import ReportDocument
from kiosk.output.report_docx import report_docx
from kiosk.output.report_html import report_html
from kiosk.output.report_pdf import report_pdf
from kiosk.output.report_xlsx import report_xlsx

WRITERS: Mapping[str, Callable[[ReportDocument], bytes]] = {
    "pdf": report_pdf,
    "docx": report_docx,
    "html": lambda report: report_html(report).encode(),
    "xlsx": report_xlsx,
}
"""File ending -> how a report is written."""
