"""Row headings in the tables of a tagged PDF.

The typesetter marks the cells of a heading row as headings, and its Python package has no means to mark
those that name a row. So the structure elements of its file are changed: the first cell of a row becomes a
heading with the scope of the row, and each other cell of the row refers to it (ISO 32000-1, 14.8.4.3.4 and
14.8.5.7). The typesetter writes these elements uncompressed, with a classic cross-reference table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

ELEMENT = re.compile(rb"\d+ 0 obj\s*<</Type/StructElem/S/(\w+)/P (\d+) 0 R")
"""The beginning of a structure element: its kind, and the number of its parent."""
ROOT = re.compile(rb"\d+ 0 obj\s*<</Type/StructTreeRoot")
"""The beginning of the root of the structure."""
CELL = re.compile(rb"/S/TD/P (\d+ 0 R)")
"""The kind and the parent of an ordinary cell."""
CHILDREN = re.compile(rb"/K\[([^\]]*)\]")
"""Pattern of a list of children; may match other arrays."""
CONTENT = re.compile(rb"/K\[ *[^\] ]")
"""The beginning of an element's list of children that is not empty."""
HEADERS = re.compile(rb"(<</O/Table)/Headers\[([^\]]*)\]")
"""The attributes of a cell, with the names of its headings."""
NAMES = re.compile(rb"(/IDTree<</Names\[)([^\]]*)\]")
"""The structure's index of names; NAME is an entry of it."""
NAME = re.compile(rb"(\([^)]*\)) ?(\d+ 0 R)")
REFERENCE = re.compile(rb"(\d+) 0 R")

Objects = dict[int, bytes]
"""Number of an object -> the object as it stands in the file."""


def with_row_headings(pdf: bytes, tables: Sequence[bool]) -> bytes:
    """Return the typesetter's PDF with a heading for each row of its tables.

    `tables` says for each table, in the order of the text, whether the first cells of its rows are headings.
    A first cell without text stays an ordinary cell. Raises ValueError if the file has another structure or
    another number of tables.
    """
    start, objects = _objects_of(pdf)
    names: dict[bytes, bytes] = {}
    for table, (rows, has_headings) in enumerate(zip(_tables(objects), tables, strict=True)):
        for row, cells in enumerate(rows if has_headings else ()):
            if CONTENT.search(objects[cells[0]]):
                name = b"(V%dy%d)" % (table, row)
                names[name] = b"%d 0 R" % cells[0]
                _mark(objects, cells, name)
    return _written(pdf[: min(start.values())], objects, _trailer(pdf), names)


def _mark(objects: Objects, cells: Sequence[int], name: bytes) -> None:
    """Make the first of a row's cells its heading, with a name that the others refer to."""
    heading, *others = cells
    as_heading = CELL.sub(rb"/S/TH/P \1/ID" + name, objects[heading])
    objects[heading] = HEADERS.sub(rb"\1/Scope/Row/Headers[\2]", as_heading)
    for cell in others:
        objects[cell] = HEADERS.sub(rb"\1/Headers[\2" + name + b"]", objects[cell])


def _objects_of(pdf: bytes) -> tuple[Mapping[int, int], Objects]:
    """Return (number -> position in the file, number -> object). Raises ValueError without a classic
    cross-reference table."""
    table = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf)
    at = int(table[1]) if table else 0
    heading = re.compile(rb"xref\s+0 (\d+)\s+").match(pdf, at)
    if not heading:
        raise ValueError("the PDF has no classic cross-reference table")
    entries = re.compile(rb"(\d{10}) \d{5} ([nf])\s").findall(
        pdf, heading.end(), heading.end() + 20 * int(heading[1])
    )
    start = {number: int(place) for number, (place, kind) in enumerate(entries) if kind == b"n"}
    ends = sorted((*start.values(), at))
    after = dict(pairwise(ends))
    return start, {number: pdf[place : after[place]] for number, place in start.items()}


def _trailer(pdf: bytes) -> bytes:
    """Return the bytes from the keyword `trailer` up to, and without, `startxref`."""
    return pdf[pdf.rindex(b"trailer") : pdf.rindex(b"startxref")]


def _tables(objects: Objects) -> Iterator[list[list[int]]]:
    """Yield the tables in the order of the text: for each row of a table's body, the numbers of its cells.
    Raises ValueError for a file without tags."""
    root = next((number for number, content in objects.items() if ROOT.match(content)), None)
    if root is None:
        raise ValueError("the PDF has no tags")
    waiting = _children(objects, root)[::-1]
    while waiting:
        number, kind = waiting.pop()
        if kind == b"Table":
            bodies = (body for body, part in _children(objects, number) if part == b"TBody")
            rows = (row for body in bodies for row, _ in _children(objects, body))
            yield [[cell for cell, _ in _children(objects, row)] for row in rows]
        else:
            waiting += _children(objects, number)[::-1]


def _children(objects: Objects, parent: int) -> list[tuple[int, bytes]]:
    """Return (number, kind) of an element's child elements, without its content and its page.

    A text alternative may look like a list of children: only elements that name this parent are returned.
    """
    lists = CHILDREN.findall(objects[parent])
    numbers = [int(number) for children in lists for number in REFERENCE.findall(children)]
    elements = ((number, ELEMENT.match(objects.get(number, b""))) for number in dict.fromkeys(numbers))
    return [(number, element[1]) for number, element in elements if element and int(element[2]) == parent]


def _written(header: bytes, objects: Objects, trailer: bytes, names: Mapping[bytes, bytes]) -> bytes:
    """Return the file with these objects, and with the elements' names in the structure's index. `header` is
    the file's beginning, before the first object; `names` maps each name to the reference of its element."""
    parts, at, places = [header], len(header), {}
    for number, content in objects.items():
        changed = NAMES.sub(lambda index: _index(index, names), content) if ROOT.match(content) else content
        places[number] = at
        parts.append(changed)
        at += len(changed)
    free = b"0000000000 65535 f\r\n"
    entries = (
        b"%010d 00000 n\r\n" % places[number] if number in places else free
        for number in range(1, max(places) + 1)
    )
    xref = b"xref\n0 %d\n" % (max(places) + 1) + free + b"".join(entries)
    return b"".join([*parts, xref, trailer, b"startxref\n%d\n%%%%EOF" % at])


def _index(index: re.Match[bytes], names: Mapping[bytes, bytes]) -> bytes:
    """Return the index of names with further ones, sorted as the standard of PDF requires."""
    each = {**dict(NAME.findall(index[2])), **names}
    return index[1] + b"".join(name + each[name] for name in sorted(each)) + b"]"
