"""A coordinator sends the texts to a translator and imports the file that comes back."""

import io
import re
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.library.catalogues import Catalogue
from tests.tools.desk_side import Desk

STATEMENT = "Jag känner att personalen lyssnar på mig"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def english(desk: Desk) -> Catalogue:
    catalogue: Catalogue = desk.app.extensions["desk"].library.guest["en"]
    return catalogue


def download(desk: Desk) -> str:
    return desk.client.get("/admin/languages/en.po").get_data().decode()


def send(desk: Desk, file: str) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/walls"), "file": (io.BytesIO(file.encode()), "guest-en.po")}
    return desk.client.post("/admin/languages/en/file", data=data)


def with_text(file: str, message: str, text: str, *, is_reviewed: bool = True) -> str:
    """Return the file with another translation of a text."""
    entry = re.compile(rf'(?:#, fuzzy\n)?msgid "{re.escape(message)}"\nmsgstr ".*"\n')
    assert entry.search(file)
    flag = "" if is_reviewed else "#, fuzzy\n"
    return entry.sub(f'{flag}msgid "{message}"\nmsgstr "{text}"\n', file)


def notice(desk: Desk, answer: TestResponse) -> str:
    """Return the notice of the page after an import."""
    text = answer.text if answer.status_code == 200 else desk.client.get(answer.headers["Location"]).text
    return unescape(re.sub(r"<[^>]+>", " ", text))


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the page that shows conflicts."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'name="((?:seen|text|reviewed)-\w+)"\s+value="([^"]*)"', page)
    }


def choose(desk: Desk, page: str, *, is_taken: bool) -> TestResponse:
    """Send the form of a page with one conflict."""
    sent = fields(page)
    (key,) = (name.removeprefix("seen-") for name in sent if name.startswith("seen-"))
    taken = {f"take-{key}": "y"} if is_taken else {}
    data = {"csrf_token": desk.token("/admin/walls"), **sent, **taken}
    return desk.client.post("/admin/languages/en/choose", data=data)


def test_the_notice_says_how_many_texts_a_file_changes(desk: Desk) -> None:
    file = download(desk)
    assert "Ändrade texter: 0." in notice(desk, send(desk, file))
    assert "Ändrade texter: 1." in notice(desk, send(desk, with_text(file, "Börja", "Begin")))


def test_the_notice_names_a_text_with_several_translations_and_the_rest_is_imported(desk: Desk) -> None:
    file = with_text(download(desk), "Börja", "Begin")
    file = file.replace('msgid "Vet inte"\n', 'msgctxt "a button"\nmsgid "Vet inte"\n')
    sent = send(desk, f'{file}\nmsgctxt "a chart"\nmsgid "Vet inte"\nmsgstr "No idea"\n')
    shown = notice(desk, sent)
    assert "Ändrade texter: 1." in shown
    assert "Här har en text bara en. Dessa togs inte med: ”Vet inte”." in shown
    assert english(desk).texts["Vet inte"] == "Don’t know"


@pytest.mark.slow
def test_an_older_file_leaves_reviewed_texts_and_both_are_shown(desk: Desk) -> None:
    older = download(desk)
    send(desk, with_text(older, STATEMENT, "The staff hear me out"))
    answer = send(desk, with_text(older, "Börja", "Begin"))
    assert answer.status_code == 200
    assert english(desk).texts[STATEMENT] == "The staff hear me out"
    assert english(desk).texts["Börja"] == "Begin"
    assert "The staff hear me out" in answer.text
    assert fields(answer.text).keys() == {
        name for name in fields(answer.text) if name.startswith(("seen-", "text-"))
    }
    assert choose(desk, answer.text, is_taken=False).status_code == 303
    assert english(desk).texts[STATEMENT] == "The staff hear me out"
    assert english(desk).is_reviewed(STATEMENT)


def test_the_files_text_replaces_a_reviewed_one_if_it_is_chosen(desk: Desk) -> None:
    file = download(desk)
    send(desk, with_text(file, STATEMENT, "The staff hear me out"))
    answer = send(desk, with_text(file, STATEMENT, "The staff listen"))
    assert choose(desk, answer.text, is_taken=True).status_code == 303
    assert english(desk).texts[STATEMENT] == "The staff listen"
    assert english(desk).is_reviewed(STATEMENT)


@pytest.mark.slow
def test_a_choice_between_texts_that_somebody_else_changed_is_shown_again(desk: Desk) -> None:
    file = download(desk)
    send(desk, with_text(file, STATEMENT, "The staff hear me out"))
    first = send(desk, with_text(file, STATEMENT, "The staff listen"))
    second = send(desk, with_text(file, STATEMENT, "They listen"))
    assert choose(desk, second.text, is_taken=True).status_code == 303
    refused = choose(desk, first.text, is_taken=True)
    assert refused.status_code == 400
    assert english(desk).texts[STATEMENT] == "They listen"
    assert choose(desk, refused.text, is_taken=True).status_code == 303
    assert english(desk).texts[STATEMENT] == "The staff listen"


def test_a_text_that_equals_the_swedish_one_does_not_become_reviewed(desk: Desk) -> None:
    answer = send(desk, with_text(download(desk), STATEMENT, STATEMENT))
    assert "inte märkta som granskade: 1." in notice(desk, answer)
    assert not english(desk).is_reviewed(STATEMENT)


def test_an_own_surveys_texts_are_in_the_file_and_imported(desk: Desk) -> None:
    scale = desk.app.extensions["desk"].library.surveys["ombudsmannaskap"].statements[0].scale.id
    own = desk.settings.data / "questions" / "own.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        'id = "own"\ntitle = "Egna frågor"\nsource = "Vi"\nlicence = "Fria"\nvalidated = false\n'
        f'[[statements]]\nid = "soup"\ntext = "Soppan är varm"\noutcome = "Mat"\nscale = "{scale}"\n'
    )
    desk.app.extensions["desk"].reread()
    file = with_text(download(desk), "Soppan är varm", "The soup is warm")
    assert 'msgid "Egna frågor"' in file
    assert send(desk, file).status_code == 303
    assert english(desk).is_reviewed("Soppan är varm")
    assert english(desk).texts["Soppan är varm"] == "The soup is warm"
