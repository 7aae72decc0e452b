"""Counts how many questions of a folder of XLSForms a preview shows, compared with pyxform's reading.

`python -m tests.tools.form_corpus FOLDER` prints one line a form that is refused or lacks a question, and the
totals. The forms are not part of this repository.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyxform.xls2xform import convert

from kiosk.library.importing import ForeignFormError, read_file
from kiosk.library.surveys import MOST_OPTIONS


@dataclass(frozen=True)
class Compared:
    """A form: the numbers of questions with one of 2 to 11 choices that pyxform and the preview have, and the
    reason if the preview is refused."""

    name: str
    expected: int
    shown: int
    refusal: str

    @property
    def is_whole(self) -> bool:
        return not self.refusal and self.shown >= self.expected


def compared(path: Path) -> Compared | None:
    """Return the comparison for a form; None if pyxform cannot read it, or if it has no such question."""
    try:
        document = convert(str(path), validate=False)._pyxform
    except Exception:
        return None
    lists: Mapping[str, list[Any]] = document.get("choices") or {}
    expected = sum(
        2 <= len(lists.get(question.get("itemset", ""), ())) <= MOST_OPTIONS
        for question in _questions(document)
    )
    if not expected:
        return None
    try:
        form = read_file(path.read_bytes(), path.name)
    except ForeignFormError as error:
        return Compared(path.name, expected, 0, str(error))
    return Compared(path.name, expected, len(form.questions), "")


def _questions(element: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the questions with one choice, in groups too."""
    for child in element.get("children") or ():
        if child.get("type") == "select one":
            yield child
        yield from _questions(child)


def main(folder: Path) -> None:
    """Print the comparison for all .xlsx files of a folder."""
    forms = [form for path in sorted(folder.rglob("*.xlsx")) if (form := compared(path))]
    for form in forms:
        if not form.is_whole:
            print(f"{form.name}: {form.shown} of {form.expected} questions. {form.refusal}")
    whole, total = sum(form.is_whole for form in forms), len(forms)
    questions = sum(min(form.shown, form.expected) for form in forms)
    print(f"{whole} of {total} forms show every question with 2 to {MOST_OPTIONS} choices;")
    print(f"{questions} of {sum(form.expected for form in forms)} such questions are shown.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
