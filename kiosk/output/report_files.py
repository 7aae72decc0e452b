"""The files that a published report is written as."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from kiosk.domain.report import ReportDocument
from kiosk.output.report_docx import report_docx
from kiosk.output.report_html import report_html
from kiosk.output.report_pdf import report_pdf
from kiosk.output.report_xlsx import report_xlsx

WRITERS: Mapping[str, Callable[[ReportDocument], bytes]] = {
    "pdf": report_pdf,
    "docx": report_docx,
    "html": lambda report: report_html(report).encode(),
    "xlsx": report_xlsx,
}
"""File ending -> how a report is written."""


def write_each(document: ReportDocument, endings: Sequence[str]) -> Iterator[bytes]:
    """Yield the files with these endings, each made in a process of its own.

    The typesetter and the writers of documents keep memory until their process ends: together they need more
    than each of them. The processes are started anew, since a copy of a process with threads can wait for a
    lock for ever. Raises PaperError, and BrokenProcessPool if a process ends before its file is made.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        yield from pool.map(partial(_write, document), endings)


def _write(document: ReportDocument, ending: str) -> bytes:
    return WRITERS[ending](document)
