"""Figures from elsewhere: entered by a person, checked, marked, never mixed with what was counted here."""

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest

from kiosk.desk.reports.earlier_statements import EarlierStatement
from kiosk.domain.earlier_figures import FiguresError, figures_from_json, read_count, read_figures
from kiosk.library.rule_texts import reference_text
from tests.tools.builders import survey
from tests.tools.desk_side import Desk
from tests.tools.earlier_figures import enter

YEAR = (date(2022, 1, 1), date(2022, 12, 31))


@pytest.mark.parametrize(
    ("typed", "n", "count"),
    [("10", 20, 10), ("50 %", 20, 10), ("35%", 20, 7), ("20 %", 20, 4), ("33 %", 12, 4), ("", 20, None),
     (" 7 ", 20, 7), ("0", 20, 0), ("12,5 %", 8, 1), ("1 250", 2000, 1250), ("1\u00a0000", 1000, 1000)],
)  # fmt: skip
def test_counts_and_percentages_are_read_as_printed(typed: str, n: int, count: int | None) -> None:
    assert read_count(typed, n) == count


@pytest.mark.parametrize("typed", ["50 % ja", "tio", "1.5", "33 %", "1e3", "%", "1 2"])
def test_percentages_that_no_count_of_twenty_gives_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_count(typed, 20)


def faults(n: int, typed: dict[tuple[str, int], str], days: tuple[date, date] = YEAR) -> list[str]:
    with pytest.raises(FiguresError) as refused:
        read_figures(survey().with_one_answer, "a", *days, n, "report", typed, today=date(2026, 3, 2))
    return [message.render(reference_text) for message in refused.value.messages]


def test_impossible_figures_are_refused_with_every_reason() -> None:
    assert faults(20, {}) == ["Skriv minst ett antal."]
    assert "21 tillsammans, men 20" in faults(20, {("s1", 5): "10", ("s1", 4): "7", ("s1", 3): "4"})[0]
    assert "kan inte stämma med 20 svar" in faults(20, {("s1", 5): "21"})[0]
    assert len(faults(20, {("s1", 5): "-1", ("s2", 1): "x"})) == 2
    assert faults(20, {("s1", 5): "1"}, (YEAR[1], YEAR[0])) == ["Sista dagen kommer före den första."]


def test_figures_survive_conversion_to_json_and_back() -> None:
    figures = read_figures(
        survey().with_one_answer,
        "a",
        *YEAR,
        20,
        "report",
        {("s1", 5): "50 %", ("s2", 4): "7"},
        today=date(2026, 3, 2),
    )
    assert figures.statements[0].counts == (None, None, None, None, 10)
    assert figures_from_json(figures.as_json()) == figures


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.answer(30)
    made.sign_in()
    return made


PAGE = "/admin/results/r/dagverksamheten"
CHART = "/admin/chart/r/dagverksamheten/{}/time.csv"


ENTERED = (("listened", 1, "10"), ("feel_better", 2, "7"), ("rights_knowledge", 3, "4"))
"""(statement id, number of the option from the highest, 1 for that one, the count that its percentage stands
for)."""


def lines(desk: Desk, statement: str) -> list[list[str]]:
    content = desk.client.get(CHART.format(statement)).get_data()
    """The rows without the statement and the place."""
    return [row[2:] for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]


@pytest.mark.slow
def test_imported_figures_are_shown_beside_the_rounds_and_marked(desk: Desk) -> None:
    published = desk.store.snapshot_text()
    before = re.findall(r'data-count="(\d+)"', desk.client.get(PAGE).text)
    assert enter(desk).status_code == 303
    page = desk.client.get(PAGE).text
    assert page.count("importerat: Effektrapport 2022") == 3
    assert "Ovanför: importerat" in desk.client.get(CHART.format("listened").replace("csv", "svg")).text
    for statement, place, count in ENTERED:
        heading, imported, now = lines(desk, statement)
        assert len(heading) == len(imported) == len(now)
        assert heading[6] == "Okänt"
        assert (imported[6], now[6]) == (str(20 - int(count)), "0")
        del imported[6]
        assert imported[0] == "1\xa0jan.\xa02022 – 31\xa0dec.\xa02022, importerat: Effektrapport 2022"
        assert [cell for at, cell in enumerate(imported[1:6], start=1) if at != place] == [""] * 4
        assert (imported[place], imported[6], imported[7:11]) == (count, "20", [""] * 4)
    assert re.findall(r'data-count="(\d+)"', page) == before
    assert desk.store.snapshot_text() == published
    assert "Effektrapport" not in desk.client.get("/admin/export/counts.csv").text


def test_imported_figures_are_shown_at_their_own_place_only(desk: Desk) -> None:
    enter(desk)
    assert "Effektrapport" not in desk.client.get("/admin/results/r/vasteras").text


def test_invalid_figures_are_refused_and_stay_in_the_form(desk: Desk) -> None:
    refused = enter(desk, **{"count-listened-5": "21"})
    assert refused.status_code == 400
    assert "21 kan inte stämma med 20 svar" in refused.text
    assert 'name="count-listened-5" inputmode="numeric" maxlength="8"\n  value="21"' in refused.text
    assert desk.store.earlier_figures.all() == {}
    assert enter(desk, n="många").status_code == 400
    assert enter(desk, node="elsewhere").status_code == 400


def test_imported_figures_can_be_removed(desk: Desk) -> None:
    enter(desk)
    [name] = desk.store.earlier_figures.all()
    token = desk.token("/admin/imported")
    assert (
        desk.client.post("/admin/imported/remove", data={"csrf_token": token, "name": "x"}).status_code == 404
    )
    for reason in ("", "Anna Berg ringde"):
        data = {"csrf_token": token, "name": name, "reason": reason}
        refused = desk.client.post("/admin/imported/remove", data=data)
        assert refused.status_code == 400
        assert "Välj varför siffrorna tas bort." in refused.text
    assert "Effektrapport" in desk.client.get(PAGE).text
    data = {"csrf_token": token, "name": name, "reason": "mistyped"}
    assert desk.client.post("/admin/imported/remove", data=data).status_code == 303
    assert "Effektrapport" not in desk.client.get(PAGE).text
    assert "Fel inskrivet</td>" in desk.client.get("/admin/log").text


def kept_name(desk: Desk) -> str:
    [name] = desk.store.earlier_figures.all()
    return name


def test_a_correction_keeps_the_reports_own_words_and_logs_the_reason(desk: Desk) -> None:
    enter(desk)
    name = kept_name(desk)
    row = desk.store.earlier_figures.all()[name]
    row["statements"][0]["text"] = "Personalen lyssnar"  # as the paper worded it
    desk.store.earlier_figures.set(name, row)
    page = desk.client.get(f"/admin/imported/{name}").text
    assert "Personalen lyssnar" in page
    assert "i kontakt med tex. Socialtjänst" in page  # asked then, and without figures
    assert re.search(r'name="count-listened-5"[^>]*value="10"', page)
    assert (
        enter(desk, f"/admin/imported/{name}", **{"count-listened-5": "9"}, reason="mistyped").status_code
        == 303
    )
    changed = figures_from_json(desk.store.earlier_figures.all()[name]).known("listened")
    assert changed
    assert (changed.text, changed.counts[4]) == ("Personalen lyssnar", 9)
    log = desk.client.get("/admin/log").text
    assert "ändrade siffror från en tidigare rapport" in log
    assert "Fel inskrivet</td>" in log
    assert "De står i en tidigare rapport</td>" in log  # when they were entered


def test_a_report_s_own_words_are_kept_with_its_misprint_and_no_round_is_compared_with_them(
    desk: Desk,
) -> None:
    words = {"label-listened-4": "Intämmer bra", "count-listened-4": "7"}
    assert enter(desk, **words).status_code == 303
    [row] = desk.store.earlier_figures.all().values()
    known = figures_from_json(row)
    listened, better = known.known("listened"), known.known("feel_better")
    assert listened
    assert better
    assert listened.labels[3:] == ("Intämmer bra", "Instämmer helt")
    assert better.labels[3:] == ("Instämmer bra", "Instämmer helt")
    assert "Annan skala." in desk.client.get(CHART.format("listened").replace("csv", "svg")).text
    assert "Annan skala." not in desk.client.get(CHART.format("feel_better").replace("csv", "svg")).text
    page = desk.client.get(f"/admin/imported/{kept_name(desk)}").text
    assert re.search(r'name="label-listened-4"[^>]*\s+value="Intämmer bra"', page)
    assert "i kontakt med tex. Socialtjänst" in page, "the other statements can still be filled in"
    with desk.app.test_request_context():
        shown = EarlierStatement(known, listened)
        assert shown.sentences[0] == "17 av 20 svarade ”Instämmer helt” eller ”Intämmer bra”."
        assert shown.line.counts[:2] == (10, 7)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"label-listened-4": "Instämmer helt"}, "två svar har samma ord"),
        ({"label-listened-4": "a\u202eb"}, "vänder skrivriktningen"),
        ({"text-listened": "x" * 501}, "högst 500 tecken"),
    ],
)
def test_words_of_a_report_that_cannot_be_shown_are_refused(
    desk: Desk, words: dict[str, str], problem: str
) -> None:
    refused = enter(desk, **words)
    assert refused.status_code == 400
    assert problem in refused.text
    assert desk.store.earlier_figures.all() == {}


@pytest.mark.slow
@pytest.mark.parametrize("reason", ["", "Anna Berg ringde"])
def test_figures_are_neither_entered_nor_changed_without_a_listed_reason(desk: Desk, reason: str) -> None:
    assert enter(desk, reason=reason).status_code == 400
    assert desk.store.earlier_figures.all() == {}
    enter(desk)
    name, before = kept_name(desk), desk.store.earlier_figures.all()
    refused = enter(desk, f"/admin/imported/{name}", **{"count-listened-5": "9"}, reason=reason)
    assert refused.status_code == 400
    assert re.search(r'name="count-listened-5"[^>]*value="9"', refused.text)
    assert desk.store.earlier_figures.all() == before


def test_impossible_changes_of_figures_are_refused(desk: Desk) -> None:
    enter(desk)
    name, before = kept_name(desk), desk.store.earlier_figures.all()
    refused = enter(desk, f"/admin/imported/{name}", **{"count-listened-5": "21"})
    assert refused.status_code == 400
    assert "21 kan inte stämma med 20 svar" in refused.text
    assert desk.store.earlier_figures.all() == before
    assert desk.client.get("/admin/imported/nothing").status_code == 404


def test_only_coordinators_can_enter_earlier_figures(desk: Desk) -> None:
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    desk.sign_in("bo")
    for path in ("/admin/imported", "/admin/imported/new/ombudsmannaskap"):
        assert desk.client.get(path).status_code == 403


@pytest.mark.parametrize("typed", ["inf %", "1e999 %", "nan %", "9" * 4300, "9" * 13])
def test_malformed_or_oversized_counts_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=typed[:3]):
        read_count(typed, 20)


@pytest.mark.slow
@pytest.mark.parametrize(("last", "status"), [("2030-12-31", 400), ("2026-03-03", 400), ("2026-03-02", 303)])
def test_figures_of_days_to_come_are_refused(desk: Desk, last: str, status: int) -> None:
    response = enter(desk, first="2026-01-01", last=last)
    assert response.status_code == status
    assert ("Sista dagen har inte varit än." in response.text) == (status == 400)
