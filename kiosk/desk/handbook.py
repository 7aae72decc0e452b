"""The handbook as a page of the desk, so that each page can link to its chapter.

It is made from docs/handbok.md, which uses a part of Markdown: headings, paragraphs, lists, one table, bold,
italics, code and links. A paragraph that begins in bold gets an id from the bold words.
"""

import re
from collections.abc import Iterator
from functools import cache

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from kiosk.desk.session import for_every_account
from kiosk.settings import shipped_folder

blueprint = Blueprint("handbook", __name__)


@blueprint.route("/handbook")
@for_every_account
def handbook() -> ResponseReturnValue:
    """Show the whole handbook. It is in Swedish only."""
    return render_template("handbook.html", content=handbook_html())


@cache
def handbook_html() -> Markup:
    """Return the handbook as HTML. Its file is read once."""
    text = (shipped_folder("docs") / "handbok.md").read_text(encoding="utf-8")
    return Markup("\n").join(_blocks(text))


def anchor(words: str) -> str:
    """Return the id of a heading or of a paragraph's bold words, such as ratta-ett-pastaende for "Rätta ett
    påstående"."""
    plain = words.lower().translate(str.maketrans("åäöé", "aaoe"))
    return "-".join(re.findall("[a-z0-9]+", plain))


def _blocks(text: str) -> Iterator[Markup]:
    for block in re.split(r"\n{2,}", text.strip()):
        lines = block.split("\n")
        if heading := re.match(r"(#+) (.*)", block):
            level, words = len(heading[1]), heading[2]
            yield Markup("<h{0} id='{1}'>{2}</h{0}>").format(level, anchor(words), _inline(words))
        elif block.startswith("|"):
            yield _table(lines)
        elif block.startswith("- "):
            yield _list("ul", lines)
        elif re.match(r"\d+\. ", block):
            yield _list("ol", lines)
        else:
            yield _paragraph(" ".join(lines))


def _paragraph(text: str) -> Markup:
    lead = re.match(r"\*\*(.+?)\*\*", text)
    if lead is None:
        return Markup("<p>{}</p>").format(_inline(text))
    return Markup("<p id='{}'>{}</p>").format(anchor(lead[1]), _inline(text))


def _list(tag: str, lines: list[str]) -> Markup:
    """Return a list as HTML. A line that begins no item belongs to the item before."""
    items: list[str] = []
    for line in lines:
        if re.match(r"- |\d+\. ", line):
            items.append(line.split(" ", 1)[1])
        else:
            items[-1] += " " + line.strip()
    rows = Markup("").join(Markup("<li>{}</li>").format(_inline(item)) for item in items)
    return Markup("<{0}>{1}</{0}>").format(tag, rows)


def _table(lines: list[str]) -> Markup:
    """Return a table as HTML. Its first line has the headings, the second the rule below them."""
    cells = [[_inline(cell.strip()) for cell in line.strip("|").split("|")] for line in lines]
    heads = Markup("").join(Markup("<th scope='col'>{}</th>").format(cell) for cell in cells[0])
    rows = Markup("").join(
        Markup("<tr><th scope='row'>{}</th>{}</tr>").format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in cells[2:]
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(heads, rows)


def _inline(text: str) -> Markup:
    """Return a text as HTML, with its bold, italics and code. Of a link only the words are kept, since its
    target is not served."""
    html = str(escape(text))
    html = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", html)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", html))  # noqa: S704 - escaped above
