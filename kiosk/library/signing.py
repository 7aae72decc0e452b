"""The organisation's key, which signs its aggregates (Ed25519, RFC 8032), and fingerprints of such keys.

The key is made once, and lies in KIOSK_KEYS, outside of backups: with a copy somebody else could sign figures
in the organisation's name. Functions that need the key raise OSError if its file cannot be opened or made.
"""

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.domain.message import Message
from kiosk.library.changes import RefusedError, exclusively
from kiosk.settings import Settings

KEY_FILE = "aggregate_signing_key"
"""Name of the key's file in KIOSK_KEYS."""

FINGERPRINT = re.compile("[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class PublicKey:
    """A public key of 32 bytes, in hex."""

    hex: str

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the key: 64 hex digits. ValueError for a key that is no hex."""
        return sha256(bytes.fromhex(self.hex)).hexdigest()

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Return whether a signature in hex is that of the content. Returns False for a key or signature that
        is no hex."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.hex))
            key.verify(bytes.fromhex(signature), content)
        except (ValueError, InvalidSignature):
            return False
        return True


def in_groups(fingerprint: str) -> str:
    """Return a fingerprint in groups of four digits with spaces between, as people read it to each other."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def read_fingerprint(text: str) -> str:
    """Return a typed fingerprint as 64 hex digits in small letters: spaces, colons, dots and hyphens are
    removed. Raises RefusedError for another text."""
    digits = re.sub(r"[\s:.-]", "", text).lower()
    if not FINGERPRINT.fullmatch(digits):
        raise RefusedError(
            Message(
                "Ett fingeravtryck har 64 tecken, 0–9 och a–f. Det här har {number}.", {"number": len(digits)}
            )
        )
    return digits


def sign(settings: Settings, content: bytes) -> tuple[PublicKey, str]:
    """Return (the organisation's public key, the signature of `content` in hex). The key is made if there is
    none. Raises RefusedError if its file is damaged, and OSError if it cannot be opened or made."""
    key = _private_key(settings)
    return _public(key), key.sign(content).hex()


def own_key(settings: Settings) -> PublicKey:
    """Return the organisation's public key. The key is made if there is none. Raises RefusedError if its file
    is damaged, and OSError if it cannot be opened or made."""
    return _public(_private_key(settings))


def existing_key(settings: Settings) -> PublicKey | None:
    """Return the organisation's public key; None if it has not been made. Raises RefusedError if its file is
    damaged, and OSError if it cannot be opened."""
    return own_key(settings) if (settings.keys / KEY_FILE).exists() else None


def _public(key: Ed25519PrivateKey) -> PublicKey:
    return PublicKey(key.public_key().public_bytes_raw().hex())


def _private_key(settings: Settings) -> Ed25519PrivateKey:
    """Return the key; makes it if there is no file. Raises RefusedError if the file is damaged."""
    path = settings.keys / KEY_FILE
    with exclusively(settings):
        if not path.exists():
            _make(path)
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii").strip()))
    except ValueError as error:
        raise RefusedError(
            Message(
                "{file} är skadad. Lägg tillbaka en kopia, eller ta bort filen: då görs en ny nyckel, och "
                "andra organisationer behöver lita på den.",
                {"file": str(path)},
            )
        ) from error


def _make(path: Path) -> None:
    """Write a new key to a file that only its owner may read: whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
