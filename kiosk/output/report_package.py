"""The numbers behind a report's tables and charts as a data package: a CSV file for each, and a description.

Everything comes from the published edition, so that nothing is finer than what the edition shows. The
description follows https://specs.frictionlessdata.io/data-package/. Words that this module adds are Swedish,
the language of every report.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from kiosk.domain.report import Kind, ReportDocument
from kiosk.library.data_package import described_table
from kiosk.library.spreadsheet_writer import add_file, csv_table
from kiosk.output.report_tables import ReportTable, report_tables

DESCRIPTION = "datapackage.json"
NO_NAME = "kolumn"
"""The name of a column without a heading."""


def report_package(report: ReportDocument) -> bytes:
    """Return the data package as a ZIP file: the same bytes for the same report. Without tables and charts it
    has the description only."""
    tables = list(report_tables(report.blocks))
    columns = [list(_columns(table.rows[0])) for table in tables]
    contents = [csv_table([names, *table.rows[1:]]) for table, names in zip(tables, columns, strict=True)]
    resources = [
        _resource(table, content, names)
        for table, content, names in zip(tables, contents, columns, strict=True)
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        add_file(archive, DESCRIPTION, _description(report, resources))
        for resource, content in zip(resources, contents, strict=True):
            add_file(archive, resource["path"], content)
    return packed.getvalue()


def _columns(heading: Sequence[str]) -> Iterator[str]:
    """Yield a different name for each column: its heading, or NO_NAME, numbered if an earlier column has the
    same."""
    seen: Counter[str] = Counter()
    for cell in heading:
        name = cell or NO_NAME
        seen[name] += 1
        while seen[name] > 1:
            name = f"{name} {seen[name]}"
            seen[name] += 1
        yield name


def _resource(table: ReportTable, content: bytes, columns: Sequence[str]) -> dict[str, Any]:
    """Return the description of one table and its file. A column with nothing but whole numbers and empty
    cells is described as one of integers."""
    whole = {
        name
        for name, cells in zip(columns, zip(*table.rows[1:], strict=True), strict=False)
        if any(cells) and all(cell.isascii() and cell.isdecimal() for cell in cells if cell)
    }
    name = table.name.lower().replace(" ", "-")
    described = described_table(name, content, {column: column for column in columns}, whole)
    return {
        **described,
        "title": ": ".join(filter(None, (table.section, table.name))),
        "description": "\n".join((table.text, *table.notes)),
    }


def _description(report: ReportDocument, resources: Sequence[dict[str, Any]]) -> bytes:
    """Return the description of the package, as JSON."""
    warnings = [block.text for block in report.blocks if block.kind is Kind.WARNING]
    about = (report.organisation, report.subtitle, report.edition, *warnings)
    described = {
        "profile": "tabular-data-package",
        "name": "kiosk-report",
        "title": report.title,
        "description": "\n".join(filter(None, about)),
        "language": report.language,
        "demonstration": bool(warnings),
        "resources": list(resources),
    }
    return json.dumps(described, ensure_ascii=False, indent=1).encode()
