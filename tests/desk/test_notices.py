"""Every form of the desk: its errors stand at the top with links to their fields; what is saved is confirmed.

A form's address ends in #notice, so the browser moves the focus to the errors or the confirmation, also
without scripts.
"""

import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

import kiosk.desk
from kiosk.desk.forms import DeskForm
from kiosk.domain.rounds import Admission
from kiosk.storage import SecondFactor
from tests.tools.desk_side import PASSWORD, Desk

TEMPLATES = Path(kiosk.desk.__file__).parent / "templates"

WITHOUT_A_NOTICE = {
    "sign_in.choose_language": "the page itself shows the other language",
    "sign_in.sign_out": "the page itself asks to sign in",
    "activities.tap": "the button shows the new number",
}
"""Forms whose page shows the outcome at the form itself, with the reason."""


def forms_in(template: str) -> list[str]:
    return re.findall(r"<form\b[^>]*method=\"post\"[^>]*>", template)


def faulty_forms(templates: dict[str, str]) -> list[str]:
    """The forms whose address does not end in #notice."""
    return [
        f"{name}: {form}"
        for name, template in templates.items()
        for form in forms_in(template)
        if not re.search(r'action="[^"]*#notice"', form)
        and not any(endpoint in form for endpoint in WITHOUT_A_NOTICE)
    ]


def test_every_form_jumps_to_the_notice() -> None:
    templates = {path.name: path.read_text("utf-8") for path in sorted(TEMPLATES.glob("*.html"))}
    assert sum(len(forms_in(template)) for template in templates.values()) > 30
    assert faulty_forms(templates) == []
    assert faulty_forms({"new.html": '<form method="post" novalidate>'}) != [], "the control"


class Outline(HTMLParser):
    """The ids of a page, and its notice: texts, links and what stands before it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.before: list[str] = []
        self.links: list[str] = []
        self.roles: list[str] = []
        self.can_be_focused = False
        self._depth = 0
        self._main = self._seen = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._main = self._main or tag == "main"
        self.ids += [values["id"]] if "id" in values else []
        if values.get("id") == "notice":
            self._depth, self._seen = 1, True
            self.can_be_focused = values.get("tabindex") == "-1" and "autofocus" in values
        elif self._depth and tag not in {"input", "br", "img", "meta", "link"}:
            self._depth += 1
        elif self._main and not self._seen:
            self.before.append(tag)
        if self._depth:
            self.roles += [values["role"]] if "role" in values else []
            self.links += [values["href"]] if tag == "a" else []

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._depth = max(0, self._depth - 1)


def faults(page: TestResponse, role: str) -> list[str]:
    """What is wrong with the notice of a page; `role` is alert for errors, status for a confirmation."""
    outline = Outline(page.text)
    missing = [link for link in outline.links if link[1:] not in outline.ids]
    return [
        *(["no notice"] if "notice" not in outline.ids else []),
        *(["two notices"] if outline.ids.count("notice") > 1 else []),
        *(["it is not announced"] if role not in outline.roles else []),
        *(["it cannot take the focus"] if not outline.can_be_focused else []),
        *(
            ["a field stands before it"]
            if {"input", "select", "button", "textarea"} & set(outline.before)
            else []
        ),
        *(f"{link} leads nowhere" for link in missing),
    ]


def test_the_check_catches_a_page_without_a_notice() -> None:
    """The control of this file's tests."""
    good = (
        '<main><div id="notice" tabindex="-1" autofocus role="alert"><a href="#k">k</a></div><input id="k">'
    )
    bad = {
        "": "no notice",
        good.replace('id="k"', ""): "#k leads nowhere",
        good.replace("<main>", "<main><input>"): "a field stands before it",
        good.replace("autofocus", ""): "it cannot take the focus",
        good.replace('role="alert"', ""): "it is not announced",
    }

    class Page:
        def __init__(self, text: str) -> None:
            self.text = text

    assert faults(Page(good), "alert") == []  # type: ignore[arg-type]
    for page, fault in bad.items():
        assert fault in faults(Page(page), "alert")  # type: ignore[arg-type]


Fields = dict[str, object]
"""A form's fields. A function is called with the desk for the value."""


def kiosk_key(desk: Desk) -> str:
    """The key of the only kiosk."""
    match = re.search(r'id="kiosk-([0-9a-f]{16})"', desk.client.get("/admin/links").text)
    assert match
    return match.group(1)


def no_file(desk: Desk) -> tuple[io.BytesIO, str]:
    """A file that is neither a spreadsheet nor a catalogue."""
    del desk
    return io.BytesIO(b"no spreadsheet"), "form.xlsx"


def a_token(desk: Desk) -> str:
    """The name of a new token."""
    desk.store.api_tokens.add("Statistik", desk.now)
    return "Statistik"


REFUSED: dict[str, Fields] = {
    "/admin/sign-in": {"name": "anna", "password": "wrong"},
    "/admin/rounds/new": {"k": "x", "expected-frida": "x", "name": "x" * 81},
    "/admin/rounds/cancel": {"round": "r"},
    "/admin/links": {},
    "/admin/links/pair": {"unit": "nowhere"},
    "/admin/links/screen": {"key": kiosk_key, "width_mm": "9"},
    "/admin/links/move": {"key": kiosk_key, "unit": "talk2me"},
    "/admin/links/slips": {"round": "none", "unit": "nowhere", "number": "0"},
    "/admin/links/poster": {"link": "none", "size": "A0"},
    "/admin/reply/old": {"words-sv": "x" * 999},
    "/admin/imported/new/ombudsmannaskap": {"n": "x"},
    "/admin/activities/typed?unit=frida": {"period": "x", "figure": "x"},
    "/admin/activities/correct?unit=frida": {"figure": "x"},
    "/admin/reports": {"title": "", "year": "x"},
    "/admin/surveys/import": {"file": no_file},
    "/admin/surveys/import/keep": {"carried": "x"},
    "/admin/languages/en/file": {"file": no_file},
    "/admin/accounts": {"name": "anna", "role": "staff"},
    "/admin/accounts/link": {"name": "nobody"},
    "/admin/tokens": {"name": " "},
    "/admin/tokens/remove": {"name": "nobody"},
    "/admin/comment/r/frida/listened": {"words": "x" * 999},
    "/admin/accounts/role": {"name": "anna", "role": "staff"},
    "/admin/accounts/second-factor": {"name": "bo"},
    "/admin/accounts/remove": {"name": "anna"},
    "/admin/account/password": {"current": "x", "password": "x", "again": "y"},
    "/admin/account/second-factor/remove": {"current": ""},
    "/admin/account/recovery-codes": {"current": ""},
    "/admin/account/mail": {"address": "x", "current": "", "mail_language": "xx"},
    "/admin/account/mail/trial": {},
    "/admin/accounts/mail": {"name": "bo", "address": "x", "mail_language": "xx"},
    "/admin/mail/remove": {"id": "none"},
}
"""Forms of the desk with fields that are refused."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a closed round, a running one, a kiosk, a poster, and a coordinator who is signed in."""
    desk = Desk(tmp_path, admission=frozenset(Admission))
    desk.store.links.add(Admission.KIOSK, "frida")
    desk.store.links.add(Admission.POSTER, "frida")
    desk.sign_in()
    return desk


def send(desk: Desk, path: str, fields: Fields) -> TestResponse:
    token = desk.token("/admin/account" if path != "/admin/sign-in" else path)
    values = {name: value(desk) if callable(value) else value for name, value in fields.items()}
    return desk.client.post(path, data={"csrf_token": token, **values}, follow_redirects=True)


def close_the_round(desk: Desk, password: str = PASSWORD) -> None:
    """Close the running round, and sign in again."""
    desk.now = desk.round.closes_at + timedelta(seconds=5)
    desk.store.count(desk.now)
    desk.client = desk.app.test_client()
    desk.sign_in(password=password)


@pytest.mark.slow
def test_the_errors_of_every_form_are_at_the_top_with_links_to_their_fields(desk: Desk) -> None:
    desk.store.second_factors.set("anna", SecondFactor("sealed", 1), [])
    wrong = {}
    for path, fields in REFUSED.items():
        if path.endswith("/old"):
            continue
        if path == "/admin/sign-in":
            signed_in, desk.client = desk.client, desk.app.test_client()
            page = send(desk, path, fields)
            desk.client = signed_in
        else:
            page = send(desk, path, fields)
        assert page.status_code >= 400, path
        wrong[path] = faults(page, "alert")
    desk.store.second_factors.remove("anna")
    close_the_round(desk)
    page = send(desk, "/admin/reply/r", REFUSED["/admin/reply/old"])
    wrong["/admin/reply/old"] = faults(page, "alert")
    assert wrong == {path: [] for path in REFUSED}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("exchange/receive", "figures"),
        ("exchange/bundle/show", "bundle"),
        ("languages/en/file", "file"),
        ("languages/sv/recordings", "file"),
    ],
)
def test_a_form_sent_without_a_file_asks_for_one(desk: Desk, path: str, field: str) -> None:
    [name, *_] = re.findall(
        r'name="name" value="([^"]+)"', desk.client.get("/admin/languages/sv/recordings").text
    )
    data = {"csrf_token": desk.token("/admin/account"), field: (io.BytesIO(b""), ""), "name": name}
    refused = desk.client.post(f"/admin/{path}", data=data, content_type="multipart/form-data")
    assert refused.status_code == 400
    assert "Välj en fil." in refused.text


SAVED: dict[str, Fields] = {
    "/admin/links": {"unit": "talk2me", "kind": "poster"},
    "/admin/mail/again": {},
    "/admin/links/screen": {"key": kiosk_key, "width_mm": "476"},
    "/admin/walls": {"node": "frida"},
    "/admin/walls/remove": {"code": lambda desk: desk.store.walls.all()[0].code},
    "/admin/imported/new/ombudsmannaskap": {
        "node": "frida", "first": "2025-01-01", "last": "2025-12-31", "n": "40", "source": "Rapport",
        "reason": "report", "count-listened-5": "20",
    },
    "/admin/imported/remove": {
        "name": lambda desk: next(iter(desk.store.earlier_figures.all())), "reason": "mistyped",
    },
    "/admin/activities/typed?unit=frida": {
        "counter": "advise", "node": "frida", "period": "2026-02", "figure": "40", "reason": "paper",
    },
    "/admin/surveys/copy": {"survey": "ombudsmannaskap"},
    "/admin/accounts/role": {"name": "bo", "role": "viewer"},
    "/admin/accounts/remove": {"name": "bo"},
    "/admin/tokens/remove": {"name": a_token},
    "/admin/comment/r/frida/listened": {"words": "Vi har köpt fler stolar."},
    "/admin/account/password": {
        "current": PASSWORD, "password": "another password", "again": "another password",
    },
    "/admin/links/move": {"key": kiosk_key, "unit": "talk2me"},
    "/admin/links/remove": {"key": kiosk_key},
    "/admin/reply/r": {"words-sv": "Vi har köpt fler stolar."},
}  # fmt: skip
"""Forms with fields that are saved, in this order. From moving a kiosk on, the round is closed."""


@pytest.mark.slow
def test_every_saved_form_is_confirmed_with_a_message(desk: Desk) -> None:
    wrong = {}
    for path, fields in SAVED.items():
        if path == "/admin/links/move":
            close_the_round(desk, "another password")
        page = send(desk, path, fields)
        assert page.status_code == 200, path
        wrong[path] = faults(page, "status")
    assert wrong == {path: [] for path in SAVED}


ELSEWHERE = {
    "sign_in.second_step": "test_second_factor.py",
    "own_account.begin_second_factor": "shows a page with the next step",
    "own_account.add_second_factor": "test_second_factor.py",
    "account_links.choose_password": "test_accounts.py",
    "surveys.survey": "test_surveys.py",
    "surveys.new": "test_surveys.py",
    "surveys.remove": "only asks for confirmation",
    "surveys.preview_answer": "a guest's page, where nothing is saved",
    "languages.texts": "test_surveys.py",
    "earlier_figures.change_figures": "test_earlier_figures.py",
    "added_languages.new": "test_added_languages.py",
    "added_languages.remove": "test_added_languages.py",
    "languages.review": "test_review.py",
    "languages.choose": "test_translators_files.py",
    "languages.reference": "test_surveys.py",
    **{f"scales.{form}": "test_scales.py" for form in ("new", "scale", "remove")},
    **{f"unit_editing.{form}": "test_unit_editing.py" for form in ("new", "edit", "copy")},
    "themes.theme": "test_themes.py",
    "themes.preview": "test_themes.py",
    "recordings.save": "test_recordings.py",
    "recordings.remove": "test_recordings.py",
    "counting.take": "is sent by a script, which shows the outcome",
    "reports.choose": "offers no field that can be wrong",
    "reports.write": "test_reports.py",
    "reports.claims": "is sent by a script, which shows the outcome",
    "reports.publish": "offers no field that can be wrong",
    "theory_editing.copy": "test_theory_editing.py",
    "theory_editing.edit": "test_theory_editing.py",
    "theory_editing.remove": "only asks for confirmation",
    **dict.fromkeys(("counters.new", "counters.counter", "counters.remove"), "test_counters.py"),
    **{f"exchange.{form}": "test_exchange.py" for form in (
        "bundle", "show_bundle", "take_bundle", "figures", "receive", "remove", "trust_key", "distrust_key",
    )},
}  # fmt: skip
"""Forms that are not sent in this file, with the test that sends them or the reason."""


def test_every_form_is_tested_here_or_listed_as_an_exception(desk: Desk) -> None:
    rules = desk.app.url_map.iter_rules()
    endpoints = {rule.endpoint for rule in rules if "POST" in (rule.methods or ())}
    adapter = desk.app.url_map.bind("localhost")
    sent = {adapter.match(path.partition("?")[0], "POST")[0] for path in {*REFUSED, *SAVED}}
    assert endpoints - sent - WITHOUT_A_NOTICE.keys() - ELSEWHERE.keys() == set()


LIBRARYS_WORDS = re.compile("obligatorisk|giltig|coerce|required|Not a|can ?not be|kunde inte")


def kinds_of_form(base: type[DeskForm] = DeskForm) -> list[type[DeskForm]]:
    below = base.__subclasses__()
    return [*below, *(deeper for kind in below for deeper in kinds_of_form(kind))]


@pytest.mark.parametrize("sent", ["", "no such value", "\u0665,x"])
def test_no_field_answers_in_the_words_of_the_forms_library(tmp_path: Path, sent: str) -> None:
    desk = Desk(tmp_path)
    messages: set[str] = set()
    for kind in kinds_of_form():
        names = [name for name in dir(kind) if hasattr(getattr(kind, name), "field_class")]
        with desk.app.test_request_context(method="POST", data=dict.fromkeys(names, sent)):
            form = kind(meta={"csrf": False})
            for field in form:
                if getattr(field, "choices", ()) is None:
                    field.choices = [("a", "A")]
            form.validate()
            messages |= {str(error) for field in form for error in field.errors}
    assert len(messages) > 3
    assert [words for words in messages if LIBRARYS_WORDS.search(words)] == []


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/admin/links/pair", {"unit": "frida"}),
        ("/admin/tokens", {"name": "Statistik"}),
        ("/admin/accounts", {"name": "cia", "role": "staff"}),
    ],
)
def test_a_page_that_is_shown_once_gets_the_focus(desk: Desk, path: str, data: dict[str, str]) -> None:
    desk.sign_in()
    page = desk.client.post(path, data={"csrf_token": desk.token(path), **data}).text
    [element] = re.findall(r'<[^>]* id="notice"[^>]*>', page)
    assert 'tabindex="-1" autofocus' in element
