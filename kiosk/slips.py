"""Slips: single-use codes on paper that guests draw from a bowl.

A set of slips is kept as HMACs, used apart from unused, each sorted; a code itself is kept nowhere.
Nothing links a slip to a ballot but the moment both are written, and neither row holds a time.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

ALPHABET = "23456789BCDFGHJKMNPQRTVWXYZ"
"""No vowels, so no words; nothing that looks like something else (0 O, 1 I L, 5 S is kept apart)."""

TAG_LENGTH = 3
SECRET_LENGTH = 9
_MAC_BYTES = 16
_SALT_BYTES = 32


class SlipError(ValueError):
    """A code that admits no ballot."""


class UnknownSlipError(SlipError):
    """No slip has this code."""


class UsedSlipError(SlipError):
    """The slip has been used."""


def normalise(code: str) -> str:
    """A typed code without spaces and hyphens, in capitals."""
    return "".join(code.upper().split()).replace("-", "")[:40]


def new_tag() -> str:
    """Letters that begin every code of one unit's slips in one round, and say nothing else."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TAG_LENGTH))


def tag_of(code: str) -> str:
    """The tag of a normalised code."""
    return code[:TAG_LENGTH]


def new_code(tag: str) -> str:
    """A new code of that tag, about 43 bits beside it, from the operating system's randomness."""
    return tag + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))


def spaced(code: str) -> str:
    """A code as printed, in groups of three."""
    return "-".join(code[at : at + 3] for at in range(0, len(code), 3))


@dataclass(frozen=True)
class SlipSet:
    """One unit's slips in one round. `salt` keys the HMACs."""

    salt: bytes
    unused: frozenset[bytes]
    used: frozenset[bytes]

    def mac(self, code: str) -> bytes:
        return hmac.digest(self.salt, code.encode(), hashlib.sha256)[:_MAC_BYTES]

    def with_new(self, codes: Iterable[str]) -> "SlipSet":
        return SlipSet(self.salt, self.unused | {self.mac(code) for code in codes}, self.used)

    @property
    def printed(self) -> int:
        """How many slips there are, used or not."""
        return len(self.unused) + len(self.used)

    def has(self, code: str) -> bool:
        """Whether the slip was printed, used or not."""
        return self.mac(code) in self.unused | self.used

    def use(self, code: str) -> "SlipSet":
        """The set after this slip was used. Raises UnknownSlipError or UsedSlipError."""
        mac = self.mac(code)
        if mac in self.used:
            raise UsedSlipError
        if mac not in self.unused:
            raise UnknownSlipError
        return SlipSet(self.salt, self.unused - {mac}, self.used | {mac})

    def pack(self) -> bytes:
        """Salt, number of unused, then both sets, sorted: no order of printing or use."""
        macs = [*sorted(self.unused), *sorted(self.used)]
        return self.salt + len(self.unused).to_bytes(4, "big") + b"".join(macs)


def empty_set() -> SlipSet:
    return SlipSet(secrets.token_bytes(_SALT_BYTES), frozenset(), frozenset())


def unpack(packed: bytes) -> SlipSet:
    """The inverse of `SlipSet.pack`."""
    salt, body = packed[:_SALT_BYTES], packed[_SALT_BYTES + 4 :]
    unused = int.from_bytes(packed[_SALT_BYTES : _SALT_BYTES + 4], "big")
    macs = [body[at : at + _MAC_BYTES] for at in range(0, len(body), _MAC_BYTES)]
    return SlipSet(salt, frozenset(macs[:unused]), frozenset(macs[unused:]))
