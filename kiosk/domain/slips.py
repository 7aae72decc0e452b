"""Slips: single-use codes on paper that guests draw from a bowl.

A set of slips stores HMACs, used and unused ones separately, each sorted; the codes themselves are stored
nowhere. Nothing links a slip to a ballot except that both are written in one transaction, and neither row
holds a time.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

ALPHABET = "23456789BCDFGHJKMNPQRTVWXYZ"
"""Letters and digits of a code: no vowels, so no words; no characters that look alike (0 O, 1 I L, 5 S)."""

TAG_LENGTH = 3
"""Characters of a code's tag; the other SECRET_LENGTH are secret."""
SECRET_LENGTH = 9
_MAC_BYTES = 16
"""Length of a stored HMAC."""
SALT_BYTES = 32
"""Length of the salt of a set."""


class SlipError(ValueError):
    """A code that admits no ballot."""


class UnknownSlipError(SlipError):
    """No slip has this code."""


class UsedSlipError(SlipError):
    """The slip has admitted a ballot already."""


def can_publish_used(printed: int, k: int) -> bool:
    """Return whether the number of used slips of a print run of `printed` slips may be stored and shown: from
    2k slips on, with the round's k.

    In a smaller run the number would reveal whether one known guest answered.
    """
    return printed >= 2 * k


def normalise(code: str) -> str:
    """Return a typed code in capitals, without spaces and hyphens, cut after 40 characters. The other
    functions take codes in this form."""
    return "".join(code.upper().split()).replace("-", "")[:40]


def new_tag(rng: Random) -> str:
    """Draw a tag: the characters that begin every code of one unit's slips in one round. They carry no
    information."""
    return "".join(rng.choice(ALPHABET) for _ in range(TAG_LENGTH))


def tag_of(code: str) -> str:
    """Return the tag of a normalised code: its first TAG_LENGTH characters."""
    return code[:TAG_LENGTH]


def new_code(tag: str, rng: Random) -> str:
    """Draw a new code with that tag and about 43 random bits.

    `rng` must be `secrets.SystemRandom()` outside tests.
    """
    return tag + "".join(rng.choice(ALPHABET) for _ in range(SECRET_LENGTH))


def spaced(code: str) -> str:
    """Format a code for print, in groups of three characters with hyphens between them."""
    return "-".join(code[at : at + 3] for at in range(0, len(code), 3))


@dataclass(frozen=True)
class PrintRun:
    """Slips that were printed together, as HMACs."""

    unused: frozenset[bytes]
    used: frozenset[bytes]

    @property
    def printed(self) -> int:
        """Number of slips, used or not."""
        return len(self.unused) + len(self.used)


@dataclass(frozen=True)
class SlipSet:
    """One unit's slips in one round, by print run. `salt` keys the HMACs."""

    salt: bytes
    runs: tuple[PrintRun, ...]

    def mac(self, code: str) -> bytes:
        """Return the HMAC, 16 bytes, that is stored instead of a normalised code."""
        return hmac.digest(self.salt, code.encode(), hashlib.sha256)[:_MAC_BYTES]

    def with_new(self, codes: Iterable[str]) -> "SlipSet":
        """Return the set with one more print run, of these unused codes."""
        run = PrintRun(frozenset(self.mac(code) for code in codes), frozenset())
        return SlipSet(self.salt, (*self.runs, run))

    def has(self, code: str) -> bool:
        """Return whether a slip with this normalised code was printed, used or not."""
        mac = self.mac(code)
        return any(mac in run.unused or mac in run.used for run in self.runs)

    def use(self, code: str) -> "SlipSet":
        """Return the set after the slip with this normalised code was used. Raises UnknownSlipError for a
        code that was not printed, and UsedSlipError for one that was used before."""
        mac = self.mac(code)
        if any(mac in run.used for run in self.runs):
            raise UsedSlipError
        for at, run in enumerate(self.runs):
            if mac in run.unused:
                after = PrintRun(run.unused - {mac}, run.used | {mac})
                return SlipSet(self.salt, (*self.runs[:at], after, *self.runs[at + 1 :]))
        raise UnknownSlipError

    def pack(self) -> bytes:
        """Encode as bytes: the salt, then for each run the numbers of unused and used HMACs and both lists,
        sorted so that the order of use is lost."""
        runs = (
            len(run.unused).to_bytes(4, "big")
            + len(run.used).to_bytes(4, "big")
            + b"".join([*sorted(run.unused), *sorted(run.used)])
            for run in self.runs
        )
        return self.salt + b"".join(runs)


def empty_set(salt: bytes) -> SlipSet:
    """Return a set without slips. `salt` is SALT_BYTES random bytes."""
    return SlipSet(salt, ())


def unpack(packed: bytes) -> SlipSet:
    """Return a slip set from its bytes: the inverse of `SlipSet.pack`. Nothing is checked: other bytes give a
    wrong set."""
    salt, at, runs = packed[:SALT_BYTES], SALT_BYTES, []
    while at < len(packed):
        unused, used = (int.from_bytes(packed[at + skip : at + skip + 4], "big") for skip in (0, 4))
        body = packed[at + 8 : at + 8 + (unused + used) * _MAC_BYTES]
        macs = [body[place : place + _MAC_BYTES] for place in range(0, len(body), _MAC_BYTES)]
        runs.append(PrintRun(frozenset(macs[:unused]), frozenset(macs[unused:])))
        at += 8 + len(body)
    return SlipSet(salt, tuple(runs))
