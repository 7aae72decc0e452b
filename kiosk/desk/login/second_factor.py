"""Second factors: time-based one-time passwords (RFC 6238), and recovery codes for a lost phone.

A code signs in once: the time step of an accepted code is recorded, and only codes of later steps are
accepted after it. The secret is encrypted under a key derived from the session key, which no backup contains.
"""

import binascii
import secrets
from base64 import b32decode, b32encode, b64decode, b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES = 20
"""Length of a second factor's secret in bytes, as RFC 4226 recommends."""

STEP_SECONDS = 30
DIGITS = 6
STEPS_BACK_AND_FORTH = 1
"""Time steps by which a phone's clock may be late or early (RFC 6238, 5.2)."""

NONCE_BYTES = 12

RECOVERY_CODES = 8
RECOVERY_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters and digits; those that look alike are left out."""
RECOVERY_CODE_LENGTH = 16
"""Letters of a recovery code: 80 random bits."""


def new_secret() -> bytes:
    """Return a random secret of SECRET_BYTES bytes."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_to_type(secret: bytes) -> str:
    """Return a secret in base32, in groups of four letters, for an app that cannot read the QR code."""
    letters = b32encode(secret).decode()
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def read_secret(typed: str) -> bytes | None:
    """Return the secret that `secret_to_type` wrote as this text; None for any other text, also of another
    length."""
    try:
        secret = b32decode(typed.replace(" ", ""))
    except (binascii.Error, ValueError):
        return None
    return secret if len(secret) == SECRET_BYTES else None


def provisioning_uri(secret: bytes, name: str, issuer: str) -> str:
    """Return the otpauth address for the QR code. The app shows `name` and `issuer` beside its codes."""
    return _totp(secret).get_provisioning_uri(name, issuer)


def matching_step(secret: bytes, code: str, now: float) -> int | None:
    """Return the number of the time step (30 s each, since 1970) to which a code belongs: the current one or,
    up to STEPS_BACK_AND_FORTH, one beside it. None for a wrong code. `code` has digits only; `now` is in
    seconds since 1970."""
    current = int(now) // STEP_SECONDS
    for step in range(current - STEPS_BACK_AND_FORTH, current + STEPS_BACK_AND_FORTH + 1):
        try:
            _totp(secret).verify(code.encode(), step * STEP_SECONDS)
        except InvalidToken:
            continue
        return step
    return None


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - the only hash that all apps know


def new_recovery_codes() -> list[str]:
    """Return RECOVERY_CODES new codes without hyphens; `spaced` formats one for display."""
    return [
        "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_CODE_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]


def spaced(recovery_code: str) -> str:
    """Return a recovery code in groups of four letters, separated by hyphens."""
    return "-".join(recovery_code[at : at + 4] for at in range(0, len(recovery_code), 4))


def normalise(typed: str) -> str:
    """Return a typed code in capitals, without spaces and hyphens."""
    return "".join(typed.split()).replace("-", "").upper()


@dataclass(frozen=True)
class SecretSealer:
    """Encrypts and decrypts the secrets of second factors, under a key derived from `secret_key`, the key of
    sessions."""

    secret_key: str

    def seal(self, name: str, secret: bytes) -> str:
        """Return the encrypted secret of the account `name`, as text for the database."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return b64encode(nonce + self._cipher().encrypt(nonce, secret, name.encode())).decode()

    def unseal(self, name: str, sealed: str) -> bytes | None:
        """Return the secret of the account `name`; None if it was encrypted under another key, such as before
        a restore, or for another account, and for a malformed text."""
        try:
            content = b64decode(sealed)
            return self._cipher().decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None

    def _cipher(self) -> AESGCM:
        key = HKDF(SHA256(), 32, salt=None, info=b"kiosk second factor").derive(self.secret_key.encode())
        return AESGCM(key)
