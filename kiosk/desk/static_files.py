"""Scripts, styles and fonts of the staff's pages: compressed, and kept by browsers until they change.

The address of a file has the hash of its content, so that a browser need not ask again for the same content.
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from kiosk.desk.session import without_session
from kiosk.domain.short_hash import short_hash

YEAR_SECONDS = 365 * 24 * 3600

PACKED_ENDINGS = frozenset({".js", ".css", ".svg"})
"""Endings of files that are compressed. Fonts are compressed already."""


class StaticFiles:
    """The static files of an application, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serve(self, app: Flask) -> None:
        """Register the view of the files, with their headers, and add the hash of their content to their
        addresses."""

        @without_session
        def static_file(filename: str) -> Response:
            return self._with_headers(app.send_static_file(filename), self._folder / filename)

        app.view_functions["static"] = static_file
        app.url_defaults(self._add_hash)

    def _add_hash(self, endpoint: str, values: dict[str, Any]) -> None:
        """Add `v`, the hash, to the values from which the address of a static file is made."""
        if endpoint == "static":
            values["v"] = content_hash(self._folder / values["filename"])

    def _with_headers(self, response: Response, path: Path) -> Response:
        # A page from before an upgrade asks for another hash: browsers do not keep that response.
        if request.args.get("v") == content_hash(path):
            response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        if path.suffix in PACKED_ENDINGS:
            response.headers["Vary"] = "Accept-Encoding"
            if response.status_code == 200 and request.accept_encodings.quality("gzip"):
                response.direct_passthrough = False
                response.set_data(_packed(path, path.stat().st_mtime_ns))
                response.headers["Content-Encoding"] = "gzip"
                # The compressed and the plain file share an ETag, so it is weak: the bytes differ.
                response.set_etag(response.get_etag()[0] or "", weak=True)
        return response


def content_hash(path: Path) -> str:
    """Return 16 hex digits of the SHA-256 of a file's content, for its address. FileNotFoundError without the
    file."""
    return _content_hash(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _content_hash(path: Path, _changed_ns: int) -> str:
    return short_hash(path.read_bytes(), 16)


@lru_cache(maxsize=32)
def _packed(path: Path, _changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
