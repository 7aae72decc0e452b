"""Follow-ups at the desk: what results show, files hold, and the editor saves."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kiosk.domain.ballot import read_ballot
from kiosk.domain.noise import STRONG_EPSILON
from kiosk.domain.precision import answers_needed
from kiosk.domain.rounds import Protection
from kiosk.domain.survey import FollowUp, Pictures, Scale, Statement, Survey
from kiosk.library.drafts import draft_of, scale_toml
from kiosk.storage import StoreError, read_dump
from tests.tools.desk_side import START, Desk

AGREE = Scale("agree", ("Nej", "Delvis", "Ja"), bipolar=False)
REASONS = Scale("why", ("Ljud", "Andra gäster"), False, Pictures.NONE, is_ordered=False)
SURVEY = Survey(
    "day", "Dag", "Vi", "Fri", False,
    (
        Statement("safe", "Jag är trygg", "Trygghet", AGREE),
        Statement("why", "Varför inte?", "Trygghet", REASONS, follows=FollowUp("safe", (1, 2))),
    ),
    {},
)  # fmt: skip
FORMS = [("1", "2")] * 12 + [("2", "1")] * 9 + [("3", "0")] * 14 + [("1", "0")] * 2 + [("", "1")] * 3
"""40 ballots: 23 were asked, 21 of them gave a reason; of the other 17, 3 did not answer the statement."""

ALIKE = [("3", "0")] * 11 + [("1", "2")]
"""12 ballots of another unit. The veil withholds one answer to the statement, and all of the follow-up."""


def desk_with(folder: Path, protection: Protection, why_id: str = "why") -> Desk:
    """Return a desk after a round at two units; `why_id` is the id of the follow-up."""
    safe_one, why_one = SURVEY.statements
    survey = replace(SURVEY, statements=(safe_one, replace(why_one, id=why_id)))
    desk = Desk(folder, is_empty=True)
    desk.now = START
    opened = replace(
        desk.round, id="r0", survey=survey, opens_at=START, protection=protection,
        closes_at=START + timedelta(days=90),
    )  # fmt: skip
    desk.store.open_round(opened, START)
    for unit, forms in (("dagverksamheten", FORMS), ("frida", ALIKE)):
        for safe, why in forms:
            desk.store.cast("r0", unit, read_ballot(survey, {"safe": [safe], why_id: [why]}), START)
    desk.now = START + timedelta(days=92)
    desk.store.count(desk.now)
    desk.sign_in()
    return desk


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The exact round; tests only read it."""
    return desk_with(tmp_path_factory.mktemp("follow"), Protection.EXACT)


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def rows_of(desk: Desk, statement: str) -> Iterator[dict[str, str]]:
    """Yield the rows of the export about a statement at the unit."""
    head, *rows = cells(desk.client.get("/admin/export/counts.csv").data)
    for row in rows:
        named = dict(zip(head, row, strict=True))
        if named["statement"] == statement and named["node"] == "dagverksamheten":
            yield named


def test_results_show_the_reasons_of_those_who_were_asked(exact: Desk) -> None:
    page = exact.client.get("/admin/results/r0/dagverksamheten").text
    assert "Frågan gällde dem som svarade ”Delvis” eller ”Nej” på ”Jag är trygg”: 23." in page
    for words in ("Andra gäster: 12 av 21", "Ljud: 9 av 21", "Hoppade över: 2", "Fick inte frågan: 17"):
        assert words in page.replace("\\u00e4", "ä")
    assert "Svaren har ingen ordning" in page


def test_results_do_not_say_that_a_withheld_answer_was_followed(exact: Desk) -> None:
    page = exact.client.get("/admin/results/r0/frida").text
    assert (
        "Frågan gällde dem som svarade ”Delvis” eller ”Nej” på ”Jag är trygg”: högst 1. Några svar på "
        "påståendet är dolda av anonymitetsskäl."
    ) in page
    assert "Frågan gällde dem som svarade ”Delvis” eller ”Nej” på ”Jag är trygg”: 1" not in page


@pytest.mark.slow
def test_files_of_a_chart_and_the_board_count_those_not_asked(exact: Desk) -> None:
    address = "/admin/chart/r0/dagverksamheten/{}/now.csv"
    head, *rows = cells(exact.client.get(address.format("why")).data)
    assert [row[head.index("Fick inte frågan")] for row in rows] == ["17"]
    assert "Fick inte frågan" not in cells(exact.client.get(address.format("safe")).data)[0]
    board = exact.client.get("/admin/overview/r0/dagverksamheten/board.xlsx").data
    *_, safe, why = load_workbook(io.BytesIO(board), read_only=True).worksheets
    *lines, heading, row = why.iter_rows(values_only=True)
    sentences = [line[0] for line in lines if line and line[0]]
    assert len(set(sentences)) == len(sentences), "each sentence once"
    assert row[heading.index("Fick inte frågan")] == 17
    assert "Fick inte frågan" not in list(safe.iter_rows(values_only=True))[-2]


def test_a_report_shows_the_reasons_and_those_not_asked(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, Protection.EXACT, "listened")
    began = {
        "csrf_token": desk.token("/admin/reports"), "title": "Rapport", "organisation": "Vi", "year": "2026",
        "node": "dagverksamheten", "theory": "ombudsmannaskap",
    }  # fmt: skip
    assert desk.client.post("/admin/reports", data=began).status_code == 303
    page = desk.client.get("/admin/reports/r2026-1/preview").text
    text = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert "Frågan gällde dem som svarade ”Delvis” eller ”Nej” på ”Jag är trygg”: 23." in text
    assert "Andra gäster 12 Ljud 9" in text
    assert "Fick inte frågan 17" in text


@pytest.mark.slow
def test_protected_figures_say_how_many_were_asked_once(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, Protection.PROTECTED)
    safe, why = (list(rows_of(desk, name)) for name in ("safe", "why"))
    assert {row["epsilon"] for row in (*safe, *why)} == {"1"}
    not_asked = next(int(row["answers"]) for row in why if row["option"] == "not_asked")
    assert not_asked == sum(int(row["answers"]) for row in safe if row["option"] not in ("1", "2"))
    page = desk.client.get("/admin/results/r0/dagverksamheten").text
    assert (
        f"Frågan gällde dem som svarade ”Delvis” eller ”Nej” på ”Jag är trygg”: ungefär {40 - not_asked}."
        in page
    )


def test_the_editor_keeps_a_follow_up_after_the_statement_above(tmp_path: Path) -> None:
    scales = tmp_path / "questions" / "scales"
    scales.mkdir(parents=True)
    (scales / "why.toml").write_text(scale_toml(REASONS, draft_of(SURVEY, "own")), encoding="utf-8")
    desk = Desk(tmp_path)
    desk.sign_in()
    sent: dict[str, object] = {
        "csrf_token": desk.token("/admin/walls"), "seen": "",
        "title": "Egen", "source": "Vi", "licence": "Fri",
        "place": ["3", "2", "1"], "id": [""] * 3, "text": ["Varför inte?", "Jag är trygg", "Jag mår bra"],
        "outcome": ["Trygghet"] * 3, "scale": ["why", "yes5", "yes5"], "good": ["", "high", "high"],
        "agreeing": [""] * 3, "target": [""] * 3, "several": [""] * 3, "when": ["2, 1", "", ""],
    }  # fmt: skip
    refused = desk.client.post("/admin/new-survey", data={**sent, "place": ["1", "2", "3"]})
    assert "Påstående 1: en följdfråga står direkt efter" in refused.text
    assert desk.client.post("/admin/new-survey", data=sent).status_code == 303
    own = desk.app.extensions["desk"].library.surveys["egen"]
    _, safe, why = own.statements
    assert (safe.text, why.follows) == ("Jag är trygg", FollowUp(safe.id, (1, 2)))
    page = desk.client.get("/admin/surveys/egen").text
    assert 'name="when" value="1, 2"' in page
    needed = {f"omkring {answers_needed(own.statements, at)} {of}" for at, of in ((1, "svar"), (2, "gäster"))}
    for at in (1, 2):
        assert (
            f"i en starkt skyddad omkring {answers_needed(own.statements, at, STRONG_EPSILON)}. Med" in page
        )
    assert set(re.findall(r"omkring [0-9]+ (?:svar|gäster)", page)) == needed
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    assert seen
    ids = [own.statements[2].id, safe.id, own.statements[0].id]
    without_safe = {**sent, "id": ids, "seen": seen[1], "text": ["Varför inte?", "", "Jag mår bra"]}
    assert desk.client.post("/admin/surveys/egen", data=without_safe).status_code == 303
    saved = desk.client.get("/admin/surveys/egen").text
    assert "”Varför inte?” följer nu på ”Jag mår bra”. Kontrollera vilka svar den gäller." in saved


def test_a_dump_is_read_unless_its_follow_up_has_other_numbers_than_its_statement(exact: Desk) -> None:
    tables = json.loads(json.dumps(exact.store.dump()))
    read_dump(tables)
    for option, other in (("not_asked", "withheld"), ("not_asked", "1")):
        changed = json.loads(json.dumps(tables))
        rows = {
            row["option"]: row
            for row in changed["tally"]
            if (row["statement_id"], row["node_id"]) == ("why", "dagverksamheten")
        }
        rows[option]["answers"] -= 1
        rows[other]["answers"] += 1
        with pytest.raises(StoreError, match="a follow-up with other figures than its statement has"):
            read_dump(changed)
