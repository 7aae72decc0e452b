"""The effect report of 2022, rebuilt from its facts as a coordinator types them: no round, estimated outputs,
and the figures of a survey that was made on paper.
"""

import io
import re

import docx
import pypdfium2
import pytest
from werkzeug.test import TestResponse

from kiosk.domain.survey import Survey
from tests.tools.desk_side import Desk
from tests.tools.earlier_figures import enter
from tests.tools.report_2022 import PARTS, WORDS

pytestmark = pytest.mark.slow

REPORT = "/admin/reports/r2022-1"


def post(desk: Desk, path: str, **data: str) -> TestResponse:
    response = desk.client.post(path, data={"csrf_token": desk.token("/admin/reports"), **data})
    assert response.status_code == 303, (path, response.text)
    return response


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk without rounds at which a coordinator has typed and published the report."""
    made = Desk(tmp_path_factory.mktemp("desk"), is_empty=True)
    made.sign_in()
    assert enter(made).status_code == 303
    for counter, figure in (("individuals", "ca 200"), ("advise", "ca 500"), ("link", "ej räknat")):
        post(
            made, "/admin/activities/typed",
            counter=counter, node="dagverksamheten", period="2022", figure=figure, reason="late",
        )  # fmt: skip
    post(
        made, "/admin/reports", title="Effektrapport 2022", organisation="Västerås stadsmission", year="2022",
        node="dagverksamheten", theory="ombudsmannaskap",
    )  # fmt: skip
    for part, words in WORDS.items():
        post(made, f"{REPORT}/part/{part}", words=words, version="0")
    post(made, f"{REPORT}/publish")
    return made


@pytest.fixture(scope="module")
def page(desk: Desk) -> str:
    return desk.client.get(f"{REPORT}/edition/1.html").text


def file(desk: Desk, ending: str) -> bytes:
    response = desk.client.get(f"{REPORT}/edition/1.{ending}")
    assert response.status_code == 200
    return bytes(response.data)


def test_the_page_has_the_parts_in_the_order_of_the_source(page: str) -> None:
    assert re.findall("<h2>(.*?)</h2>", page) == ["I korthet", *PARTS]


def test_the_diagrams_show_ten_seven_and_four_of_twenty(page: str) -> None:
    survey = page.partition("<h2>Utvärdering")[2].partition("<h2>Kommentarer")[0]
    for sentence in (
        "10 av 20 svarade ”Instämmer helt”. Med så få svar kan det vara mellan 2 och 8 av 10.",
        "7 av 20 svarade ”Instämmer bra”.", "4 av 20 svarade ”Instämmer delvis”.",
        "20 svar för Dagverksamheten", "programmet har inte räknat dem",
        "importerat: Effektrapport 2022", "Det här påståendet skattades högt.",
    ):  # fmt: skip
        assert sentence in survey, sentence
    assert survey.count("<figure ") == 3
    assert survey.count('<th scope="row">Okänt</th>') == 3
    assert "effekten är inte mätt" not in survey


def test_a_statement_without_figures_has_no_diagram_and_is_named(page: str, desk: Desk) -> None:
    """The source has a fourth statement, whose figure nobody knows."""
    survey: Survey = desk.app.extensions["desk"].library.surveys["ombudsmannaskap"]
    text = survey.statement("contact_support").text
    for heading in ("<h2>I korthet", "<h2>Utvärdering"):
        part = page.partition(heading)[2].partition("<h2>")[0]
        assert part.count(text) == 1
        assert f"Ingen siffra finns för ”{text}”." in part


def test_activities_and_counts_that_do_not_match_are_named(page: str) -> None:
    outputs = page.partition("<h2>Aktiviteter och prestationer")[2].partition("<h2>")[0]
    assert "Aktiviteter som ingen räknar för sig: Praktiskt stöd, Företräda." in outputs
    counted = "Ansökningar, Överklaganden, Utbildningar/grupprådgivning"
    assert f"Räknas utan att höra till en aktivitet: {counted}." in outputs


def test_outputs_have_the_quality_that_was_typed(page: str) -> None:
    for words in ("ca 200 (uppskattat)", "ca 500 (uppskattat)", "ej räknat", "Mäts inte", "bortfallet okänt"):
        assert words in page, words


def test_the_pdf_has_every_part(desk: Desk) -> None:
    content = file(desk, "pdf")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    pages = [one.get_textpage().get_text_bounded() for one in pypdfium2.PdfDocument(content)]
    text = " ".join(" ".join(pages).split())
    assert [part for part in PARTS if part not in text] == []
    assert all(one.strip() for one in pages)


def test_the_word_document_has_every_part(desk: Desk) -> None:
    document = docx.Document(io.BytesIO(file(desk, "docx")))
    headings = [one.text for one in document.paragraphs if one.style and one.style.name == "Heading 1"]
    assert headings == ["I korthet", *PARTS]
    assert len(document.inline_shapes) == 4  # a summary, and a diagram for each statement


def test_the_statements_of_earlier_figures_can_be_chosen(desk: Desk) -> None:
    desk.client.post(REPORT, data={"csrf_token": desk.token("/admin/reports"), "statement": ["listened"]})
    preview = desk.client.get(f"{REPORT}/preview").text
    assert "7 av 20" not in preview
    assert "10 av 20" in preview
