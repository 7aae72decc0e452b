"""The snapshot that a process keeps: read again after a change of any process, with every account's rights
checked outside of it."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from kiosk.desk.results.published import Published
from kiosk.domain.snapshot_parts import keep
from kiosk.storage import Account, Role, open_store
from tests.tools.desk_side import HASH, Desk

PAGES = ("/admin/overview/r/frida", "/admin/results/r/frida", "/admin/results/r/frida/listened")
FIGURES = "/results.json"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A running round with figures, whose pages a coordinator has just read."""
    desk = Desk(tmp_path)
    desk.answer(40, "frida")
    desk.sign_in()
    assert {desk.client.get(page).status_code for page in (*PAGES, FIGURES)} == {200}
    return desk


def test_the_snapshot_is_kept_until_another_process_publishes(desk: Desk, tmp_path: Path) -> None:
    published = Published()
    first = published.read(desk.store)
    assert published.read(desk.store) is first
    other = open_store(tmp_path, f"sqlite:///{tmp_path / 'k.sqlite'}", tmp_path / "keys", durable=False)
    other.store_change_index()
    indexed = published.read(desk.store)
    assert (indexed is first, indexed.text == first.text) == (False, True)
    assert published.read(desk.store) is indexed
    other.count(desk.round.closes_at)
    assert published.read(desk.store).text == other.snapshot_text() != first.text
    assert '"state":"closed"' in published.read(desk.store).text


def statuses(desk: Desk) -> set[int]:
    return {desk.client.get(page).status_code for page in (*PAGES, FIGURES)}


def statuses_for_staff(desk: Desk) -> set[int]:
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    assert statuses(desk).isdisjoint({200})
    desk.sign_in("bo")
    return statuses(desk)


def test_staff_read_no_figures_that_a_coordinator_has_just_read(desk: Desk) -> None:
    assert statuses_for_staff(desk) == {403}


def test_the_check_of_rights_is_what_refuses_staff(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without the check outside the kept snapshot, the test above fails."""
    everything: Any = lambda _: True  # noqa: E731
    monkeypatch.setattr("kiosk.desk.results.access.may_read", everything)
    assert statuses_for_staff(desk) != {403}


def test_an_account_that_becomes_staff_reads_no_more_figures(desk: Desk) -> None:
    desk.store.accounts.set(Account("eva", Role.COORDINATOR, HASH))
    desk.store.accounts.set_role("anna", Role.STAFF)
    desk.sign_in()
    assert statuses(desk) == {403}


def test_a_removed_wall_screen_shows_nothing_more(desk: Desk) -> None:
    wall = desk.store.walls.add("frida")
    assert desk.client.get(f"/admin/wall/{wall.code}").status_code == 200
    desk.store.walls.remove(wall.code)
    assert desk.client.get(f"/admin/wall/{wall.code}").status_code == 404


@pytest.mark.parametrize("accepted", ["gzip", "gzip, br", "", "br"])
def test_the_document_is_the_same_packed_or_not(desk: Desk, accepted: str) -> None:
    for _ in range(2):
        response = desk.client.get(FIGURES, headers={"Accept-Encoding": accepted})
        is_packed = response.headers.get("Content-Encoding") == "gzip"
        assert is_packed == ("gzip" in accepted)
        if "br" not in accepted or is_packed:
            plain = gzip.decompress(response.data) if is_packed else response.data
            assert plain.decode() == desk.store.snapshot_text()
        again = {"If-None-Match": response.headers["ETag"], "Accept-Encoding": accepted}
        assert desk.client.get(FIGURES, headers=again).status_code == 304
        desk.answer(30, "matcentralen")
        assert desk.client.get(FIGURES, headers=again).status_code == 200


def test_at_most_so_many_results_are_kept() -> None:
    kept: dict[int, int] = {}
    for number in range(10):
        assert keep(kept, number, -number, most=3) == -number
        assert len(kept) <= 3
    assert kept == {9: -9}
