"""One bar as an inline SVG without a script. It is as wide as its container.

Lengths are percentages, so a number is drawn in its segment only if it fits at NARROWEST. The text
alternative has every number. The page's style sheet sets the height, and shows the patterns in print only.
"""

from collections.abc import Iterator, Sequence
from html import escape

from kiosk.output.chart_pictures import PATTERNS
from kiosk.output.stacked_bars import Bar, ink_on, is_light
from kiosk.output.text_fitting import fitting_lines

NARROWEST = 300
"""Narrowest width of a bar, in pixels, for which numbers are fitted."""

DIGITS = 13
"""Font size of the numbers, in pixels."""

INKS = ("#000000", "#ffffff")
"""Colours of numbers and patterns."""


def inline_bar(bar: Bar, palette: Sequence[str], *, has_numbers: bool = True) -> str:
    """Return a bar as an SVG element. `palette` has a colour for each segment. Without `has_numbers` neither
    numbers nor patterns are drawn; the text alternative has all numbers. A bar without segments draws
    nothing, not even its `instead`."""
    segments = "".join(_segments(bar, palette, has_numbers=has_numbers))
    return f'<svg class="strip" role="img" aria-label="{escape(spoken(bar))}">{segments}</svg>'


def spoken(bar: Bar) -> str:
    """Return a bar in words: each segment's meaning, the number of answers, and the answers outside the
    scale, separated by semicolons. Empty ones are left out; so is `instead`."""
    parts = [*(segment.meaning for segment in bar.segments), bar.n, bar.outside]
    return "; ".join(part for part in parts if part)


def patterns() -> str:
    """Return an SVG element that draws nothing and defines the patterns, each in every ink. A page with bars
    includes it once."""
    marks = "".join(
        f'<pattern id="{_pattern(at, ink)}" width="10" height="10" patternUnits="userSpaceOnUse">'
        f'<g stroke="{ink}" fill="{ink}" opacity="0.35">{PATTERNS[at]}</g></pattern>'
        for at in range(1, len(PATTERNS))
        for ink in INKS
    )
    return f'<svg class="patterns" aria-hidden="true"><defs>{marks}</defs></svg>'


def _pattern(at: int, ink: str) -> str:
    """Return the SVG id of a pattern, by its index in PATTERNS and its ink."""
    return f"pattern-{at}-{INKS.index(ink)}"


def _segments(bar: Bar, palette: Sequence[str], *, has_numbers: bool) -> Iterator[str]:
    """Yield the segments of a bar, their patterns and numbers, and the line of its target."""
    start = 0.0
    for at, (segment, colour) in enumerate(zip(bar.segments, palette, strict=True)):
        if segment.percent:
            ink, place = ink_on(colour), f'x="{start:.2f}%" width="{segment.percent:.2f}%" height="100%"'
            outline = ' class="light"' if is_light(colour) else ""
            yield f'<rect {place} fill="{colour}"{outline}/>'
            if has_numbers and (marks := at % len(PATTERNS)):
                yield f'<rect {place} fill="url(#{_pattern(marks, ink)})" class="marks"/>'
            number = segment.text.split("<br>")[-1] if has_numbers else ""
            if fitting_lines(number, NARROWEST * segment.percent / 100, DIGITS):
                middle = start + segment.percent / 2
                yield f'<text x="{middle:.2f}%" y="50%" fill="{ink}">{escape(number)}</text>'
        start += segment.percent
    if bar.target is not None and bar.segments:
        line = f'<line x1="{bar.target:.2f}%" x2="{bar.target:.2f}%" y1="0" y2="100%"'
        yield f'{line} class="target-ground"/>{line} class="target"/>'
