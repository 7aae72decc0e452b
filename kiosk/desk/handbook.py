"""The handbook as a page of the desk, so that each page can link to its chapter.

It is made from docs/handbok.md and, for an English desk, docs/handbook.md. They use a part of Markdown:
headings, paragraphs, lists, one table, pictures, bold, italics, code and links. A heading, and a paragraph
that begins in bold, gets an id from these words. The English ones get the ids of the Swedish ones, in order,
so that a page links to both alike.
"""

import re
from collections.abc import Iterator
from functools import cache

from flask import Blueprint, Response, abort, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from kiosk.desk.i18n import language
from kiosk.desk.session import for_every_account
from kiosk.desk.static_files import YEAR_SECONDS, content_hash
from kiosk.library.catalogues import REFERENCE
from kiosk.settings import shipped_folder

blueprint = Blueprint("handbook", __name__)


FILES = {REFERENCE: "handbok.md", "en": "handbook.md"}
"""Language -> file of the handbook. Readers of other languages see the reference."""

PICTURES = shipped_folder("docs") / "pictures"
"""Folder of the handbook's pictures."""

PICTURE = re.compile(r"!\[(?P<words>[^\]]+)\]\(pictures/(?P<name>[\w-]+\.webp)\)")
"""Pattern of a picture with its text alternative, as a block of its own."""


@blueprint.route("/handbook")
@for_every_account
def handbook() -> ResponseReturnValue:
    """Show the whole handbook in the reader's language, in Swedish if FILES lacks it."""
    shown = language() if language() in FILES else REFERENCE
    return render_template("handbook.html", content=handbook_html(shown), handbook_language=shown)


@blueprint.route("/handbook/pictures/<name>")
@for_every_account
def picture(name: str) -> ResponseReturnValue:
    """Return a picture of the handbook. Browsers keep it for a year at the address with the hash of its
    content (`v`), and at any other address ask again. Aborts with 404 for an unknown name."""
    path = PICTURES / name
    if path.suffix != ".webp" or not path.is_file():
        abort(404)
    response: Response = send_from_directory(PICTURES, name, mimetype="image/webp")
    is_current = request.args.get("v") == content_hash(path)
    response.headers["Cache-Control"] = (
        f"private, max-age={YEAR_SECONDS}, immutable" if is_current else "no-cache"
    )
    return response


@cache
def handbook_html(code: str) -> Markup:
    """Return the handbook in a language, a key of FILES, as HTML, with addresses of its pictures. Its files
    are read once."""
    ids = iter(_ids(_text(REFERENCE)))
    return Markup("\n").join(_block(block, ids) for block in _split(_text(code)))


def _text(code: str) -> str:
    return (shipped_folder("docs") / FILES[code]).read_text(encoding="utf-8")


def _split(text: str) -> list[str]:
    """Return the blocks of a Markdown text, such as a paragraph or a list, which empty lines separate."""
    return re.split(r"\n{2,}", text.strip())


def _topic(block: str) -> str:
    """Return the words of a heading, or those in bold at the beginning of a paragraph; else ""."""
    words = re.match(r"#+ (.*)|\*\*(.+?)\*\*", " ".join(block.split("\n")))
    return (words[1] or words[2]) if words else ""


def _ids(text: str) -> list[str]:
    """Return the ids of a handbook's headings and paragraphs that begin in bold, in order."""
    return [anchor(words) for words in map(_topic, _split(text)) if words]


def anchor(words: str) -> str:
    """Return the id of a heading or of a paragraph's bold words, such as ratta-ett-pastaende for "Rätta ett
    påstående"."""
    plain = words.lower().translate(str.maketrans("åäöé", "aaoe"))
    return "-".join(re.findall("[a-z0-9]+", plain))


def _block(block: str, ids: Iterator[str]) -> Markup:
    """Return a block as HTML. A heading, and a paragraph that begins in bold, takes the next of `ids`, none
    if there are no more."""
    lines = block.split("\n")
    topic = next(ids, "") if _topic(block) else ""
    if heading := re.match(r"(#+) (.*)", block):
        return Markup("<h{0} id='{1}'>{2}</h{0}>").format(len(heading[1]), topic, _inline(heading[2]))
    if shown := PICTURE.fullmatch(block):
        return _picture(shown["name"], shown["words"])
    if block.startswith("|"):
        return _table(lines)
    if block.startswith("- "):
        return _list("ul", lines)
    if re.match(r"\d+\. ", block):
        return _list("ol", lines)
    text = _inline(" ".join(lines))
    return Markup("<p id='{}'>{}</p>").format(topic, text) if topic else Markup("<p>{}</p>").format(text)


def _picture(name: str, words: str) -> Markup:
    """Return a picture as HTML, loaded when it comes into view. Its size keeps the text below in place."""
    path = PICTURES / name
    width, height = webp_size(path.read_bytes())
    address = url_for("handbook.picture", name=name, v=content_hash(path))
    return Markup(
        "<p><a href='{0}'><img src='{0}' alt='{1}' width='{2}' height='{3}' loading='lazy'></a></p>"
    ).format(address, words, width, height)


def webp_size(content: bytes) -> tuple[int, int]:
    """Return (width, height) of a WebP of the extended format, in pixels: RFC 9649, section 2.7. Raises
    ValueError for another file."""
    if content[:4] != b"RIFF" or content[8:16] != b"WEBPVP8X":
        raise ValueError("the picture is no WebP of the extended format")
    width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
    return width, height


def _list(tag: str, lines: list[str]) -> Markup:
    """Return a list as HTML; `tag` is "ul" or "ol". A line that begins no item belongs to the item before."""
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
    """Return a text as HTML, with its bold, italics and code. A link becomes its words only, since its target
    is not served."""
    html = str(escape(text))
    html = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", html)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", html))  # noqa: S704 - escaped above
