"""Compression of responses, for both applications: a guest's page shrinks to 38 % of its size with gzip, and
to 32 % with Brotli, which browsers accept over HTTPS.
"""

import zlib
from collections import OrderedDict
from collections.abc import Collection
from hashlib import sha256
from threading import Lock

import brotli
import deflate
from flask import Response, request

GZIP_LEVEL = 6
"""Compression level of zlib: 9 takes twice the time for two percent."""

GZIP_FORMAT, GZIP_MEMORY = 31, 5
"""zlib's wbits of gzip, and its memLevel. With less memory zlib makes new codes every 2,048 symbols instead
of every 16,384: a guest's page, whose font does not compress, is 3.5 % smaller, and other pages keep their
size."""

QUICK, THOROUGH = 5, 11
"""Qualities of Brotli. For a guest's page QUICK takes as long as gzip (3 ms) and saves 7 % of its bytes;
THOROUGH takes 160 ms and saves 17 %."""

THOROUGH_GZIP = 12
"""Level of libdeflate, which is its highest: 7 ms for a guest's page, 2 % smaller than zlib makes it, and 4 %
for a script."""

MOST_KEPT = 256
"""Most bodies that are kept compressed: about 23 kB each, so at most 6 MB."""


def _brotli(body: bytes, *, is_thorough: bool) -> bytes:
    return bytes(brotli.compress(body, brotli.MODE_TEXT, THOROUGH if is_thorough else QUICK))


def _gzip(body: bytes, *, is_thorough: bool) -> bytes:
    quick = gzipped(body)
    # For some bodies, such as a page with a font in it, zlib's result is a few bytes smaller.
    return min(bytes(deflate.gzip_compress(body, THOROUGH_GZIP)), quick, key=len) if is_thorough else quick


PACKERS = {"br": _brotli, "gzip": _gzip}
"""Name of an encoding -> what compresses a body with it; the first that a browser accepts is used."""


class KeptBodies:
    """Bodies that all visitors of an address get alike, compressed thoroughly and kept, at most `most` of
    them.

    A body is compressed thoroughly when it is asked for a second time, so that a page that changes with every
    request costs no more than it saves. So the size of a response tells whether the body was asked for
    before; a kiosk asks for its page without a guest.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[tuple[bytes, str], bytes | None] = OrderedDict()

    def __contains__(self, body: bytes) -> bool:
        """Return whether anything is kept of a body: a compressed form, or only that it was asked for
        once."""
        return any((sha256(body).digest(), encoding) in self._kept for encoding in PACKERS)

    def compressed(self, body: bytes, encoding: str = "br") -> bytes:
        """Return a body compressed with `encoding`, a key of PACKERS: quickly the first time that it is asked
        for, thoroughly from the second time on, when the result is kept. If there are more than `most`
        bodies, the one that was first asked for longest ago is forgotten."""
        key = (sha256(body).digest(), encoding)
        with self._lock:
            is_repeated, kept = key in self._kept, self._kept.get(key)
        if kept is None:
            kept = PACKERS[encoding](body, is_thorough=is_repeated)
            with self._lock:
                self._kept[key] = kept if is_repeated else None
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return kept


KEPT = KeptBodies()
"""The bodies that this process keeps."""


def compress(response: Response, media_types: Collection[str], *, is_shared: bool = False) -> Response:
    """Compress the response to a GET if it has status 200 and one of these media types, is not compressed
    yet, and the browser accepts Brotli or gzip, and return it; any other body is returned as it is.

    With `is_shared`, all visitors of the address get the same bytes, which are kept compressed. A page for
    one visitor is not kept, since it would be a trace of the visit.

    A response to a POST is not compressed: it may contain text of the request beside a secret, whose content
    its compressed size could reveal (BREACH).
    """
    is_worth_it = response.status_code == 200 and response.mimetype in media_types
    if not is_worth_it or "Content-Encoding" in response.headers:
        return response
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Encoding")))
    encoding = next((name for name in PACKERS if request.accept_encodings.quality(name)), None)
    if request.method != "GET" or encoding is None:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    packed = KEPT.compressed(body, encoding) if is_shared else PACKERS[encoding](body, is_thorough=False)
    response.set_data(packed)
    response.headers["Content-Encoding"] = encoding
    tag, is_weak = response.get_etag()
    if tag and not is_weak:
        # The compressed and the plain response have the same tag, so it is a weak one.
        response.set_etag(tag, weak=True)
    return response


def gzipped(body: bytes) -> bytes:
    """Return a body in gzip's format, without the time."""
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_FORMAT, GZIP_MEMORY)
    return compressor.compress(body) + compressor.flush()
