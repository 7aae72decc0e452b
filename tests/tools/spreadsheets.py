"""Builds OpenDocument spreadsheets as LibreOffice writes them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

START = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
)
END = "</office:spreadsheet></office:body></office:document-content>"


def ods(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """Return an .ods file with rows of texts by sheet. A text that begins with "xml:" is written as markup.

    Each sheet ends with the formatted empty rows and columns that LibreOffice adds.
    """
    tables = "".join(
        f'<table:table table:name="{escape(name)}">{"".join(map(_row, rows))}<table:table-row '
        'table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row></table:table>"
        for name, rows in sheets.items()
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", START + tables + END)
    return packed.getvalue()


def _row(texts: Sequence[str]) -> str:
    cells = "".join(
        f"<table:table-cell><text:p>{_markup(text)}</text:p></table:table-cell>" for text in texts
    )
    return (
        f'<table:table-row>{cells}<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
    )


def _markup(text: str) -> str:
    return text.removeprefix("xml:") if text.startswith("xml:") else escape(text)
