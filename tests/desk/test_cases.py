"""Every file of tests/cases that a coordinator may send: taken in or refused in words, never an error page.

Afterwards the product's own reader takes everything in; what is refused changes no byte.
"""

import hashlib
import io
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from kiosk.cli import main
from kiosk.library.drafts import LARGEST_FILE_BYTES
from kiosk.screen.questions import questions
from tests.tools.desk_side import Desk
from tests.tools.form_import import fields_of, keep, send_and_keep, send_file
from tests.tools.xlsforms import ASKED, CHOICES, HEAD, sheet, with_picture

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[1] / "cases"

SPREADSHEETS = sorted(path.name for path in (CASES / "xlsform").glob("*.xlsx"))
CATALOGUES = sorted(path.name for path in (CASES / "po").glob("*.po"))

PLAIN = (CASES / "xlsform" / "a00_plain.xlsx").read_bytes()

ON_ONE_LINE = "texten har radbrytning eller tecken som inte går att visa"
TURNING = "texten har det osynliga tecknet U+202B"
NO_LANGUAGE = "Filens huvud säger inte vilket språk det är"
REFUSED = {
    "a22_twice_same_label": "”Stämmer inte” står två gånger i listan enig. Byt ord. Blad choices, rad 3",
    "a37_twelve_choices": "Listan ”enig” har 12 svar. Högst 11 går att visa. Blad survey, rad 2",
    "b01_code_en_simple": "Blad survey, rad 1, kolumnen label::Easy English (en_simple): en_simple är ingen",
    "b03_long_outcome": "Blad survey, rad 2: kolumnen outcome: högst 500 tecken, inte 559",
    "b05_outcome_line_break": f"Blad survey, rad 2: kolumnen outcome: {ON_ONE_LINE}",
    "p06_utf16": "Filen är inte sparad i UTF-8",
    "p07_windows1256": "Filen är inte sparad i UTF-8",
    "p11_lang_Arabic": "Filens huvud säger språket Arabic",
    "p12_no_language": NO_LANGUAGE,
    "p13_charset_CHARSET": "teckenkodningen CHARSET. Spara filen i UTF-8",
    "p15_charset_iso": "teckenkodningen ISO-8859-6. Spara filen i UTF-8",
    "p16_dup_msgid": "Rad 331 i filen: texten ”Jag känner att personalen lyssnar på mig” står två gånger",
    "p19_trailing_newline": f"Rad 21 i filen: {ON_ONE_LINE}",
    "p20_rle": f"Rad 21 i filen: {TURNING}",
    "p22_msgid_edited": "Filen har texter som inte finns här, till exempel ”Jag känner att personalen",
    "p25_other_language_ru": "Filens huvud säger språket ru, men här översätts till ar",
    "p27_header_missing": NO_LANGUAGE,
    "p29_half_file": "Rad 117 i filen: raden går inte att läsa",
    "p31_bad_escape": "Rad 22 i filen: \\d betyder inget här",
    "p32_spaces_in_placeholder": "Rad 184 i filen: samma ord inom klamrar",
    "p33_translated_placeholder": "Rad 184 i filen: samma ord inom klamrar",
    "p35_xlsx_uploaded": "Filen är ett kalkylblad",
    "p36_mo": "Filen är en kompilerad översättning (.mo)",
}  # fmt: skip
"""File -> the reason why it is refused when it is sent. All others are imported, or get a preview."""

NOT_KEPT = {
    "a25_default_language_english": "Blad survey, rad 2: svensk text saknas",
    "a58_long_title": "Namnet: högst 120 tecken, inte 189",
    "b09_choice_without_swedish": "Svaren 1 (enig): svensk text saknas",
}
"""File -> the reason why its preview cannot be kept as it is."""

LEFT_OUT = {
    "a10_or_other": "Svaret ”annat” med egna ord följer inte med. Blad survey, rad 2",
    "a11_group": "Gruppens rubrik visas inte. Frågorna i gruppen tas med. Blad survey, rad 2",
    "a12_note": "En text utan fråga visas inte. Blad survey, rad 2",
    "a13_hint": "Ledtexter visas inte. Blad survey, kolumnen hint::Svenska (sv), rad 2",
    "a14_hint_in_ignored_row": "samlas aldrig in. Blad survey, rad 2",
    "a15_calculate_row": "Uträkningar följer inte med. Blad survey, rad 4",
    "a26_brace_in_translation": "en klammer öppnas eller stängs utan den andra. Ta bort den. "
    "Blad survey, rad 2, språk en",
    "a27_brace_in_both": "texten hänvisar till ett annat svar (${boende}). Skriv om den.",
    "a29_line_break": "Radbrytningen är utbytt mot ett mellanslag. Blad survey, kolumnen label::Svenska (sv)",
    "a31_markdown_label": "Märkning, som fetstil, är borttagen ur texten. Blad survey",
    "a32_html_label": "Märkning, som fetstil, är borttagen ur texten. Blad survey",
    "a35_own_dont_know_words": "Gäster ser ”Vet inte” i stället för ”Det minns jag inte”. Svaren 1 (enig)",
    "a44_comment_row": "Raden har ingen typ. Blad survey, rad 3",
    "a45_audio": "Bilder, ljud och film tas inte med. Gäster kan få texterna upplästa. Blad survey, kolumnen "
    "media::audio::Svenska (sv), rad 2",
    "a47_bool_label": "Ett datum eller sant/falskt är läst som ”SANT”.",
    "a49_date_label": "Ett datum eller sant/falskt är läst som ”2025-10-26”.",
    "a53_parameters_randomize": "Kolumnen används inte här. Blad survey, kolumnen parameters, rad 2",
    "a54_public_key": "Kolumnen används inte här. Blad settings, kolumnen public_key, rad 2",
    "a56_merged_title_row": "Raden står ovanför rubrikerna och läses inte. Blad survey, rad 1",
    "a59_text_question_too": "Frågor av typen ”text” kan inte tas med. Bara frågor med val. Blad "
    "survey, rad 4",
    "a62_scale_translation_known_other_words": "i stället för ”My own words 1”. Svaren 1 (enig), språk en",
    "a66_select_one_from_file": "annan fil. Skriv in dem i bladet choices. Blad survey, rad 2",
    "a67_disabled_column": "Raden är avstängd i formuläret (disabled). Blad survey, rad 3",
    "a68_default_value": "Inget svar är ifyllt i förväg. Blad survey, kolumnen default, rad 2",
    "a69_guidance_hint": "Ledtexter visas inte. Blad survey, kolumnen guidance_hint, rad 2",
    "a70_extra_notes_column": "Kolumnen används inte här. Blad survey, kolumnen anteckning, rad 2",
    "b08_rle_mark": "Tecken som inte går att visa är borttagna ur texten.",
    "b12_tab_in_label": "Radbrytningen är utbytt mot ett mellanslag. Blad survey",
    "b18_label_and_sv": "kolumnen på sv, som också har kolumnen label::Svenska (sv).",
    "b24_rank": "Frågor av typen ”rank enig” kan inte tas med.",
    "b25_range": "Frågor av typen ”range” kan inte tas med.",
    "b26_kobo_score": "Gruppens rubrik visas inte. Frågorna i gruppen tas med. Blad survey, rad 2",
    "b28_201_letters": "högst 200 tecken, inte 201.",
    "c02_plus_statement": "Formeln =1+1 har inget sparat värde. Skriv texten själv. Blad survey, rad 2",
}  # fmt: skip
"""File -> what its preview says about something left out or changed. All other previews list nothing."""

STATEMENTS = {
    **dict.fromkeys(
        ("a27_brace_in_both", "a66_select_one_from_file", "a67_disabled_column",
         "b24_rank", "b25_range", "b28_201_letters"),
        1,
    ),
    "a60_select_multiple_too": 3,
    "b27_21_statements": 20,
}  # fmt: skip
"""File -> number of statements that its preview proposes. All others have two."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("desk"))
    made.sign_in()
    return made


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    """One installation for all files: without what another one brought."""
    yield shared
    for name in ("questions", "translations"):
        shutil.rmtree(shared.settings.data / name, ignore_errors=True)
    shared.app.extensions["desk"].reread()


def digests(desk: Desk) -> dict[str, str]:
    """Path -> digest of every file in KIOSK_DATA; SQLite's files beside the database come and go."""
    paths = (path for path in desk.settings.data.rglob("*") if path.is_file())
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if not path.name.endswith(("-wal", "-shm"))
    }


def check(desk: Desk) -> str:
    """What `kiosk check` complains of."""
    done = CliRunner().invoke(main, ["check"], env={"KIOSK_DATA": str(desk.settings.data)})
    return "" if done.exit_code == 0 else done.stderr


def send(desk: Desk, path: str, content: bytes, name: str) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/walls"), "file": (io.BytesIO(content), name)}
    answer = desk.client.post(path, data=data)
    return keep(desk, answer) if answer.status_code == 200 else answer


def words(page: TestResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page.text)).split())


def comes_to_what_it_should(desk: Desk, path: str, content: bytes, name: str) -> None:
    before = digests(desk)
    answer = send(desk, path, content, name)
    message = {**REFUSED, **NOT_KEPT}.get(Path(name).stem)
    assert answer.status_code == (400 if message else 303), words(answer)
    assert not check(desk)
    if message:
        assert message in words(answer)
        assert digests(desk) == before


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_a_spreadsheet_is_imported_or_refused_with_its_place(desk: Desk, name: str) -> None:
    """Its preview changes no file and lists what is left out; the rest is kept."""
    before, case = digests(desk), Path(name).stem
    preview = send_file(desk, (CASES / "xlsform" / name).read_bytes(), name)
    assert preview.status_code == (400 if case in REFUSED else 200), words(preview)
    assert digests(desk) == before
    if case in REFUSED:
        assert REFUSED[case] in words(preview)
        assert not check(desk)
        return
    assert LEFT_OUT.get(case, "") in words(preview)
    if case not in LEFT_OUT:
        assert "Följer inte med, eller är ändrat" not in words(preview)
    kept = keep(desk, preview)
    assert kept.status_code == (400 if case in NOT_KEPT else 303), words(kept)
    assert not check(desk)
    if case in NOT_KEPT:
        assert NOT_KEPT[case] in words(kept)
        assert digests(desk) == before
        return
    survey = desk.app.extensions["desk"].library.surveys[ID.get(case, "prov")]
    assert len(survey.statements) == STATEMENTS.get(case, 2)
    texts = [*survey.messages, *(text for texts in survey.translations.values() for text in texts.values())]
    assert not [text for text in texts if re.search(r"\*\*|<span|\$\{|_x000D_|True$|00:00|  ", text)]


ID = {"a57_no_settings": "imported", "b10_form_id_capital": "alf54mbs5yrnqjwpklkdms"}
"""File -> id of its survey. All others have the id prov."""


@pytest.mark.parametrize(
    ("end", "labels", "good"),
    [
        ("first", ("Stämmer helt", "Stämmer delvis", "Stämmer inte"), "high"),
        ("last", ("Stämmer inte", "Stämmer delvis", "Stämmer helt"), "high"),
        ("neither", ("Stämmer inte", "Stämmer delvis", "Stämmer helt"), "neither"),
    ],
)
def test_the_best_answer_of_a_scale_is_asked_and_decides_its_order(
    desk: Desk, end: str, labels: tuple[str, ...], good: str
) -> None:
    content = (CASES / "xlsform" / "a20_reversed_scale.xlsx").read_bytes()
    preview = send_file(desk, content)
    unanswered = keep(desk, preview, end="")
    assert unanswered.status_code == 400
    assert "Svaren 1 (enig): välj vilket svar som är bäst." in words(unanswered)
    assert 'href="#order-0"' in unanswered.text
    assert keep(desk, unanswered, end=end).status_code == 303
    statement = desk.app.extensions["desk"].library.surveys["prov"].statements[0]
    assert (statement.scale.labels, statement.good) == (labels, good)


def test_answers_without_an_order_are_shown_as_in_the_file(desk: Desk) -> None:
    content = (CASES / "xlsform" / "a20_reversed_scale.xlsx").read_bytes()
    assert keep(desk, send_file(desk, content), end="unordered").status_code == 303
    [statement, _] = desk.app.extensions["desk"].library.surveys["prov"].statements
    assert (statement.scale.is_ordered, statement.good, statement.agreeing) == (False, None, ())
    [shown, _] = questions(desk.app.extensions["desk"].library.surveys["prov"], "sv")
    assert [option.label for option in shown.options] == ["Stämmer inte", "Stämmer delvis", "Stämmer helt"]


def test_swedish_texts_of_an_english_form_can_be_typed_in_the_preview(desk: Desk) -> None:
    content = (CASES / "xlsform" / "a25_default_language_english.xlsx").read_bytes()
    preview = send_file(desk, content)
    assert "I feel safe here" in words(preview)
    kept = keep(
        desk, preview, question_0="Jag är trygg", question_1="De lyssnar", choice_0_0="Inte",
        choice_0_1="Lite", choice_0_2="Helt",
    )  # fmt: skip
    assert kept.status_code == 303
    survey = desk.app.extensions["desk"].library.surveys["prov"]
    assert [statement.text for statement in survey.statements] == ["Jag är trygg", "De lyssnar"]
    assert survey.translations["en"]["Jag är trygg"] == "I feel safe here"


def test_the_language_of_texts_without_one_is_asked(desk: Desk) -> None:
    content = sheet([["type", "name", "label"], ASKED], [["list_name", "name", "label"], *CHOICES[1:]])
    preview = send_file(desk, content)
    refused = keep(desk, preview, language="")
    assert (refused.status_code, "Välj vilket språk texterna är på." in words(refused)) == (400, True)
    assert keep(desk, refused, language="sv").status_code == 303


def test_a_form_that_this_desk_did_not_sign_is_refused(desk: Desk) -> None:
    preview = send_file(desk, PLAIN)
    assert keep(desk, preview, carried=fields_of(preview).sent["carried"] + "x").status_code == 400
    assert not (desk.settings.data / "questions").exists()


def test_forty_questions_are_shown_and_at_most_twenty_kept(desk: Desk) -> None:
    asked = [["select_one yes", f"q{n}", f"Fråga {n}"] for n in range(40)]
    preview = send_file(desk, sheet([HEAD, *asked], CHOICES))
    assert "Fråga 39" in words(preview)
    fields = fields_of(preview).sent
    assert fields.getlist("include") == [str(n) for n in range(20)]
    fields.update({"order-0": "last", "include": "39"})
    refused = desk.client.post("/admin/surveys/import/keep", data=fields)
    assert (refused.status_code, "Högst 20 påståenden. Välj bort 1." in words(refused)) == (400, True)


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_translators_file_is_imported_or_refused_with_its_line(desk: Desk, name: str) -> None:
    content = (CASES / "po" / name).read_bytes()
    comes_to_what_it_should(desk, "/admin/languages/ar/file", content, name)


@pytest.mark.parametrize("size", [1_300_000, LARGEST_FILE_BYTES - len(PLAIN) - 1000], ids=["1.3 MB", "8 MB"])
def test_a_spreadsheet_with_a_picture_is_imported(desk: Desk, size: int) -> None:
    comes_to_what_it_should(desk, "/admin/surveys/import", with_picture(PLAIN, size), "photo.xlsx")


def test_a_file_over_the_limit_gets_the_desks_own_page(desk: Desk) -> None:
    before = digests(desk)
    answer = send(desk, "/admin/surveys/import", bytes(LARGEST_FILE_BYTES + 2**17), "large.xlsx")
    assert answer.status_code == 413
    assert "En fil får vara högst 8 MB." in words(answer)
    assert 'lang="sv"' in answer.text
    assert digests(desk) == before


@pytest.mark.parametrize("name", ["b18_label_and_sv", "a30_double_space_label"])
def test_swedish_and_english_columns_are_not_mixed_up(desk: Desk, name: str) -> None:
    """A second column, or one without a language, replaces no other."""
    content = (CASES / "xlsform" / f"{name}.xlsx").read_bytes()
    assert send_and_keep(desk, content).status_code == 303
    survey = desk.app.extensions["desk"].library.surveys["prov"]
    assert survey.statements[0].text == "Jag känner mig trygg här"
    english = {"b18_label_and_sv": None}.get(name, "I feel safe here")
    assert survey.translations.get("en", {}).get("Jag känner mig trygg här") == english


def damaged(at: int) -> bytes:
    """The plain form with eight bytes changed."""
    return PLAIN[:at] + bytes(byte ^ 0x5A for byte in PLAIN[at : at + 8]) + PLAIN[at + 8 :]


@pytest.mark.parametrize("at", [0, 900, *range(30, len(PLAIN), 450)])
def test_a_damaged_spreadsheet_is_imported_or_refused_without_an_error(desk: Desk, at: int) -> None:
    before = digests(desk)
    answer = send(desk, "/admin/surveys/import", damaged(at), "damaged.xlsx")
    assert answer.status_code in {303, 400}
    if answer.status_code == 400:
        assert digests(desk) == before
    assert not check(desk)


def test_a_spreadsheet_damaged_at_byte_900_is_reported_as_unreadable(desk: Desk) -> None:
    assert "kan inte läsas" in words(send(desk, "/admin/surveys/import", damaged(900), "damaged.xlsx"))
