"""Tokens with which programs read the published figures, and nothing else.

A token has 256 random bits and is shown once: the database has its digest only, and no backup has the row,
since a restored token would be valid again after it was removed.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from kiosk.storage import tables
from kiosk.storage.database import Database, StoreError
from kiosk.storage.sealed_rows import Writer, one_write

MARK = "kiosk_"
"""The beginning of each token, so that a token in a file or a log is recognised."""


class TokenExistsError(StoreError):
    """The name for a new token is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a token named {name!r} already; remove it first")


@dataclass(frozen=True)
class ApiToken:
    """A token's name and the minute in which it was made, local and naive."""

    name: str
    made_at: datetime


class ApiTokens:
    """The rows of tokens with which programs read the published figures, by name."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def add(self, name: str, now: datetime) -> str:
        """Return a new token, of which only a digest is stored. Raises TokenExistsError if the name is
        taken."""
        if name in {token.name for token in self.all()}:
            raise TokenExistsError(name)
        code = MARK + secrets.token_hex(32)
        made_at = now.isoformat(timespec="minutes")
        self._database.run(tables.ApiToken.insert(name=name, digest=_digest(code), made_at=made_at))
        return code

    def is_valid(self, code: str) -> bool:
        """Return whether `code` is a token, with MARK at its beginning, that was added and not removed. No
        token expires."""
        row = tables.ApiToken
        return self._database.row(row.select(row.name).where(row.digest == _digest(code))) is not None

    def all(self) -> list[ApiToken]:
        """Return all tokens, sorted by name."""
        row = tables.ApiToken
        rows = self._database.rows(row.select(row.name, row.made_at).order_by(row.name))
        return [ApiToken(name, datetime.fromisoformat(made_at)) for name, made_at in rows]

    @one_write
    def remove(self, name: str) -> bool:
        """Delete a token, which is invalid from now on. Returns False if there is none."""
        is_there = name in {token.name for token in self.all()}
        self._database.run(tables.ApiToken.delete().where(tables.ApiToken.name == name))
        return is_there


def _digest(code: str) -> str:
    """Return the digest to store, in hex. The token is as random as a key, so a quick hash suffices."""
    return hashlib.sha256(code.encode()).hexdigest()
