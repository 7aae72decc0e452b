"""Short hashes that identify content. They keep nothing secret."""

import hashlib


def short_hash(content: str | bytes, digits: int) -> str:
    """Return the first `digits` hex digits of the SHA-256 of bytes, or of a text in UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:digits]
