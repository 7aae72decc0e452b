"""The budget of a unit in a round: the slips and kiosks that its expected guests need.

A budget never stops a guest from answering. Above it, staff have to ask a coordinator, and the coordinator
has to give a reason that all staff can read. The reason: an attacker who wants to isolate one guest's ballot
needs extra ballots, and so extra slips or screens.
"""

from math import ceil

MOST_EXPECTED = 10_000
"""Most guests that can be expected at a unit in one round."""

GUESTS_A_KIOSK = 200
"""Most guests that one kiosk serves in one round."""

LONGEST_REASON_CHARACTERS = 200
"""Longest reason for exceeding a budget."""


def slip_budget(expected: int) -> int:
    """Return the number of slips for `expected` guests: 1.5 per guest, rounded up, since some slips get lost
    or are never used."""
    return ceil(expected * 3 / 2)


def kiosk_budget(expected: int) -> int:
    """Return the number of kiosks for `expected` guests: one per GUESTS_A_KIOSK guests, rounded up; 0 for 0
    guests."""
    return ceil(expected / GUESTS_A_KIOSK)
