"""The tags of a PDF's structure, which screen readers read."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as raw


@dataclass(frozen=True)
class Tag:
    """An element of a page's structure. `depth` is that below the document, `alt` its text alternative,
    `scope` what a heading cell names."""

    kind: str
    depth: int
    alt: str
    language: str
    scope: str


def _string(read: object, element: object) -> str:
    """What one of pdfium's readers of strings says about an element."""
    size = read(element, None, 0)  # type: ignore[operator]
    buffer = ctypes.create_string_buffer(size)
    read(element, buffer, size)  # type: ignore[operator]
    return buffer.raw[:size].decode("utf-16-le").rstrip("\x00")


def _scope(element: object) -> str:
    size = raw.FPDF_StructElement_GetStringAttribute(element, b"Scope", None, 0)
    buffer = ctypes.create_string_buffer(size)
    raw.FPDF_StructElement_GetStringAttribute(element, b"Scope", buffer, size)
    return buffer.raw[:size].decode("utf-16-le").rstrip("\x00")


def _below(element: object, depth: int) -> Iterator[Tag]:
    yield Tag(
        _string(raw.FPDF_StructElement_GetType, element),
        depth,
        _string(raw.FPDF_StructElement_GetAltText, element),
        _string(raw.FPDF_StructElement_GetLang, element),
        _scope(element),
    )
    for at in range(max(0, raw.FPDF_StructElement_CountChildren(element))):
        child = raw.FPDF_StructElement_GetChildAtIndex(element, at)
        if child:
            yield from _below(child, depth + 1)


def tags_of(pdf: bytes) -> list[list[Tag]]:
    """The tags of each page, in order."""
    pages = []
    for page in pypdfium2.PdfDocument(pdf):
        tree = raw.FPDF_StructTree_GetForPage(page)
        roots = [
            raw.FPDF_StructTree_GetChildAtIndex(tree, at)
            for at in range(raw.FPDF_StructTree_CountChildren(tree))
        ]
        pages.append([tag for root in roots for tag in _below(root, 0)])
        raw.FPDF_StructTree_Close(tree)
    return pages
