"""Short hashes that identify content. They keep nothing secret."""

import hashlib


def short_hash(text: str, digits: int) -> str:
    """Return the first `digits` hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
