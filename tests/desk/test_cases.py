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
from tests.tools.desk_side import Desk
from tests.tools.xlsforms import with_picture

CASES = Path(__file__).parents[1] / "cases"

SPREADSHEETS = sorted(path.name for path in (CASES / "xlsform").glob("*.xlsx"))
CATALOGUES = sorted(path.name for path in (CASES / "po").glob("*.po"))

PLAIN = (CASES / "xlsform" / "a00_plain.xlsx").read_bytes()

ON_ONE_LINE = "texten har radbrytning eller tecken som inte går att visa"
ONE_TO_N = "Kalla listans val 1 till n"
ONE_CHOICE = "Här kan bara select_one frågas"
NOT_KEPT = "kan inte behållas här"

REFUSED = {
    "a01_blank_formatted_rows": "Blad survey har mer än 500 rader",
    "a02_version_formula": "Blad settings, rad 2: kolumnen version har en formel",
    "a03_list_name_with_space": f"Blad choices, rad 2: kolumnen list name {NOT_KEPT}",
    "a04_capital_sheet_names": "Bladet survey saknas",
    "a05_capital_headings": f"Blad survey, rad 2: kolumnen Type {NOT_KEPT}",
    "a07_single_colon": f"Blad survey, rad 2: kolumnen label:Svenska (sv) {NOT_KEPT}",
    "a09_select_one_words": f"Blad survey, rad 2: type är ”select one enig”. {ONE_CHOICE}",
    "a10_or_other": "Blad survey, rad 2: listan ”enig or_other” finns inte",
    "a11_group": f"Blad survey, rad 2: type är ”begin_group”. {ONE_CHOICE}",
    "a12_note": f"Blad survey, rad 2: type är ”note”. {ONE_CHOICE}",
    "a13_hint": f"Blad survey, rad 2: kolumnen hint::Svenska (sv) {NOT_KEPT}",
    "a14_hint_in_ignored_row": f"Blad survey, rad 2: kolumnen calculation {NOT_KEPT}",
    "a15_calculate_row": f"Blad survey, rad 4: kolumnen calculation {NOT_KEPT}",
    "a16_names_from_zero": f"Blad choices, rad 2: name är ”0”. {ONE_TO_N}",
    "a17_slug_choice_names": f"Blad choices, rad 2: name är ”inte”. {ONE_TO_N}",
    "a18_capital_question_name": "Blad survey, rad 2: name är ”Jag_k_nner_mig_trygg_h_r”",
    "a22_twice_same_label": "Blad choices, rad 3: ”Stämmer inte” står två gånger",
    "a25_default_language_english": "Blad choices, rad 2: svensk text saknas: kolumnen label är på en",
    "a26_brace_in_translation": "Blad survey, rad 2, språk en: en klammer öppnas eller stängs",
    "a27_brace_in_both": "Blad survey, rad 2: texten har märkning eller en hänvisning (${boende})",
    "a29_line_break": f"Blad survey, rad 2: {ON_ONE_LINE}",
    "a31_markdown_label": "Blad survey, rad 2: texten har märkning eller en hänvisning (**)",
    "a32_html_label": "Blad survey, rad 2: texten har märkning eller en hänvisning (<span",
    "a36_code_99": f"Blad choices, rad 5: name är ”99”. {ONE_TO_N}",
    "a37_twelve_choices": f"Blad choices, rad 13: name är ”12”. {ONE_TO_N}",
    "a41_hyphen_code": "label::Português (pt-BR) ska sluta med språkets kod",
    "a42_capital_code": "label::English (EN) ska sluta med språkets kod",
    "a43_code_only": "label::sv ska sluta med språkets kod",
    "a44_comment_row": f"Blad survey, rad 3: type är ””. {ONE_CHOICE}",
    "a45_audio": f"Blad survey, rad 2: kolumnen media::audio::Svenska (sv) {NOT_KEPT}",
    "a46_same_name_other_case": "Blad survey, rad 3: namnet ”trygg” står två gånger",
    "a47_bool_label": "Blad choices, rad 2: kolumnen label::Svenska (sv) har ett datum eller sant/falskt",
    "a49_date_label": "Blad choices, rad 2: kolumnen label::Svenska (sv) har ett datum eller sant/falskt",
    "a53_parameters_randomize": f"Blad survey, rad 2: kolumnen parameters {NOT_KEPT}",
    "a54_public_key": f"Blad settings, rad 2: kolumnen public_key {NOT_KEPT}",
    "a56_merged_title_row": f"Blad survey, rad 2: kolumnen Enkät 2025 {NOT_KEPT}",
    "a58_long_title": "Blad settings, rad 2: kolumnen form_title: högst 120 tecken, inte 189",
    "a59_text_question_too": f"Blad survey, rad 4: type är ”text”. {ONE_CHOICE}",
    "a60_select_multiple_too": f"Blad survey, rad 4: type är ”select_multiple enig”. {ONE_CHOICE}",
    "a63_name_yes": "Blad survey, rad 2: namnet ”slip” är upptaget",
    "a66_select_one_from_file": "Blad survey, rad 2: type är ”select_one_from_file platser.csv”",
    "a67_disabled_column": f"Blad survey, rad 3: kolumnen disabled {NOT_KEPT}",
    "a68_default_value": f"Blad survey, rad 2: kolumnen default {NOT_KEPT}",
    "a69_guidance_hint": f"Blad survey, rad 2: kolumnen guidance_hint {NOT_KEPT}",
    "a70_extra_notes_column": f"Blad survey, rad 2: kolumnen anteckning {NOT_KEPT}",
    "b01_code_en_simple": "Blad choices, rad 1, kolumnen label::Easy English (en_simple): en_simple är ingen",
    "b03_long_outcome": "Blad survey, rad 2: kolumnen outcome: högst 500 tecken, inte 559",
    "b05_outcome_line_break": f"Blad survey, rad 2: kolumnen outcome: {ON_ONE_LINE}",
    "b07_title_line_break": f"Blad settings, rad 2: kolumnen form_title: {ON_ONE_LINE}",
    "b08_rle_mark": f"Blad survey, rad 2, språk ar: {ON_ONE_LINE}",
    "b09_choice_without_swedish": "Blad choices, rad 2: svensk text saknas",
    "b12_tab_in_label": f"Blad survey, rad 2: {ON_ONE_LINE}",
    "b15_bom_in_heading": f"Blad survey, rad 2: kolumnen \ufefftype {NOT_KEPT}",
    "b23_select_multiple_list_ok": f"Blad survey, rad 2: type är ”select_multiple enig”. {ONE_CHOICE}",
    "b24_rank": f"Blad survey, rad 2: type är ”rank enig”. {ONE_CHOICE}",
    "b25_range": f"Blad survey, rad 2: type är ”range”. {ONE_CHOICE}",
    "b26_kobo_score": f"Blad survey, rad 2: kolumnen kobo--score-choices {NOT_KEPT}",
    "b27_21_statements": "Blad survey, rad 22: Högst 20 påståenden",
    "b28_201_letters": "Blad survey, rad 2: högst 200 tecken, inte 201",
    "c02_plus_statement": "Blad survey, rad 2: kolumnen label::English (en) har en formel",
    "p05_cr_only": "Filens huvud säger språket –, men här översätts till ar",
    "p06_utf16": "Spara den som .po i UTF-8",
    "p07_windows1256": "Spara den som .po i UTF-8",
    "p11_lang_Arabic": "Filens huvud säger språket Arabic",
    "p12_no_language": "Filens huvud säger språket –",
    "p13_charset_CHARSET": "teckenkodningen CHARSET. Spara filen i UTF-8",
    "p15_charset_iso": "teckenkodningen ISO-8859-6. Spara filen i UTF-8",
    "p16_dup_msgid": "Rad 331 i filen: texten ”Jag känner att personalen lyssnar på mig” står två gånger",
    "p17_msgctxt": "Rad 21 i filen: msgctxt används inte här",
    "p19_trailing_newline": f"Rad 21 i filen: {ON_ONE_LINE}",
    "p20_rle": f"Rad 21 i filen: {ON_ONE_LINE}",
    "p22_msgid_edited": "1 texter finns inte här, till exempel ”Jag känner att personalen lyssnar på mig.”",
    "p25_other_language_ru": "Filens huvud säger språket ru, men här översätts till ar",
    "p27_header_missing": "Filens huvud säger språket –",
    "p29_half_file": "Rad 117 i filen: raden går inte att läsa",
    "p32_spaces_in_placeholder": "Rad 184 i filen: samma ord inom klamrar",
    "p33_translated_placeholder": "Rad 184 i filen: samma ord inom klamrar",
    "p35_xlsx_uploaded": "Spara den som .po i UTF-8",
    "p36_mo": "Spara den som .po i UTF-8",
    "p40_plural_for_minutes": "Rad 311 i filen: msgid_plural används inte här",
}  # fmt: skip
"""What is said of each file that is not taken in; all others are."""


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
    return desk.client.post(path, data=data)


def words(page: TestResponse) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.text))


def comes_to_what_it_should(desk: Desk, path: str, content: bytes, name: str) -> None:
    before = digests(desk)
    answer = send(desk, path, content, name)
    said = REFUSED.get(Path(name).stem)
    assert answer.status_code == (400 if said else 303), words(answer)
    assert not check(desk)
    if said:
        assert said in words(answer)
        assert digests(desk) == before


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_a_spreadsheet_is_imported_or_refused_with_its_place(desk: Desk, name: str) -> None:
    content = (CASES / "xlsform" / name).read_bytes()
    comes_to_what_it_should(desk, "/admin/surveys/import", content, name)


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


@pytest.mark.parametrize("name", ["a20_reversed_scale", "b18_label_and_sv", "a30_double_space_label"])
def test_swedish_and_english_columns_are_not_mixed_up(desk: Desk, name: str) -> None:
    """A second column, or one without a language, replaces no other."""
    content = (CASES / "xlsform" / f"{name}.xlsx").read_bytes()
    assert send(desk, "/admin/surveys/import", content, f"{name}.xlsx").status_code == 303
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
