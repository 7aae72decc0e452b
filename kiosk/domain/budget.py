"""The budget of a unit in a round: the slips and kiosks that its expected guests need.

A budget keeps nobody from answering. It makes staff ask a coordinator, and a coordinator give a reason that
all staff read, before a unit gets more slips or screens than its guests use: somebody who steers one guest's
ballot needs ballots of their own around it.
"""

from math import ceil

MOST_EXPECTED = 10_000
"""Most guests that can be expected at a unit in one round."""

USUAL_EXPECTED = 100
"""The number of guests that the form proposes for each unit."""

GUESTS_A_KIOSK = 200

LONGEST_REASON_CHARACTERS = 200
"""Of the reason for more than the budget."""


def slip_budget(expected: int) -> int:
    """Return the number of slips for `expected` guests: half as many again, since slips get lost and stay in
    the bowl."""
    return ceil(expected * 3 / 2)


def kiosk_budget(expected: int) -> int:
    """Return the number of kiosks for `expected` guests: one for each 200, and none for nobody."""
    return ceil(expected / GUESTS_A_KIOSK)
