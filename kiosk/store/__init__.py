"""The only package that knows tables: rounds, boxes, slips, tallies, the snapshot.

One writer at a time, one transaction a write, connections kept open. A ballot's way in is `Store.cast`, a
batch's way out is `Store.count`; nothing else reads a box, and nothing outside reads a tally.
"""

from kiosk.store.accounts import Account, Role
from kiosk.store.dump import NEVER_KEPT
from kiosk.store.installation import Store, open_store
from kiosk.store.letterboxes import LetterboxGoneError
from kiosk.store.links import Link
from kiosk.store.rounds import NotAdmittedError, RoundClosedError, RoundState

__all__ = [
    "NEVER_KEPT",
    "Account",
    "LetterboxGoneError",
    "Link",
    "NotAdmittedError",
    "Role",
    "RoundClosedError",
    "RoundState",
    "Store",
    "open_store",
]
