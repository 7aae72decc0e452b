"""Hashes of passwords that take little time, because hundreds of tests make and check some.

A hash's own parameters determine how long a check takes, so a password hashed by the program's own hasher can
still be checked.
"""

from argon2 import PasswordHasher

from kiosk.storage import passwords

SHIPPED, SHIPPED_DUMMY = passwords._HASHER, passwords._DUMMY
"""The program's own hasher, and its hash that no password has."""


def make_hashes_cheap() -> None:
    """Hash passwords in this process with the least work that argon2 allows."""
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._DUMMY = passwords.dummy_of(passwords._HASHER)
