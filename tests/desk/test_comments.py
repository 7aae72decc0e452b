"""A coordinator's comment on a statement in a round: under its charts, in print, and nowhere else."""

import io
from pathlib import Path

import openpyxl
import pypdfium2
import pytest
from werkzeug.test import TestResponse

from kiosk.storage import Action
from tests.tools.desk_side import Desk

FORM = "/admin/comment/r/vasteras/listened"
WORDS = "Vi har köpt fler stolar <b>& bord</b>."


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.answer(30)
    desk.sign_in()
    return desk


def write(desk: Desk, words: str) -> TestResponse:
    return desk.client.post(FORM, data={"csrf_token": desk.token(FORM), "words": words})


@pytest.mark.slow
def test_a_comment_stands_under_its_statement_at_every_place_and_in_print(desk: Desk) -> None:
    assert write(desk, f"  {WORDS}\n ").status_code == 303
    for place in ("vasteras", "dagverksamheten"):
        page = desk.client.get(f"/admin/results/r/{place}").text
        assert page.count("Kommentar: Vi har köpt fler stolar &lt;b&gt;&amp; bord&lt;/b&gt;.") == 1
        first, *others = page.split('<section class="statement"')[1:]
        assert "Kommentar:" in first
        assert not any("Kommentar:" in other for other in others)
    pdf = pypdfium2.PdfDocument(desk.client.get("/admin/overview/r/vasteras/results.pdf").data)
    assert any("Vi har köpt fler stolar" in page.get_textpage().get_text_range() for page in pdf)
    book = openpyxl.load_workbook(io.BytesIO(desk.client.get("/admin/overview/r/vasteras/board.xlsx").data))
    assert f"Kommentar: {WORDS}" in [row[0].value for row in book.worksheets[2].rows]
    entry = desk.store.audit_log.entries()[0]
    assert (entry.action, entry.what) == (Action.COMMENT_WRITTEN, "r, listened")


@pytest.mark.slow
def test_a_comment_is_no_part_of_the_snapshot_or_the_exports(desk: Desk) -> None:
    before = [desk.client.get(path).data for path in ("/results.json", "/admin/export/data-package.zip")]
    write(desk, WORDS)
    after = [desk.client.get(path).data for path in ("/results.json", "/admin/export/data-package.zip")]
    assert after == before


def test_an_empty_comment_removes_it_and_one_that_is_too_long_changes_nothing(desk: Desk) -> None:
    write(desk, WORDS)
    assert write(desk, "x" * 601).status_code == 400
    assert desk.store.comments.of_round("r") == {"listened": WORDS}
    write(desk, " ")
    assert desk.store.comments.of_round("r") == {}
    assert "Kommentar:" not in desk.client.get("/admin/results/r/vasteras").text


def test_only_coordinators_comment_and_only_on_what_a_round_asked(desk: Desk) -> None:
    assert desk.client.get("/admin/comment/r/vasteras/nothing").status_code == 404
    assert desk.client.get("/admin/comment/none/vasteras/listened").status_code == 404
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get(FORM).status_code == 403


def test_a_backup_keeps_comments(desk: Desk) -> None:
    write(desk, WORDS)
    assert desk.store.dump()["comment"] == [{"round_id": "r", "statement_id": "listened", "words": WORDS}]
