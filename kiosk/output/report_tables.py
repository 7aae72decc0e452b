"""The numbers behind a report's tables and charts, in the order of the report.

Words that this module adds are Swedish, the language of every report.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.domain.report import Block, Kind

NAMES = {Kind.TABLE: "Tabell", Kind.CHART: "Diagram"}
"""Kind of block -> the word before the number in its table's name."""


@dataclass(frozen=True)
class ReportTable:
    """A table, or the numbers of a chart: its name such as "Tabell 2", the headings above it in the report,
    its caption or the chart's description, its rows, the first a heading, and the notes below it, up to the
    next heading, page break, table or chart."""

    name: str
    section: str
    text: str
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def report_tables(blocks: tuple[Block, ...]) -> Iterator[ReportTable]:
    """Yield each table, and each chart that has numbers, in the order of the report. These are numbered from
    1, each kind by itself; a chart without numbers takes no number."""
    headings, numbers = ["", ""], dict.fromkeys(NAMES, 0)
    for at, block in enumerate(blocks):
        if block.kind is Kind.HEADING:
            headings[block.level - 1 :] = [block.text, ""][: 3 - block.level]
        rows = (block.header, *block.rows) if block.kind is Kind.TABLE else block.data
        if block.kind in NAMES and rows:
            numbers[block.kind] += 1
            section = ", ".join(filter(None, headings))
            name = f"{NAMES[block.kind]} {numbers[block.kind]}"
            yield ReportTable(name, section, block.text, rows, tuple(_notes(blocks[at + 1 :])))


def _notes(below: tuple[Block, ...]) -> Iterator[str]:
    """Yield the notes among these blocks, up to the next heading, page break, table or chart; paragraphs and
    lists between them are skipped."""
    for block in below:
        if block.kind in {Kind.HEADING, Kind.PAGE, *NAMES}:
            return
        if block.kind is Kind.NOTE:
            yield block.text
