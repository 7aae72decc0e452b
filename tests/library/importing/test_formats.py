"""Files of other programs: each format becomes the same form, and what cannot be kept is listed."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from kiosk.library.importing import ForeignForm, ForeignFormError, read_file, read_pasted
from tests.tools.spreadsheets import ods

CASES = Path(__file__).parents[2] / "cases" / "foreign"

SAFE = ({"sv": "Jag känner mig trygg här", "en": "I feel safe here"}, ["Stämmer inte", "Stämmer helt"])
THREE = (SAFE[0], ["Stämmer inte", "Stämmer delvis", "Stämmer helt"])
ROWS = [
    ({"sv": "Personalen lyssnar", "en": "The staff listen"}, ["Aldrig", "Alltid"]),
    ({"sv": "Jag får hjälp", "en": "I get help"}, ["Aldrig", "Alltid"]),
]
HOW = {"sv": "Hur mår du?", "en": "How are you?"}
NUMBERS = ["1", "2", "3", "4", "5"]
AGREE = [
    "Instämmer inte alls", "Instämmer dåligt", "Instämmer delvis", "Instämmer bra", "Instämmer helt",
]  # fmt: skip
"""The shipped scale of statements without answers."""

SHEETS = {
    "survey": [
        ["type", "name", "label::Svenska (sv)", "label::English (en)"],
        ["select_one enig", "trygg", *SAFE[0].values()],
    ],
    "choices": [
        ["list_name", "name", "label::Svenska (sv)", "label::English (en)"],
        ["enig", "1", "Stämmer inte", "Not true"],
        ["enig", "2", "Stämmer helt", "Quite true"],
    ],
    "settings": [["form_title"], ["Vår enkät"]],
}


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


FILES = {
    "limesurvey.lss": (
        case("limesurvey.lss"),
        [
            THREE, *ROWS, ({"sv": "Välj flera"}, ["Mat", "Sömn"]), (HOW, NUMBERS),
            ({"sv": "Jag vet vart jag ska gå"}, ["Ja", "Osäker", "Nej"]),
        ],
    ),
    "limesurvey_2.lss": (case("limesurvey_2.lss"), [SAFE]),
    "limesurvey.txt": (case("limesurvey.txt"), [THREE, *ROWS]),
    "limesurvey.utf16.txt": (
        case("limesurvey.txt").decode("utf-8-sig").encode("utf-16"), [THREE, *ROWS],
    ),
    "formbricks.json": (
        case("formbricks.json"),
        [
            SAFE,
            (HOW, ["1 – Dåligt", "2", "3", "4", "5 – Bra"]),
            (
                {"sv": "Skulle du rekommendera oss?", "en": "Would you recommend us?"},
                ["0 – Inte alls", *map(str, range(1, 10)), "10 – Absolut"],
            ),
            *ROWS,
            ({"sv": "Flera?"}, ["Mat", "Samtal", "Inget av dessa"]),
        ],
    ),
    "surveyjs.json": (
        case("surveyjs.json"),
        [
            SAFE,
            ({"sv": "Var?"}, ["Frida", "Talk2me"]),
            (HOW, ["0 – Dåligt", *map(str, range(1, 10)), "10 – Bra"]),
            ({"sv": "Har du varit här förut?", "en": "Have you been here before?"}, ["Ja", "Nej"]),
            *ROWS,
            ({"sv": "flera"}, ["1", "2"]),
        ],
    ),
    "xlsform.csv": (case("xlsform.csv"), [SAFE]),
    "excel.csv": (case("xlsform.csv").decode().replace(",", ";").encode("cp1252"), [SAFE]),
    "xlsform.ods": (ods(SHEETS), [SAFE]),
    "lines.txt": (
        case("lines.txt"),
        [
            ({"sv": "Jag känner mig trygg här"}, THREE[1]),
            ({"sv": "Personalen lyssnar på mig"}, THREE[1]),
            ({"sv": "Jag får hjälp"}, AGREE),
        ],
    ),
}  # fmt: skip
"""Name of a file -> its content, and its questions: the texts, and the Swedish answers."""


def questions(form: ForeignForm) -> list[tuple[dict[str, str], list[str]]]:
    return [
        (dict(question.texts), [choice.labels["sv"] for choice in question.choices])
        for question in form.questions
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_file_becomes_questions_with_their_languages_and_answers(name: str) -> None:
    content, expected = FILES[name]
    assert questions(read_file(content, name)) == expected


@pytest.mark.parametrize("name", ["limesurvey.lss", "formbricks.json", "surveyjs.json"])
def test_a_question_with_several_choices_becomes_one_question(name: str) -> None:
    form = read_file(case(name), name)
    assert [question.name for question in form.questions if question.several] == ["flera"]


@pytest.mark.parametrize("name", FILES)
def test_the_content_tells_the_format_whatever_the_name_is(name: str) -> None:
    content, expected = FILES[name]
    assert questions(read_file(content, "enkät.txt")) == expected


@pytest.mark.parametrize("name", sorted(set(FILES) - {"lines.txt"}))
def test_a_form_has_the_title_that_stands_in_its_file(name: str) -> None:
    assert read_file(FILES[name][0], name).title["sv"] == "Vår enkät"


LEFT_OUT = {
    "limesurvey.lss": {
        "Fråga trygg: Ledtexter visas inte.",
        "Fråga trygg: Svaret ”annat” med egna ord följer inte med.",
        "Fråga matris: Inledningen ”Hur ofta?” visas inte: varje rad blir ett påstående.",
        "Fråga berätta: En fråga med svar i egna ord kan inte tas med. Bara frågor med val.",
        "Fråga osaker: Inledningen ”Vet du?” visas inte: varje rad blir ett påstående.",
        "Fråga osaker: Svarens ord finns inte i filen. De är LimeSurveys egna på svenska och engelska.",
        "Fråga dubbel: Frågor av typen ”array dual scale” kan inte tas med. Bara frågor med val.",
    },
    "limesurvey.txt": {
        "Fråga matris: Inledningen ”Hur ofta?” visas inte: varje rad blir ett påstående.",
        "Fråga beratta: En fråga med svar i egna ord kan inte tas med. Bara frågor med val.",
    },
    "formbricks.json": {
        "Fråga trygg: Villkoret följer inte med: frågan visas för alla.",
        "Fråga trygg: Svaret ”annat” med egna ord följer inte med.",
        "Fråga betyg: Ledtexter visas inte.",
        "Fråga matris: Inledningen ”Hur ofta?” visas inte: varje rad blir ett påstående.",
        "Fråga fritt: En fråga med svar i egna ord kan inte tas med. Bara frågor med val.",
        "Fråga fil: Frågor av typen ”fileUpload” kan inte tas med. Bara frågor med val.",
        "Fråga namn: Texten hänvisar till ett annat svar eller en uppgift (#recall:fritt/fallback:du#), som "
        "inte kan fyllas i här.",
        "Välkomstsidan: En text utan fråga visas inte.",
    },
    "surveyjs.json": {
        "Fråga trygg: Svaret ”annat” med egna ord följer inte med.",
        "Fråga matris: Inledningen ”Hur ofta?” visas inte: varje rad blir ett påstående.",
        "Fråga fritt: En fråga med svar i egna ord kan inte tas med. Bara frågor med val.",
        "Fråga namnteckning: Frågor av typen ”signaturepad” kan inte tas med. Bara frågor med val.",
    },
    "excel.csv": {
        "Hela filen: Filen är inte sparad i UTF-8. Kontrollera att å, ä och ö stämmer.",
        "Blad survey, rad 3: Frågor av typen ”text” kan inte tas med. Bara frågor med val.",
    },
}
"""Everything that is listed as left out of a file."""


@pytest.mark.parametrize("name", LEFT_OUT)
def test_parts_that_a_survey_cannot_have_are_listed_with_their_place(name: str) -> None:
    form = read_file(FILES[name][0], name)
    listed = {f"{note.place.render(str)}: {note.reason.render(str)}" for note in form.left_out}
    assert listed == LEFT_OUT[name]


YES_NO = ["Nej", "Ja"]

PASTED = {
    "statements only": ("A b\n\nC d", [("A b", AGREE), ("C d", AGREE)]),
    "a list with dashes": ("- A b\n- C d", [("A b", AGREE), ("C d", AGREE)]),
    "a numbered list": ("1. A b\n2) C d", [("A b", AGREE), ("C d", AGREE)]),
    "answers after a heading": ("A b\nC d\nSvar:\nNej\nJa", [("A b", YES_NO), ("C d", YES_NO)]),
    "answers on one line": ("A b\nSvar: Nej, Ja", [("A b", ["Nej", "Ja"])]),
    "answers with slashes": ("A b\nSvar: Nej, aldrig / Ja", [("A b", ["Nej, aldrig", "Ja"])]),
    "answers with dashes": ("A b\n- Nej\n- Ja", [("A b", ["Nej", "Ja"])]),
    "answers with numbers": ("A b\n1. Nej\n2. Ja", [("A b", ["Nej", "Ja"])]),
    "numbers and dashes": ("1. A b\n2. C d\n- Nej\n- Ja", [("A b", YES_NO), ("C d", YES_NO)]),
    "a list and a heading": ("- A b\n- C d\nSvar:\n- Nej\n- Ja\n", [("A b", YES_NO), ("C d", YES_NO)]),
    "answers for each": ("A b\n- Nej\n- Ja\nC d\n- Av\n- På", [("A b", YES_NO), ("C d", ["Av", "På"])]),
    "statements after answers": ("A b\nSvar:\nNej\nJa\n\nC d", [("A b", ["Nej", "Ja"]), ("C d", AGREE)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PASTED)
def test_pasted_lines_are_statements_with_the_answers_below_them(name: str) -> None:
    text, expected = PASTED[name]
    form = read_pasted(text, "Enkät")
    assert [(texts["sv"], answers) for texts, answers in questions(form)] == expected


def test_a_question_with_too_few_too_many_or_equal_answers_is_listed() -> None:
    form = read_pasted(
        "A b\nSvar:\nNej\n\nC d\nSvar: 1,2,3,4,5,6,7,8,9,10,11,12\n\nE f\nSvar: Ja, Ja", "Enkät"
    )
    assert not form.questions
    assert [note.reason.render(str) for note in form.left_out] == [
        "Frågan har färre än två svar.",
        "Frågan har 12 svar. Högst 11 går att visa.",
        "Två av frågans svar har samma text.",
    ]


def packed(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    return content.getvalue()


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<document><LimeSurveyDocType>Survey</LimeSurveyDocType><languages>&b;</languages></document>"
)
LSS = "<document><LimeSurveyDocType>Survey</LimeSurveyDocType>"
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
TOO_LARGE = "Filen är för stor för att vara en enkät."
DAMAGED = "den är avkortad eller skadad. Exportera den igen."
NO_SPREADSHEET = "Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx."
TABLE_XML = (
    '<office:x xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    '<table:table table:name="survey"><table:table-row table:number-rows-repeated="999999999">'
    '<table:table-cell table:number-columns-repeated="{columns}"><text:p>type</text:p></table:table-cell>'
    "</table:table-row></table:table></office:x>"
)
UNKNOWN = "Filen går inte att känna igen. Hit kan du ta XLSForm (.xlsx, .ods, .csv), LimeSurvey (.lss, .txt)"

REFUSED = {
    "entities.lss": (ENTITIES.encode(), DAMAGED),
    "cut.lss": (case("limesurvey.lss")[:3000], DAMAGED),
    "empty.lss": (f"{LSS}</document>".encode(), "Filen har inga frågor."),
    "deep.lss": (f"{LSS}{'<a>' * 100_000}".encode(), TOO_LARGE),
    "wide.lss": (f"{LSS}{'<a/>' * 210_000}</document>".encode(), TOO_LARGE),
    "large.lss": (LSS.encode() + b" " * 5_000_001, TOO_LARGE),
    "charset.lss": (b'<?xml version="1.0" encoding="no-such"?>' + LSS.encode() + b"</document>", DAMAGED),
    "cut.json": (case("formbricks.json")[:500], "Filen kan inte läsas som JSON"),
    "large.json": (b"[" + b"[]," * 700_000 + b"[]]", TOO_LARGE),
    "texts.json": (
        json.dumps({"elements": [{"type": "text", "name": f"q{n}"} for n in range(2_100)]}).encode(),
        "Filen har mer än 2000 frågor",
    ),
    "deep.json": (b"[" * 1_000_000, "Filen kan inte läsas som JSON"),
    "digits.json": (b"[" + b"1" * 10_000 + b"]", "Filen kan inte läsas som JSON"),
    "other.json": (b'{"type": "FeatureCollection"}', "Filen är JSON, men ingen enkät"),
    "two.json": (b"[{}, {}]", "Filen har flera enkäter. Exportera en i taget."),
    "many.json": (
        json.dumps({"elements": [{"type": "rating", "name": f"q{n}"} for n in range(2_100)]}).encode(),
        "Filen har mer än 2000 frågor",
    ),
    "many.csv": (b"type,name\n" + b"note,x\n" * 30_000, TOO_LARGE),
    "many.txt": (b"Hej\n" * 1_000_000, "Texten är längre än en enkät"),
    "empty.txt": (b"", UNKNOWN),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "i det äldre formatet .xls"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(100), UNKNOWN),
    "page.html": (b"<!doctype html><p>Hej", UNKNOWN),
    "notes.md": (b"# Hej\n", UNKNOWN),
    "answers.csv": (b"name,age\nAnna,40\n", UNKNOWN),
    "document.docx": (packed(**{"word/document.xml": b"<a/>"}), UNKNOWN),
    "archive.lsa": (packed(**{"survey_1.lss": b"<a/>"}), "Packa upp det och hämta in .lss-filen"),
    "cut.ods": (ods(SHEETS)[:200], NO_SPREADSHEET),
    "without_content.ods": (packed(mimetype=ODS), NO_SPREADSHEET),
    "bomb.ods": (packed(**{"mimetype": ODS, "content.xml": b" " * 30_000_000}), TOO_LARGE),
    "entities.ods": (packed(**{"mimetype": ODS, "content.xml": ENTITIES.encode()}), NO_SPREADSHEET),
    "deep.ods": (packed(**{"mimetype": ODS, "content.xml": b"<a>" * 100_000}), TOO_LARGE),
    "rows.ods": (packed(**{"mimetype": ODS, "content.xml": TABLE_XML.format(columns=1).encode()}), TOO_LARGE),
    "columns.ods": (
        packed(**{"mimetype": ODS, "content.xml": TABLE_XML.format(columns=10**9 - 1).encode()}), TOO_LARGE,
    ),
}  # fmt: skip
"""Name of a file -> its content, and the reason for the refusal."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_damaged_or_unknown_file_is_refused_with_the_reason(name: str) -> None:
    content, reason = REFUSED[name]
    with pytest.raises(ForeignFormError) as refusal:
        read_file(content, name)
    assert reason in refusal.value.message.render(str)


@pytest.mark.parametrize("name", sorted(set(FILES) - {"lines.txt"}))
def test_a_file_cut_at_any_place_is_read_or_refused(name: str) -> None:
    content = FILES[name][0]
    for length in range(0, len(content), max(len(content) // 20, 1)):
        with suppress(ForeignFormError):
            read_file(content[:length], name)


WRONG_VALUES: tuple[object, ...] = (
    None, 1, "x", [], {}, [[]], [None], [{}], {"default": 1}, {"default": []}, True, 1e308,
)  # fmt: skip


def with_a_wrong_value(node: Any, value: object) -> Iterator[Any]:
    """Yield copies of a JSON document, each with the value at another place of it replaced."""
    yield value
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        for variant in with_a_wrong_value(node[key], value):
            changed = node.copy()
            changed[key] = variant
            yield changed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["formbricks.json", "surveyjs.json"])
def test_a_json_value_of_another_type_is_read_or_refused(name: str) -> None:
    """Each place of the document gets one of the wrong values."""
    document, refused = json.loads(case(name)), 0
    for at, value in enumerate(WRONG_VALUES):
        for variant in islice(with_a_wrong_value(document, value), at, None, len(WRONG_VALUES)):
            try:
                read_file(json.dumps(variant).encode(), name)
            except ForeignFormError as refusal:
                refused += bool(refusal.message.render(str))
    assert refused


def test_an_ods_cell_has_the_text_that_is_shown() -> None:
    text = f"{escape('Jag & du')}<text:s text:c='2'/>är<text:line-break/>här<text:span>!</text:span>"
    content = ods({**SHEETS, "survey": [SHEETS["survey"][0], ["select_one enig", "q", f"xml:{text}", ""]]})
    assert questions(read_file(content, "x.ods"))[0][0] == {"sv": "Jag & du är här!"}


def test_a_comment_in_an_ods_cell_is_left_out() -> None:
    comment = "<office:annotation><text:p>Fråga Eva</text:p></office:annotation>"
    text = f"Jag är {comment}trygg <text:span>här{comment}!</text:span>{comment}"
    content = ods({**SHEETS, "survey": [SHEETS["survey"][0], ["select_one enig", "q", f"xml:{text}", ""]]})
    assert questions(read_file(content, "x.ods"))[0][0] == {"sv": "Jag är trygg här!"}


def test_an_lss_text_with_unescaped_markup_is_read_to_its_end() -> None:
    escaped, unescaped = b"<![CDATA[Personalen lyssnar]]>", b"Personalen <em>lyssnar</em> alltid"
    content = case("limesurvey.lss").replace(escaped, unescaped)
    assert "Personalen lyssnar alltid" in [texts["sv"] for texts, _ in questions(read_file(content, "x.lss"))]
