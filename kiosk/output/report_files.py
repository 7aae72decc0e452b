"""The files that a published report is written as, each by a program of its own.

The server never writes a document itself: Python runs one thread at a time, so that guests' requests would
wait, and the typesetter and the writers of documents keep their memory. Only HTML and the data package, which
take some milliseconds, are written in the calling process.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore

from kiosk.domain.report import ReportDocument
from kiosk.output.paper import LogoError, NoGlyphError, PaperError
from kiosk.output.report_html import report_html
from kiosk.output.report_package import report_package

PROGRAM = "kiosk.output.report_writer"
"""Module that is run for each file."""
ENDINGS = ("pdf", "docx", "html", "xlsx", "zip")
"""Endings of the files of a report; a ZIP file is a data package."""

IN_PROCESS: Mapping[str, Callable[[ReportDocument], bytes]] = {
    "html": lambda document: report_html(document).encode(),
    "zip": report_package,
}
"""File ending -> how a report is written in the calling process."""

MEMORY_LIMIT_MB = 1024
"""Largest address space of a program, in MiB. A report of ten units and eight rounds needs less than 400; one
with a million characters and 75 charts needs more than 512."""

TIME_LIMIT_SECONDS = 120
"""Longest time for one file."""

MOST_PROGRAMS = 2
"""Most programs at a time. A further request waits."""

NOT_INHERITED = ("KIOSK_", "PYTHONMALLOC", "GLIBC_TUNABLES")
"""Prefixes of environment variables that the program does not inherit: it needs no setting and no secret, and
has no guest's form in memory that it would have to overwrite."""

REFUSED = 3
"""Exit code of the program if the report cannot be printed; the reason is on standard error."""

NO_GLYPH = REFUSED + 1
"""Exit code of the program if the fonts lack a sign of the report, which is on standard error."""

NO_LOGO = REFUSED + 2
"""Exit code of the program if the theme's logo cannot be drawn."""

WITHOUT_SIGN = "remove it from the report's texts"
"""The remedy for a sign that the fonts lack."""


class UnfinishedError(PaperError):
    """The program did not finish a file with this `ending` in its time and memory."""

    def __init__(self, ending: str, reason: str) -> None:
        super().__init__(
            f"the report could not be written as {ending} with {MEMORY_LIMIT_MB} MB of memory in "
            f"{TIME_LIMIT_SECONDS} s ({reason}); shorten its texts, or choose fewer rounds and statements"
        )
        self.ending = ending


_running = BoundedSemaphore(MOST_PROGRAMS)
"""Held while a program runs."""


def write_file(document: ReportDocument, ending: str) -> bytes:
    """Return the file with this ending, one of ENDINGS. Waits while MOST_PROGRAMS others are written.

    Raises PaperError if the report cannot be printed: NoGlyphError, LogoError, or UnfinishedError if the
    program ends before the file is complete.
    """
    if ending in IN_PROCESS:
        return IN_PROCESS[ending](document)
    with _running:
        return _run(json.dumps(document.as_json()).encode(), ending)


def write_each(document: ReportDocument, endings: Sequence[str]) -> Iterator[bytes]:
    """Yield the files in the order of their `endings`, several written at a time. Raises the errors of
    `write_file`."""
    with ThreadPoolExecutor(len(endings)) as pool:
        yield from pool.map(partial(write_file, document), endings)


def _run(given: bytes, ending: str) -> bytes:
    """Return what the program writes for a document's JSON."""
    command = [sys.executable, "-P", "-m", PROGRAM, ending, str(MEMORY_LIMIT_MB)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    try:
        done = subprocess.run(  # noqa: S603
            command, input=given, capture_output=True, check=False, timeout=TIME_LIMIT_SECONDS,
            env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UnfinishedError(ending, "it took too long") from error
    if done.returncode == 0:
        return done.stdout
    stderr = done.stderr.decode(errors="replace")
    if done.returncode == REFUSED:
        raise PaperError(stderr)
    if done.returncode == NO_GLYPH:
        raise NoGlyphError(stderr, WITHOUT_SIGN)
    if done.returncode == NO_LOGO:
        raise LogoError
    raise UnfinishedError(ending, (stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
