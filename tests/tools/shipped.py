"""The shipped surveys and catalogues, read once for all tests; templates and routes compiled once."""

import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, FileSystemBytecodeCache

from kiosk.domain.survey import Survey
from kiosk.library.library import Library, read_library
from kiosk.library.surveys import read_questions
from kiosk.settings import Settings, read_settings
from tests.tools.routes import share_routes

share_routes()

OWN_FOLDERS = ("questions", "translations")


def library_for(settings: Settings) -> Library:
    """Return what `read_library` returns. Only for an installation with own files are files read again."""
    has_own = any((settings.data / name).exists() for name in OWN_FOLDERS) or settings.languages
    return read_library(settings) if has_own else _shipped()


def is_shipped(library: Library) -> bool:
    """Return whether a library is that of an installation without files of its own."""
    return library is _shipped()


def read_surveys(folders: list[Path]) -> dict[str, Survey]:
    """Return all surveys of the folders, untranslated, by id (`read_questions`). Raises DefinitionError for a
    file that cannot be read."""
    return read_questions(folders)[1]


@cache
def _shipped() -> Library:
    with tempfile.TemporaryDirectory() as folder:
        return read_library(read_settings({"KIOSK_DATA": folder}))


def share_templates(app: Flask) -> None:
    """Make the application use the templates that another application, or an earlier run, compiled."""
    COMPILED.mkdir(parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = _CompiledOnce(str(COMPILED))


COMPILED = Path(__file__).parents[2] / ".pytest_cache" / "templates"
"""Compiled templates by a digest of their path, for both workers and the next run."""

_KEPT: dict[tuple[str, str], CodeType] = {}


class _CompiledOnce(FileSystemBytecodeCache):
    """The compiled templates by path and by checksum of their source: in memory, and in files for others."""

    def load_bytecode(self, bucket: Bucket) -> None:
        if kept := _KEPT.get((bucket.key, bucket.checksum)):
            bucket.code = kept
        else:
            super().load_bytecode(bucket)
            self._keep(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._keep(bucket)
        with suppress(OSError):  # A test may run as another user.
            super().dump_bytecode(bucket)

    def _keep(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            _KEPT[bucket.key, bucket.checksum] = bucket.code
