"""Slips, posters and leaflets, which a program of its own typesets: the input that the server gives it, and
its writer."""

from pathlib import Path
from typing import BinaryIO

from kiosk.output import leaflet, paper

PAPER = "paper"
"""Kind of a file that a program writes (`file_writer.WRITERS`): the PDF of a template."""

_TEMPLATES = {template.name: template for template in (paper.TEMPLATE, leaflet.TEMPLATE)}


def input_for_paper_writer(template: Path, data: str) -> bytes:
    """Return the input of the program that makes a PDF (`write_paper`): the file name of `template`, which is
    `paper.TEMPLATE` or `leaflet.TEMPLATE`, and its JSON document `data`."""
    return f"{template.name}\n{data}".encode()


def write_paper(given: BinaryIO, file: BinaryIO) -> None:
    """Write a PDF to `file`. `given` has the bytes of `input_for_paper_writer`. Raises PaperError for texts
    that do not fit, NoGlyphError for a sign that no font has, LogoError for a logo that cannot be drawn, and
    KeyError for another template."""
    template = _TEMPLATES[given.readline().decode().strip()]
    file.write(paper.compile_pdf(template, given.read().decode()))
