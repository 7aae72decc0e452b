"""Effect reports at the desk: written by several people, built from closed rounds, frozen when published."""

import csv
import html
import io
import json
import re
import zipfile
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import docx
import openpyxl
import pytest
from werkzeug.test import TestResponse

from kiosk.desk.downloads import MEDIA_TYPES
from kiosk.desk.i18n import in_language
from kiosk.desk.reports import glance
from kiosk.desk.reports.publishing import draft
from kiosk.desk.respondents import forms
from kiosk.desk.surveys.origin import origin_of_instrument
from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.causal_claims import causal_claims
from kiosk.domain.counters import Figure, Quality, read_period, year_of
from kiosk.domain.report import document_from_json
from kiosk.domain.respondent import Respondent
from kiosk.domain.results import answered
from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import ProtectionLevel
from kiosk.library.library import read_library
from kiosk.output.file_program import WrittenFile, WrittenFiles
from kiosk.output.report_docx import report_docx
from kiosk.output.report_html import report_html
from kiosk.output.report_pdf import report_pdf
from kiosk.output.report_xlsx import report_xlsx
from kiosk.settings import read_settings
from kiosk.storage import Action
from tests.tools.desk_side import Desk
from tests.tools.shipped import library_for

REPORT = "/admin/reports/r2026-1"
LISTENED = "Jag känner att personalen lyssnar på mig"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a closed round of 40 answers and a report about it."""
    made = Desk(tmp_path)
    made.answer(40)
    made.now = made.round.closes_at
    made.store.count(made.now)
    made.sign_in()
    begin(made)
    return made


def post(desk: Desk, path: str, **data: object) -> TestResponse:
    return desk.client.post(path, data={"csrf_token": desk.token("/admin/reports"), **data})


def begin(desk: Desk, **changes: object) -> TestResponse:
    data = {
        "title": "Effektrapport 2026", "organisation": "Västerås stadsmission", "year": "2026",
        "node": "dagverksamheten", "theory": "ombudsmannaskap",
    }  # fmt: skip
    return post(desk, "/admin/reports", **{**data, **changes})


def write(desk: Desk, part: str, words: str, version: int = 0) -> TestResponse:
    return post(desk, f"{REPORT}/part/{part}", words=words, version=version)


def preview(desk: Desk) -> str:
    return desk.client.get(f"{REPORT}/preview").text


@pytest.mark.slow
def test_the_parts_of_a_report_are_in_the_order_of_2022(desk: Desk) -> None:
    for part in re.findall(rf'href="{REPORT}/part/([^"]+)"', desk.client.get(REPORT).text):
        assert write(desk, part, f"Text om {part}.").status_code == 303
    headings = re.findall("<h2>(.*?)</h2>", preview(desk))
    assert headings == [
        "I korthet", "Det här är Västerås stadsmission", "Vision", "Uppdrag", "Värdegrund",
        "I vilket organisatoriskt sammanhang verkar Västerås stadsmission", "Organisation", "Ledarskap",
        "Strategi", "Verksamheter", "Effektrapportering", "Förändringsteori", "Använda resurser",
        "Aktiviteter och prestationer", "Utvärdering", "Kommentarer deltagarenkät", "Sammanfattning",
        "Definitioner", "Övriga upplysningar",
    ]  # fmt: skip


def test_every_figure_of_a_report_has_its_rule_n_round_version_and_protection(desk: Desk) -> None:
    node = next(
        node for node in desk.store.snapshot()["rounds"][0]["nodes"] if node["id"] == "dagverksamheten"
    )
    assert node["answered"] is not None
    counts = node["statements"]["listened"]["counts"]
    page = preview(desk)
    section = page[page.index(f"<h3>{LISTENED}") :]
    assert f"{sum(counts[-2:])} av {sum(counts)} svarade ”Instämmer helt” eller ”Instämmer bra”." in section
    for words in (
        "Andelen är de som svarade ”Instämmer helt” eller ”Instämmer bra”",
        "2\xa0mars\xa02026 – 31\xa0maj\xa02026",
        "Exakta siffror", "Dagverksamheten, 2\xa0mars\xa02026 – 31\xa0maj\xa02026. "
        "Påståendet och svaren har haft samma lydelse sedan 2\xa0mars\xa02026.",
    ):  # fmt: skip
        assert words in section
    assert [int(n) for n in re.findall(r"<td>(\d+)</td>", section)[:5]] == list(reversed(counts))


def test_a_report_dates_the_wording_of_each_statement_by_itself(desk: Desk) -> None:
    """The survey has another version from May on, but the guests see the first statement as before."""
    first = desk.round.survey
    *others, better = first.statements
    assert better.id == "feel_better"
    changed = replace(first, statements=(*others, replace(better, text="Här mår jag bättre")))
    opens = desk.now + timedelta(days=1)
    second = replace(
        desk.round, id="r2", survey=changed, opens_at=opens, closes_at=opens + timedelta(days=30)
    )
    desk.store.open_round(second, desk.now)
    for _ in range(30):
        desk.store.cast("r2", "dagverksamheten", Ballot((5, 4, 5, 4)), opens)
    desk.now = second.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    post(desk, REPORT, round=["r", "r2"], statement=["listened", "feel_better"])
    page = preview(desk)
    since = "Påståendet och svaren har haft samma lydelse sedan"
    for heading, day in ((LISTENED, "2\xa0mars\xa02026"), ("Här mår jag bättre", "1\xa0juni\xa02026")):
        assert f"{since} {day}." in page.partition(f"<h3>{heading}")[2].partition("<h3>")[0]


def test_a_running_round_cannot_be_in_a_report(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer(40)
    desk.sign_in()
    begin(desk)
    assert post(desk, REPORT, round="r").status_code == 400
    assert "effekten är inte mätt" in preview(desk)
    assert LISTENED not in preview(desk).partition("<h2>Utvärdering")[2]


def test_a_round_until_new_years_eve_is_in_the_report_of_its_year(tmp_path: Path) -> None:
    """It closes at the midnight after its last day."""
    desk = Desk(tmp_path, is_empty=True)
    desk.store.open_round(replace(desk.round, closes_at=datetime(2027, 1, 1)), desk.now)
    desk.now = datetime(2027, 1, 1)
    desk.store.count(desk.now)
    desk.sign_in()
    for year in ("2026", "2027"):
        begin(desk, year=year)
    assert {name: terms.rounds for name, terms in desk.store.reports.all().items()} == {
        "r2026-1": ("r",),
        "r2027-1": (),
    }


def test_a_report_with_a_selection_of_statements_says_so(desk: Desk) -> None:
    assert post(desk, REPORT, round="r", statement=["listened"]).status_code == 303
    page = preview(desk).partition("<h2>Utvärdering")[2]
    assert "Enkäten hade 4 påståenden, rapporten visar 1." in page
    assert "mår bättre" not in page
    assert post(desk, REPORT, statement="nothing").status_code == 400


def test_outputs_and_non_response_are_marked_as_estimated_or_unknown(desk: Desk) -> None:
    year = year_of(2026)
    desk.store.outputs.set("dagverksamheten", year, "advise", Figure(500, Quality.ESTIMATED))
    desk.store.outputs.set("dagverksamheten", year, "link", Figure(0, Quality.NOT_COUNTED))
    page = preview(desk)
    for words in ("ca 500 (uppskattat)", "ej räknat", "ingen uppgift", "Därför är bortfallet okänt"):
        assert words in page
    desk.store.outputs.set("dagverksamheten", year, "asked", Figure(200, Quality.ESTIMATED))
    assert "Under 2026 tillfrågades ca 200 deltagare. Omgångarna gäller inte samma tid" in preview(desk)


def test_non_response_is_computed_for_the_months_of_the_rounds(desk: Desk) -> None:
    for month, asked in (("2026-03", 40), ("2026-04", 20), ("2026-05", 20), ("2026-06", 500)):
        figure = Figure(asked, Quality.ESTIMATED if month == "2026-04" else Quality.COUNTED)
        desk.store.outputs.set("dagverksamheten", read_period(month), "asked", figure)
    document = desk.store.snapshot()
    answers = answered(document, desk.round, "dagverksamheten")
    assert answers
    share = half_up(100 * answers / 80)
    assert (
        f"{answers} svar är räknade av ca 80 tillfrågade deltagare under omgångarnas månader: {share} av 100."
        in preview(desk)
    )
    desk.store.outputs.set("dagverksamheten", read_period("2026-03"), "asked", Figure(0, Quality.COUNTED))
    desk.store.outputs.set("dagverksamheten", read_period("2026-04"), "asked", Figure(1, Quality.COUNTED))
    desk.store.outputs.set("dagverksamheten", read_period("2026-05"), "asked", Figure(1, Quality.COUNTED))
    assert (
        f"{answers} svar är räknade och 2 deltagare tillfrågade. Fler svarade än som tillfrågades"
        in preview(desk)
    )


@pytest.mark.slow
def test_a_report_uses_the_places_word_for_those_who_answer(desk: Desk) -> None:
    begin(desk, node="vasteras")
    for report, people, person, survey in (
        (REPORT, "deltagare", "deltagare", "deltagarenkät"),
        ("/admin/reports/r2026-2", "gäster", "gäst", "gästenkät"),
    ):
        assert post(desk, report, round="r", statement=["listened"]).status_code == 303
        assert f">Kommentarer {survey}<" in desk.client.get(report).text
        page = desk.client.get(f"{report}/preview").text
        assert f" svar från {people} är räknade för " in page
        assert f"att någon enskild {person} har förändrats" in page
        assert f"Hur många {people} som tillfrågades" in page


def test_each_word_for_those_who_answer_has_all_its_forms_in_each_language_of_the_desk() -> None:
    for language in ("sv", "en"):
        catalogue = read_library(read_settings({})).desk[language]
        with in_language(catalogue):
            shown = [forms(one) for one in Respondent]
        assert len({one.person for one in shown}) == len(shown) == 6


def test_a_report_names_the_origin_of_an_instrument_and_that_its_swedish_is_not_official() -> None:
    library = read_library(read_settings({}))
    with in_language(library.desk["sv"]):
        origin = " ".join(origin_of_instrument(library.surveys["ons_ensamhet"]))
        assert origin_of_instrument(library.surveys["ombudsmannaskap"]) == []
    assert origin.startswith("Källa: Office for National Statistics")
    assert "Villkor: Open Government Licence v3.0" in origin
    assert origin.endswith("Ej officiell översättning. Officiellt språk: engelska.")


def test_a_report_has_the_goals_the_validation_and_other_figures(desk: Desk) -> None:
    desk.store.outputs.set("dagverksamheten", year_of(2026), "visits", Figure(3000, Quality.ESTIMATED))
    page = preview(desk)
    assert "Frågorna är inte prövade vetenskapligt (inte validerade)." in page
    goals = page.partition("<caption>Våra mål</caption>")[2].partition("</table>")[0]
    assert '<th scope="row">1. Ingen hemlöshet</th><td>Mäts inte</td>' in goals
    assert (
        '<th scope="row">4. Ingen psykisk ohälsa</th><td>Fråga: ”Verksamheten bidrar till att jag mår bättre”'
        in goals
    )
    other = page.partition("<h2>Övriga upplysningar")[2]
    assert '<th scope="row">Besök</th><td>ca 3 000 (uppskattat)</td>' in other.replace("\xa0", " ")
    assert "Rådgivning" not in other


def test_a_text_is_checked_for_claims_and_signs_while_it_is_written(desk: Desk) -> None:
    words = "Vi har öppet 😀. Stödet har lett till ökad egenmakt."
    answer = post(desk, "/admin/reports/claims", words=words)
    assert answer.json == {"claims": ["Stödet har lett till ökad egenmakt."], "signs": ["😀"]}
    assert post(desk, "/admin/reports/claims", words="a" * 50_001).status_code == 400
    assert desk.store.reports.texts("r2026-1") == {}


def test_an_empty_part_can_start_with_the_earlier_text_about_the_same_service(desk: Desk) -> None:
    for year, node in (("2024", "dagverksamheten"), ("2025", "frida")):
        begin(desk, year=year, node=node)
        post(desk, f"/admin/reports/r{year}-1/part/vision", words=f"Vision för {node}", version=0)
    page = desk.client.get(f"{REPORT}/part/vision").text
    assert "Vision för dagverksamheten" in page
    assert "Vision för frida" not in page
    start = desk.client.get(f"{REPORT}/part/vision?start=last").text
    [typed] = re.findall(r"(?s)<textarea[^>]*>(.*?)</textarea>", start)
    assert typed == "Vision för dagverksamheten"
    write(desk, "vision", "Vår egen text")
    assert "Vår egen text</textarea>" in desk.client.get(f"{REPORT}/part/vision?start=last").text


def test_the_second_of_two_concurrent_writers_sees_both_texts(desk: Desk) -> None:
    assert write(desk, "vision", "Annas text").status_code == 303
    response = write(desk, "vision", "Bos text")
    assert response.status_code == 409
    assert "Annas text" in response.text
    assert "Bos text" in response.text
    assert desk.store.reports.texts("r2026-1")["vision"].words == "Annas text"
    version = re.search(r'name="version" value="(\d+)"', response.text)
    assert version
    assert write(desk, "vision", "Bos text", int(version[1])).status_code == 303


def test_a_causal_claim_is_pointed_out_and_kept(desk: Desk) -> None:
    write(desk, "summary", "Stödet har lett till ökad egenmakt.")
    for path in (REPORT, f"{REPORT}/part/summary"):
        page = desk.client.get(path).text
        assert "Påstår en orsak" in page
        assert "har lett till ökad egenmakt" in page


def test_the_programs_own_sentences_claim_no_cause(desk: Desk) -> None:
    assert not desk.client.get(REPORT).text.count("Påstår en orsak")

    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", preview(desk), flags=re.DOTALL)
    assert causal_claims(text) == ()


@pytest.mark.slow
def test_a_rise_over_rounds_is_a_larger_share_and_nothing_that_is_better(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for number, options in enumerate([(1, 2), (4, 5)]):
        opened = replace(
            desk.round, id=f"r{number}", opens_at=desk.now, closes_at=desk.now + timedelta(days=30)
        )
        desk.now = opened.opens_at
        if number:
            desk.store.open_round(opened, desk.now)
        running = desk.store.running_round("dagverksamheten", desk.now)
        for at in range(40):
            desk.store.cast(running.id, "dagverksamheten", Ballot((options[at % 2],) * 4), desk.now)
        desk.now = running.closes_at
        desk.store.count(desk.now)
    desk.sign_in()
    begin(desk)
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", preview(desk), flags=re.DOTALL)
    assert (
        "Upp, åt rätt håll: sett över de 2 omgångar som kan jämföras har andelen som svarade så ökat" in text
    )
    figures = text.partition("Så gjordes enkäten")[2].replace("att jag mår bättre", "")
    assert re.findall(r"(?i)\b(?:bättre|sämre|förbättr\w*)\b", figures) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "a" * 50_001,
        "vänd \u202e text",
        "noll \0 byte",
        "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace") + "\x1b",
    ],
)
def test_an_unprintable_text_is_refused_and_stays_in_the_form(desk: Desk, words: str) -> None:
    response = write(desk, "vision", words)
    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert "vision" not in desk.store.reports.texts("r2026-1")


def test_markup_in_a_text_is_escaped(desk: Desk) -> None:
    write(desk, "vision", "<script>alert(1)</script> #set page() *inte fet*")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; #set page() *inte fet*" in preview(desk)
    assert "<script" not in preview(desk)


@pytest.mark.slow
def test_a_published_edition_never_changes_and_later_ones_are_added(desk: Desk) -> None:
    write(desk, "vision", "Först")
    assert post(desk, f"{REPORT}/publish").status_code == 303
    first = desk.client.get(f"{REPORT}/edition/1.html").text
    write(desk, "vision", "Sedan", 1)
    desk.store.outputs.set("dagverksamheten", year_of(2026), "advise", Figure(7, Quality.COUNTED))
    post(desk, f"{REPORT}/publish")
    assert desk.client.get(f"{REPORT}/edition/1.html").text == first
    assert "Sedan" in desk.client.get(f"{REPORT}/edition/2.html").text
    assert [entry.what for entry in desk.store.audit_log.entries(frozenset({Action.REPORT_PUBLISHED}))] == [
        "r2026-1, 2",
        "r2026-1, 1",
    ]


@pytest.mark.slow
def test_the_pdf_is_accessible_and_has_every_heading(desk: Desk) -> None:
    write(desk, "vision", "Alla ska med.")
    post(desk, f"{REPORT}/publish")
    response = desk.client.get(f"{REPORT}/edition/1.pdf")
    assert response.mimetype == "application/pdf"
    assert b"pdfuaid" in response.data
    kept = desk.store.reports.edition("r2026-1", 1)
    assert kept
    document = document_from_json(json.loads(json.dumps(kept)))
    assert report_pdf(document) == response.data


class TwoClicks(WrittenFiles):
    """Files that publish the report by another request before the first one is written."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.statuses, self.is_second = desk, list[int](), False

    def write(self, kind: str, given: bytes) -> WrittenFile:
        if not self.is_second:
            self.is_second = True
            self.statuses.append(post(self.desk, f"{REPORT}/publish").status_code)
        return super().write(kind, given)


@pytest.mark.slow
def test_a_report_that_is_published_by_a_double_click_has_one_edition(desk: Desk) -> None:
    desk.app.extensions["desk"].written_files = files = TwoClicks(desk)
    assert post(desk, f"{REPORT}/publish").status_code == 303
    assert files.statuses == [303]
    assert desk.store.reports.editions("r2026-1") == (1,)


@pytest.mark.slow
def test_an_edition_can_be_downloaded_as_docx_and_xlsx(desk: Desk) -> None:
    post(desk, f"{REPORT}/publish")
    listed = desk.client.get("/admin/reports").text
    kept = desk.store.reports.edition("r2026-1", 1)
    assert kept
    for ending in ("docx", "xlsx"):
        assert f"{REPORT}/edition/1.{ending}" in listed
        response = desk.client.get(f"{REPORT}/edition/1.{ending}")
        assert response.mimetype == MEDIA_TYPES[ending]
        assert response.data.startswith(b"PK")
    assert response.data == report_xlsx(document_from_json(kept))
    assert desk.client.get(f"{REPORT}/edition/1.exe").status_code == 404


@pytest.mark.slow
def test_every_published_number_of_a_chart_is_in_the_workbook(desk: Desk) -> None:
    post(desk, f"{REPORT}/publish")
    node = desk.store.snapshot()["rounds"][0]["nodes"]
    [published] = [one["statements"] for one in node if one["id"] == "dagverksamheten" and one["answered"]]
    book = openpyxl.load_workbook(io.BytesIO(desk.client.get(f"{REPORT}/edition/1.xlsx").data))
    rows = {row[1:6] for sheet in book for row in sheet.iter_rows(min_row=2, values_only=True)}
    for table in published.values():
        assert tuple(reversed(table["counts"])) in rows


@pytest.mark.slow
def test_the_data_package_has_only_cells_of_the_published_edition(desk: Desk) -> None:
    post(desk, f"{REPORT}/publish")
    assert f"{REPORT}/edition/1.zip" in desk.client.get("/admin/reports").text
    assert f"{REPORT}/edition/1.zip" in desk.client.get(REPORT).text
    kept = document_from_json(desk.store.reports.edition("r2026-1", 1) or {})
    shown = {
        cell for block in kept.blocks for row in (block.header, *block.rows, *block.data) for cell in row
    }
    response = desk.client.get(f"{REPORT}/edition/1.zip")
    assert response.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.data)) as packed:
        tables = [
            list(csv.reader(io.StringIO(packed.read(name).decode("utf-8-sig"), newline="")))
            for name in packed.namelist()
            if name.endswith(".csv")
        ]
    assert len(tables) == sum(bool(block.header or block.data) for block in kept.blocks)
    assert {cell for table in tables for row in table for cell in row} <= shown


@pytest.mark.slow
def test_a_text_without_glyphs_is_refused_at_publishing(desk: Desk) -> None:
    write(desk, "vision", "Snälla 😀")
    response = post(desk, f"{REPORT}/publish")
    assert response.status_code == 400
    assert "Tecknet 😀 går inte att skriva ut. Ta bort det här: ”Vision”." in response.text
    assert desk.store.reports.editions("r2026-1") == ()


def test_line_breaks_of_a_pasted_text_are_kept_and_control_characters_named(desk: Desk) -> None:
    write(desk, "vision", "Ett\u2028två\vtre\u2029\u2029Fyra")
    assert desk.store.reports.texts("r2026-1")["vision"].words == "Ett\ntvå\ntre\n\nFyra"
    response = write(desk, "mission", "Noll\x01byte")
    assert response.status_code == 400
    assert "texten har det osynliga tecknet U+0001. Ta bort det." in response.text


@pytest.mark.slow
def test_a_character_of_the_title_without_a_glyph_is_named_before_and_at_publishing(desk: Desk) -> None:
    terms = desk.store.reports.all()["r2026-1"]
    desk.store.reports.set("r2026-1", replace(terms, title="Effekt ✨"))
    assert "Går inte att skriva ut i ”Titel”: ✨" in html.unescape(desk.client.get(REPORT).text)
    assert "Ta bort det här: ”Titel”." in post(desk, f"{REPORT}/publish").text


def test_last_years_text_is_offered_as_a_starting_point(desk: Desk) -> None:
    begin(desk, year="2025")
    post(desk, "/admin/reports/r2025-1/part/vision", words="Förra årets vision", version=0)
    assert "Förra årets vision" in desk.client.get(f"{REPORT}/part/vision").text


@pytest.mark.slow
def test_staff_can_read_published_editions_only(desk: Desk) -> None:
    post(desk, f"{REPORT}/publish")
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/reports")})
    desk.sign_in("bo")
    assert desk.client.get(f"{REPORT}/edition/1.html").status_code == 200
    for path in (REPORT, f"{REPORT}/preview", f"{REPORT}/part/vision"):
        assert desk.client.get(path).status_code == 403
    assert post(desk, f"{REPORT}/publish").status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"node": "x"}, {"theory": "x"}, {"year": "1999"}, {"title": " "}])
def test_a_report_with_invalid_terms_is_refused(desk: Desk, changes: dict[str, object]) -> None:
    assert begin(desk, **changes).status_code == 400
    assert list(desk.store.reports.all()) == ["r2026-1"]


@pytest.mark.slow
def test_a_chart_in_a_report_runs_no_script(desk: Desk) -> None:
    """A drawing of a changed backup could carry one."""
    post(desk, f"{REPORT}/publish")
    kept = desk.store.reports.edition("r2026-1", 1)
    assert kept
    document = document_from_json(kept)
    evil = [
        replace(block, svg=block.svg and "<svg><script>alert(1)</script></svg>") for block in document.blocks
    ]
    assert "<script" not in report_html(replace(document, blocks=tuple(evil)))


def test_outputs_are_drawn_by_month_and_listed_by_unit(desk: Desk) -> None:
    for month, taps in (("2026-01", 12), ("2026-02", 30)):
        desk.store.outputs.set("dagverksamheten", read_period(month), "advise", Figure(taps, Quality.COUNTED))
    page = preview(desk)
    assert 'alt="Rådgivning 2026, en stapel för varje månad. Dagverksamheten: 42* hela året."' in page
    table = page.partition("<caption>Dagverksamheten, månad för månad</caption>")[2].partition("</table>")[0]
    assert '<th scope="row">januari\xa02026</th><td>12</td>' in table
    assert '<th scope="row">kvartal 1 2026</th><td>42*</td>' in table
    assert '<th scope="row">december\xa02026</th><td>–</td>' in table
    assert "Länkning" not in table


def test_the_cover_names_the_organisation(desk: Desk) -> None:
    assert '<p class="organisation">Västerås stadsmission</p>' in preview(desk).partition("</header>")[0]


def summary_page(desk: Desk) -> str:
    return preview(desk).partition("<h2>I korthet</h2>")[2].partition("<h2>")[0]


def test_the_summary_page_has_the_share_of_every_statement(desk: Desk) -> None:
    summary = summary_page(desk)
    node = next(
        node for node in desk.store.snapshot()["rounds"][0]["nodes"] if node["id"] == "dagverksamheten"
    )
    assert node["answered"] is not None
    for statement in desk.round.survey.statements:
        counts = node["statements"][statement.id]["counts"]
        assert f'<th scope="row">{statement.text}</th><td>{sum(counts[-2:])} av {sum(counts)}</td>' in summary
    assert "Andelen är de som svarade" in summary


def test_the_summary_page_has_one_chart_outputs_protection_and_the_results_not_measured(desk: Desk) -> None:
    desk.store.outputs.set("dagverksamheten", year_of(2026), "advise", Figure(500, Quality.ESTIMATED))
    summary = summary_page(desk)
    for words in ("ca 500 (uppskattat)", "Exakta siffror.", "Mäts inte: ”Fler"):
        assert words in summary
    assert summary.count("<img ") == 1


def test_the_summary_page_says_how_many_statements_were_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "MOST_STATEMENTS", 3)
    page = summary_page(desk)
    assert "Påståenden som inte fick plats här: 1." in page
    assert page.count(" av ") >= 3
    assert "mår bättre" not in page


def test_the_choice_of_statements_has_the_words_that_the_report_prints(desk: Desk) -> None:
    survey = desk.round.survey
    first, *others = survey.statements
    reworded = replace(first, text="Personalen hör på mig", earlier_wordings=(first.text,))
    opens = desk.now + timedelta(days=1)
    second = replace(
        desk.round, id="r2", survey=replace(survey, statements=(reworded, *others)), opens_at=opens,
        closes_at=opens + timedelta(days=30),
    )  # fmt: skip
    desk.store.open_round(second, desk.now)
    for _ in range(30):
        desk.store.cast("r2", "dagverksamheten", Ballot((5, 4, 5, 4)), opens)
    desk.now = second.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    post(desk, REPORT, round=["r", "r2"], statement=[first.id])
    assert "<h3>Personalen hör på mig" in preview(desk)
    choice = desk.client.get(REPORT).text.partition(f'name="statement"\n  value="{first.id}"')[2]
    assert '<span lang="sv">Personalen hör på mig</span>' in choice.partition("</label>")[0]


def test_a_statement_without_answers_is_not_said_to_lack_room(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(40):
        desk.store.cast("r", "dagverksamheten", Ballot((1, 1, 1, NoAnswer.DONT_KNOW)), desk.now)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    begin(desk)
    assert "Andel för varje påstående" in summary_page(desk)
    assert "inte fick plats" not in summary_page(desk)


@pytest.mark.parametrize("level", [ProtectionLevel.PROTECTED, ProtectionLevel.STRONG])
def test_a_report_names_each_protection_of_its_rounds(desk: Desk, level: ProtectionLevel) -> None:
    is_strong = level is ProtectionLevel.STRONG
    other = library_for(desk.settings).surveys["ons_ensamhet"]
    later = replace(
        desk.round, id="r2", survey=other, protection=level.protection, epsilon=level.epsilon,
        opens_at=desk.now, closes_at=desk.now + timedelta(days=90),
    )  # fmt: skip
    desk.store.open_round(later, desk.now)
    for _ in range(40):
        desk.store.cast("r2", "dagverksamheten", Ballot((1,) * len(other.statements)), desk.now)
    desk.now = later.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    post(desk, REPORT, round=["r", "r2"], statement=["listened", other.statements[0].id])
    kind = "Starkt skyddade siffror." if is_strong else "Skyddade siffror."
    assert f"{kind} Några av omgångarna har exakta siffror." in summary_page(desk)
    whole = preview(desk)
    assert ("Siffrorna är starkt skyddade med slumptal" in whole) is is_strong
    assert ("Siffrorna är skyddade med slumptal" in whole) is not is_strong
    assert ("Starkt skyddade siffror: skyddade siffror med ungefär dubbelt" in whole) is is_strong


def test_a_report_without_figures_has_no_summary_page(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    begin(desk)
    assert "I korthet" not in preview(desk)


def test_the_parts_name_each_statement_by_its_words_where_no_round_asked_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    begin(desk)
    page = desk.client.get(REPORT).text
    assert f"Kommentar: ”{LISTENED}”" in page
    assert "”listened”" not in page


def test_a_report_on_a_survey_of_ones_own_begins_with_its_statements(tmp_path: Path) -> None:
    desk = Desk(tmp_path, is_empty=True)
    library = library_for(desk.settings)
    own = library.surveys["ons_ensamhet"]
    desk.round = replace(desk.round, survey=own)
    desk.store.open_round(desk.round, desk.now)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    begin(desk)
    assert desk.store.reports.all()["r2026-1"].statements == tuple(one.id for one in own.statements)


@pytest.mark.slow
def test_the_cover_has_the_logo_of_the_theme_in_every_format(desk: Desk, tmp_path: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
    (tmp_path / "logo.svg").write_text(drawing)
    (tmp_path / "theme.toml").write_text('name = "Staden"\nlogo = "logo.svg"\n')
    desk.app.extensions["desk"].reread()
    with desk.app.test_request_context():
        document = draft(desk.store, "r2026-1")
    assert document
    encoded = b64encode(drawing.encode()).decode()
    assert document.logo == f"data:image/svg+xml;base64,{encoded}"
    header = report_html(document).partition("</header>")[0]
    assert f'<img class="logo" src="{document.logo}" alt="">' in header
    with_logo, without = (
        docx.Document(io.BytesIO(report_docx(replace(document, blocks=(), logo=logo))))
        for logo in (document.logo, "")
    )
    assert (len(with_logo.inline_shapes), len(without.inline_shapes)) == (1, 0)
    small = replace(document, blocks=())
    assert report_pdf(small) != report_pdf(replace(small, logo=""))


@pytest.mark.slow
def test_an_unreadable_logo_is_refused_at_publishing(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    (tmp_path / "theme.toml").write_text('name = "Staden"\nlogo = "logo.png"\n')
    desk.app.extensions["desk"].reread()
    response = post(desk, f"{REPORT}/publish")
    assert response.status_code == 400
    assert "Logotypen går inte att skriva ut. Spara den igen, som PNG." in response.text
    assert desk.store.reports.editions("r2026-1") == ()
