"""Charts of shares with their uncertainty: a line for each organisation, all on one scale from 0 to 100 %."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from kiosk.output.chart_pictures import FONT, MARGIN, text_at
from kiosk.output.stacked_bars import INK, PAPER, SOFT
from kiosk.output.text_fitting import wrapped

AXIS = 40
"""Space below the lines for the scale's numbers, in pixels of the picture."""
TEXT_SIZE, DIGIT_SIZE = 16, 15
FILL, OWN = "#1b4f5a", "#8c510a"
"""The colour of a line, and that of one's own organisation."""
STEPS = (0, 25, 50, 75, 100)
"""Numbers of the scale, in percent."""


@dataclass(frozen=True)
class IntervalLayout:
    """The dimensions of a chart, in its pixels. `labels` is the space at the left for the names; a chart of
    the layout PHONE has them above the lines. `right` is the space at the right of the scale, `row` the
    height of a line."""

    width: int
    labels: int
    right: int
    row: int


PAGE = IntervalLayout(960, 330, 96, 46)
PHONE = IntervalLayout(330, 14, 26, 68)
"""Layouts of a chart for a page, and for a phone, on which the names stand above the lines."""


@dataclass(frozen=True)
class IntervalLine:
    """A share with its interval, in percent, and the text `n` of its number of answers. `share` is None with
    too few answers; then `instead` is shown. `name` is not empty; after two lines, or one on a phone, the
    rest of it is not drawn.

    `is_own` marks one's own organisation, with another colour and form.
    """

    name: str
    share: int | None = None
    low: float = 0.0
    high: float = 0.0
    n: str = ""
    instead: str = ""
    is_own: bool = False


def intervals_svg(
    title: str, lines: Sequence[IntervalLine], described: str, layout: IntervalLayout = PAGE
) -> str:
    """Return the chart as one self-contained SVG document. `title` is its name and `described` its text
    alternative; neither is drawn."""
    base = MARGIN + layout.row * len(lines)
    height = base + AXIS
    parts = list(_axis(base, layout))
    for at, line in enumerate(lines):
        parts += _line(line, MARGIN + layout.row * at, layout)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {height}" '
        f'width="{layout.width}" height="{height}" role="img" font-family="{FONT}" fill="{INK}">'
        f"<title>{escape(title)}</title><desc>{escape(described)}</desc>"
        f'<rect width="{layout.width}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def _x(percent: float, layout: IntervalLayout) -> float:
    """Return the horizontal position, in pixels of the chart, of a share that is given in percent."""
    return layout.labels + (layout.width - layout.labels - layout.right) * percent / 100


def _axis(base: int, layout: IntervalLayout) -> Iterator[str]:
    for step in STEPS:
        x = _x(step, layout)
        yield f'<path d="M{x:.1f} {MARGIN - 8}V{base}" stroke="#d5dddf" stroke-width="1"/>'
        yield text_at(x, base + 22, f"{step} %", size=DIGIT_SIZE, anchor="middle", ink=SOFT)


def _line(line: IntervalLine, y: int, layout: IntervalLayout) -> Iterator[str]:
    is_narrow = layout is PHONE
    middle = y + (50 if is_narrow else layout.row / 2 - 4)
    yield from _name(line, y, middle, layout)
    if line.share is None:
        yield text_at(_x(0, layout) + 6, middle + 5, line.instead, size=DIGIT_SIZE, ink=SOFT)
    else:
        colour, share = OWN if line.is_own else FILL, _x(line.share, layout)
        left, right = _x(line.low, layout), _x(line.high, layout)
        yield f'<path d="M{left:.1f} {middle}H{right:.1f}" stroke="{colour}" stroke-width="3"/>'
        for end in (left, right):
            yield f'<path d="M{end:.1f} {middle - 7}v14" stroke="{colour}" stroke-width="3"/>'
        if line.is_own:
            yield f'<path d="M{share:.1f} {middle - 9}l9 9l-9 9l-9 -9z" fill="{colour}"/>'
        else:
            yield f'<circle cx="{share:.1f}" cy="{middle}" r="7" fill="{colour}"/>'


def _name(line: IntervalLine, y: int, middle: float, layout: IntervalLayout) -> Iterator[str]:
    """Yield the name and the number of answers: beside the line, or above it on a phone. `y` is the upper
    edge of the row, `middle` the y of the line."""
    weight = "bold" if line.is_own else "normal"
    if layout is PHONE:
        [name, *_] = wrapped(line.name, TEXT_SIZE, layout.width - 90)
        yield text_at(2, y + 26, name, size=TEXT_SIZE, weight=weight)
        yield text_at(layout.width - 2, y + 26, line.n, size=DIGIT_SIZE, anchor="end")
        return
    names = wrapped(line.name, TEXT_SIZE, layout.labels - MARGIN - 20)[:2]
    top = middle + 5 - 10 * (len(names) - 1)
    for at, name in enumerate(names):
        yield text_at(MARGIN, top + 20 * at, name, size=TEXT_SIZE, weight=weight)
    yield text_at(layout.width - MARGIN, middle + 5, line.n, size=TEXT_SIZE, anchor="end")
