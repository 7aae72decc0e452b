"""Each kind of question through everything that shows or carries its answers, from one table of kinds."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kiosk.domain.ballot import read_ballot
from kiosk.domain.rounds import Protection
from kiosk.domain.survey import Survey, survey_from_json
from kiosk.library.importing import read_file
from kiosk.library.xlsform_export import no_answer_words, write_xlsform
from kiosk.storage import read_dump
from tests.tools.desk_side import START, Desk
from tests.tools.form_import import decided
from tests.tools.kinds import chosen, every_kind
from tests.tools.pdf_tags import tags_of
from tests.tools.shipped import library_for

pytestmark = pytest.mark.slow

GUESTS = 40
UNIT = "dagverksamheten"


def survey_of(desk: Desk) -> Survey:
    return every_kind(library_for(desk.settings).scales)


def forms_of(survey: Survey, number: int) -> list[dict[str, list[str]]]:
    """Return what the guests of a round send. The later the round, the more choose the highest answer."""
    forms = []
    for guest in range(GUESTS):
        is_highest = guest % 10 < 3 * number
        form = {}
        for statement in survey.statements:
            options = len(statement.scale.labels)
            answer = options if is_highest else 1 + guest % options
            form[statement.id] = [str(answer)]
            if statement.several and guest % 4:
                form[statement.id] = ["none"] if guest % 4 == 1 else [str(answer), str(1 + answer % options)]
        forms.append(form)
    return forms


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk after two exact rounds with the survey."""
    desk = Desk(tmp_path_factory.mktemp("kinds"), is_empty=True)
    survey = survey_of(desk)
    for number in range(2):
        desk.now = START + timedelta(days=92 * number)
        desk.store.count(desk.now)
        opened = replace(
            desk.round, id=f"r{number}", survey=survey, opens_at=desk.now, protection=Protection.EXACT,
            closes_at=desk.now + timedelta(days=90),
        )  # fmt: skip
        desk.store.open_round(opened, desk.now)
        for form in forms_of(survey, number):
            desk.store.cast(opened.id, UNIT, read_ballot(survey, form), desk.now)
    desk.now += timedelta(days=92)
    desk.store.count(desk.now)
    desk.sign_in()
    return desk


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_file_of_a_chart_has_the_count_of_each_answer(desk: Desk) -> None:
    for statement in survey_of(desk).statements:
        expected = chosen(statement, forms_of(survey_of(desk), 1))
        head, *rows = cells(desk.client.get(f"/admin/chart/r1/{UNIT}/{statement.id}/now.csv").data)
        assert {row[head.index("Omgång")] for row in rows} == {"2\xa0juni\xa02026 – 31\xa0aug.\xa02026"}
        if statement.several:
            of_answer = {row[head.index("Svar")]: row for row in rows}
            counted = [of_answer[label][head.index("Valde svaret")] for label in statement.answers]
            shares = [float(of_answer[label][head.index("Andel (%)")]) for label in statement.answers]
            assert shares == [100 * count / GUESTS for count in expected]
        else:
            [row] = rows
            counted = [row[head.index(label)] for label in statement.answers]
        assert [int(count) for count in counted] == expected, statement.id


def test_the_workbook_has_the_count_of_each_answer(desk: Desk) -> None:
    survey = survey_of(desk)
    board = desk.client.get(f"/admin/overview/r1/{UNIT}/board.xlsx").data
    sheets = load_workbook(io.BytesIO(board), read_only=True).worksheets[-len(survey.statements) :]
    for statement, sheet in zip(survey.statements, sheets, strict=True):
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        at = max(n for n, row in enumerate(rows) if set(statement.answers) <= {str(cell) for cell in row})
        counted = [rows[-1][rows[at].index(label)] for label in statement.answers]
        assert counted == chosen(statement, forms_of(survey, 1)), statement.id


def test_exports_have_the_count_of_each_answer_and_the_words_of_numbers(desk: Desk) -> None:
    survey = survey_of(desk)
    head, *rows = cells(desk.client.get("/admin/export/counts.csv").data)
    named = [dict(zip(head, row, strict=True)) for row in rows]
    codebook_head, *codebook = cells(desk.client.get("/admin/export/codebook.csv").data)
    words = [dict(zip(codebook_head, row, strict=True)) for row in codebook]
    for statement in survey.statements:
        ids = [statement.id] if not statement.several else [column.id for column in statement.columns]
        published = {
            (row["statement"], row["option"]): int(row["answers"])
            for row in named
            if row["round"] == "r1" and row["node"] == UNIT and row["statement"] in ids
        }
        expected = chosen(statement, forms_of(survey, 1))
        counted = [published[ids[0], "1"], *(published[one, "2"] for one in ids[1:])]
        if not statement.several:
            counted = [published[statement.id, str(option + 1)] for option in range(len(expected))]
        assert counted == expected, statement.id
    of_ten = [row["label"] for row in words if row["statement"] == "zero_to_ten"]
    assert [label.split(" ")[0] for label in of_ten][:11] == [str(number) for number in range(11)]


def test_a_change_is_claimed_for_answers_with_an_order_only(desk: Desk) -> None:
    for statement in survey_of(desk).statements:
        page = desk.client.get(f"/admin/results/r1/{UNIT}/{statement.id}").text
        assert statement.text in page
        assert ("verksamheter jämförs inte" in page) == (not statement.scale.is_ordered), statement.id
        claimed = any(claim in page for claim in ("Upp, åt rätt håll", "Upp, åt fel håll", "Kan vara slump"))
        assert claimed == statement.scale.is_ordered, statement.id


def test_every_page_and_file_of_a_place_shows_each_kind(desk: Desk) -> None:
    survey = survey_of(desk)
    overview = desk.client.get(f"/admin/overview/r1/{UNIT}").text
    assert [s.id for s in survey.statements if s.text not in overview] == []
    pdf = desk.client.get(f"/admin/overview/r1/{UNIT}/results.pdf")
    assert pdf.status_code == 200
    assert pdf.data.startswith(b"%PDF")
    named = [tag for page in tags_of(pdf.data) for tag in page if tag.scope == "Row"]
    assert len(named) == len(survey.statements), "the overview names rows; counts of one row name none"
    for statement in survey.statements:
        for drawing in ("now.svg", "now.png", *(("time.svg",) if not statement.several else ())):
            answer = desk.client.get(f"/admin/chart/r1/{UNIT}/{statement.id}/{drawing}")
            assert answer.status_code == 200, (statement.id, drawing)


def test_a_form_and_a_backup_return_each_kind(desk: Desk) -> None:
    survey = survey_of(desk)
    assert survey_from_json(json.loads(json.dumps(survey.as_json()))) == survey
    read_dump(json.loads(json.dumps(desk.store.dump())))
    content = write_xlsform(survey, no_answer_words(library_for(desk.settings).guest))
    form = decided(read_file(content, ""), order=None).form
    assert form
    assert [one.text for one in form.draft.statements] == [one.text for one in survey.statements]


PAGES = (
    "/admin/", "/admin/overview/r/vasteras", "/admin/results/r/vasteras", "/admin/export/counts.csv",
    "/admin/overview/r/vasteras/board.xlsx",
)  # fmt: skip


@pytest.mark.parametrize(
    ("ballots", "sent"),
    [(0, []), (1, []), (GUESTS, ["dont_know"])],
    ids=["nobody", "too few", "off the scale"],
)
def test_every_page_of_a_round_without_figures_on_a_scale_is_shown(
    ballots: int, sent: list[str], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, is_empty=True)
    survey = survey_of(desk)
    opened = replace(
        desk.round, id="r", survey=survey, opens_at=START, closes_at=START + timedelta(days=90),
        protection=Protection.EXACT,
    )  # fmt: skip
    desk.store.open_round(opened, START)
    ballot = read_ballot(survey, {statement.id: sent for statement in survey.statements})
    for number in range(ballots):
        desk.store.cast("r", UNIT, ballot, START + timedelta(days=number % 8))
    desk.now = START + timedelta(days=20)
    desk.store.count(desk.now)
    desk.sign_in()
    pages = [*PAGES, *(f"/admin/results/r/vasteras/{statement.id}" for statement in survey.statements)]
    assert {path: desk.client.get(path).status_code for path in pages} == dict.fromkeys(pages, 200)
