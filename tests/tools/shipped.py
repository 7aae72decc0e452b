"""The shipped surveys and catalogues, read once for all tests; templates and routes compiled once."""

import tempfile
from functools import cache
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from kiosk.library.library import Library, read_library
from kiosk.settings import Settings, read_settings
from tests.tools.routes import share_routes

share_routes()

OWN_FOLDERS = ("questions", "translations")


def library_for(settings: Settings) -> Library:
    """Return the result of `read_library`. Files are read again only for an installation with files of its
    own."""
    has_own = any((settings.data / name).exists() for name in OWN_FOLDERS) or settings.languages
    return read_library(settings) if has_own else _shipped()


def is_shipped(library: Library) -> bool:
    """Return whether a library is that of an installation without files of its own."""
    return library is _shipped()


@cache
def _shipped() -> Library:
    with tempfile.TemporaryDirectory() as folder:
        return read_library(read_settings({"KIOSK_DATA": folder}))


def share_templates(app: Flask) -> None:
    """Make the application use the templates that another application of this run compiled."""
    app.jinja_env.bytecode_cache = _COMPILED


class _InMemory(BytecodeCache):
    """The compiled templates by key and by checksum of their source."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _InMemory()
