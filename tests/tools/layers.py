"""The layers of the package."""

RANKS = (
    {"domain"},
    {"settings"},
    {"library", "storage"},
    {"screen"},
    {"output"},
    {"guest", "desk"},
    {"operation"},
    {"cli"},
)
"""From the bottom up. A layer imports itself and those below, never a neighbour of its own rank."""
