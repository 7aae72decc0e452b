"""Charts as pictures: SVG for paper, for pages without scripts and for reports, and PNG rendered from it.

Each option has a pattern besides its colour, so that a black-and-white print is legible. The picture has
everything a reader needs: the statement, the labels, every number, and the uncertainty.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import typst

from kiosk.domain.rounding import half_up
from kiosk.output.stacked_bars import INK, PAPER, SEPARATOR, SOFT, UNKNOWN, Bar, ink_on
from kiosk.output.text_fitting import fit_numbers, room_for, text_width, wrapped, wrapped_between

WIDTH = 960
"""Width of a picture, in its pixels; MARGIN is the space around its content."""
MARGIN = 24
LABELS = 190
"""Space at the left of the bars for their names, in pixels of the picture."""

NUMBERS = 84
"""Space at the right of the bars for their numbers of answers, in pixels of the picture."""
FONT = "Noto Sans, Noto Sans Arabic, system-ui, sans-serif"


@dataclass(frozen=True)
class PictureLayout:
    """The dimensions of a picture, in its pixels.

    A picture with little content is `least_height` high. `labels` and `numbers` are the space at the left and
    right of the bars, `bar` is the height of a bar; the three sizes are those of fonts, and `note_size` that
    of sentences at bars. `margin` is the space around all of it.
    """

    width: int
    least_height: int
    labels: int
    numbers: int
    bar: int
    title_size: int
    text_size: int
    digit_size: int
    note_size: int = 14
    margin: int = MARGIN

    @property
    def room(self) -> int:
        """Width between the margins, in pixels of the picture."""
        return self.width - 2 * self.margin

    @property
    def length(self) -> int:
        """Length of a bar, in pixels of the picture."""
        return self.room - self.labels - self.numbers

    @property
    def line(self) -> int:
        """Height of a line of a bar's name, in pixels of the picture."""
        return half_up(1.25 * self.text_size)

    @property
    def note_line(self) -> int:
        """Height of a line of a sentence at a bar, in pixels of the picture."""
        return half_up(1.3 * self.note_size)

    @property
    def under(self) -> int:
        """Space below a bar for the numbers of its narrowest segments."""
        return half_up(1.2 * self.digit_size)


PAGE = PictureLayout(WIDTH, 0, LABELS, NUMBERS, bar=46, title_size=21, text_size=16, digit_size=15)
"""Dimensions for a page and for paper."""

GLANCE = PictureLayout(WIDTH, 0, 340, NUMBERS, bar=52, title_size=21, text_size=16, digit_size=15)
"""Dimensions with room for a statement of up to three lines beside each bar."""

NARROW = PictureLayout(
    340, 0, 92, 52, bar=40, title_size=16, text_size=12, digit_size=11, note_size=11, margin=4
)  # fmt: skip
"""Dimensions for a phone, on which a picture is about as wide as it is drawn."""

WALL = PictureLayout(800, 390, 0, 112, bar=84, title_size=31, text_size=22, digit_size=27)
"""Dimensions for a wall screen that is read across a room: two pictures side by side fill its width, two rows
its height."""

BROKEN = 30
"""Extra space above a bar that cannot be compared with the previous one, in pixels of the picture."""

PATTERNS = (
    "",
    '<path d="M0 10L10 0" stroke-width="1.5"/>',
    '<circle cx="5" cy="5" r="1.3" stroke="none"/>',
    '<path d="M0 0L10 10" stroke-width="1.5"/>',
    '<path d="M0 5H10" stroke-width="1.2"/>',
    '<path d="M5 0V10" stroke-width="1.2"/>',
    '<path d="M0 0L10 10M0 10L10 0" stroke-width="1"/>',
)
"""SVG of the patterns, the highest option's first, which is plain. With more options than patterns, they
repeat."""


@dataclass(frozen=True)
class Picture:
    """A chart with its texts. `labels` and `colours` have one for each segment of a bar, the highest option
    first; `notes` are drawn below the bars."""

    title: str
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...]


def svg(picture: Picture, layout: PictureLayout = PAGE) -> str:
    """Return the picture as one self-contained SVG document. Its text alternative has the notes, then for
    each bar the sentence about a break, the figures and the answers outside the scale; it has no targets."""
    parts: list[str] = []
    y = layout.margin
    for line in wrapped(picture.title, 1.08 * layout.title_size, layout.room):
        parts.append(
            text_at(layout.margin, y + 0.85 * layout.title_size, line, size=layout.title_size, weight="bold")
        )
        y += half_up(1.33 * layout.title_size)
    y = _legend(parts, picture, y + 8, layout)
    for bar in picture.bars:
        if bar.broken:
            lines = wrapped(bar.broken, layout.note_size, layout.room)
            y += BROKEN + layout.note_line * (len(lines) - 1)
            parts += _break(lines, y - 8, layout)
        parts += _bar(bar, picture.colours, y, layout)
        y += layout.bar + layout.under + _room_for_outside(bar, layout)
    for note in picture.notes:
        for line in wrapped(note, layout.text_size, layout.room):
            parts.append(text_at(layout.margin, y + layout.text_size, line, size=layout.text_size))
            y += half_up(1.375 * layout.text_size)
    height = max(y + max(layout.margin - 8, 6), layout.least_height)
    described = " ".join([*picture.notes, *map(_spoken, picture.bars)]).replace("<br>", " ")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {height}" '
        f'width="{layout.width}" height="{height}" role="img" font-family="{FONT}" fill="{INK}">'
        f"<title>{escape(picture.title)}</title><desc>{escape(described)}</desc>"
        f"<defs>{''.join(_patterns(picture.colours))}</defs>"
        f'<rect width="{layout.width}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


MOST_PIXELS = 40_000_000
"""Limit of a PNG's size, width times height. The chart of 500 places took 1 GB of memory without it."""


def png(drawn: str, fonts: Path) -> bytes:
    """Convert an SVG of this package to PNG, at 2 pixels per SVG pixel, or fewer so that it has at most
    MOST_PIXELS. `fonts` is the folder with the fonts that it names. Raises ValueError for an SVG without
    whole numbers as width and height, TypeError if it does not fit on one page, and typst.TypstError for a
    text that is no SVG."""
    width, height = map(int, re.findall(r' (?:width|height)="(\d+)"', drawn)[:2])
    scale = min(2.0, (MOST_PIXELS / (width * height)) ** 0.5)
    [picture] = pngs([drawn], fonts, scale)
    return picture


def pngs(drawings: Iterable[str], fonts: Path, scale: float = 2) -> list[bytes]:
    """Convert SVGs to PNG, in the same order, at `scale` pixels per SVG pixel; [] for none. `fonts` is the
    folder with their fonts. Raises TypeError if one does not fit on one page, and typst.TypstError for one
    that is no SVG.

    All are pages of one document: each run of the typesetter takes as long as the drawing of a chart.
    """
    document = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        '#for drawn in json(bytes(sys.inputs.drawings)) { page(image(bytes(drawn), format: "svg")) }'
    )
    given = list(drawings)
    if not given:
        return []
    pages = typst.compile(
        document.encode(),
        format="png",
        ppi=72 * scale,
        font_paths=typst.Fonts(font_paths=[fonts], include_system_fonts=False),
        sys_inputs={"drawings": json.dumps(given)},
    )
    pictures = pages if isinstance(pages, list) else [pages]
    if len(pictures) != len(given):
        raise TypeError("a picture became several pages")
    return pictures


def _spoken(bar: Bar) -> str:
    """Return a bar in words: the sentence about a break above it, its name, its figures or the text that
    replaces them, and its answers outside the scale."""
    figures = "; ".join(segment.meaning for segment in bar.segments) or bar.instead or bar.n
    parts = "; ".join(filter(None, (figures, bar.outside)))
    return " ".join(filter(None, (bar.broken, f"{bar.label}: {parts}.")))


def _patterns(colours: Sequence[str]) -> Iterator[str]:
    """Yield the definition of the fill of each segment, the pattern on its colour."""
    for at, colour in enumerate(colours):
        marks = "" if colour == UNKNOWN else PATTERNS[at % len(PATTERNS)]
        yield (
            f'<pattern id="p{at}" width="10" height="10" patternUnits="userSpaceOnUse">'
            f'<rect width="10" height="10" fill="{colour}"/>'
            f'<g stroke="{ink_on(colour)}" fill="{ink_on(colour)}" opacity="0.35">{marks}</g></pattern>'
        )


def _legend(parts: list[str], picture: Picture, y: int, layout: PictureLayout) -> int:
    """Append the legend to `parts`, the SVG elements of a picture, from `y` down, on as many lines as it
    needs. Returns the first free y below the legend."""
    x, side = layout.margin, half_up(1.375 * layout.text_size)
    for at, label in enumerate(picture.labels):
        width = side + 7 + half_up(text_width(label, layout.text_size)) + 12
        if x > layout.margin and x + width - 12 > layout.width - layout.margin:
            x, y = layout.margin, y + side + 6
        outline = _outline(picture.colours[at])
        parts.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="url(#p{at})" {outline}/>')
        parts.append(text_at(x + side + 7, y + 1.06 * layout.text_size, label, size=layout.text_size))
        x += width
    return y + side + 22


def _outline(colour: str, width: float = 1) -> str:
    """Return the attributes of a segment's outline: dashed for a segment without figures, which has no
    colour."""
    return f'stroke="{INK}" stroke-width="{width}"' + (' stroke-dasharray="5 4"' if colour == UNKNOWN else "")


def _bar(bar: Bar, colours: Sequence[str], y: int, layout: PictureLayout) -> Iterator[str]:
    """Yield a bar with its texts as SVG; `y` is its upper edge."""
    if layout.labels:
        yield from _label(bar.label, y, layout)
    left = x = float(layout.margin + layout.labels)
    small = layout.digit_size - 2
    numbers = [(segment.percent, segment.text) for segment in bar.segments]
    parts = zip(numbers, fit_numbers(numbers, layout.length, layout.digit_size, small), strict=True)
    for at, ((percent, _), fitted) in enumerate(parts):
        width = layout.length * percent / 100
        if width:
            yield (
                f'<rect x="{x + 1:.1f}" y="{y}" width="{max(width - 2, 0.5):.1f}" height="{layout.bar}" '
                f'fill="url(#p{at})" {_outline(colours[at], 0.75)}/>'
            )
            yield from _in_segment(fitted.lines, left + fitted.middle, y, colours[at], layout)
        if fitted.below:
            below = y + layout.bar + small + 1
            yield text_at(left + fitted.middle, below, fitted.below, size=small, anchor="middle")
        x += width
    if bar.target is not None and bar.segments:
        at_target = left + layout.length * bar.target / 100
        line = f"M{at_target:.1f} {y - 5}v{layout.bar + 10}"
        yield f'<path d="{line}" stroke="{PAPER}" stroke-width="5"/>'
        yield f'<path d="{line}" stroke="{INK}" stroke-width="2.5"/>'
    if bar.outside:
        lines = _outside(bar, layout)
        first = y + layout.bar + _room_for_outside(bar, layout) + 10 - layout.note_line * (len(lines) - 1)
        beginning = left if _is_beside_names(bar, layout) else float(layout.margin)
        for at, line in enumerate(lines):
            yield text_at(beginning, first + layout.note_line * at, line, size=layout.note_size, ink=SOFT)
    middle = y + layout.bar / 2 + 0.36 * layout.text_size
    if not bar.segments:
        yield f'<path d="M{left} {y + layout.bar}h{layout.length}" stroke="{INK}" stroke-dasharray="2 6"/>'
        lines = wrapped(bar.instead, layout.text_size - 1, layout.length - 4)
        for at, line in enumerate(lines):
            base_line = middle + layout.line * (at - (len(lines) - 1) / 2)
            yield text_at(left + 4, base_line, line, size=layout.text_size - 1)
    yield text_at(layout.width - layout.margin, middle, bar.n, size=layout.text_size, anchor="end")


def _room_for_outside(bar: Bar, layout: PictureLayout) -> int:
    """Return the extra space below a bar for its answers outside the scale, in pixels; more if numbers are
    drawn between them. 0 if no answer is outside the scale."""
    if not bar.outside:
        return 0
    numbers = [(segment.percent, segment.text) for segment in bar.segments]
    is_crowded = any(fitted.below for fitted in fit_numbers(numbers, layout.length, layout.digit_size, 0))
    return (20 if is_crowded else 8) + layout.note_line * (len(_outside(bar, layout)) - 1)


def _outside(bar: Bar, layout: PictureLayout) -> list[str]:
    """Return the lines of a bar's text about answers outside the scale."""
    if _is_beside_names(bar, layout):
        return [bar.outside]
    return wrapped_between(bar.outside, SEPARATOR, layout.note_size, layout.room)


def _is_beside_names(bar: Bar, layout: PictureLayout) -> bool:
    """Return whether a bar's text about answers outside the scale fits beside the names, on one line. Else it
    begins below them."""
    return text_width(bar.outside, layout.note_size) <= layout.room - layout.labels


def _label(label: str, y: int, layout: PictureLayout) -> Iterator[str]:
    """Yield the lines of a bar's name as SVG, centred on the bar, whose upper edge is at `y`."""
    lines = [
        line for part in label.split("<br>") for line in wrapped(part, layout.text_size, layout.labels - 8)
    ]
    top = y + layout.bar / 2 - layout.line * len(lines) / 2 + half_up(0.94 * layout.text_size)
    for at, line in enumerate(lines):
        yield text_at(layout.margin, top + layout.line * at, line, size=layout.text_size)


def _in_segment(
    lines: Sequence[str], middle: float, y: int, colour: str, layout: PictureLayout
) -> Iterator[str]:
    """Yield the numbers of a segment as SVG, on a background of its colour, so that no pattern crosses them.
    `middle` is the horizontal position of their middle, `y` that of the bar's upper edge."""
    if not lines:
        return
    width, line_height = room_for(lines, layout.digit_size), half_up(1.27 * layout.digit_size)
    top = y + (layout.bar - line_height * len(lines)) / 2
    yield (
        f'<rect x="{middle - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{line_height * len(lines)}" fill="{colour}"/>'
    )
    for at, line in enumerate(lines):
        place = top + layout.digit_size + line_height * at
        yield text_at(middle, place, line, size=layout.digit_size, anchor="middle", ink=ink_on(colour))


def _break(lines: Sequence[str], y: int, layout: PictureLayout) -> Iterator[str]:
    """Yield the line above a bar that cannot be compared, and the sentence about it, whose last line stands
    at `y`."""
    top = y - layout.note_line * (len(lines) - 1)
    line = f"M{layout.margin} {top - 18}H{layout.width - layout.margin}"
    yield f'<path d="{line}" stroke="{INK}" stroke-width="2" stroke-dasharray="8 6"/>'
    for at, text in enumerate(lines):
        yield text_at(layout.margin, top + layout.note_line * at, text, size=layout.note_size)


def text_at(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    weight: str = "normal",
    anchor: str = "start",
    ink: str = INK,
) -> str:
    """Return a line of text as SVG. `y` is its base line. `anchor` says which part of the line is at `x`:
    "start", "middle" or "end"."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{ink}">{escape(text)}</text>'
    )
