"""A report as one HTML file, for the screen and for print: no script, no other file.

Every text is escaped. A chart is an image from a `data:` URL, since a drawing inside the page could carry a
script.
"""

import base64
from collections.abc import Iterator
from html import escape

from kiosk.domain.report import NARROW_FROM, Block, Kind, ReportDocument, is_right_to_left
from kiosk.output.hyphenation import divisible

LONGEST_SHORT = 900
"""Most characters of a table that stays on one printed page."""

STYLE = """
:root { color: #14292e; font: 1.05rem/1.6 "Noto Sans", system-ui, sans-serif; }
body { margin: 0; background: #fff; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header { border-bottom: 4px solid #1b4f5a; margin-bottom: 2rem; padding-bottom: 1rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 2rem 0 0.5rem; }
h2 { font-size: 1.45rem; line-height: 1.3; margin: 2.5rem 0 0.5rem; color: #1b4f5a; break-after: avoid; }
h3 { font-size: 1.1rem; margin: 1.5rem 0 0.25rem; break-after: avoid; }
p { margin: 0 0 0.9rem; overflow-wrap: break-word; }
.organisation { color: #1b4f5a; font-size: 1.2rem; font-weight: 600; margin: 0; }
img.logo { width: auto; max-width: 16rem; height: 4rem; margin-bottom: 0.5rem; }
.page { break-after: page; }
.note { font-size: 0.9rem; color: #47595d; margin-bottom: 0.3rem; }
.made-up { background: #fff3c4; border: 2px solid #7a5c00; padding: 0.5rem 0.75rem; font-weight: 600; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; line-height: 1.4; }
caption { text-align: start; font-weight: 600; padding-bottom: 0.4rem; }
th, td { border: 1px solid #b9c6c8; padding: 0.4rem 0.5rem; text-align: start; vertical-align: top;
  white-space: pre-line; }
thead th { background: #e3f0f1; }
tbody th { font-weight: inherit; }
figure { margin: 1rem 0; break-inside: avoid; }
img { display: block; width: 100%; height: auto; }
/* On a phone a chart scrolls by itself, so that its words stay readable. */
@media screen and (max-width: 44rem) {
  figure { overflow-x: auto; }
  figure img { width: 42rem; max-width: none; }
}
@page { margin: 22mm 20mm; }
@media print {
  :root { font-size: 10pt; line-height: 1.5; }
  main { max-width: none; padding: 0; }
  header { padding-top: 70mm; break-after: page; }
  .scroll { overflow: visible; }
  .short, tr { break-inside: avoid; }
  caption, thead { break-after: avoid; }
  th, td { padding: 0.2rem 0.4rem; }
  figure, .scroll { margin: 0.6rem 0; }
  tbody tr:first-child { break-before: avoid; }
}
"""


def report_html(report: ReportDocument) -> str:
    """Return the report as one HTML document, complete without any other file."""
    body = "\n".join(_block(block) for block in report.blocks)
    return (
        f'<!doctype html>\n<html lang="{escape(report.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header>\n{_organisation(report)}"
        f"<h1>{escape(report.title)}</h1>\n<p>{escape(report.subtitle)}</p>\n"
        f'<p class="note">{escape(report.edition)}</p>\n</header>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _organisation(report: ReportDocument) -> str:
    """Return the organisation's name, below its logo if it has one."""
    name = escape(report.organisation)
    # The organisation's name follows, so the logo needs no text alternative.
    logo = f'<img class="logo" src="{escape(report.logo)}" alt="">\n' if report.logo else ""
    return f'{logo}<p class="organisation">{name}</p>\n'


def _block(block: Block) -> str:
    """Return one block as HTML."""
    text, direction = escape(block.text), _direction(block.text)
    match block.kind:
        case Kind.HEADING:
            return f"<h{block.level + 1}{direction}>{text}</h{block.level + 1}>"
        case Kind.NOTE:
            return f'<p class="note"{direction}>{text}</p>'
        case Kind.WARNING:
            return f'<p class="made-up">{text}</p>'
        case Kind.LIST:
            return (
                "<ul>"
                + "".join(f"<li{_direction(row[0])}>{escape(row[0])}</li>" for row in block.rows)
                + "</ul>"
            )
        case Kind.TABLE:
            return "".join(_table(block))
        case Kind.CHART:
            drawn = base64.b64encode(block.svg.encode()).decode()
            return f'<figure tabindex="0"><img src="data:image/svg+xml;base64,{drawn}" alt="{text}"></figure>'
        case Kind.PAGE:
            return '<div class="page"></div>'
        case Kind.PARAGRAPH:
            return f"<p{direction}>{text}</p>"


def _direction(text: str) -> str:
    """Return the attribute of an element with a text that runs from right to left; "" for another one."""
    return ' dir="rtl"' if is_right_to_left(text) else ""


def _table(block: Block) -> Iterator[str]:
    """Yield a table as HTML. It scrolls by itself if it is wider than the page. It is in a group and not in a
    region, since regions are landmarks, of which no two may have the same name."""
    label = escape(block.text)
    # Only in narrow columns: a program that searches the text does not find divided words.
    shown = divisible if len(block.header) >= NARROW_FROM else str
    length = sum(len(cell) for cells in (block.header, *block.rows) for cell in cells)
    kind = "scroll short" if length <= LONGEST_SHORT else "scroll"
    yield f'<div class="{kind}" role="group" tabindex="0" aria-label="{label}"><table>'
    yield f"<caption>{label}</caption><thead><tr>"
    yield from (f'<th scope="col">{escape(shown(name))}</th>' for name in block.header)
    yield "</tr></thead><tbody>"
    for row in block.rows:
        name, *cells = (escape(shown(cell)) for cell in row)
        first = f'<th scope="row">{name}</th>' if block.has_row_headings and name else f"<td>{name}</td>"
        yield f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</tbody></table></div>"
