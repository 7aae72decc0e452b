"""The notice at the top of a page: the problems of a sent form, with links to their fields.

The address to which a form is sent ends in #notice, so that the browser moves the focus there, also without
scripts. The confirmation of a saved form is shown there too (`flash`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from flask import g
from wtforms import Field

from kiosk.desk.i18n import translate


class SentForm(Protocol):
    """A form whose fields have ids on the page."""

    def __iter__(self) -> Iterator[Field]: ...

    def anchor(self, name: str) -> str:
        """Return the id of the field with this name."""


@dataclass(frozen=True)
class Problem:
    """A reason why nothing was saved. `anchor` is the id of the field to correct, "" if there is none."""

    text: str
    anchor: str = ""


def add_problem(text: str, anchor: str = "") -> None:
    """Add a problem to the notice of this request's page."""
    g.setdefault("problems", []).append(Problem(text, anchor))


def watch(form: SentForm) -> None:
    """Include in the notice of this request's page the errors that a form has when the page is rendered, also
    those that are set after this call."""
    g.setdefault("sent_forms", []).append(form)


def problems() -> list[Problem]:
    """Return the problems of this request: those that were added, then the errors of the watched forms
    (`watch`) in the order of their fields, each as "label: error"."""
    of_forms = [
        Problem(f"{translate(field.label.text)}: {error}", form.anchor(field.name))
        for form in g.get("sent_forms", [])
        for field in form
        for error in field.errors
    ]
    return [*g.get("problems", []), *of_forms]
