"""Every row of a table on the desk's pages has a cell for each column."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.tools.desk_side import Desk


class Tables(HTMLParser):
    """The tables of a page: for each the number of columns of every row, with cells of several rows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[int]] = []
        self.further: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
            self.further = []
        elif tag == "tr":
            self.tables[-1].append(sum(rows > 0 for rows in self.further))
            self.further = [rows - 1 for rows in self.further]
        elif tag in {"td", "th"}:
            spans = dict(attrs)
            columns = int(spans.get("colspan") or 1)
            self.tables[-1][-1] += columns
            self.further += [int(spans.get("rowspan") or 1) - 1] * columns


def uneven(page: str) -> list[list[int]]:
    return [rows for rows in Tables(page).tables if len(set(rows)) > 1]


@pytest.mark.slow
def test_every_row_of_a_table_has_a_cell_for_each_column(tmp_path: Path) -> None:
    """A row that lacks a cell would show a survey's state under the heading of another."""
    desk = Desk(tmp_path)
    desk.answer(61)
    desk.sign_in()
    paths = [
        rule.rule
        for rule in desk.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments
    ]
    paths += ["/admin/overview/r/vasteras", "/admin/results/r/vasteras"]
    pages = {
        path: response.text for path in paths if (response := desk.client.get(path)).mimetype == "text/html"
    }
    assert {path: rows for path, page in pages.items() if (rows := uneven(page))} == {}
    assert sum(len(Tables(page).tables) for page in pages.values()) > 10


def test_the_check_of_tables_catches_a_row_that_lacks_a_cell() -> None:
    row = "<tr><th>a</th><td>1</td></tr>"
    assert uneven(f"<table>{row}{row}</table>") == []
    assert uneven(f"<table>{row}<tr><th>b</th></tr></table>") == [[2, 1]]
    assert uneven("<table><tr><th rowspan=2>a</th><td>1</td></tr><tr><td>2</td></tr></table>") == []
