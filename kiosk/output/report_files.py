"""The files that a published report is written as: large ones by a program of their own (`file_program`).

Only HTML and the data package, which take some milliseconds, are written in the calling process.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile

from kiosk.domain.report import ReportDocument
from kiosk.output.file_program import QUEUE, Queue, write_by_program
from kiosk.output.report_html import report_html
from kiosk.output.report_package import report_package

ENDINGS = ("pdf", "docx", "html", "xlsx", "zip")
"""Endings of the files of a report; a ZIP file is a data package."""

IN_PROCESS: Mapping[str, Callable[[ReportDocument], bytes]] = {
    "html": lambda document: report_html(document).encode(),
    "zip": report_package,
}
"""File ending -> the function that writes a report in the calling process."""


def input_for_report_writer(document: ReportDocument) -> bytes:
    """Return the input of the programs that write a report's files: the document as JSON."""
    return json.dumps(document.as_json()).encode()


def write_file(document: ReportDocument, ending: str, queue: Queue = QUEUE) -> bytes:
    """Return the file with this ending, one of ENDINGS. Except for those of IN_PROCESS, waits for the turn of
    `queue` while another is written. Raises BusyError if too many requests wait already, PaperError if the
    report cannot be printed, and OSError if no program can be started."""
    if ending in IN_PROCESS:
        return IN_PROCESS[ending](document)
    with queue.turn(), TemporaryFile() as file:
        write_by_program(ending, input_for_report_writer(document), file)
        file.seek(0)
        return file.read()


def write_each(document: ReportDocument, endings: Sequence[str]) -> Iterator[bytes]:
    """Yield the files in the order of their `endings`, each written when it is asked for. A file that cannot
    be written raises its error after the files before it: BusyError, PaperError or OSError (`write_file`)."""
    for ending in endings:
        yield write_file(document, ending)
