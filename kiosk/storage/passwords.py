"""Passwords of staff, stored as argon2 hashes."""

import threading

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST_PASSWORD_CHARACTERS = 10
LONGEST_PASSWORD_CHARACTERS = 1000

_HASHER = PasswordHasher()
_ONE_AT_A_TIME = threading.Lock()
# Each check takes 64 MiB. Only one runs at a time, so that a small machine does not run out of memory.


def dummy_of(hasher: PasswordHasher) -> str:
    """Return a hash that no password has and that takes as long to check as those of `hasher`."""
    return (
        f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        f"${'A' * 22}${'A' * 43}"
    )


_DUMMY = dummy_of(_HASHER)
"""A hash that no password has (`dummy_of`). It is a constant, because every command imports this module, and
making a hash takes longer than most commands."""

_LARGEST_MEMORY_KIB = 1024 * 1024
_MOST_PASSES = 100


def is_hash(stored: str) -> bool:
    """Return whether a text has the form of an argon2 hash that a small machine can check: at most 1 GiB and
    100 passes. The length of its digest is not checked."""
    try:
        parameters = extract_parameters(stored)
    except (InvalidHashError, ValueError):
        return False
    is_cheap = parameters.memory_cost <= _LARGEST_MEMORY_KIB and parameters.time_cost <= _MOST_PASSES
    return is_cheap and stored.isascii()


def hash_password(password: str) -> str:
    """Return the salted hash to store; it differs each time. The caller has checked the password's length.
    Raises UnicodeEncodeError for half of a surrogate pair."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Return whether a password matches the stored hash; False for a text that is no hash. Without an account
    (None) it returns False after the same time."""
    with _ONE_AT_A_TIME:
        try:
            return _HASHER.verify(stored or _DUMMY, password) and stored is not None
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
