"""Charts as plain data for plotly.js: 100 % stacked bars, the most positive option first.

The figures come with every bar; nothing is left to hovering. Colours are ColorBrewer's BrBG, which
colour-blind readers can tell apart, its two halves only where a scale has two poles; neighbours are parted
by a gap and carry their numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
"""The green half, in steps one can tell apart side by side."""

BAR_PIXELS = 58
PAPER = "#ffffff"
INK = "#14292e"


@dataclass(frozen=True)
class Segment:
    """One option's part of a bar: `percent` of the bar's length, what stands in it, what it means."""

    percent: float
    text: str
    meaning: str


@dataclass(frozen=True)
class Bar:
    """One bar, with its name at the left, its number of answers at the right. `broken` says what changed
    since the bar above, where the two cannot be compared; `instead` stands where there are no segments."""

    label: str
    n: str
    segments: tuple[Segment, ...]
    broken: str = ""
    instead: str = ""


def colours(options: int, *, bipolar: bool) -> tuple[str, ...]:
    """A colour for each option, the highest first, spread evenly over the palette. A scale that only runs
    from little to much gets one hue: its middle is no neutral point."""
    anchors = BIPOLAR if bipolar else UNIPOLAR
    return tuple(_colour(anchors, 4 * at / max(options - 1, 1)) for at in range(options))


def _colour(anchors: Sequence[Sequence[int]], place: float) -> str:
    low = min(int(place), 3)
    mixed = (round(a + (b - a) * (place - low)) for a, b in zip(anchors[low], anchors[low + 1], strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour` (WCAG 2 contrast)."""
    light = _luminance(colour)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def stacked_bars(bars: Sequence[Bar], palette: Sequence[str]) -> Figure:
    """A plotly figure with one horizontal bar each, the first at the top. Every bar is 100 % long;
    a bar without segments is an empty line with its label. `palette` has a colour for each segment."""
    places = list(range(len(bars)))
    in_place = list(zip(bars, places, strict=True))
    return {
        "data": [_trace(bars, places, at, colour) for at, colour in enumerate(palette)],
        "layout": {
            "barmode": "stack",
            "showlegend": False,
            "height": BAR_PIXELS * len(bars) + 34,
            "margin": {"l": 132, "r": 76, "t": 4, "b": 30},
            "bargap": 0.22,
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
            "uniformtext": {"minsize": 11, "mode": "hide"},
            "xaxis": {
                "range": [0, 100],
                "tickvals": [0, 25, 50, 75, 100],
                "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
                "gridcolor": "#d5dcdd",
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [len(bars) - 0.5, -0.5],
                "tickvals": places,
                "ticktext": [bar.label for bar in bars],
                "fixedrange": True,
                "zeroline": False,
                "showgrid": False,
            },
            "annotations": [
                *(_n(bar, place) for bar, place in in_place),
                *(_words(bar.broken, place - 0.5) for bar, place in in_place if bar.broken),
                *(_words(bar.instead, place) for bar, place in in_place if bar.instead),
            ],
            "shapes": [_break_line(place) for bar, place in in_place if bar.broken],
        },
    }


def _trace(bars: Sequence[Bar], places: Sequence[int], at: int, colour: str) -> Figure:
    in_place = zip(bars, places, strict=True)
    rows = [(bar.segments[at], place) for bar, place in in_place if at < len(bar.segments)]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [segment.percent for segment, _ in rows],
        "y": [place for _, place in rows],
        "text": [segment.text for segment, _ in rows],
        "hovertext": [segment.meaning for segment, _ in rows],
        "hoverinfo": "text",
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "insidetextfont": {"color": ink_on(colour), "size": 13},
        "marker": {"color": colour, "line": {"color": PAPER, "width": 2}},
    }


def _n(bar: Bar, place: int) -> Figure:
    return {
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


def _words(words: str, place: float) -> Figure:
    return {
        "text": words,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 6,
        "y": place,
        "yanchor": "middle",
        "bgcolor": PAPER,
        "font": {"size": 12},
        "showarrow": False,
    }


def _break_line(place: int) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": place - 0.5,
        "y1": place - 0.5,
        "line": {"color": INK, "width": 2, "dash": "dash"},
    }
