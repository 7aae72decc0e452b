"""Charts of shares with their uncertainty: a line for each organisation, all on one scale from 0 to 100 %."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from kiosk.output.charts import INK, PAPER, SOFT
from kiosk.output.fitting import wrapped
from kiosk.output.svg import FONT, MARGIN, WIDTH, text_at

LABELS = 330
"""Space at the left for the names, in pixels of the picture."""

NUMBERS = 96
ROW = 46
AXIS = 40
TEXT_SIZE, DIGIT_SIZE = 16, 15
FILL, OWN = "#1b4f5a", "#8c510a"
STEPS = (0, 25, 50, 75, 100)


@dataclass(frozen=True)
class IntervalLine:
    """A share with its interval, in percent. `share` is None with too few answers; then `instead` is shown.

    `is_own` marks one's own organisation, with another colour and form.
    """

    name: str
    share: int | None = None
    low: float = 0.0
    high: float = 0.0
    n: str = ""
    instead: str = ""
    is_own: bool = False


def intervals_svg(title: str, lines: Sequence[IntervalLine], described: str) -> str:
    """Return the chart as one self-contained SVG document. `title` is for readers of the text only."""
    base = MARGIN + ROW * len(lines)
    height = base + AXIS
    parts = [
        *_axis(base),
        *(part for at, line in enumerate(lines) for part in _line(line, MARGIN + ROW * at)),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="{FONT}" fill="{INK}">'
        f"<title>{escape(title)}</title><desc>{escape(described)}</desc>"
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def _x(percent: float) -> float:
    return LABELS + (WIDTH - LABELS - NUMBERS) * percent / 100


def _axis(base: int) -> Iterator[str]:
    for step in STEPS:
        yield f'<path d="M{_x(step):.1f} {MARGIN - 8}V{base}" stroke="#d5dddf" stroke-width="1"/>'
        yield text_at(_x(step), base + 22, f"{step} %", size=DIGIT_SIZE, anchor="middle", ink=SOFT)


def _line(line: IntervalLine, y: int) -> Iterator[str]:
    middle = y + ROW / 2 - 4
    names = wrapped(line.name, TEXT_SIZE, LABELS - MARGIN - 20)[:2]
    top = middle + 5 - 10 * (len(names) - 1)
    for at, name in enumerate(names):
        weight = "bold" if line.is_own else "normal"
        yield text_at(MARGIN, top + 20 * at, name, size=TEXT_SIZE, weight=weight)
    if line.share is None:
        yield text_at(_x(0) + 6, middle + 5, line.instead, size=DIGIT_SIZE, ink=SOFT)
    else:
        colour, share = OWN if line.is_own else FILL, _x(line.share)
        left, right = _x(line.low), _x(line.high)
        yield f'<path d="M{left:.1f} {middle}H{right:.1f}" stroke="{colour}" stroke-width="3"/>'
        for end in (left, right):
            yield f'<path d="M{end:.1f} {middle - 7}v14" stroke="{colour}" stroke-width="3"/>'
        if line.is_own:
            yield f'<path d="M{share:.1f} {middle - 9}l9 9l-9 9l-9 -9z" fill="{colour}"/>'
        else:
            yield f'<circle cx="{share:.1f}" cy="{middle}" r="7" fill="{colour}"/>'
    yield text_at(WIDTH - MARGIN, middle + 5, line.n, size=TEXT_SIZE, anchor="end")
