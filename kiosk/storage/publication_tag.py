"""The tag of what is published: a random text that is replaced with each write of a snapshot, of its change
index, or of a round's terms. A process reads these again only when the tag has changed.

All that the tag is written with is public from then on, so it tells nothing about ballots.
"""

import secrets

from kiosk.storage.database import Database

PUBLICATION_TAG = "publication tag"
"""Key of the row in the table `installation`. Backups leave it out: what is restored gets a new one."""


def read_tag(database: Database) -> str:
    """Return the tag; "" before the first one."""
    return database.get(PUBLICATION_TAG) or ""


def renew_tag(database: Database) -> None:
    """Replace the tag. The caller holds the write of what it is about: if that is rolled back, so is the
    tag."""
    database.set(PUBLICATION_TAG, secrets.token_hex(16))
