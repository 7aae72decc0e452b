"""Pairing codes: each makes one screen a unit's kiosk. They are in the database, because the screen may reach
another process than the desk that made the code.

A code is stored as a digest, in the table `installation`, until it is used or expires. The digest needs a key
that is not in the database. Without a key, whoever reads the database could try all codes of 12 digits in
minutes, and use the right one while it is valid. Backups leave the rows out: a restored code would be valid
again.
"""

import hmac
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.storage import tables
from kiosk.storage.audit_log import AuditLog, Entry
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write

PAIRING_DIGITS = 12
"""Digits of a pairing code, so many that guessing needs no lockout: with ten valid codes and 1,000 guesses a
second, the probability that one is guessed in its lifetime is 1 in 100,000."""

PAIRING_LIFETIME = timedelta(minutes=15)
"""Time for which a pairing code is valid, enough to walk from the desk to the screen."""

PAIRING_CODE = "pairing code "
"""Prefix of the keys under which the table `installation` has digests of pairing codes."""


@dataclass(frozen=True)
class Pairing:
    """The permission of a pairing code: one screen becomes a kiosk of the unit.

    `made_by` is the name of the account that created the code. Unless `valid_during_round`, the code is
    invalid while a round runs or is planned at the unit: whoever redeems it checks that.
    """

    unit_id: str
    made_by: str
    valid_during_round: bool


class PairingCodes:
    """The rows of unused pairing codes. All times are local and naive.

    `secret_key` is the key that signs the desk's sessions, the same in all processes of an installation.
    """

    def __init__(self, database: Database, writer: Writer, audit_log: AuditLog) -> None:
        self._database = database
        self._writer = writer
        self._audit_log = audit_log

    @one_write
    def new(self, pairing: Pairing, now: datetime, secret_key: str, log: Sequence[Entry] = ()) -> str:
        """Return a new single-use code of PAIRING_DIGITS digits, which pairs one device as `pairing` says,
        within PAIRING_LIFETIME, and write the entries `log` of the audit log. Expired codes are deleted.
        Raises ValueError if `secret_key` is ""."""
        if not secret_key:
            raise ValueError("a pairing code needs a key for its digest")
        valid = self._valid(now)
        for key in self._rows().keys() - valid.keys():
            self._delete(key)
        code = f"{secrets.randbelow(10**PAIRING_DIGITS):0{PAIRING_DIGITS}}"
        values = [
            pairing.unit_id,
            pairing.made_by,
            pairing.valid_during_round,
            (now + PAIRING_LIFETIME).isoformat(),
        ]
        self._database.set(_row_key(code, secret_key), json.dumps(values))
        self._audit_log.insert_all(log)
        return code

    def waiting(self, now: datetime) -> Counter[str]:
        """Return unit id -> number of its codes that are unused and have not expired; 0 for a unit
        without."""
        return Counter(pairing.unit_id for pairing in self._valid(now).values())

    def has(self, code: str, now: datetime, secret_key: str) -> bool:
        """Return whether a code is unused, has not expired, and was made with this `secret_key`."""
        return _pairing(self._database.get(_row_key(code, secret_key)), now) is not None

    def use(self, code: str, now: datetime, secret_key: str) -> Pairing | None:
        """Return the pairing of a code and delete the code; None unless `has` is true. `valid_during_round`
        is not checked here. The caller holds a write."""
        key = _row_key(code, secret_key)
        pairing = _pairing(self._database.get(key), now)
        self._delete(key)
        return pairing

    def _delete(self, key: str) -> None:
        self._database.run(tables.Installation.delete().where(tables.Installation.key == key))

    def _rows(self) -> dict[str, str]:
        """Return key -> value of the rows of codes in the table `installation`, expired ones included."""
        row = tables.Installation
        rows = self._database.rows(row.select(row.key, row.value).where(row.key.startswith(PAIRING_CODE)))
        return dict(rows)

    def _valid(self, now: datetime) -> dict[str, Pairing]:
        read = {key: _pairing(value, now) for key, value in self._rows().items()}
        return {key: pairing for key, pairing in read.items() if pairing is not None}


def _pairing(value: str | None, now: datetime) -> Pairing | None:
    """Return the pairing in a row's value; None if there is no row or the code has expired. A code whose
    expiry is later than that of a new code was made before the clock was set back, and counts as expired."""
    if value is None:
        return None
    unit_id, made_by, valid_during_round, expires_at = json.loads(value)
    is_valid = now < datetime.fromisoformat(expires_at) <= now + PAIRING_LIFETIME
    return Pairing(unit_id, made_by, valid_during_round) if is_valid else None


def _row_key(code: str, secret_key: str) -> str:
    """Return the key of a code's row in the table `installation`: PAIRING_CODE, then a digest of the code, in
    hex, whose secret is derived from the session key."""
    key = hmac.digest(secret_key.encode(), b"kiosk pairing code", "sha256")
    return f"{PAIRING_CODE}{hmac.digest(key, code.encode(), 'sha256').hex()}"
