"""The demonstration's outputs and report: every layer has figures, and everything is marked as made up."""

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.domain.causal_claims import causal_claims
from kiosk.domain.counters import Quality, year_of
from kiosk.domain.report import Kind, document_from_json
from kiosk.operation.demonstration_report import ORGANISATION, WORDS, add_outputs, publish_report
from tests.tools.desk_side import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk whose only round closed in May; the demonstration's report is made in November."""
    made = Desk(tmp_path_factory.mktemp("demonstration"))
    made.store.mark_demonstration()
    made.answer(40)
    made.now = made.round.closes_at
    made.store.count(made.now)
    made.now += timedelta(days=180)
    add_outputs(made.store, made.now)
    publish_report(made.store, made.app.extensions["desk"].library, made.now)
    made.sign_in("bo")
    return made


@pytest.mark.slow
def test_the_demonstration_report_is_linked_on_every_page_and_marked_as_fictitious(desk: Desk) -> None:
    address = "/admin/reports/r2026-1/edition/1.html"
    assert f'<a href="{address}">' in desk.client.get("/admin/rounds").text
    page = desk.client.get(address).text
    assert page.count("DEMONSTRATION: svaren är påhittade.") >= 2  # on the cover and after it
    assert ORGANISATION in page
    for words in WORDS.values():
        assert words.splitlines()[0].removeprefix("- ") in page


def test_the_demonstrations_report_and_theory_show_outputs_and_gaps(desk: Desk) -> None:
    kept = desk.store.reports.edition("r2026-1", 1)
    assert kept
    document = document_from_json(kept)
    assert sum(block.kind is Kind.CHART for block in document.blocks) >= 8
    [outputs] = [block for block in document.blocks if block.text == "Prestationer 2026"]
    assert all("ingen uppgift" not in row[1] for row in outputs.rows)
    theory = desk.client.get("/admin/theory/ombudsmannaskap/dagverksamheten").text
    for words in ("2026: ca", " av 3", "Mäts inte"):
        assert words in theory


def test_a_year_and_its_predecessor_have_outputs_and_one_month_is_estimated(desk: Desk) -> None:
    outputs = desk.store.outputs.all()
    assert outputs.years() == (2026, 2025)
    counter = desk.app.extensions["desk"].library.counters["advise"]
    months = outputs.finest(counter, "dagverksamheten", year_of(2026))
    qualities = {str(month): figure.quality for month, figure in months}
    assert [month for month, one in qualities.items() if one is Quality.ESTIMATED] == ["2026-08"]
    assert len(months) == 11


def test_the_demonstrations_texts_claim_no_cause() -> None:
    assert [claim for words in WORDS.values() for claim in causal_claims(words)] == []


def test_a_real_installation_has_no_link_to_a_demonstration_report(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    assert "påhittad" not in desk.client.get("/admin/rounds").text
