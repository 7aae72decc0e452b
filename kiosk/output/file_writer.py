"""The program that writes one file: `python -m kiosk.output.file_writer KIND MEGABYTES`.

It reads what the file is made from on standard input, and writes the file to standard output.
kiosk/output/file_program.py starts it.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import BinaryIO

from kiosk.domain.report import ReportDocument, document_from_json
from kiosk.output.board_workbook import write_board
from kiosk.output.chart_pictures import png
from kiosk.output.export_files import EXPORT, EXPORT_PACKED, write_export, write_packed_export
from kiosk.output.file_program import NO_GLYPH, NO_LOGO, REFUSED
from kiosk.output.paper import LogoError, NoGlyphError, PaperError
from kiosk.output.paper_files import PAPER, write_paper
from kiosk.output.report_docx import report_docx
from kiosk.output.report_pdf import report_pdf
from kiosk.output.report_xlsx import report_xlsx
from kiosk.settings import shipped_folder

Writer = Callable[[BinaryIO, BinaryIO], object]
"""A function that writes a file. Its arguments are the stream with the input and the stream of the file."""


def _of_report(write: Callable[[ReportDocument], bytes]) -> Writer:
    return lambda given, file: file.write(write(document_from_json(json.load(given))))


def _write_png(given: BinaryIO, file: BinaryIO) -> None:
    file.write(png(given.read().decode(), shipped_folder("static") / "fonts"))


WRITERS: Mapping[str, Writer] = {
    "pdf": _of_report(report_pdf),
    "docx": _of_report(report_docx),
    "xlsx": _of_report(report_xlsx),
    "png": _write_png,
    "board": write_board,
    PAPER: write_paper,
    EXPORT: write_export,
    EXPORT_PACKED: write_packed_export,
}
"""Kind of a file -> the function that writes it. The first three are reports; `png` and `board` are charts
and workbooks of the results pages."""

NICENESS = 10
"""Added to the niceness of the server: guests' requests have priority."""


def main(kind: str, megabytes: int) -> int:
    """Write the file of this kind to standard output, in an address space of so many MiB, and return the exit
    code: 0, REFUSED, NO_GLYPH or NO_LOGO. After REFUSED the reason is on standard error, after NO_GLYPH the
    sign. Other errors pass through, KeyError for an unknown kind among them, and end the program with code
    1."""
    os.nice(NICENESS)
    _limit_memory(megabytes << 20)
    try:
        WRITERS[kind](sys.stdin.buffer, sys.stdout.buffer)
    except NoGlyphError as error:
        sys.stderr.buffer.write(error.sign.encode())
        return NO_GLYPH
    except LogoError:
        return NO_LOGO
    except PaperError as error:
        sys.stderr.buffer.write(str(error).encode())
        return REFUSED
    return 0


def _limit_memory(limit: int) -> None:
    """Limit the address space of this process to `limit` bytes; a lower limit of the system stays."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_AS)
    if hard_limit == resource.RLIM_INFINITY or limit < hard_limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
