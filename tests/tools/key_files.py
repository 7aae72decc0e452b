"""Rows sealed under keys that are on disk."""

from kiosk.storage.keys import KeyFolder


def seal(keys: KeyFolder, row: str, plain: bytes) -> tuple[str, bytes]:
    """Return (key id, sealed) of a row under a new key, which is written to disk."""
    key_id, sealed = keys.seal(row, plain)
    keys.save([(row, key_id)])
    return key_id, sealed
