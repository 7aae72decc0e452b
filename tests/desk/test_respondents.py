"""Each place has its own word for those who answer: in every text about it, and no other word."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from babel.messages.pofile import read_po

from kiosk.desk.mail.contents import MailWriter
from kiosk.domain.mail import MailKind, MailState
from kiosk.domain.respondent import Respondent
from kiosk.storage import MailChoice, OutgoingMail
from tests.tools.desk_side import START, Desk
from tests.tools.messages import ROOT

ABOUT_THE_SCREEN = (
    "kiosk/desk/surveys/", "kiosk/library/", "kiosk/desk/respondents.py",
    *(
        f"kiosk/desk/templates/{page}.html"
        for page in (
            "kiosks", "language_new", "languages", "recordings", "reference", "review", "scale", "scales",
            "slips", "survey", "survey_import", "surveys", "texts", "theme", "units", "units_edit",
        )
    ),
)  # fmt: skip
"""Where texts may have the general word: they are about screens, surveys and languages, which all places
share, or explain the words themselves."""

TRIAL_ADDRESS = "kiosk/desk/forms.py"
"""Has one such text: nobody's device can open the address of a kiosk."""


@dataclass(frozen=True)
class Entry:
    """A text of the desk in both languages, and the files that have it."""

    swedish: str
    english: str
    files: tuple[str, ...]


def with_general_word(texts: Iterable[Entry]) -> set[str]:
    """The files that have the general word, in either language, in a text that is not about the screen."""
    return {
        name
        for entry in texts
        if re.search(r"gäst", entry.swedish, re.I) or re.search(r"\bguests?\b", entry.english, re.I)
        for name in entry.files
        if not name.startswith(ABOUT_THE_SCREEN)
    }


def test_texts_about_places_rounds_and_figures_have_no_fixed_word() -> None:
    with (ROOT / "translations/en/LC_MESSAGES/desk.po").open("rb") as file:
        texts = [
            Entry(str(entry.id), str(entry.string), tuple(name for name, _ in entry.locations))
            for entry in read_po(file)
        ]
    assert len(texts) > 1000
    assert with_general_word(texts) == {TRIAL_ADDRESS}
    planted = Entry("Inte alla gäster svarade.", "", ("kiosk/desk/results/findings.py",))
    assert with_general_word([*texts, planted]) > {TRIAL_ADDRESS}, "control"


@pytest.fixture
def of_customers(tmp_path: Path) -> Desk:
    """A closed round with figures at a shop, whose people are customers; those of the whole organisation are
    individuals."""
    desk = Desk(tmp_path)
    parts = desk.app.extensions["desk"]
    tree = desk.round.tree
    words = {tree.root.id: Respondent.INDIVIDUAL, "second_hand": Respondent.CUSTOMER}
    parts.library = replace(parts.library, trees={tree.root.id: replace(tree, respondents=words)})
    for _ in range(4):
        desk.answer(12, "second_hand")
        desk.now += timedelta(days=1)
    desk.now = START + timedelta(days=91)
    desk.store.count(desk.now)
    desk.sign_in()
    return desk


PAGES = {
    "overview/r/{node}": "{n} {several} har svarat",
    "results/r/{node}": "vad en viss {one} svarade",
    "results/r/{node}/listened": "inte alla {several}.",
    "overview/r/{node}/files": "",
}

ELSEWHERE = (
    "", "rounds", "rounds/new", "reply/r", "activities", "count/second_hand", "counters", "reports", "theory",
    "log", "walls", "comparison", "exchange", "imported",
    "comment/r/second_hand/listened", "account", "mail",
)  # fmt: skip


@pytest.mark.parametrize(
    ("node", "one", "several"),
    [("second_hand", "kund", "kunder"), ("vasteras", "individ", "individer")],
)
def test_pages_with_figures_use_the_word_of_their_place(
    of_customers: Desk, node: str, one: str, several: str
) -> None:
    for path, sentence in PAGES.items():
        page = of_customers.client.get(f"/admin/{path.format(node=node)}")
        assert page.status_code == 200, path
        assert sentence.format(n=48, one=one, several=several) in " ".join(page.text.split()), path
        assert "gäst" not in page.text.casefold(), path


@pytest.mark.slow
def test_other_pages_about_rounds_and_figures_have_no_other_word(of_customers: Desk) -> None:
    opened = {path: of_customers.client.get(f"/admin/{path}", follow_redirects=True) for path in ELSEWHERE}
    assert {path: page.status_code for path, page in opened.items()} == dict.fromkeys(ELSEWHERE, 200)
    assert [path for path, page in opened.items() if "gäst" in page.text.casefold()] == []
    assert "Svar till individer" in opened["rounds"].text
    assert "Vad hände med det som individer svarade" in opened["reply/r"].text
    assert "Skriv ett svar till individer" in opened[""].text


@pytest.mark.slow
def test_files_mail_and_walls_use_the_word_of_their_place(of_customers: Desk) -> None:
    desk = of_customers
    workbook = openpyxl.load_workbook(
        io.BytesIO(desk.client.get("/admin/overview/r/second_hand/board.xlsx").data)
    )
    cells = [str(cell.value) for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [words for words in cells if "gäst" in words.casefold()]
    token = desk.token("/admin/walls")
    desk.client.post("/admin/walls", data={"csrf_token": token, "node": "second_hand"})
    [wall] = desk.store.walls.all()
    shown = desk.client.get(f"/admin/wall/{wall.code}").text
    assert "48 har svarat" in shown
    assert "gäst" not in shown.casefold()
    writer = MailWriter(desk.store, desk.app.extensions["desk"].library, "")
    queued = OutgoingMail("m", "anna", MailKind.SUMMARY, "r", MailState.WAITING, 0, desk.now, desk.now, "")
    mail = writer.content(queued, MailChoice("anna@example.org", "sv"))
    assert mail
    assert "48 kunder har svarat" in mail.body
    assert "gäst" not in mail.body.casefold()
