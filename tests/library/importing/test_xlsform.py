"""Surveys as spreadsheets for Kobo and ODK, and back, and spreadsheets that are refused."""

import io
import sys
import unicodedata
import zipfile
from dataclasses import replace
from types import FrameType

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from kiosk.domain.survey import NONE_OF_THESE, Good, Pictures, Scale, Statement, Survey
from kiosk.library.catalogues import survey_texts
from kiosk.library.drafts import ImportedSurvey
from kiosk.library.importing import AnswerOrder, Decisions, ForeignFormError, preview_of, read_file
from kiosk.library.xlsform_export import write_xlsform
from kiosk.settings import shipped_folder
from tests.library.guest_catalogues import CATALOGUES, NO_ANSWER_TEXTS
from tests.tools.form_import import NO_LIBRARY, decided
from tests.tools.shipped import read_surveys
from tests.tools.xlsforms import ASKED, CHOICES, HEAD, Row, sheet

SEED = read_surveys([shipped_folder("questions")])["ombudsmannaskap"].translated(survey_texts(CATALOGUES))


def imported(content: bytes, order: AnswerOrder | None = None) -> ImportedSurvey:
    """Return the survey in a file, in the file's own order unless one is given."""
    form = decided(read_file(content, ""), order).form
    assert form
    return form


def test_a_survey_survives_export_and_import_with_every_language() -> None:
    form = imported(write_xlsform(SEED, NO_ANSWER_TEXTS))
    assert form.draft.statements == SEED.statements
    assert (form.draft.id, form.draft.title, form.draft.source) == (SEED.id, SEED.title, "from here")
    assert form.texts == {code: dict(texts) for code, texts in SEED.translations.items()}
    assert not form.draft.validated


MARKUP = "*_<&$[#"
TEXT = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters=MARKUP), min_size=1, max_size=40
)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30)
@given(
    st.lists(TEXT, min_size=1, max_size=4, unique_by=lambda text: composed(text)),
    st.lists(TEXT, min_size=2, max_size=7, unique_by=lambda text: composed(text)),
)
def test_any_text_survives_export_and_import(texts: list[str], labels: list[str]) -> None:
    scale = Scale("scale", tuple(labels), bipolar=False)
    statements = tuple(Statement(f"s{at}", text, "outcome", scale) for at, text in enumerate(texts))
    survey = Survey("own", "Title", "", "", False, statements, {})
    statements = imported(write_xlsform(survey, NO_ANSWER_TEXTS)).draft.statements
    assert [one.text for one in statements] == [composed(text) for text in texts]
    assert statements[0].scale.labels == tuple(map(composed, labels))


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def test_the_good_end_and_agreeing_answers_survive_export_and_import() -> None:
    reversed_one = replace(SEED.statements[0], good=Good.LOW, agreeing=(1, 2))
    silent = replace(SEED.statements[1], good=None)
    survey = replace(SEED, statements=(reversed_one, silent))
    assert imported(write_xlsform(survey, NO_ANSWER_TEXTS)).draft.statements == (reversed_one, silent)


def with_several() -> Survey:
    """The shipped survey with a question of which several options may be chosen, in Swedish only."""
    labels = ("Samtal", "Sömn", "Mat")
    scale = Scale("needs", labels, bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    several = Statement("needs", "Vad behöver du?", "Behov", scale, several=True)
    most = Statement("most", "Vad behöver du mest?", "Behov", scale)
    return replace(SEED, statements=(SEED.statements[0], several, most), translations={})


def test_several_options_survive_export_and_import() -> None:
    survey = with_several()
    preview = decided(read_file(write_xlsform(survey, NO_ANSWER_TEXTS), ""))
    assert preview.form
    first, several, most = preview.form.draft.statements
    assert (first, several.several, most.several) == (survey.statements[0], True, False)
    assert several.scale.labels == survey.statements[1].scale.labels, "and without the choice of none"
    assert not several.scale.is_ordered
    assert preview.left_out == ()


def xform_of(survey: Survey) -> str:
    """The exported form as pyxform converts it, without a warning."""
    from pyxform.xls2xform import convert

    converted = convert(io.BytesIO(write_xlsform(survey, NO_ANSWER_TEXTS)), validate=False, file_type=".xlsx")
    assert converted.warnings == []
    return str(converted.xform)


def test_other_tools_read_several_options() -> None:
    xform = xform_of(with_several())
    assert xform.count("<select ref=") == 1
    assert NONE_OF_THESE in xform
    assert "count-selected(.)" in xform


def test_several_choices_of_another_program_are_imported() -> None:
    choices: list[Row] = [
        CHOICES[0],
        ["n", "food", "Mat"],
        ["n", "talk", "Samtal"],
        ["n", "x", "None of the above"],
    ]
    rows: list[Row] = [HEAD, ["select_multiple n", "needs", "Vad behöver du?"], ASKED]
    preview = decided(read_file(sheet(rows, [*choices, *CHOICES[1:]]), ""), AnswerOrder.BEST_LAST)
    assert preview.form
    several, one = preview.form.draft.statements
    assert (several.several, several.scale.labels, several.good) == (True, ("Samtal", "Mat"), None)
    assert (one.several, one.good) == (False, Good.HIGH)
    assert "Gäster ser ”Inget av detta” i stället för ”None of the above”." in [
        left.reason.render(str) for left in preview.left_out
    ]


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("select_one yes", [[1, "Ja"], ["dont_know", "Vet inte"]]),
        ("select_one yes", [[1, "Ja"], [2, "Vet ej"], ["dont_know", "Vet inte"]]),
        ("select_multiple yes", [[1, "Mat"], ["none", "Inget av detta"]]),
    ],
)
def test_a_numbered_list_keeps_other_choices_if_few_options_would_remain(
    kind: str, choices: list[list[object]]
) -> None:
    rows: list[Row] = [[*HEAD, "good"], [kind, "safe", "Jag är trygg", ""]]
    content = sheet(rows, [CHOICES[0], *(["yes", *choice] for choice in choices)])
    [answers] = decided(read_file(content, ""), AnswerOrder.BEST_LAST).lists
    assert [option.swedish for option in answers.options] == [label for _, label in choices]


def test_a_form_whose_answers_tell_too_much_together_is_not_kept() -> None:
    choices = [CHOICES[0], *(["needs", f"n{at}", f"Val {at}"] for at in range(8))]
    rows = [HEAD, *(["select_multiple needs", f"q{at}", f"Vad behöver du {at}?"] for at in range(5))]
    form = read_file(sheet(rows, choices), "")
    proposed = [question.is_included for question in decided(form, None).questions]
    assert proposed == [True] * 4 + [False]
    preview = preview_of(form, Decisions("sv", included=frozenset(range(5))), NO_LIBRARY, "from here")
    assert preview.form is None
    [problem] = preview.problems
    assert (problem.key, problem.message.render(str)[:45]) == (
        "questions",
        "Tillsammans säger svaren för mycket om en gäs",
    )


def test_other_tools_read_exported_forms() -> None:
    xform = xform_of(SEED)
    for words in (
        "Jag känner att personalen lyssnar på mig",
        "Vet inte",
        SEED.translations["ar"][SEED.messages[0]],
    ):
        assert words in xform
    assert xform.count("<translation ") == 1 + len(SEED.translations)
    assert f'version="{SEED.version}"' in xform


def test_a_form_made_by_another_program_is_imported() -> None:
    form = imported(sheet([HEAD, ASKED, [None, None, None]], CHOICES), AnswerOrder.BEST_LAST)
    assert form.draft.statements == (
        Statement("safe", "Jag är trygg", "–", Scale("yes", ("Nej", "Ja"), bipolar=False), Good.HIGH),
    )
    assert form.draft.id == "imported"


def test_rows_and_columns_for_other_programs_change_no_statement() -> None:
    head = [*HEAD, "required", "appearance"]
    rows: list[Row] = [["start", "start", None], ["deviceid", "id", None], [*ASKED, "yes", "likert"]]
    draft = imported(sheet([head, *rows], CHOICES), AnswerOrder.BEST_LAST).draft
    assert [one.id for one in draft.statements] == ["safe"]


@pytest.mark.parametrize("text", ["=1+1", "-5 är lagom", "007", "1", "'hej"])
def test_a_text_that_looks_like_a_formula_or_number_stays_text(text: str) -> None:
    scale = Scale("scale", (text, "Ja"), bipolar=False)
    survey = Survey("own", "Title", "", "", False, (Statement("s", text, "outcome", scale),), {})
    [statement] = imported(write_xlsform(survey, NO_ANSWER_TEXTS)).draft.statements
    assert (statement.text, statement.scale.labels) == (text, (text, "Ja"))


REFUSED = {
    "an unknown end": (
        sheet([[*HEAD, "good"], [*ASKED, "top"]], CHOICES),
        "rad 2: kolumnen good: skriv high, low, neither eller unordered",
    ),
    "an answer that is not there": (
        sheet([[*HEAD, "good", "agreeing"], [*ASKED, "high", 3]], CHOICES),
        "rad 2: kolumnen agreeing: skriv olika nummer från 1, det lägsta svaret, till 2",
    ),
    "answers in words": (sheet([[*HEAD, "agreeing"], [*ASKED, "Ja"]], CHOICES), "kolumnen agreeing"),
    "a column twice": (sheet([[*HEAD, *HEAD], [*ASKED, *ASKED]], CHOICES), "kolumnen type står två gånger"),
    "two columns of one language": (
        sheet([["type", "name", "label::Svenska (sv)", "label::sv"], [*ASKED, "B"]], CHOICES),
        "språket sv har två kolumner, label::Svenska (sv) och label::sv",
    ),
    "a code that is none": (
        sheet([["type", "name", "label::Enkel (sv_enkel)"], ASKED], CHOICES),
        "kolumnen label::Enkel (sv_enkel): sv_enkel är ingen språkkod",
    ),
    "no rows": (sheet([HEAD], CHOICES), "Bladet survey saknas"),
    "no workbook": (b"PK\x03\x04type,name,label\n", "Spara den som .xlsx"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_with_a_fault_is_refused_in_one_line_that_names_it(case: str) -> None:
    content, words = REFUSED[case]
    with pytest.raises(ForeignFormError) as refused:
        read_file(content, "")
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


LEFT_OUT: dict[str, tuple[list[Row], list[Row], str]] = {
    "a text question": ([HEAD, ["text", "name", "Vad heter du?"]], CHOICES, "typen ”text” kan inte tas med"),
    "too many of several choices": (
        [HEAD, ["select_multiple many", "a", "A"]],
        [CHOICES[0], *(["many", at, f"Svar {at}"] for at in range(1, 10))],
        "Frågan har 9 svar. Flera svar går att välja bland högst 8.",
    ),
    "a condition": ([[*HEAD, "relevant"], [*ASKED, "${a} = 1"]], CHOICES, "frågan visas för alla"),
    "a constraint": ([[*HEAD, "constraint"], [*ASKED, ". > 1"]], CHOICES, "Kontroller av svar"),
    "an unknown list": ([HEAD, ["select_one no", "a", "A"]], CHOICES, "Listan ”no” finns inte"),
    "a language without a code": (
        [["type", "name", "label", "label::Hemspråk"], [*ASKED, "A"]],
        CHOICES,
        "kolumnen label::Hemspråk: Rubriken säger inte vilket språk",
    ),
    "one choice": ([HEAD, ASKED], [CHOICES[0], CHOICES[1]], "Listan ”yes” har färre än två svar"),
    "a formula": ([HEAD, ["select_one yes", "a", "=1+1"]], CHOICES, "Formeln =1+1 har inget sparat värde"),
    "a line break": ([HEAD, ["select_one yes", "a", "A\nB"]], CHOICES, "utbytt mot ett mellanslag"),
    "words beside the table": ([HEAD, [*ASKED, None, "B"]], CHOICES, "kolumnen ?, rad 2: Kolumnen används"),
    "no choices": ([HEAD, ASKED], [], "Listan ”yes” finns inte"),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_unsupported_content_is_listed_with_its_place(case: str) -> None:
    rows, choices, words = LEFT_OUT[case]
    form = read_file(sheet(rows, choices), "")
    listed = [f"{one.place.render(str)}: {one.reason.render(str)}" for one in form.left_out]
    assert [line for line in listed if words in line]
    assert all(line.startswith("Blad ") for line in listed)


def packed(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_sheet_larger_than_its_declared_dimension_is_read_whole() -> None:
    parts = unpacked(sheet([HEAD, ASKED, ["select_one yes", "warm", "Jag är varm"]], CHOICES))
    name = "xl/worksheets/sheet1.xml"
    assert b'<dimension ref="A1:C3"' in parts[name]
    declared = {**parts, name: parts[name].replace(b'ref="A1:C3"', b'ref="A1:C2"')}
    assert [one.id for one in imported(packed(declared), AnswerOrder.BEST_LAST).draft.statements] == [
        "safe",
        "warm",
    ]


@pytest.mark.slow
def test_a_form_with_formats_in_thousands_of_empty_rows_is_read() -> None:
    parts = unpacked(sheet([HEAD, ASKED], CHOICES))
    name = "xl/worksheets/sheet1.xml"
    formatted = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (row, row) for row in range(3, 3_000))
    padded = parts[name].replace(b"</sheetData>", formatted + b"</sheetData>" + b" " * 5_500_000)
    assert len(read_file(packed({**parts, name: padded}), "").questions) == 1


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = packed({**unpacked(sheet([HEAD, ASKED], CHOICES)), "xl/media/a": bytes(11_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(ForeignFormError, match="för stor"):
        read_file(bomb, "")


def test_a_workbook_with_damaged_content_of_any_compression_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<f />" * 2000)
    damaged = bytearray(made.getvalue())
    damaged[65:73] = bytes(byte ^ 0xFF for byte in damaged[65:73])
    with pytest.raises(ForeignFormError, match=r"Spara den som \.xlsx"):
        read_file(bytes(damaged), "")


def test_xml_entities_are_not_resolved() -> None:
    parts = unpacked(sheet([HEAD, ASKED], CHOICES))
    name = "xl/worksheets/sheet1.xml"
    entity = b'<!DOCTYPE x [<!ENTITY a "AAAA"><!ENTITY b "&a;&a;">]>'
    body = parts[name].partition(b"<worksheet")[2].replace("Jag är trygg".encode(), b"&b;")
    attacked = packed({**parts, name: entity + b"<worksheet" + body})
    with pytest.raises(ForeignFormError):
        read_file(attacked, "")


@pytest.mark.slow
def test_a_language_without_a_translation_of_every_text_is_not_exported() -> None:
    [first, *others] = SEED.translations["en"].items()
    gappy = replace(SEED, translations={**SEED.translations, "en": dict(others)})
    assert "en" not in imported(write_xlsform(gappy, NO_ANSWER_TEXTS)).texts
    assert first


def calls_of_reading(content: bytes) -> tuple[int, int]:
    """Return the number of questions in a file, and of the calls of this program's functions that read it."""
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and "/importing/" in frame.f_code.co_filename

    sys.setprofile(count)
    try:
        questions = len(read_file(content, "").questions)
    finally:
        sys.setprofile(None)
    return questions, calls


@pytest.mark.slow
def test_a_format_in_the_last_row_takes_under_three_times_the_calls() -> None:
    """The workbook's reader yields a million empty rows before it."""
    usual = sheet([HEAD, ASKED], CHOICES)
    book = openpyxl.load_workbook(io.BytesIO(usual))
    book["choices"].cell(1_048_576, 3).font = Font(bold=True)
    made = io.BytesIO()
    book.save(made)
    questions, calls = calls_of_reading(made.getvalue())
    assert questions == 1
    assert calls < 3 * calls_of_reading(usual)[1]
