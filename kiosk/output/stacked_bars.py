"""Charts as plain data for plotly.js: 100 % stacked bars, the highest option first.

Every bar shows its figures; nothing needs a pointer. Colours are ColorBrewer's BrBG, which is safe for
colour-blind readers; only a bipolar scale uses both its halves. Neighbouring segments are separated by a gap
and carry their numbers. Numbers that do not fit their segment stand below the bar. The server does not know
the page's width, so a chart is fitted to each of WIDTHS, and the page's script selects one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from math import ceil
from typing import Any

from kiosk.domain.rounding import half_up
from kiosk.domain.survey import Good, Statement
from kiosk.output.text_fitting import PlacedNumbers, fit_numbers, text_width, wrapped, wrapped_between

Figure = dict[str, Any]
"""A figure of plotly, or a part of one, as its JSON."""

BIPOLAR = ((0x01, 0x66, 0x5E), (0x80, 0xCD, 0xC1), (0xE6, 0xE6, 0xE6), (0xDF, 0xC2, 0x7D), (0x8C, 0x51, 0x0A))
"""Red, green and blue of the five colours from which those of a scale with two ends are mixed, the good end
first."""
UNIPOLAR = (
    (0x00, 0x3C, 0x30),
    (0x1B, 0x7F, 0x76),
    (0x5A, 0xB2, 0xA8),
    (0xA3, 0xDB, 0xD3),
    (0xE3, 0xF2, 0xF0),
)
"""The five colours from which those of a scale with one end are mixed: the green half, in steps that can be
told apart side by side."""

BIPOLAR_NEUTRAL = (
    (0x5E, 0x3C, 0x99),
    (0xB2, 0xAB, 0xD2),
    (0xE6, 0xE6, 0xE6),
    (0xFD, 0xB8, 0x63),
    (0xB3, 0x58, 0x06),
)
"""The five colours from which those of a scale with two ends are mixed for statements with `good =
"neither"`: ColorBrewer's PuOr."""
UNIPOLAR_NEUTRAL = (
    (0x2D, 0x00, 0x4B),
    (0x5B, 0x43, 0x8F),
    (0x90, 0x86, 0xBA),
    (0xC4, 0xBE, 0xDC),
    (0xEE, 0xED, 0xF5),
)
"""The five colours from which those of a scale with one end are mixed for statements with `good = "neither"`:
the purple half of PuOr."""

PAPER = "#ffffff"
INK = "#14292e"
SOFT = "#47595d"
"""Colours of the paper, of text, and of less important text."""

UNKNOWN = PAPER
"""Fill of segments whose figure an earlier report does not give: the paper's colour, with a dashed
outline."""

LEAST_CONTRAST = 3
"""Smallest contrast of a segment, or of its outline, with the paper (WCAG 2, 1.4.11)."""

ROW = 64
"""Pixels from the middle of a bar to that of the next one. Heights below are in this unit, a row."""

BAR = 40 / ROW
"""A bar's height, in rows. Without it, plotly derives the height from the smallest distance between bars, and
a bar beside rows without one would cover these rows."""

OUTSIDE = 20 / ROW
"""Extra space, in rows, below a bar for its answers outside the scale."""

BROKEN = 24 / ROW
"""Extra space, in rows, above a bar that cannot be compared with the previous one."""

WIDTHS = (1000, 720, 480, 300)
"""The widths that charts are fitted to, in pixels: 300 is a small phone. A wider page stretches the bars."""

NARROW = 480
"""A chart narrower than this, in pixels, has small letters and no sentences about breaks: the page lists
these below it."""

BESIDE = 8
"""Pixels between a bar's name and the bar."""

SEPARATOR = " · "
"""Separator of the counts of answers outside the scale. A line that breaks there ends without it."""

NOTE = 12
"""Font size of notes beside and below bars."""

SMALL = 11
"""Font size of a narrow chart, and of numbers below bars."""


ANNOTATION = {"xref": "paper", "xanchor": "left", "align": "left", "showarrow": False}
"""The properties of every annotation that does not set its own."""


@dataclass(frozen=True)
class Segment:
    """One option's part of a bar: `percent` of the bar's length. `text` is drawn in it, its lines separated
    by `<br>`; `meaning` is the same in full, for text alternatives and for the pointer."""

    percent: float
    text: str
    meaning: str


@dataclass(frozen=True)
class Bar:
    """One bar, with its name `label` at the left, whose lines are separated by `<br>`, and its number of
    answers, the text `n`, at the right.

    `segments` start with the highest option. `broken` is the sentence about a break since the bar above, ""
    if the two are comparable. `instead` is the text shown without segments, `outside` the text about answers
    outside the scale. `target` is the position of a line across the bar, in percent of its length; None
    without a target.
    """

    label: str
    n: str
    segments: tuple[Segment, ...]
    broken: str = ""
    instead: str = ""
    outside: str = ""
    target: float | None = None


CATEGORIES = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999", "#332288",
    "#882255", "#ddcc77",
)  # fmt: skip
"""Colours of options without an order: those of Okabe and Ito, then three of Tol's, which colour-blind
readers can tell apart. They do not include the colours of a good or a bad end."""


def colours_of(statement: Statement) -> tuple[str, ...]:
    """Return a colour for each option of a statement, the highest first; one colour if several may be chosen,
    since each then has a bar of its own. Options without an order are at most as many as CATEGORIES: more
    would get none."""
    scale = statement.scale
    if statement.several:
        return CATEGORIES[:1]
    if not scale.is_ordered:
        return CATEGORIES[: len(scale.labels)]
    return colours(len(scale.labels), bipolar=scale.bipolar, good=statement.good or Good.HIGH)


@lru_cache
def colours(options: int, *, bipolar: bool, good: Good = Good.HIGH) -> tuple[str, ...]:
    """Return a colour for each option as #rrggbb, the highest first, spread evenly over the palette.

    A unipolar scale gets one hue: its middle is not a neutral point. The good end is green; on a unipolar
    scale it has the strongest green. If neither end is good, no option is green.
    """
    if good is Good.NEITHER:
        anchors = BIPOLAR_NEUTRAL if bipolar else UNIPOLAR_NEUTRAL
    else:
        anchors = BIPOLAR if bipolar else UNIPOLAR
    palette = tuple(_colour(anchors, 4 * at / max(options - 1, 1)) for at in range(options))
    return palette[::-1] if good is Good.LOW else palette


def _colour(anchors: Sequence[Sequence[int]], position: float) -> str:
    """Return the colour at a position from 0 to 4 on a palette of five, mixed from the two beside it."""
    low = min(int(position), 3)
    mixed = (
        half_up(a + (b - a) * (position - low)) for a, b in zip(anchors[low], anchors[low + 1], strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


@lru_cache
def ink_on(colour: str) -> str:
    """Return black or white, whichever has more contrast on `colour` (WCAG 2)."""
    light = _luminance(colour)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


@lru_cache
def is_light(colour: str) -> bool:
    """Return whether a colour has too little contrast on paper to be seen without an outline
    (LEAST_CONTRAST)."""
    return 1.05 / (_luminance(colour) + 0.05) < LEAST_CONTRAST


def _luminance(colour: str) -> float:
    """Return the relative luminance, 0 to 1 (WCAG 2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True)
class Measures:
    """The dimensions of a chart that is `width` pixels wide: its side margins, the font size of its texts
    (`font_size`), and that of the numbers in its bars (`digit_size`)."""

    width: int
    left: int
    right: int
    font_size: int
    digit_size: int

    @property
    def length(self) -> int:
        """Length of a bar of 100 %, in pixels."""
        return self.width - self.left - self.right

    @property
    def is_narrow(self) -> bool:
        """Whether the chart is for a phone: less than NARROW pixels wide."""
        return self.width < NARROW


def _measures(width: int, bars: Sequence[Bar]) -> Measures:
    """Return the dimensions of a chart. The left margin has room for the longest name, within limits."""
    if width < NARROW:
        return Measures(width, _margin(bars, SMALL, 90, 124), right=56, font_size=SMALL, digit_size=SMALL)
    return Measures(width, _margin(bars, 14, 132, 190), right=76, font_size=14, digit_size=13)


def _margin(bars: Sequence[Bar], size: float, least: int, most: int) -> int:
    """Return the width of the left margin: that of the longest name, from `least` to `most` pixels. `size` is
    the font size of the names."""
    lines = [line for bar in bars for line in bar.label.split("<br>")]
    return min(max(ceil(max(text_width(line, size) for line in lines)) + BESIDE, least), most)


def _name(label: str, measures: Measures) -> str:
    """Return a bar's name, with more lines if the margin is narrower than its longest word."""
    room = measures.left - BESIDE
    return "<br>".join(
        _literal(line) for part in label.split("<br>") for line in wrapped(part, measures.font_size, room)
    )


def _literal(text: str) -> str:
    """Return a text as plotly shows it unchanged: it takes "<b>" and the like in a name for its format, and
    omits what stands between "<" and ">"."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def page_figure(bars: Sequence[Bar], palette: Sequence[str]) -> Figure:
    """Return the plotly figure for the widest of WIDTHS, with one more key "fits": a list with an item for
    each width, the widest first. `bars` has at least one.

    An item is {"width": pixels, "data": [...], "layout": {...}}, with the members that differ from those of
    the widest figure. `palette` has a colour for each segment of a bar.
    """
    widest = stacked_bars(bars, palette)
    narrower = [_fit(widest, stacked_bars(bars, palette, width), width) for width in WIDTHS[1:]]
    return {**widest, "fits": [_fit(widest, widest, WIDTHS[0]), *narrower]}


def _fit(widest: Figure, figure: Figure, width: int) -> Figure:
    """Return the item of "fits" for a width (see `page_figure`)."""
    return {
        "width": width,
        "data": [_changes(base, trace) for base, trace in zip(widest["data"], figure["data"], strict=True)],
        "layout": _changes(widest["layout"], figure["layout"]),
    }


def _changes(base: Figure, changed: Figure) -> Figure:
    """Return the members of a dictionary that differ from those of `base`, which has the same keys."""
    return {key: value for key, value in changed.items() if base[key] != value}


def stacked_bars(bars: Sequence[Bar], palette: Sequence[str], width: int = WIDTHS[0]) -> Figure:
    """Return a plotly figure with one horizontal bar for each of `bars`, of which there is at least one, the
    first at the top.

    Every bar is 100 % long; a bar without segments is an empty row with its label. `palette` has a colour for
    each segment. The texts fit a page of `width` pixels or more.
    """
    measures = _measures(width, bars)
    middles = _middles(bars)
    with_middles = list(zip(bars, middles, strict=True))
    rows = middles[-1] + 1 + OUTSIDE * bool(bars[-1].outside)
    height = half_up(ROW * rows) + 34
    numbers = [_fitted(bar, measures) for bar in bars]
    return {
        "data": [_trace(with_middles, numbers, at, colour, measures) for at, colour in enumerate(palette)],
        "layout": {
            "template": {"layout": {"annotationdefaults": ANNOTATION}},
            "barmode": "stack",
            "showlegend": False,
            "height": half_up(1.2 * height) if measures.is_narrow else height,
            "margin": {"l": measures.left, "r": measures.right, "t": 4, "b": 30},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "font": {"family": "system-ui, sans-serif", "size": measures.font_size, "color": INK},
            "xaxis": {
                "range": [0, 100],
                "tickvals": [0, 25, 50, 75, 100],
                "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
                "gridcolor": "#d5dcdd",
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [rows - 0.5, -0.5],
                "tickvals": middles,
                "ticktext": [_name(bar.label, measures) for bar in bars],
                "fixedrange": True,
                "zeroline": False,
                "showgrid": False,
            },
            "annotations": [
                *(_n(bar, middle) for bar, middle in with_middles),
                *_breaks(with_middles, measures),
                *(_note("instead", bar.instead, middle) for bar, middle in with_middles if bar.instead),
                *_outsides(with_middles, numbers, measures),
                *(
                    _number_below(fitted, middle, measures)
                    for middle, of_bar in zip(middles, numbers, strict=True)
                    for fitted in of_bar
                    if fitted.below
                ),
            ],
            "shapes": [
                *(_break_line(middle) for bar, middle in with_middles if bar.broken),
                *(
                    _target_line(bar.target, middle)
                    for bar, middle in with_middles
                    if bar.target is not None and bar.segments
                ),
                *(outline for bar, middle in with_middles for outline in _outlines(bar, middle, palette)),
            ],
        },
    }


def _fitted(bar: Bar, measures: Measures) -> tuple[PlacedNumbers, ...]:
    """Return the placement of the numbers of each segment."""
    numbers = [(segment.percent, segment.text) for segment in bar.segments]
    return tuple(fit_numbers(numbers, measures.length, measures.digit_size, SMALL))


def _breaks(with_middles: Sequence[tuple[Bar, float]], measures: Measures) -> list[Figure]:
    """Return the annotations about breaks; an empty list if one does not fit, since the page then lists them
    all."""
    broken = [(bar.broken, middle) for bar, middle in with_middles if bar.broken]
    if measures.is_narrow or any(text_width(note, NOTE) >= measures.length for note, _ in broken):
        return []
    return [_note("broken", note, _line(middle)) for note, middle in broken]


def _outsides(
    with_middles: Sequence[tuple[Bar, float]], numbers: Sequence[Sequence[PlacedNumbers]], measures: Measures
) -> Iterator[Figure]:
    """Yield the annotations about answers outside the scale, close to the bar unless a number is drawn
    between. In a narrow chart they begin at its left edge and wrap."""
    for (bar, middle), fitted in zip(with_middles, numbers, strict=True):
        if not bar.outside:
            continue
        note = _note("outside", bar.outside, middle + 0.5)
        if not any(number.below for number in fitted):
            note["yshift"] = 9
        if measures.is_narrow:
            lines = wrapped_between(bar.outside, SEPARATOR, SMALL, measures.width)
            note["text"] = "<br>".join(map(_literal, lines))
            note |= {"xshift": -measures.left, "font": {"size": SMALL, "color": SOFT}}
        yield note


def _number_below(fitted: PlacedNumbers, middle: float, measures: Measures) -> Figure:
    """Return the annotation with a number below the bar whose middle is at `middle`."""
    return {
        "name": "number",
        "text": fitted.below,
        # Rounded, so that a number without neighbours has the same place at every width.
        "x": round(fitted.middle / measures.length, 4),
        "xanchor": "center",
        "y": middle + BAR / 2,
        "yanchor": "top",
        "borderpad": 0,
        "font": {"size": SMALL},
    }


def _middles(bars: Sequence[Bar]) -> list[float]:
    """Return the vertical position of each bar's middle, in rows."""
    middles = [BROKEN * bool(bars[0].broken)]
    for before, bar in pairwise(bars):
        middles.append(middles[-1] + 1 + OUTSIDE * bool(before.outside) + BROKEN * bool(bar.broken))
    return middles


def _line(middle: float) -> float:
    """Return the position of the line between a bar and the bar above it."""
    return middle - 0.5 - BROKEN


def _trace(
    with_middles: Sequence[tuple[Bar, float]],
    numbers: Sequence[Sequence[PlacedNumbers]],
    at: int,
    colour: str,
    measures: Measures,
) -> Figure:
    """Return the plotly trace of one option: the segments with the index `at` of all bars that have it."""
    rows = [
        (bar.segments[at], fitted[at], middle)
        for (bar, middle), fitted in zip(with_middles, numbers, strict=True)
        if at < len(bar.segments)
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [segment.percent for segment, _, _ in rows],
        "y": [middle for _, _, middle in rows],
        "width": BAR,
        "text": ["<br>".join(fitted.lines) for _, fitted, _ in rows],
        "hovertext": [_literal(segment.meaning) for segment, _, _ in rows],
        "hoverinfo": "text",
        "textposition": "inside",
        "insidetextanchor": "middle",
        "constraintext": "none",
        "textangle": 0,
        "insidetextfont": {"color": ink_on(colour), "size": measures.digit_size},
        "marker": {"color": colour, "line": _outline(colour)},
    }


def _outline(colour: str) -> Figure:
    """Return the line around segments of a colour: a gap, or an outline for a light colour on white paper.

    A segment without a colour has none here: `_outlines` draws it dashed. All lines are equally wide, or
    plotly draws bars of different heights.
    """
    return {"color": SOFT if colour != UNKNOWN and is_light(colour) else PAPER, "width": 2}


def _n(bar: Bar, middle: float) -> Figure:
    """Return the annotation with a bar's number of answers, at its right."""
    return {
        "name": "n",
        "text": bar.n,
        "x": 1,
        "xshift": 6,
        "y": middle,
        "yanchor": "middle",
    }


def _note(name: str, text: str, position: float) -> Figure:
    """Return an annotation with this name at the left, below `position`; one with the name "instead", whose
    text replaces a bar, is centred on `position`."""
    return {
        "name": name,
        "text": _literal(text),
        "x": 0,
        "y": position,
        "yanchor": "middle" if name == "instead" else "top",
        "font": {"size": NOTE, "color": SOFT},
    }


def _target_line(target: float, middle: float) -> Figure:
    """Return the line of a target across a bar, and a little beyond it."""
    reach = 0.6 * BAR
    return {
        "type": "line",
        "name": "target",
        "x0": target,
        "x1": target,
        "y0": middle - reach,
        "y1": middle + reach,
        "line": {"color": INK, "width": 3},
    }


def _break_line(middle: float) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": _line(middle),
        "y1": _line(middle),
        "line": {"color": INK, "width": 2, "dash": "dash"},
    }


def _outlines(bar: Bar, middle: float, palette: Sequence[str]) -> Iterator[Figure]:
    """Yield a dashed outline for each segment without a colour."""
    ends = list(accumulate((segment.percent for segment in bar.segments), initial=0.0))
    for (start, end), colour in zip(pairwise(ends), palette[: len(bar.segments)], strict=True):
        if colour == UNKNOWN and end > start:
            yield {
                "type": "rect",
                "x0": start,
                "x1": end,
                "y0": middle - BAR / 2,
                "y1": middle + BAR / 2,
                "line": {"color": SOFT, "width": 1.5, "dash": "dash"},
            }
