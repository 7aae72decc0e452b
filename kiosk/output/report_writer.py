"""The program that writes one file of a report: `python -m kiosk.output.report_writer ENDING MEGABYTES`.

It reads the report's document as JSON from standard input, and writes the file to standard output.
kiosk/output/report_files.py starts it.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Mapping

from kiosk.domain.report import ReportDocument, document_from_json
from kiosk.output.paper import LogoError, NoGlyphError, PaperError
from kiosk.output.report_docx import report_docx
from kiosk.output.report_files import IN_PROCESS, NO_GLYPH, NO_LOGO, REFUSED
from kiosk.output.report_pdf import report_pdf
from kiosk.output.report_xlsx import report_xlsx

WRITERS: Mapping[str, Callable[[ReportDocument], bytes]] = {
    **IN_PROCESS,
    "pdf": report_pdf,
    "docx": report_docx,
    "xlsx": report_xlsx,
}
"""File ending -> how a report is written."""

NICENESS = 10
"""Added to the niceness of the server: guests' requests have priority."""


def main(ending: str, megabytes: int) -> int:
    """Write the file with this ending to standard output, in an address space of so many megabytes, and
    return the exit code: 0, or one of REFUSED, NO_GLYPH and NO_LOGO, with what they need on standard error.
    Other errors end the program."""
    os.nice(NICENESS)
    _limit_memory(megabytes << 20)
    try:
        document = document_from_json(json.load(sys.stdin.buffer))
        content = WRITERS[ending](document)
    except NoGlyphError as error:
        sys.stderr.buffer.write(error.sign.encode())
        return NO_GLYPH
    except LogoError:
        return NO_LOGO
    except PaperError as error:
        sys.stderr.buffer.write(str(error).encode())
        return REFUSED
    sys.stdout.buffer.write(content)
    return 0


def _limit_memory(limit: int) -> None:
    """Limit the address space of this process to `limit` bytes; a lower limit of the system stays."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_AS)
    if hard_limit == resource.RLIM_INFINITY or limit < hard_limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
