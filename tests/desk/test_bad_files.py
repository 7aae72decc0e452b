"""A file gone bad on the server: coordinators are told, and everything else at the desk goes on."""

import io
import re
from collections.abc import Iterable, Sequence
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import read_library
from tests.tools.desk_side import Desk
from tests.tools.form_import import keep, send_and_keep, send_file
from tests.tools.xlsforms import ASKED, CHOICES, HEAD, Row, sheet

OWN = "/admin/surveys/ombudsmannaskap_2"
NOTICE = "Några filer på servern kan inte användas som de är."


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def words(page: TestResponse) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.text))


def copied(desk: Desk) -> Path:
    data = {"csrf_token": desk.token("/admin/surveys"), "survey": "ombudsmannaskap"}
    assert desk.client.post("/admin/surveys/copy", data=data).status_code == 303
    return desk.settings.data / "questions" / "ombudsmannaskap_2.toml"


def save(desk: Desk, text: str | list[str], **changes: str | list[str]) -> TestResponse:
    """Post the survey's form with one statement."""
    seen = re.search(r'name="seen" value="(\w+)"', desk.client.get(OWN).text)
    assert seen
    data: dict[str, object] = {
        "csrf_token": desk.token("/admin/walls"), "seen": seen.group(1), "title": "Våra frågor",
        "source": "Vi", "licence": "Fria", "place": "1", "id": "listened", "text": text,
        "outcome": "Trygghet", "scale": "yes5", "asked-listened": text, "meaning-listened": "same",
    }  # fmt: skip
    return desk.client.post(OWN, data={**data, **changes})


def files(desk: Desk) -> dict[str, bytes]:
    folders = (desk.settings.data / name for name in ("questions", "translations"))
    return {
        str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()
    }


def test_coordinators_see_the_bad_file_and_the_reason_and_staff_do_not(desk: Desk) -> None:
    path = copied(desk)
    assert NOTICE not in words(desk.client.get("/admin/surveys"))
    path.write_text("id =")
    page = words(desk.client.get("/admin/surveys"))
    assert NOTICE in page
    assert "questions/ombudsmannaskap_2.toml kan inte läsas. Den senaste som gick att läsa används: " in page
    assert "not valid TOML: Invalid value" in page
    assert NOTICE in words(desk.client.get("/admin/rounds"))
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    desk.sign_in("bo")
    assert NOTICE not in words(desk.client.get("/admin/rounds"))


def test_the_notice_disappears_when_the_file_is_corrected(desk: Desk) -> None:
    path = copied(desk)
    good = path.read_bytes()
    path.write_text("id =")
    assert NOTICE in words(desk.client.get("/admin/surveys"))
    path.write_bytes(good)
    assert NOTICE not in words(desk.client.get("/admin/surveys"))


def test_a_file_with_a_wrong_ending_is_named(desk: Desk) -> None:
    copied(desk).rename(desk.settings.data / "questions" / "ombudsmannaskap_2.toml.txt")
    page = words(desk.client.get("/admin/surveys"))
    assert "ombudsmannaskap_2.toml.txt läses inte. Döp om den till questions/ombudsmannaskap_2.toml." in page


def test_a_damaged_survey_is_shown_in_its_last_good_version_and_not_overwritten(desk: Desk) -> None:
    path = copied(desk)
    path.write_text("id = # soon ready")
    desk.client.get("/admin/surveys")
    assert desk.client.get(OWN).status_code == 200
    assert desk.client.get(f"{OWN}/preview").status_code == 200
    refused = save(desk, "Jag är trygg här")
    assert refused.status_code == 400
    assert "kan inte läsas, och skrivs inte över" in words(refused)
    assert path.read_text() == "id = # soon ready"


@pytest.mark.slow
def test_a_damaged_survey_does_not_stop_changes_of_others(desk: Desk) -> None:
    copied(desk)
    (desk.settings.data / "questions" / "annan.toml").write_text("id =")
    assert save(desk, "Jag är trygg här").status_code == 303
    assert send_and_keep(desk, sheet([HEAD, ASKED], CHOICES)).status_code == 303
    assert set(desk.app.extensions["desk"].library.surveys) >= {"ombudsmannaskap_2", "imported"}


def test_a_damaged_catalogue_breaks_no_page(desk: Desk) -> None:
    path = desk.settings.data / "translations" / "en" / "LC_MESSAGES" / "guest.po"
    path.parent.mkdir(parents=True)
    path.write_text("msgid")
    assert NOTICE in words(desk.client.get("/admin/languages"))
    assert desk.client.get("/admin/languages/en").status_code == 200
    sent = desk.client.get("/admin/languages/en.po").get_data().replace(b"#, fuzzy\n", b"")
    data = {"csrf_token": desk.token("/admin/walls"), "file": (io.BytesIO(sent), "guest-en.po")}
    refused = desk.client.post("/admin/languages/en/file", data=data)
    assert refused.status_code == 400
    assert "translations/en/LC_MESSAGES/guest.po på servern kan inte läsas" in words(refused)
    assert path.read_text() == "msgid"


@pytest.mark.slow
def test_guests_see_the_last_good_catalogue(desk: Desk) -> None:
    library = desk.app.extensions["desk"].library
    guests = create_guest_app(
        desk.store,
        library,
        clock=lambda: desk.now,
        rate_limit=RateLimit(1.0, 1000),
        allowed_languages=frozenset({"en"}),
    )
    desk.store.links.add(Admission.KIOSK, "frida", code="")
    desk.app.extensions["desk"].on_library_change = guests.extensions["guest"].show_library
    path = desk.settings.data / "translations" / "en" / "LC_MESSAGES" / "guest.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid "Börja"\nmsgstr "Set off"\n', "utf-8")
    desk.client.get("/admin/languages")
    client = guests.test_client(use_cookies=False)
    assert "Set off</button>" in client.get("/?lang=en").text
    path.write_text("msgid")
    desk.client.get("/admin/languages")
    assert "Set off</button>" in client.get("/?lang=en").text


REFUSED = {
    "a long outcome": ({"outcome": "x" * 501}, "vad det säger något om: högst 500 tecken, inte 501"),
    "a long source": ({"source": "x" * 501}, "Varifrån påståendena kommer: högst 500 tecken"),
    "long terms": ({"licence": "x" * 501}, "Villkoren: högst 500 tecken"),
    "a title that turns": ({"title": "a\u202eb"}, "Namnet: texten har det osynliga tecknet U+202E"),
    "no source": ({"source": "\u200b"}, "Skriv varifrån påståendena kommer"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_survey_form_refuses_what_the_file_reader_refuses(desk: Desk, case: str) -> None:
    changes, message = REFUSED[case]
    copied(desk)
    before = files(desk)
    refused = save(desk, "Jag är trygg här", **changes)
    assert (refused.status_code, message in words(refused)) == (400, True)
    assert files(desk) == before


@pytest.mark.slow
@pytest.mark.parametrize("text", ["Jag trivs {här", "Jag mår bra :}", "{namn}", "%(x)s", "${a", "100 %"])
def test_braces_in_a_statement_are_kept(desk: Desk, text: str) -> None:
    copied(desk)
    assert save(desk, text).status_code == 303
    assert read_library(desk.settings).surveys["ombudsmannaskap_2"].statements[0].text == text
    assert text in unescape(desk.client.get(f"{OWN}/preview").text)


def test_composed_and_decomposed_letters_count_as_the_same_statement(desk: Desk) -> None:
    copied(desk)
    columns = {
        "place": ["1", "2"], "id": ["listened", ""], "text": ["Å", "A\u030a"], "outcome": ["T", "T"],
        "scale": ["yes5", "yes5"],
    }  # fmt: skip
    refused = save(desk, **columns)
    assert (refused.status_code, "Påstående 2 står två gånger." in words(refused)) == (400, True)


def test_a_survey_with_a_too_long_statement_cannot_be_copied(desk: Desk) -> None:
    """Files may hold longer statements than the form takes."""
    path = copied(desk)
    path.write_text(
        re.sub(r'text = "[^"]*"', f'text = "{"x" * 201}"', path.read_text("utf-8"), count=1), "utf-8"
    )
    assert desk.client.get("/admin/surveys").status_code == 200, "reads the changed file"
    data = {"csrf_token": desk.token("/admin/surveys"), "survey": "ombudsmannaskap_2"}
    refused = desk.client.post("/admin/surveys/copy", data=data)
    assert (refused.status_code, "högst 200 tecken, inte 201" in words(refused)) == (400, True)


def imported(
    desk: Desk, row: Row, choices: Sequence[Row] = CHOICES, heads: Iterable[str] = ()
) -> TestResponse:
    return send_and_keep(desk, sheet([[*HEAD, *heads], row], choices))


LANGUAGES = [f"label::Språk (a{chr(97 + n // 26)}{chr(97 + n % 26)})" for n in range(52)]


@pytest.mark.slow
def test_too_long_translations_are_left_out_with_their_row(desk: Desk) -> None:
    content = sheet([[*HEAD, *LANGUAGES], [*ASKED, *["x" * 32_000] * 52]], CHOICES)
    preview = send_file(desk, content)
    assert preview.status_code == 200
    assert "Översättningen tas inte med: högst 2000 tecken, inte 32000" in words(preview)
    assert "Blad survey, rad 2, språk aaa" in words(preview)
    assert keep(desk, preview).status_code == 303
    assert not (desk.settings.data / "translations").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("swedish", "english", "reason"),
    [
        ("Jag är trygg", "I am safe {name}", "samma ord inom klamrar"),
        ("Jag är {namn}", "I am safe", "samma ord inom klamrar"),
        ("Jag är %(namn)s", "I am safe", "samma ord inom klamrar"),
        ("Jag är trygg", "\u200b\u200b", "skriv något som går att läsa"),
    ],
)
def test_an_invalid_translation_is_left_out_with_its_row(
    desk: Desk, swedish: str, english: str, reason: str
) -> None:
    rows: list[Row] = [[*HEAD, "label::English (en)"], ["select_one yes", "safe", swedish, english]]
    preview = send_file(desk, sheet(rows, CHOICES))
    assert reason in words(preview)
    assert "Blad survey, rad 2, språk en" in words(preview)
    assert keep(desk, preview).status_code == 303
    assert not (desk.settings.data / "translations").exists()


def test_a_too_long_statement_can_be_shortened_in_the_preview(desk: Desk) -> None:
    preview = send_file(desk, sheet([HEAD, ["select_one yes", "safe", "x" * 201]], CHOICES))
    refused = keep(desk, preview, include="0")
    assert (refused.status_code, "Blad survey, rad 2: högst 200 tecken, inte 201" in words(refused)) == (
        400,
        True,
    )
    assert not files(desk)
    assert keep(desk, refused, include="0", question_0="Jag är trygg").status_code == 303


def test_a_too_long_choice_is_refused_with_its_list(desk: Desk) -> None:
    choices: list[Row] = [CHOICES[0], ["yes", 1, "x" * 501], ["yes", 2, "Ja"]]
    refused = imported(desk, ASKED, choices)
    assert "Svaren 1 (yes): högst 500 tecken, inte 501" in words(refused)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x" * 600 + ".xlsx", "a\u202eb.xlsx", "\u200b"])
def test_an_uploaded_file_may_have_any_name(desk: Desk, name: str) -> None:
    assert send_and_keep(desk, sheet([HEAD, ASKED], CHOICES), name).status_code == 303
    read_library(desk.settings)


def test_a_survey_whose_file_cannot_be_removed_is_kept_with_an_error(desk: Desk) -> None:
    path = copied(desk)
    path.unlink()
    path.mkdir()
    (path / "within").mkdir()
    refused = desk.client.post(f"{OWN}/remove", data={"csrf_token": desk.token("/admin/walls")})
    assert refused.status_code == 400
    assert "Filerna kan inte skrivas" in words(refused)
    assert "Ingenting ändrades" in words(refused)
