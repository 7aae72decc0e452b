"""A coordinator who uploads a form at the desk, sees its preview and keeps it."""

import io
from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from kiosk.library.importing import AnswerOrder, Decisions, ForeignForm, Preview, preview_of
from kiosk.library.library import Library
from tests.tools.desk_side import Desk


class _Fields(HTMLParser):
    """Collects the fields of a preview as a browser sends them: the checked ones, and those with a text."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: MultiDict[str, str] = MultiDict()
        self.ends: set[str] = set()
        self.asks_language = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        field = dict(attrs)
        name, value = field.get("name") or "", field.get("value") or ""
        if tag == "select":
            self.asks_language = True
        elif field.get("type") == "radio":
            self.ends.add(name)
        if tag == "input" and (field.get("type") not in ("radio", "checkbox") or "checked" in field):
            self.sent.add(name, value)


def send_file(desk: Desk, content: bytes, name: str = "form.xlsx") -> TestResponse:
    """Upload a file and return the preview, or the refusal."""
    data = {"csrf_token": desk.token("/admin/walls"), "file": (io.BytesIO(content), name)}
    return desk.client.post("/admin/surveys/import", data=data)


def fields_of(page: TestResponse) -> _Fields:
    """Return the fields of a preview."""
    fields = _Fields()
    fields.feed(page.text[page.text.index("<main") :])
    return fields


def keep(
    desk: Desk, page: TestResponse, end: str = "last", *, language: str = "sv", **changes: str
) -> TestResponse:
    """Choose the good end of each list that has none, and the language if it is asked, and keep the form.
    `changes` are fields that are typed, with _ for -."""
    fields = fields_of(page)
    for name in fields.ends:
        fields.sent.setdefault(name, end)
    if fields.asks_language:
        fields.sent["language"] = language
    for name, value in changes.items():
        fields.sent[name.replace("_", "-")] = value
    return desk.client.post("/admin/surveys/import/keep", data=fields.sent)


def send_and_keep(desk: Desk, content: bytes, name: str = "form.xlsx", end: str = "last") -> TestResponse:
    """Upload a form and keep what its preview proposes. Returns the refusal of a file without a preview."""
    page = send_file(desk, content, name)
    return keep(desk, page, end) if page.status_code == 200 else page


NO_LIBRARY = Library({}, {}, {}, {})
"""An installation without surveys and translations."""


def decided(
    form: ForeignForm, order: AnswerOrder | None = AnswerOrder.BEST_LAST, language: str = "sv"
) -> Preview:
    """Return what is understood of a form with one order for all its lists; None leaves it to the file."""
    orders = {} if order is None else dict.fromkeys(range(len(form.questions)), order)
    return preview_of(form, Decisions(language, orders), NO_LIBRARY, "from here")
