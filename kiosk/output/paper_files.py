"""Slips, posters and leaflets, as a program of its own typesets them: what the server hands over, and the
writing."""

from pathlib import Path
from typing import BinaryIO

from kiosk.output import leaflet, paper

PAPER = "paper"
"""Kind of a program's file (`file_writer.WRITERS`): the PDF of a template."""

_TEMPLATES = {template.name: template for template in (paper.TEMPLATE, leaflet.TEMPLATE)}


def given_of_paper(template: Path, data: str) -> bytes:
    """Return what a program makes a PDF from: one of the templates, and its JSON document."""
    return f"{template.name}\n{data}".encode()


def write_paper(given: BinaryIO, file: BinaryIO) -> None:
    """Write a PDF. `given` has the bytes of `given_of_paper`. Raises PaperError as `compile_pdf`."""
    template = _TEMPLATES[given.readline().decode().strip()]
    file.write(paper.compile_pdf(template, given.read().decode()))
