"""Envelopes as a kiosk's script makes them."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.domain.envelope import (
    COLUMN_BYTES,
    PURPOSE,
    TICKET_BYTES,
)

STATEMENTS = 4


def seal(
    public_key: bytes,
    form: bytes = b"listened=5",
    ticket: bytes | None = None,
    *,
    is_rapid: bool = False,
    mark: bytes = b"",
    room: int = COLUMN_BYTES * STATEMENTS,
) -> bytes:
    """Return an envelope as guest_kiosk.js makes it.

    `form` has the fields of the ballot, URL-encoded, and is padded to `room` bytes. `mark` is the kiosk's,
    empty for a kiosk without one. Without a `ticket`, a random one is drawn.
    """
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    box = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    key = HKDF(SHA256(), 32, salt=point, info=PURPOSE).derive(ephemeral.exchange(ec.ECDH(), box))
    ticket = mark + (ticket or secrets.token_bytes(TICKET_BYTES))[len(mark) :]
    plain = ticket + bytes([is_rapid | bool(mark) << 1]) + form.ljust(room, b"\0")
    return point + AESGCM(key).encrypt(bytes(12), plain, None)
