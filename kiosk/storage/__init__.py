"""The only package that knows tables and keys: rounds, boxes, slips, tallies, the snapshot, staff records.

One writer at a time, one transaction per write, connections kept open. `Store.cast` and `Store.cast_envelope`
add a ballot to a box, and `Store.count` removes a batch. Nothing outside this package reads a box or a tally.
Other packages import from here, never from a module of this package.
"""

from kiosk.storage.account_links import LINK_LIFETIME, AccountExistsError, AccountLink
from kiosk.storage.accounts import Account, LastCoordinatorError, NoAccountError, Role
from kiosk.storage.api_tokens import ApiToken, TokenExistsError
from kiosk.storage.audit_log import COMMAND_LINE, Action, Entry
from kiosk.storage.database import Replicas, StoreError
from kiosk.storage.devices import Devices, DeviceStatus
from kiosk.storage.dump import NEVER_KEPT, Dump, read_dump
from kiosk.storage.dump_check import TermsError
from kiosk.storage.keys import KeyUnavailableError
from kiosk.storage.letterboxes import LetterboxGoneError
from kiosk.storage.links import KioskBudgetError, Link, RoundRunsError
from kiosk.storage.mail import SERVER, MailChoice, NoMailError, OutgoingMail
from kiosk.storage.migrations import newest_schema
from kiosk.storage.owners import check_owner
from kiosk.storage.pairing_codes import PAIRING_DIGITS, PAIRING_LIFETIME, Pairing
from kiosk.storage.passwords import (
    LONGEST_PASSWORD_CHARACTERS,
    SHORTEST_PASSWORD_CHARACTERS,
    hash_password,
    verify,
)
from kiosk.storage.rounds import (
    NotAdmittedError,
    RoundBegunError,
    RoundClosedError,
    RoundState,
    TooEarlyError,
)
from kiosk.storage.sealed_rows import KeyFault, Sealed
from kiosk.storage.second_factors import SecondFactor
from kiosk.storage.slip_sets import SlipBudgetError
from kiosk.storage.sqlite_paths import SQLITE_ENDINGS, sqlite_file, sqlite_files
from kiosk.storage.staffs_screens import StaffsScreen, UnconfirmedScreensError
from kiosk.storage.stderr_once import print_once
from kiosk.storage.store import Store, holds_keys, open_store
from kiosk.storage.walls import Wall

__all__ = [
    "COMMAND_LINE",
    "LINK_LIFETIME",
    "LONGEST_PASSWORD_CHARACTERS",
    "NEVER_KEPT",
    "PAIRING_DIGITS",
    "PAIRING_LIFETIME",
    "SERVER",
    "SHORTEST_PASSWORD_CHARACTERS",
    "SQLITE_ENDINGS",
    "Account",
    "AccountExistsError",
    "AccountLink",
    "Action",
    "ApiToken",
    "DeviceStatus",
    "Devices",
    "Dump",
    "Entry",
    "KeyFault",
    "KeyUnavailableError",
    "KioskBudgetError",
    "LastCoordinatorError",
    "LetterboxGoneError",
    "Link",
    "MailChoice",
    "NoAccountError",
    "NoMailError",
    "NotAdmittedError",
    "OutgoingMail",
    "Pairing",
    "Replicas",
    "Role",
    "RoundBegunError",
    "RoundClosedError",
    "RoundRunsError",
    "RoundState",
    "Sealed",
    "SecondFactor",
    "SlipBudgetError",
    "StaffsScreen",
    "Store",
    "StoreError",
    "TermsError",
    "TokenExistsError",
    "TooEarlyError",
    "UnconfirmedScreensError",
    "Wall",
    "check_owner",
    "hash_password",
    "holds_keys",
    "newest_schema",
    "open_store",
    "print_once",
    "read_dump",
    "sqlite_file",
    "sqlite_files",
    "verify",
]
