"""The same charts as pictures: SVG for paper, for readers without a script and for reports, PNG made of it.

Each option has a pattern besides its colour, so that a black-and-white print can be read, and all a reader
needs stands in the picture: what was asked, the labels, every number, how sure one may be.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import typst

from kiosk.charts import INK, PAPER, Bar, ink_on

WIDTH = 960
MARGIN = 24
LABELS = 190
"""Room at the left of the bars for their names, in pixels of the picture."""

NUMBERS = 84
BAR = 46
BAR_AND_GAP = 62
BROKEN = 30
"""Extra room above a bar that cannot be compared with the one before."""

LINE = 22
CHARACTERS_A_LINE = 100
FONT = "Noto Sans, Noto Sans Arabic, system-ui, sans-serif"

PATTERNS = (
    "",
    '<path d="M0 10L10 0" stroke-width="1.5"/>',
    '<circle cx="5" cy="5" r="1.3" stroke="none"/>',
    '<path d="M0 0L10 10" stroke-width="1.5"/>',
    '<path d="M0 5H10" stroke-width="1.2"/>',
    '<path d="M5 0V10" stroke-width="1.2"/>',
    '<path d="M0 0L10 10M0 10L10 0" stroke-width="1"/>',
)
"""One for each option, the highest plain; more options than these begin again."""


@dataclass(frozen=True)
class Picture:
    """A chart with its words. `labels` and `colours` run from the highest option; `notes` are sentences
    that stand below the bars."""

    title: str
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...]


def svg(picture: Picture) -> str:
    """The picture as one SVG document that needs nothing else."""
    parts: list[str] = []
    y = MARGIN
    for line in textwrap.wrap(picture.title, 76):
        parts.append(_text(MARGIN, y + 18, line, size=21, weight="bold"))
        y += 28
    y = _legend(parts, picture, y + 8)
    for bar in picture.bars:
        if bar.broken:
            y += BROKEN
            parts.append(_break(bar.broken, y - 8))
        parts += _bar(bar, picture.colours, y)
        y += BAR_AND_GAP
    for note in picture.notes:
        for line in textwrap.wrap(note, CHARACTERS_A_LINE):
            parts.append(_text(MARGIN, y + 10, line, size=16))
            y += LINE
    height = y + MARGIN - 8
    described = " ".join(
        [*picture.notes, *(f"{bar.label}: {_spoken(bar)}." for bar in picture.bars)]
    ).replace("\n", " ")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" font-family="{FONT}" fill="{INK}">'
        f"<title>{escape(picture.title)}</title><desc>{escape(described)}</desc>"
        f"<defs>{''.join(_patterns(picture.colours))}</defs>"
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def png(drawn: str, fonts: Path) -> bytes:
    """An SVG of ours as PNG, 2 pixels for each of its own. `fonts` is the folder with the fonts named."""
    document = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        "#set document(title: sys.inputs.title, date: none)\n"
        '#image(bytes(sys.inputs.drawn), format: "svg", alt: sys.inputs.title)'
    )
    title = drawn.partition("<title>")[2].partition("</title>")[0]
    made = typst.compile(
        document.encode(),
        format="png",
        ppi=144,
        font_paths=typst.Fonts(font_paths=[fonts], include_system_fonts=False),
        sys_inputs={"drawn": drawn, "title": title},
    )
    if not isinstance(made, bytes):
        raise TypeError("one picture became several pages")
    return made


def _spoken(bar: Bar) -> str:
    return "; ".join(segment.meaning for segment in bar.segments) or bar.instead or bar.n


def _patterns(colours: Sequence[str]) -> Iterator[str]:
    for at, colour in enumerate(colours):
        marks = PATTERNS[at % len(PATTERNS)]
        yield (
            f'<pattern id="p{at}" width="10" height="10" patternUnits="userSpaceOnUse">'
            f'<rect width="10" height="10" fill="{colour}"/>'
            f'<g stroke="{ink_on(colour)}" fill="{ink_on(colour)}" opacity="0.35">{marks}</g></pattern>'
        )


def _legend(parts: list[str], picture: Picture, y: int) -> int:
    """Draw what each pattern means, in as many lines as it takes; the first free place below."""
    x = MARGIN
    for at, label in enumerate(picture.labels):
        width = 34 + round(7.8 * len(label)) + 20
        if x > MARGIN and x + width > WIDTH - MARGIN:
            x, y = MARGIN, y + 28
        parts.append(f'<rect x="{x}" y="{y}" width="22" height="22" fill="url(#p{at})" stroke="{INK}"/>')
        parts.append(_text(x + 30, y + 17, label, size=16))
        x += width
    return y + 44


def _bar(bar: Bar, colours: Sequence[str], y: int) -> Iterator[str]:
    lines = bar.label.replace("<br>", "\n").split("\n")
    for at, line in enumerate(textwrap.wrap(lines[0], 22) if len(lines) == 1 else lines):
        yield _text(MARGIN, y + 20 + 20 * at, line, size=16)
    length = WIDTH - 2 * MARGIN - LABELS - NUMBERS
    x = float(MARGIN + LABELS)
    free = 0.0
    for at, segment in enumerate(bar.segments):
        width = length * segment.percent / 100
        if width:
            yield (
                f'<rect x="{x + 1:.1f}" y="{y}" width="{max(width - 2, 0.5):.1f}" height="{BAR}" '
                f'fill="url(#p{at})" stroke="{INK}" stroke-width="0.75"/>'
            )
            lines = segment.text.split("<br>")
            if width > _room(lines):
                yield from _in_segment(lines, x + width / 2, y, colours[at])
            else:
                free = max(x + width / 2, free + 4 + _room(lines) / 2)
                yield _text(free, y + BAR + 13, lines[0], size=13, anchor="middle")
                free += _room(lines) / 2
        x += width
    if not bar.segments:
        yield f'<path d="M{x} {y + BAR}h{length}" stroke="{INK}" stroke-dasharray="2 6"/>'
        yield _text(x + 4, y + BAR / 2 + 6, bar.instead, size=15)
    yield _text(WIDTH - MARGIN, y + BAR / 2 + 6, bar.n, size=16, anchor="end")


def _room(lines: Sequence[str]) -> float:
    """How wide the numbers of a segment are, roughly."""
    return 9.5 * max(map(len, lines)) + 4


def _in_segment(lines: Sequence[str], middle: float, y: int, colour: str) -> Iterator[str]:
    """The numbers of a segment, on a ground of its own colour so that no pattern runs through them."""
    if not any(lines):
        return
    width = _room(lines)
    top = y + (BAR - 19 * len(lines)) / 2
    yield (
        f'<rect x="{middle - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{19 * len(lines)}" '
        f'fill="{colour}"/>'
    )
    for at, line in enumerate(lines):
        yield _text(middle, top + 15 + 19 * at, line, size=15, anchor="middle", ink=ink_on(colour))


def _break(words: str, y: int) -> str:
    line = f"M{MARGIN} {y - 18}H{WIDTH - MARGIN}"
    return f'<path d="{line}" stroke="{INK}" stroke-width="2" stroke-dasharray="8 6"/>' + _text(
        MARGIN, y, words, size=14
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int,
    weight: str = "normal",
    anchor: str = "start",
    ink: str = INK,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{ink}">{escape(words)}</text>'
    )
