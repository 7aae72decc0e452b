"""Charts as plain data for plotly.js: 100 % stacked bars, the most positive option first.

Every bar shows its figures; nothing needs a pointer. Colours are ColorBrewer's BrBG, which is safe for
colour-blind readers; only a bipolar scale uses both its halves. Neighbouring segments are separated by a gap
and carry their numbers. Only the page's script knows the width of the page: it moves numbers that do not fit
their segment below the bar.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

Figure = dict[str, Any]

BIPOLAR = ((0x01, 0x66, 0x5E), (0x80, 0xCD, 0xC1), (0xE6, 0xE6, 0xE6), (0xDF, 0xC2, 0x7D), (0x8C, 0x51, 0x0A))
UNIPOLAR = (
    (0x00, 0x3C, 0x30),
    (0x1B, 0x7F, 0x76),
    (0x5A, 0xB2, 0xA8),
    (0xA3, 0xDB, 0xD3),
    (0xE3, 0xF2, 0xF0),
)
"""The green half, in steps that can be told apart side by side."""

PAPER = "#ffffff"
INK = "#14292e"
SOFT = "#47595d"

UNKNOWN = PAPER
"""The fill of figures that a report does not give: the paper's colour, with a dashed outline."""

ROW = 64
"""Pixels between two bars: the unit of all heights here, which are exact in it."""

BAR = 40 / ROW
"""A bar's height, in rows. Given explicitly: plotly derives it from the smallest distance between bars, and
a bar next to missing ones would cover their places."""

OUTSIDE = 20 / ROW
"""Extra space, in rows, below a bar for its answers outside the scale."""

BROKEN = 24 / ROW
"""Extra space, in rows, above a bar that cannot be compared with the previous one."""


@dataclass(frozen=True)
class Segment:
    """One option's part of a bar: `percent` of the bar's length, its `text`, and its `meaning` in full."""

    percent: float
    text: str
    meaning: str


@dataclass(frozen=True)
class Bar:
    """One bar, with its name at the left and its number of answers at the right.

    `broken` says what changed since the bar above if the two cannot be compared. `instead` is shown if there
    are no segments, `outside` if there are answers outside the scale.
    """

    label: str
    n: str
    segments: tuple[Segment, ...]
    broken: str = ""
    instead: str = ""
    outside: str = ""


def colours(options: int, *, bipolar: bool) -> tuple[str, ...]:
    """Return a colour for each option, the highest first, spread evenly over the palette. A unipolar scale
    gets one hue: its middle is not a neutral point."""
    anchors = BIPOLAR if bipolar else UNIPOLAR
    return tuple(_colour(anchors, 4 * at / max(options - 1, 1)) for at in range(options))


def _colour(anchors: Sequence[Sequence[int]], place: float) -> str:
    low = min(int(place), 3)
    mixed = (round(a + (b - a) * (place - low)) for a, b in zip(anchors[low], anchors[low + 1], strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def ink_on(colour: str) -> str:
    """Return black or white, whichever has more contrast on `colour` (WCAG 2)."""
    light = _luminance(colour)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def stacked_bars(bars: Sequence[Bar], palette: Sequence[str]) -> Figure:
    """Return a plotly figure with one horizontal bar each, the first at the top.

    Every bar is 100 % long; a bar without segments is an empty row with its label. `palette` has a colour for
    each segment.
    """
    places = _places(bars)
    in_place = list(zip(bars, places, strict=True))
    rows = places[-1] + 1 + OUTSIDE * bool(bars[-1].outside)
    return {
        "data": [_trace(in_place, at, colour) for at, colour in enumerate(palette)],
        "layout": {
            "barmode": "stack",
            "showlegend": False,
            "height": round(ROW * rows) + 34,
            "margin": {"l": 132, "r": 76, "t": 4, "b": 30},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
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
                "tickvals": places,
                "ticktext": [bar.label for bar in bars],
                "fixedrange": True,
                "zeroline": False,
                "showgrid": False,
            },
            "annotations": [
                *(_n(bar, place) for bar, place in in_place),
                *(_words("broken", bar.broken, _line(place)) for bar, place in in_place if bar.broken),
                *(_words("instead", bar.instead, place) for bar, place in in_place if bar.instead),
                *(_words("outside", bar.outside, place + 0.5) for bar, place in in_place if bar.outside),
            ],
            "shapes": [
                *(_break_line(place) for bar, place in in_place if bar.broken),
                *(outline for bar, place in in_place for outline in _outlines(bar, place, palette)),
            ],
        },
    }


def _places(bars: Sequence[Bar]) -> list[float]:
    """Return the vertical position of each bar's middle, in rows."""
    places = [BROKEN * bool(bars[0].broken)]
    for before, bar in pairwise(bars):
        places.append(places[-1] + 1 + OUTSIDE * bool(before.outside) + BROKEN * bool(bar.broken))
    return places


def _line(place: float) -> float:
    """Return the position of the line between a bar and the bar above it."""
    return place - 0.5 - BROKEN


def _trace(in_place: Sequence[tuple[Bar, float]], at: int, colour: str) -> Figure:
    rows = [(bar.segments[at], place) for bar, place in in_place if at < len(bar.segments)]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [segment.percent for segment, _ in rows],
        "y": [place for _, place in rows],
        "width": BAR,
        "text": [segment.text for segment, _ in rows],
        "hovertext": [segment.meaning for segment, _ in rows],
        "hoverinfo": "text",
        "textposition": "inside",
        "insidetextanchor": "middle",
        "constraintext": "none",
        "textangle": 0,
        "insidetextfont": {"color": ink_on(colour), "size": 13},
        "marker": {"color": colour, "line": {"color": PAPER, "width": 2}},
    }


def _n(bar: Bar, place: float) -> Figure:
    return {
        "name": "n",
        "text": bar.n,
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 6,
        "y": place,
        "yanchor": "middle",
        "align": "left",
        "showarrow": False,
    }


def _words(name: str, words: str, place: float) -> Figure:
    """An annotation at the left, below `place` or, if it replaces a bar, around it."""
    return {
        "name": name,
        "text": words,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": place,
        "yanchor": "middle" if name == "instead" else "top",
        "align": "left",
        "font": {"size": 12, "color": SOFT},
        "showarrow": False,
    }


def _break_line(place: float) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": _line(place),
        "y1": _line(place),
        "line": {"color": INK, "width": 2, "dash": "dash"},
    }


def _outlines(bar: Bar, place: float, palette: Sequence[str]) -> Iterator[Figure]:
    """Yield an outline for each segment without a colour."""
    ends = list(accumulate((segment.percent for segment in bar.segments), initial=0.0))
    for (start, end), colour in zip(pairwise(ends), palette[: len(bar.segments)], strict=True):
        if colour == UNKNOWN and end > start:
            yield {
                "type": "rect",
                "x0": start,
                "x1": end,
                "y0": place - BAR / 2,
                "y1": place + BAR / 2,
                "line": {"color": SOFT, "width": 1.5, "dash": "dash"},
            }
