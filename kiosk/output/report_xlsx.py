"""The numbers behind a report's tables and charts as a workbook: a list of its sheets, and a sheet for each.

Words that this module adds are Swedish, the language of every report.
"""

from kiosk.domain.report import Kind, ReportDocument
from kiosk.library.spreadsheet_writer import workbook
from kiosk.output.report_tables import report_tables

CONTENTS = "Innehåll"
CONTENTS_HEADING = ("Blad", "Avsnitt", "Visar")


def report_xlsx(report: ReportDocument) -> bytes:
    """Return the workbook: the same bytes for the same report."""
    sheets = list(report_tables(report.blocks))
    about = [report.title, report.organisation, report.subtitle, report.edition]
    warnings = [block.text for block in report.blocks if block.kind is Kind.WARNING]
    contents = [
        CONTENTS_HEADING,
        *((sheet.name, sheet.section, sheet.text) for sheet in sheets),
        *(("", "", line) for line in (*about, *warnings) if line),
    ]
    return workbook({CONTENTS: contents, **{sheet.name: sheet.rows for sheet in sheets}}, None)
