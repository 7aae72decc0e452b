"""The rows of letterboxes: the key pair of each box, and digests of the tickets of accepted envelopes and
forms."""

from collections.abc import Iterable
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.domain import envelope
from kiosk.domain.envelope import Letterbox
from kiosk.domain.rounds import Round
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.keys import KeyFolder
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.sealed_rows import KeyFault, Sealed, Writer, key_faults, letterbox_row


class LetterboxGoneError(Exception):
    """An envelope's letterbox was destroyed, or got another key pair: the envelope can never be opened."""


def new_letterbox() -> Letterbox:
    """Return a letterbox with a new key pair and no tickets."""
    return envelope.letterbox_of(ec.generate_private_key(ec.SECP256R1()))


class Letterboxes:
    """The rows of letterboxes: one sealed row for each unit of a round, from its opening until a count closes
    the round.

    Callers hold a write (`Writer.write`); for the search for faults of keys, a read that locks
    (`Writer.look`) is enough. `public_key` and `unit_of` need neither.
    """

    def __init__(self, database: Database, keys: KeyFolder, writer: Writer) -> None:
        self._database = database
        self._keys = keys
        self._writer = writer
        self._select = database.prepared_row(_SELECT)
        self._select_all = database.prepared_rows(_SELECT_ALL)
        self._select_of_unit = database.prepared_rows(_SELECT_OF_UNIT)
        self._select_key = database.prepared_row(_SELECT_KEY)
        self._select_unit = database.prepared_row(_SELECT_UNIT)
        self._insert = database.prepared_write(_INSERT)
        self._update = database.prepared_write(_UPDATE)
        self._delete = database.prepared_write(_DELETE)

    def insert_empty(self, round_id: str, unit_id: str) -> None:
        """Insert a new letterbox for a unit of a new round, or of one from a version without letterboxes."""
        letterbox = new_letterbox()
        row = letterbox_row(round_id, unit_id)
        key_id, sealed = self._writer.seal(row, letterbox.pack(), envelope.STEP_BYTES)
        self._insert(round_id, unit_id, letterbox.public_key.hex(), key_id, sealed)

    def public_key(self, round_id: str, unit_id: str) -> str:
        """Return the public key for which kiosks seal a unit's envelopes, in hex; "" if the unit has no
        letterbox."""
        row = self._select_key(round_id, unit_id)
        return str(row[0]) if row else ""

    def unit_of(self, public_key: str) -> tuple[str, str]:
        """Return (round id, unit id) of the letterbox with this public key, in hex. Raises LetterboxGoneError
        if there is none, or if its key was replaced."""
        row = self._select_unit(public_key)
        if row is None:
            raise LetterboxGoneError
        return row[0], row[1]

    def open_letterbox(self, round_id: str, unit_id: str) -> tuple[str, Letterbox] | None:
        """Return (key id, letterbox) of a unit, locked and decrypted; None if there is none. Raises
        KeyUnavailableError if its key is missing or damaged."""
        row = self._select(round_id, unit_id)
        if row is None:
            return None
        plain = self._keys.open(letterbox_row(round_id, unit_id), row[0], bytes(row[1]))
        return row[0], envelope.unpack(plain)

    def put(self, round_id: str, unit_id: str, old_key: str, letterbox: Letterbox) -> None:
        """Write a unit's letterbox under a new key. `old_key` is the id of its previous key, which is
        destroyed after the commit."""
        row = letterbox_row(round_id, unit_id)
        key_id, sealed = self._writer.reseal(row, old_key, letterbox.pack(), envelope.STEP_BYTES)
        self._update(letterbox.public_key.hex(), key_id, sealed, round_id, unit_id)

    def take_form(self, round_id: str, unit_id: str, ticket: bytes, rng: Random) -> bool:
        """Store a digest of the ticket of a form. Returns False, and changes nothing, if the letterbox has
        that digest already. Returns True without storing if the unit has no letterbox. Raises
        KeyUnavailableError if its key is missing or damaged.

        A letterbox with digests of `envelope.MOST_FORM_TICKETS` forms forgets one of them, which `rng` draws.
        """
        key_and_letterbox = self.open_letterbox(round_id, unit_id)
        if key_and_letterbox is None:
            # The round was opened by a version without letterboxes.
            return True
        old_key, letterbox = key_and_letterbox
        if letterbox.has_taken_form(ticket):
            return False
        self.put(round_id, unit_id, old_key, letterbox.with_form(ticket, rng))
        return True

    def renew(self, of_round: Round, unit_id: str) -> None:
        """Seal a unit's letterbox under a new key, unchanged; insert one if there is none. Raises
        KeyUnavailableError if its key is missing or damaged."""
        key_and_letterbox = self.open_letterbox(of_round.id, unit_id)
        if key_and_letterbox:
            self.put(of_round.id, unit_id, *key_and_letterbox)
        else:
            # The round was opened by a version without letterboxes.
            self.insert_empty(of_round.id, unit_id)

    def replace_lost(self, of_round: Round, unit_id: str, lost_key: str) -> None:
        """Replace a letterbox whose key is lost permanently by a new one; `lost_key` is that key's id.
        Envelopes sealed for the lost one can never be opened."""
        self.put(of_round.id, unit_id, lost_key, new_letterbox())

    def key_faults(self) -> list[KeyFault]:
        """Return the faults of letterboxes that cannot be decrypted, those of a round that is being opened
        included. Locks all letterboxes."""
        return key_faults(self._keys, Sealed.LETTERBOX, self._select_all())

    def unit_key_faults(self, round_id: str, unit_id: str) -> list[KeyFault]:
        """Return the fault of one unit's letterbox; empty if it can be decrypted or there is none. Locks the
        row."""
        return key_faults(self._keys, Sealed.LETTERBOX, self._select_of_unit(round_id, unit_id))

    def remove(self, round_id: str, units: Iterable[str]) -> None:
        """Delete the letterboxes of these units; the files of their keys remain."""
        for unit in units:
            self._delete(round_id, unit)


_LETTERBOX = tables.Letterbox
_OF_UNIT = _LETTERBOX.round_id == "", _LETTERBOX.unit_id == ""
_SELECT = PreparedQuery(
    _LETTERBOX.select(_LETTERBOX.key_id, _LETTERBOX.sealed).where(*_OF_UNIT), locks=_LETTERBOX
)
_SEALED = _LETTERBOX.select(_LETTERBOX.round_id, _LETTERBOX.unit_id, _LETTERBOX.key_id, _LETTERBOX.sealed)
_SELECT_ALL = PreparedQuery(_SEALED, locks=_LETTERBOX)
_SELECT_OF_UNIT = PreparedQuery(_SEALED.where(*_OF_UNIT), locks=_LETTERBOX)
_SELECT_KEY = PreparedQuery(_LETTERBOX.select(_LETTERBOX.public_key).where(*_OF_UNIT))
_SELECT_UNIT = PreparedQuery(
    _LETTERBOX.select(_LETTERBOX.round_id, _LETTERBOX.unit_id).where(_LETTERBOX.public_key == "")
)
_INSERT = PreparedQuery(_LETTERBOX.insert(round_id="", unit_id="", public_key="", key_id="", sealed=b""))
_UPDATE = PreparedQuery(_LETTERBOX.update(public_key="", key_id="", sealed=b"").where(*_OF_UNIT))
_DELETE = PreparedQuery(_LETTERBOX.delete().where(*_OF_UNIT))
