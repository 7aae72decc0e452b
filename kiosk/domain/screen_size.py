"""How large a kiosk's text is and how high its buttons stand, from the screen in millimetres.

The page reckons in the screen's width, so it needs no number of pixels: see templates/guest/screen.css.
"""

from dataclasses import dataclass
from math import radians, tan

CAPITAL_ANGLE = 0.7
"""Degrees a capital H takes up at the guest's eye, at least (EN 301 549 v3.2.1, clause 5.1.4)."""

CAPITAL_HEIGHT = 0.714
"""Height of a capital in font sizes: Noto Sans' (sCapHeight 714 of 1000); the page scales others to it."""

REACH_MM = (800, 1100)
"""Above the floor, where someone who stands or sits in a wheelchair reaches (draft EN 301 549, 2025)."""

LEAST_DISTANCE_MM = 600

WIDTH_LIMITS_MM = (100, 3000)
DISTANCE_LIMITS_MM = (200, 3000)
LOWER_EDGE_LIMITS_MM = (0, 1000)

SMALL_MM = 300
"""A screen narrower than this, of less than about 15 inches, has no room for long statements."""


@dataclass(frozen=True)
class Screen:
    """A kiosk's screen as it hangs: width, the guest's distance, and, where its buttons are to be kept
    within reach, its lower edge above the floor; all in millimetres."""

    width_mm: int
    distance_mm: int = LEAST_DISTANCE_MM
    lower_edge_mm: int | None = None

    @property
    def is_small(self) -> bool:
        return self.width_mm < SMALL_MM

    @property
    def text_mm(self) -> float:
        """The font's size at which capitals are just tall enough."""
        return self.distance_mm * tan(radians(CAPITAL_ANGLE)) / CAPITAL_HEIGHT

    @property
    def reach_mm(self) -> tuple[int, int] | None:
        """Lowest and highest place of a button above the screen's lower edge; None: anywhere."""
        if self.lower_edge_mm is None:
            return None
        low, high = (max(0, height - self.lower_edge_mm) for height in REACH_MM)
        return low, high
