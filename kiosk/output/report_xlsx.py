"""The numbers behind a report's tables and charts as a workbook: a list of its sheets, and a sheet for each.

The few words of its own are Swedish, the language of every report.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.domain.report import Block, Kind, ReportDocument
from kiosk.library.spreadsheet_writer import workbook

CONTENTS = "Innehåll"
CONTENTS_HEADING = ("Blad", "Avsnitt", "Visar")
NAMES = {Kind.TABLE: "Tabell", Kind.CHART: "Diagram"}
"""Kind of block -> the word before the number in its sheet's name."""


@dataclass(frozen=True)
class _Sheet:
    """A sheet: its name, the headings above its table or chart in the report, and its description."""

    name: str
    section: str
    text: str
    rows: tuple[tuple[str, ...], ...]


def report_xlsx(report: ReportDocument) -> bytes:
    """Return the workbook: the same bytes for the same report."""
    sheets = list(_sheets(report.blocks))
    about = [report.title, report.organisation, report.subtitle, report.edition]
    warnings = [block.text for block in report.blocks if block.kind is Kind.WARNING]
    contents = [
        CONTENTS_HEADING,
        *((sheet.name, sheet.section, sheet.text) for sheet in sheets),
        *(("", "", line) for line in (*about, *warnings) if line),
    ]
    return workbook({CONTENTS: contents, **{sheet.name: sheet.rows for sheet in sheets}}, None)


def _sheets(blocks: tuple[Block, ...]) -> Iterator[_Sheet]:
    """Yield a sheet for each table and each chart with numbers, in the order of the report."""
    headings, numbers = ["", ""], dict.fromkeys(NAMES, 0)
    for block in blocks:
        if block.kind is Kind.HEADING:
            headings[block.level - 1 :] = [block.text, ""][: 3 - block.level]
        rows = (block.header, *block.rows) if block.kind is Kind.TABLE else block.data
        if block.kind in NAMES and rows:
            numbers[block.kind] += 1
            section = ", ".join(filter(None, headings))
            yield _Sheet(f"{NAMES[block.kind]} {numbers[block.kind]}", section, block.text, rows)
