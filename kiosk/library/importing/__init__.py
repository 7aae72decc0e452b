"""Imports forms of other programs as surveys: a reader for each file format, and a preview to decide on.

`read_file` and `read_pasted` return the form in a file or in lines of text, `preview_of` the survey that it
becomes with the coordinator's decisions. Other packages import from here, never from a module inside.
"""

from kiosk.library.importing.form import ForeignForm, ForeignFormError
from kiosk.library.importing.form_as_json import as_json, form_from_json
from kiosk.library.importing.formats import read_file, read_pasted, source_of
from kiosk.library.importing.preview import (
    NOT_PROPOSED,
    AnswerOrder,
    Decisions,
    Preview,
    order_key,
    preview_of,
)
from kiosk.library.importing.xlsform import ALONE, UNORDERED

__all__ = [
    "ALONE",
    "NOT_PROPOSED",
    "UNORDERED",
    "AnswerOrder",
    "Decisions",
    "ForeignForm",
    "ForeignFormError",
    "Preview",
    "as_json",
    "form_from_json",
    "order_key",
    "preview_of",
    "read_file",
    "read_pasted",
    "source_of",
]
