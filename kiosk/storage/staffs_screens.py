"""Screens that staff paired. A coordinator confirms them when a round opens.

A member of staff who pairs a screen with a quiet unit chooses whose ballots come into its box.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.rounds import Admission, Round
from kiosk.storage.accounts import Accounts, Role
from kiosk.storage.audit_log import Action, AuditLog
from kiosk.storage.database import StoreError
from kiosk.storage.links import Links


@dataclass(frozen=True)
class StaffsScreen:
    """A kiosk at a unit, paired with a code of an account that is no coordinator now: the end of its own
    code, the local time of the pairing to the minute, and that account's name."""

    unit_id: str
    code_ending: str
    paired_at: datetime
    account: str


class UnconfirmedScreensError(StoreError):
    """A command may not open a round, because staff paired these screens and nobody confirmed them."""

    def __init__(self, screens: Collection[StaffsScreen]) -> None:
        pairings = ", ".join(
            f"{screen.unit_id} {screen.code_ending} ({screen.account}, {screen.paired_at:%Y-%m-%d})"
            for screen in screens
        )
        options = " ".join(f"--known-screen {screen.code_ending}" for screen in screens)
        super().__init__(
            f"no coordinator paired these screens: {pairings}; look where each stands; add {options}, or "
            "remove its address at the desk"
        )


def staffs_screens(new: Round, links: Links, accounts: Accounts, log: AuditLog) -> list[StaffsScreen]:
    """Return the kiosks at the units of a round that were paired with a code of an account that is no
    coordinator now, or was removed, in the order of their pairing, the latest first. Empty if the round does
    not admit by kiosks. A kiosk without a pairing in the log is left out: a coordinator or a command added
    its address.
    """
    if Admission.KIOSK not in new.admission:
        return []
    kiosks = {
        link.code_ending: link
        for link in links.all()
        if link.admission is Admission.KIOSK and link.unit_id in new.tree.leaves
    }
    coordinators = {account.name for account in accounts.all() if account.role is Role.COORDINATOR}
    screens = []
    for entry in log.entries({Action.SCREEN_PAIRED}):
        link = kiosks.pop(entry.what.rpartition(", ")[2], None)
        if link and entry.name not in coordinators:
            screens.append(StaffsScreen(link.unit_id, link.code_ending, entry.at, entry.name))
    return screens
