"""A change has the same words wherever it stands: pages, mail, files and reports, in both languages."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest

from kiosk.desk.mail.contents import MailWriter
from kiosk.domain.ballot import Ballot
from kiosk.domain.survey import Good, Statement
from kiosk.storage import MailChoice
from tests.tools.desk_side import START, Desk

WHERE = "/admin/results/r1/dagverksamheten"
OVERVIEW = "/admin/overview/r1/dagverksamheten"

WORDS = {
    "sv": ("Upp, åt rätt håll", "Upp, åt fel håll", "Upp", "Ner, åt rätt håll", "Kan vara slump"),
    "en": ("Up, the right way", "Up, the wrong way", "Up", "Down, the right way", "May be chance"),
}
"""The changes of the six statements, in each language of the desk; the third stands for two of them."""

SAYS_MORE = re.compile(r"(?i)\b(?:bättre än|sämre än|förbättrat|blivit bättre|better|worse|improved)\b")
"""A verdict that the test of a share does not give."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with two closed rounds of six statements: good high, low, neither and not said, whose shares
    rise; good low, whose share falls; good high, whose share stays."""
    made = Desk(tmp_path_factory.mktemp("desk"), is_empty=True)
    made.round = replace(made.round, survey=replace(made.round.survey, statements=six_statements(made)))
    low, high = (1, 1, 1, 1, 5, 4), (5, 5, 5, 5, 1, 4)
    for number, answers in enumerate((low, high)):
        opens = START + timedelta(days=100 * number)
        opened = replace(made.round, id=f"r{number}", opens_at=opens, closes_at=opens + timedelta(days=90))
        made.store.open_round(opened, opens)
        for guest in range(60):
            others = tuple(6 - answer if guest % 6 == 0 else answer for answer in answers)
            made.store.cast(opened.id, "dagverksamheten", Ballot(others), opens)
        made.now = opened.closes_at
        made.store.mail_choices.set("anna", MailChoice("anna@example.org", "sv", wants_summary=True))
        made.store.count(made.now)
    made.store.store_change_index()
    made.sign_in()
    yield made
    made.store.close()


def six_statements(desk: Desk) -> tuple[Statement, ...]:
    first = desk.round.survey.statements[0]
    goods = (Good.HIGH, Good.LOW, Good.NEITHER, None, Good.LOW, Good.HIGH)
    return tuple(
        replace(first, id="listened" if number == 1 else f"s{number}", text=f"Påstående {number}", good=good)
        for number, good in enumerate(goods, start=1)
    )


def plain(page: str) -> str:
    return re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).replace("&nbsp;", " ")


def of_overview(desk: Desk, _language: str) -> list[str]:
    page = desk.client.get(OVERVIEW).text.partition("by-place")[0]
    return re.findall(r'class="verdict \w+">([^<]+)<', page)


def of_statement_pages(desk: Desk, _language: str) -> list[str]:
    return [before_colon(plain(desk.client.get(f"{WHERE}/{name}").text)) for name in ids(desk)]


def of_pictures(desk: Desk, _language: str) -> list[str]:
    return [
        before_colon(" ".join(re.findall(r">([^<]+)<", desk.client.get(path).text)))
        for path in (f"/admin/chart/r1/dagverksamheten/{name}/time.svg" for name in ids(desk))
    ]


def of_mail(desk: Desk, language: str) -> list[str]:
    writer = MailWriter(desk.store, desk.app.extensions["desk"].library, "https://personal.example")
    [mail] = [one for one in desk.store.mail_queue.all() if one.about == "r1"]
    content = writer.content(mail, MailChoice("anna@example.org", language))
    assert content
    return re.findall(r"^  (?:Ändring|Change): ([^(]+) \(", content.body, re.MULTILINE)


def of_workbook(desk: Desk, _language: str) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(desk.client.get(f"{OVERVIEW}/board.xlsx").data))
    rows = [[str(cell.value) for cell in row] for row in book.worksheets[1].rows]
    [heading] = [row for row in rows if "Ändring" in row or "Change" in row]
    at = next(number for number, words in enumerate(heading) if words in ("Ändring", "Change"))
    of_overview = [row[at] for row in rows if row[0].startswith("Påstående ")]
    on_sheets = [
        before_colon("\n".join(str(row[0].value) for row in sheet.rows)) for sheet in book.worksheets[2:]
    ]
    assert of_overview == on_sheets
    return of_overview


def ids(desk: Desk) -> list[str]:
    return [statement.id for statement in desk.round.survey.statements]


def before_colon(text: str) -> str:
    """Return the words before the sentence about all rounds."""
    before = re.findall(r"(\w[^.:\n<>]*?): (?:sett över de|over the) 2\s", text)
    assert len(set(before)) == 1, before
    return str(before[0]).strip()


SURFACES: tuple[Callable[[Desk, str], list[str]], ...] = (
    of_overview, of_statement_pages, of_pictures, of_mail, of_workbook,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", list(WORDS))
@pytest.mark.parametrize("surface", SURFACES)
def test_a_change_has_the_same_words_everywhere(
    desk: Desk, surface: Callable[[Desk, str], list[str]], language: str
) -> None:
    speak(desk, language)
    right, wrong, up, down, chance = WORDS[language]
    assert [without_protection(words) for words in surface(desk, language)] == [
        right, wrong, up, up, down, chance,
    ]  # fmt: skip


def without_protection(words: str) -> str:
    return re.sub(" (?:eller skydd|or protection)$", "", words.strip())


def speak(desk: Desk, language: str) -> None:
    token = desk.token("/admin/account")
    desk.client.post("/admin/language", data={"csrf_token": token, "language": language})


@pytest.mark.slow
@pytest.mark.parametrize("language", list(WORDS))
def test_no_page_says_more_than_that_a_share_rose_or_fell(desk: Desk, language: str) -> None:
    speak(desk, language)
    for path in (OVERVIEW, WHERE, *(f"{WHERE}/{name}" for name in ids(desk))):
        text = plain(desk.client.get(path).text).partition("Så läser du siffrorna")[0]
        assert SAYS_MORE.findall(re.sub(r"(?i)varken en stor.*?bättre|neither a .*?better", "", text)) == []


@pytest.mark.slow
def test_a_report_has_the_words_of_the_pages(desk: Desk) -> None:
    speak(desk, "sv")
    token = desk.token("/admin/reports")
    terms = {
        "title": "Rapport", "organisation": "Mission", "year": "2026", "node": "dagverksamheten",
        "theory": "ombudsmannaskap",
    }  # fmt: skip
    begun = desk.client.post("/admin/reports", data={"csrf_token": token, **terms})
    text = plain(desk.client.get(f"{begun.location}/preview").text)
    [sentence] = re.findall(r"([^.]+): sett över de 2 omgångar", text)
    assert sentence.strip().endswith("Upp, åt rätt håll")
