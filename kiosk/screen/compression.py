"""Compression of responses, for both applications: a page shrinks to about a quarter of its size."""

import gzip
from collections.abc import Collection

from flask import Response, request

LEVEL = 6
"""Compression level of zlib: 9 takes twice the time for two percent."""


def compress(response: Response, media_types: Collection[str]) -> Response:
    """Compress the response to a GET if it has one of these media types and the browser accepts gzip.

    A response to a POST is not compressed: it may contain text of the request beside a secret, whose content
    its compressed size could reveal (BREACH).
    """
    is_worth_it = response.status_code == 200 and response.mimetype in media_types
    if not is_worth_it or "Content-Encoding" in response.headers:
        return response
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Encoding")))
    if request.method != "GET" or not request.accept_encodings.quality("gzip"):
        return response
    response.direct_passthrough = False
    response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    tag, is_weak = response.get_etag()
    if tag and not is_weak:
        # The compressed and the plain response have the same tag, so it is a weak one.
        response.set_etag(tag, weak=True)
    return response
