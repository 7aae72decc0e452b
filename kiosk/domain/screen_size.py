"""Text size and button height of a kiosk, derived from its screen's size in millimetres.

The page measures in screen widths, so it needs no number of pixels: see templates/guest/screen.css.
"""

from dataclasses import dataclass
from math import radians, tan

CAPITAL_ANGLE = 0.7
"""Smallest angle, in degrees, that a capital H subtends at the guest's eye (EN 301 549 v3.2.1, clause
5.1.4)."""

CAPITAL_HEIGHT = 0.714
"""Height of a capital letter in font sizes, for Noto Sans (sCapHeight 714 of 1000); the page scales other
fonts to it."""

REACH_MM = (800, 1100)
"""Height above the floor that people standing or sitting in a wheelchair can reach (draft EN 301 549,
2025)."""

LEAST_DISTANCE_MM = 600
"""Smallest distance between the guest's eyes and the screen."""

WIDTH_LIMITS_MM = (100, 3000)
"""Smallest and largest width of a screen that can be typed."""
DISTANCE_LIMITS_MM = (200, 3000)
"""Smallest and largest distance of the guest that can be typed."""
LOWER_EDGE_LIMITS_MM = (0, 1000)
"""Smallest and largest height of the lower edge above the floor that can be typed."""

SMALL_MM = 300
"""A screen narrower than this (less than about 15 inches) has no room for long statements."""


@dataclass(frozen=True)
class Screen:
    """A mounted kiosk screen, in millimetres: its width, the guest's distance, and the height of its lower
    edge above the floor (None if buttons need not be kept within reach)."""

    width_mm: int
    distance_mm: int = LEAST_DISTANCE_MM
    lower_edge_mm: int | None = None

    @property
    def is_small(self) -> bool:
        return self.width_mm < SMALL_MM

    @property
    def text_mm(self) -> float:
        """The font size, in millimetres, at which a capital subtends CAPITAL_ANGLE at the guest's eye."""
        return self.distance_mm * tan(radians(CAPITAL_ANGLE)) / CAPITAL_HEIGHT

    @property
    def reach_mm(self) -> tuple[int, int] | None:
        """Lowest and highest position of a button above the screen's lower edge; None for no limits."""
        if self.lower_edge_mm is None:
            return None
        low, high = (max(0, height - self.lower_edge_mm) for height in REACH_MM)
        return low, high
