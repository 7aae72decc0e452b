"""Envelopes and tickets.

An envelope is a ballot that a kiosk encrypts for one box, so that nobody can read it while it waits for the
network. A ticket is a random number by which the server recognises a ballot that is sent twice.

Each box has a letterbox: a key pair whose private key never leaves the server, and the tickets of accepted
envelopes. The kiosk draws a ticket for each ballot and encrypts it with the ballot. If the server's response
is lost and the kiosk sends the envelope again, the server counts it once. A form that is not encrypted has
its ticket in a hidden field.

The scheme is ECIES: an ephemeral ECDH key on P-256 (every browser has this curve), HKDF-SHA256 (RFC 5869)
salted with the ephemeral public key, and AES-256-GCM.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.domain.ballot import BallotError

TICKET_BYTES = 16
"""Length of a ticket, and of its digest."""
COLUMN_BYTES = 64
"""Bytes reserved for each of a ballot's columns, whatever the answer: its statement's id and value take 52 at
most."""

STEP_BYTES = 32 * 1024
"""A sealed letterbox grows in steps of this size. The first step holds 2,045 tickets, more than those of a
busy kiosk in a quarter of a year and those of forms. A letterbox, unlike a box, is not emptied during a
round: with a box's small steps its length would reveal the number of envelopes."""

MOST_FORM_TICKETS = 256
"""Tickets of forms that a letterbox keeps. A phone sends its form again within minutes, so older tickets are
not needed. A poster's link admits any number of ballots: without a limit, somebody who stuffs a box could
also fill the disk."""

PURPOSE = b"kiosk envelope"
"""HKDF's info; the same text in guest_kiosk.js."""

_PRIVATE_BYTES = 32
"""Length of a private key."""
_NUMBER_BYTES = TICKET_BYTES // 2
"""Length of the number of form digests: half a digest, so that an odd half shows that the number is there. A
letterbox of an earlier version has none."""

_POINT_BYTES = 65
"""Length of an uncompressed point of P-256."""
_TAG_BYTES = 16
"""Length of the authentication tag of AES-GCM."""
_NONCE = bytes(12)
# Each envelope has its own ephemeral key, so the nonce need not differ.

MARK_BYTES = 8
"""Length of a kiosk's mark: random bytes, drawn once per device, with which all tickets of its envelopes
begin. The mark separates a kiosk's ballots from those of other senders who know its address. It says nothing
about guests."""

_RAPID, _MARKED = 1, 2
"""Flags of the byte after the ticket; as in guest_kiosk.js."""


class EnvelopeError(BallotError):
    """An envelope for another letterbox or of another size, or a damaged one. The error's message contains
    nothing of the envelope."""


@dataclass(frozen=True)
class Letter:
    """The content of an envelope.

    `fields` are a form's fields: statement id -> values sent for it. `is_rapid` is the kiosk's verdict that
    the ballot is a rapid submission. `has_mark` says whether the ticket begins with the kiosk's mark.
    """

    ticket: bytes
    is_rapid: bool
    fields: dict[str, list[str]]
    has_mark: bool = False

    @property
    def mark(self) -> bytes | None:
        """The mark of the kiosk that sealed the envelope; None if the ticket has none."""
        return self.ticket[:MARK_BYTES] if self.has_mark else None


@dataclass(frozen=True)
class Letterbox:
    """A private key, 32 bytes, and the digests of accepted tickets, 16 bytes each: `envelopes` has those of
    all envelopes, `forms` those of at most MOST_FORM_TICKETS forms."""

    private: bytes
    envelopes: frozenset[bytes] = frozenset()
    forms: frozenset[bytes] = frozenset()

    @property
    def public_key(self) -> bytes:
        """The key that kiosks seal for: an uncompressed point, 65 bytes."""
        return self._key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def open(self, envelope: bytes, columns: int) -> Letter:
        """Decrypt an envelope; `columns` is the number of a ballot's answers. Nothing is recorded: the caller
        checks the letter's ticket and its fields. Raises EnvelopeError for an envelope of another size, for
        another letterbox, or without a form."""
        if len(envelope) != envelope_size(columns):
            raise EnvelopeError("not an envelope for this survey")
        point, sealed = envelope[:_POINT_BYTES], envelope[_POINT_BYTES:]
        try:
            shared = self._key().exchange(ec.ECDH(), _point(point))
            key = HKDF(SHA256(), 32, salt=point, info=PURPOSE).derive(shared)
            plain = AESGCM(key).decrypt(_NONCE, sealed, None)
            ticket, flags, form = plain[:TICKET_BYTES], plain[TICKET_BYTES], plain[TICKET_BYTES + 1 :]
            fields = parse_qs(form.rstrip(b"\0").decode("ascii"), keep_blank_values=True)
        except (ValueError, InvalidTag) as error:
            raise EnvelopeError("not an envelope for this letterbox") from error
        if not fields:
            raise EnvelopeError("an envelope without a form")
        return Letter(ticket, bool(flags & _RAPID), fields, bool(flags & _MARKED))

    def has_taken_envelope(self, ticket: bytes) -> bool:
        """Return whether this letterbox accepted an envelope with this ticket.

        Letterboxes of earlier versions have the tickets themselves, not their digests.
        """
        return not self.envelopes.isdisjoint({ticket_digest(ticket), ticket})

    def with_envelope(self, ticket: bytes) -> "Letterbox":
        """Return the letterbox after it accepted an envelope with this ticket."""
        return replace(self, envelopes=self.envelopes | {ticket_digest(ticket)})

    def has_taken_form(self, ticket: bytes) -> bool:
        """Return whether this letterbox remembers a form with this ticket. It may have forgotten one that it
        accepted."""
        return ticket_digest(ticket) in self.forms

    def with_form(self, ticket: bytes, rng: Random) -> "Letterbox":
        """Return the letterbox after it accepted a form with this ticket, which it does not remember yet. If
        it has MOST_FORM_TICKETS already, the new ticket replaces a random one: no order is stored, so the
        oldest is unknown."""
        kept = self.forms
        if len(kept) >= MOST_FORM_TICKETS:
            kept -= {rng.choice(sorted(kept))}
        return replace(self, forms=kept | {ticket_digest(ticket)})

    def pack(self) -> bytes:
        """Encode as bytes: the private key, then the digests, sorted so that their order is lost.

        Digests of forms come first, after their number; without any, the number is left out.
        """
        number = len(self.forms).to_bytes(_NUMBER_BYTES) if self.forms else b""
        return self.private + number + b"".join([*sorted(self.forms), *sorted(self.envelopes)])

    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self.private), ec.SECP256R1())


def ticket_digest(ticket: bytes) -> bytes:
    """Return a ticket's digest, 16 bytes, which is stored instead of the ticket: all tickets of a kiosk begin
    with the same bytes, their digests do not."""
    return sha256(ticket).digest()[:TICKET_BYTES]


def letterbox_of(key: ec.EllipticCurvePrivateKey) -> Letterbox:
    """Return an empty letterbox with this key pair, which must be of P-256."""
    return Letterbox(key.private_numbers().private_value.to_bytes(_PRIVATE_BYTES))


def unpack(packed: bytes) -> Letterbox:
    """Return a letterbox from its bytes: the inverse of `Letterbox.pack`. Nothing is checked: a wrong private
    key shows only when it is used."""
    private, rest = packed[:_PRIVATE_BYTES], packed[_PRIVATE_BYTES:]
    has_forms = len(rest) % TICKET_BYTES == _NUMBER_BYTES
    number = int.from_bytes(rest[:_NUMBER_BYTES]) if has_forms else 0
    starts = range(_NUMBER_BYTES if has_forms else 0, len(rest), TICKET_BYTES)
    digests = [rest[at : at + TICKET_BYTES] for at in starts]
    return Letterbox(private, envelopes=frozenset(digests[number:]), forms=frozenset(digests[:number]))


def is_well_formed(envelope: bytes) -> bool:
    """Return whether bytes have the size of an envelope with at least one answer, and begin with a point of
    P-256. This needs no letterbox; True does not say that one can open the envelope."""
    columns, odd = divmod(len(envelope) - envelope_size(0), COLUMN_BYTES)
    if columns < 1 or odd:
        return False
    try:
        _point(envelope[:_POINT_BYTES])
    except ValueError:
        return False
    return True


def _point(encoded: bytes) -> ec.EllipticCurvePublicKey:
    """Decode an envelope's ephemeral key. Raises ValueError for bytes that are not a point of the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded)


def envelope_size(columns: int) -> int:
    """Return the size in bytes of an envelope with a ballot of `columns` answers. The size is the same for
    all answers."""
    return _POINT_BYTES + TICKET_BYTES + 1 + COLUMN_BYTES * columns + _TAG_BYTES
