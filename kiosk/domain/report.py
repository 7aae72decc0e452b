"""The yearly effect report: the parts of its text, its terms, and its document.

People write a report in parts; the program adds tables, charts, definitions and the limits of the method. A
published edition is a document: a list of blocks that no later count or text changes.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

LONGEST_PART = 50_000
"""Longest text of one part, in characters."""

MOST_STATEMENTS = 40
"""Most statements of a report."""


NARROW_FROM = 4
"""Fewest columns of a table on paper whose columns are too narrow for long words."""

LONGEST_SHORT_HEADING = 24
"""Most characters of a row's heading that stays on one line of a table with narrow columns."""


class Part(StrEnum):
    """The parts of a report's text, which people write, in order."""

    ABOUT = "about"
    VISION = "vision"
    MISSION = "mission"
    VALUES = "values"
    CONTEXT = "context"
    ORGANISATION = "organisation"
    LEADERSHIP = "leadership"
    STRATEGY = "strategy"
    SERVICES = "services"
    SCOPE = "scope"
    THEORY = "theory"
    RESOURCES = "resources"
    OUTPUTS = "outputs"
    EVALUATION = "evaluation"
    COMMENTS = "comments"
    SUMMARY = "summary"
    DEFINITIONS = "definitions"
    OTHER = "other"


@dataclass(frozen=True)
class Terms:
    """The terms of a report: its title, the organisation's name, a year, and the ids of a node of a tree, of
    a theory ("" for none), of closed rounds, and of the statements that the report shows."""

    title: str
    organisation: str
    year: int
    node_id: str
    theory_id: str
    rounds: tuple[str, ...]
    statements: tuple[str, ...]


def terms_from_json(row: Mapping[str, Any]) -> Terms:
    """Return terms from their JSON, as `dataclasses.asdict` makes it. KeyError or TypeError for another
    shape; types of texts and numbers are not checked."""
    lists = {name: tuple(row[name]) for name in ("rounds", "statements")}
    return Terms(**{**row, **lists})


class Kind(StrEnum):
    """The kinds of blocks of a report. Each writer of a format draws all of them. A NOTE is a paragraph in
    small print, a WARNING one that says that the answers are made up."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    NOTE = "note"
    WARNING = "warning"
    LIST = "list"
    TABLE = "table"
    CHART = "chart"
    PAGE = "page"
    """A page break."""


@dataclass(frozen=True)
class Block:
    """One block of a report's document.

    `text` is a heading, a paragraph, a table's caption or a chart's description. `level` is a heading's, 1 or
    2. `rows` are those of a table, each as long as `header`, or the items of a list, each a row of one cell.
    A cell may have several lines. `svg` is the drawing of a chart, and `data` has the numbers behind it, the
    first row a heading. `has_row_headings` says whether the first cell of each row of a table names the row.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    svg: str = ""
    data: tuple[tuple[str, ...], ...] = ()
    has_row_headings: bool = True

    @property
    def short_heading(self) -> int:
        """The length of the longest line in the column of row headings, its own heading included, in
        characters. The column gets that width. 0 if the table has fewer than NARROW_FROM columns or no row
        headings, or if the line is longer than LONGEST_SHORT_HEADING."""
        if len(self.header) < NARROW_FROM or not self.has_row_headings:
            return 0
        headings = [line for cells in (self.header, *self.rows) for line in cells[0].split("\n")]
        longest = max(map(len, headings))
        return longest if longest <= LONGEST_SHORT_HEADING else 0


@dataclass(frozen=True)
class ReportDocument:
    """A report, ready to be rendered. `language` is the code of its language. `edition` is a sentence with
    the edition's number and date, or one that says that the report is a draft. In editions made by earlier
    versions the subtitle contains the organisation. `logo` is a `data:` URL, or "" without a logo."""

    title: str
    subtitle: str
    language: str
    edition: str
    blocks: tuple[Block, ...]
    organisation: str = ""
    logo: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready copy, as an edition is stored."""
        return asdict(self)


def document_from_json(row: Mapping[str, Any]) -> ReportDocument:
    """Return a document from its JSON: the inverse of `ReportDocument.as_json`. KeyError, TypeError or
    ValueError for another shape; types of texts and numbers are not checked."""
    blocks = tuple(
        Block(
            Kind(block["kind"]),
            block["text"],
            block["level"],
            tuple(block["header"]),
            tuple(tuple(cells) for cells in block["rows"]),
            block["svg"],
            # Editions of earlier versions have no data and no row headings.
            tuple(tuple(cells) for cells in block.get("data", ())),
            block.get("has_row_headings", False),
        )
        for block in row["blocks"]
    )
    return ReportDocument(**{**row, "blocks": blocks})


def is_right_to_left(text: str) -> bool:
    """Return whether a text runs from right to left: its first letter with a direction is Arabic or Hebrew.
    False for a text without such a letter."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in directions if kind in {"L", "R", "AL"}), "L") != "L"


def data_rows(table: Iterable[Iterable[object]]) -> tuple[tuple[str, ...], ...]:
    """Return a table as a block's data: each cell as text, None as ""."""
    return tuple(tuple("" if cell is None else str(cell) for cell in row) for row in table)


def prose(text: str) -> tuple[Block, ...]:
    """Return the blocks of a part's text, in order; () for an empty text. Empty lines divide it into groups
    of lines. The first line of a group is a heading if it begins with "# ". The others are a list if all
    begin with "- ", a table if all but a caption above them begin with "|", else one paragraph. Nothing else
    is markup."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip()):
        lines = [line.strip() for line in chunk.split("\n") if line.strip()]
        if lines and lines[0].startswith("# "):
            blocks.append(Block(Kind.HEADING, lines.pop(0)[2:].strip(), level=2))
        if lines and all(line.startswith("- ") for line in lines):
            blocks.append(Block(Kind.LIST, rows=tuple((line[2:].strip(),) for line in lines)))
        elif table := _table(lines):
            blocks.append(table)
        elif lines:
            blocks.append(Block(Kind.PARAGRAPH, " ".join(lines)))
    return tuple(blocks)


MOST_COLUMNS = 6
"""Most columns of a table in a text: more have no room on a page."""


def _table(lines: list[str]) -> Block | None:
    """Return the table of the lines between two empty ones: a caption unless the first line begins with "|",
    then a heading and at least one row. Short rows are filled with "". A table without a caption line has the
    heading's first cell as its caption. None for other lines, for a heading alone, and for more than
    MOST_COLUMNS columns."""
    caption = "" if lines and lines[0].startswith("|") else "".join(lines[:1])
    rows = [_cells(line) for line in lines[1 if caption else 0 :]]
    if len(rows) < 2 or None in rows:
        return None
    header, *body = ((*(cells or ()),) for cells in rows)
    width = max(len(header), *map(len, body))
    if width > MOST_COLUMNS:
        return None
    filled = ((*cells, *("",) * (width - len(cells))) for cells in (header, *body))
    header, *body = filled
    return Block(Kind.TABLE, caption or header[0], header=header, rows=tuple(body))


def _cells(line: str) -> tuple[str, ...] | None:
    """Return the cells of a line that begins with "|"; None for another line."""
    return tuple(cell.strip() for cell in line.strip("|").split("|")) if line.startswith("|") else None
