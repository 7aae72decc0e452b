"""Damage to a key file, and the problem that the program names."""

import secrets
from collections.abc import Callable
from pathlib import Path


def a_folder(file: Path) -> None:
    """Replace a file by a folder."""
    file.unlink()
    file.mkdir()


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "is missing"),
    "emptied": (lambda file: file.write_bytes(b""), "is damaged"),
    "cut": (lambda file: file.write_bytes(file.read_bytes()[:12]), "is damaged"),
    "too long": (lambda file: file.write_bytes(file.read_bytes() + b"\n"), "is damaged"),
    "overwritten": (lambda file: file.write_bytes(secrets.token_bytes(32)), "does not fit"),
    "a folder": (a_folder, "cannot be read"),
}
