"""Wall screens: the snapshot for everybody who passes by, and nothing of who made them."""

import re
import sys
from pathlib import Path

import pytest

from tests.tools.desk_side import Desk
from tests.tools.look_cost import Size, fill
from tests.tools.published import statements


def calls_of_wall(folder: Path, units: int) -> int:
    """Return the number of function calls of a wall screen's page, over this number of units."""
    desk = Desk(folder, is_empty=True)
    fill(desk, folder, Size(1, units, 2))
    address = f"/admin/wall/{desk.store.walls.add('root').code}"
    desk.client.get(address)
    fill(desk, folder, Size(1, units, 2), seed=2)
    calls = 0

    def count(_frame: object, event: str, _value: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        page = desk.client.get(address)
    finally:
        sys.setprofile(None)
    assert page.status_code == 200
    return calls


def test_a_wall_screen_takes_as_long_with_many_units_as_with_three(tmp_path: Path) -> None:
    """It needs no sign-in: guests would wait for whoever asks for it."""
    few, many = (calls_of_wall(tmp_path / str(units), units) for units in (3, 24))
    assert many < 1.1 * few


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.answer(40)
    return made


def make_wall(desk: Desk, node: str = "vasteras") -> str:
    token = desk.token("/admin/walls")
    assert desk.client.post("/admin/walls", data={"csrf_token": token, "node": node}).status_code == 303
    return f"/admin/wall/{desk.store.walls.all()[-1].code}"


def test_a_wall_screen_shows_the_snapshot_without_a_sign_in(desk: Desk) -> None:
    desk.sign_in()
    address = make_wall(desk)
    stranger = desk.app.test_client()
    page = stranger.get(address)
    assert page.status_code == 200
    [node] = [node for node in desk.store.snapshot()["rounds"][0]["nodes"] if node["id"] == "vasteras"]
    assert f"{node['answered']} har svarat" in page.text
    pictures = re.findall(r'<img class="drawn" src="([^"]+)"', page.text)
    assert len(pictures) == len(statements(node)) == 4
    for picture, table in zip(pictures, statements(node).values(), strict=True):
        drawn = stranger.get(picture)
        assert drawn.mimetype == "image/svg+xml"
        assert f">n = {sum(table['counts'])}</text>" in drawn.text


def test_a_wall_screen_has_no_session_data_and_reloads_itself(desk: Desk) -> None:
    desk.sign_in()
    address = make_wall(desk)
    page = desk.client.get(address)
    assert ">anna<" not in page.text
    assert "Logga ut" not in page.text
    assert "csrf" not in page.text
    assert "/admin/rounds" not in page.text
    assert "Set-Cookie" not in desk.app.test_client().get(address).headers
    assert page.headers["Refresh"] == "5"


def test_a_removed_wall_screen_is_not_found(desk: Desk) -> None:
    desk.sign_in()
    address = make_wall(desk)
    code = address.rpartition("/")[2]
    data = {"csrf_token": desk.token("/admin/walls"), "code": code}
    assert desk.client.post("/admin/walls/remove", data=data).status_code == 303
    assert desk.client.get(address).status_code == 404
    assert desk.client.get(f"{address}/listened.svg").status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/admin/walls", "/admin/walls/remove"])
@pytest.mark.parametrize("name", ["bo", "nobody"])
def test_only_coordinators_can_create_or_remove_wall_screens(desk: Desk, name: str, path: str) -> None:
    desk.sign_in()
    address = make_wall(desk)
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    if name == "bo":
        desk.sign_in("bo")
    token = desk.token("/admin/rounds" if name == "bo" else "/admin/sign-in")
    data = {"csrf_token": token, "node": "frida", "code": address.rpartition("/")[2]}
    assert desk.client.post(path, data=data).status_code == (403 if name == "bo" else 401)
    assert len(desk.store.walls.all()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("path", ["guess", "guess/listened.svg"])
def test_a_guessed_wall_address_is_not_found(desk: Desk, path: str) -> None:
    assert desk.client.get(f"/admin/wall/{path}").status_code == 404


def test_a_wall_screen_between_rounds_shows_the_last_round(desk: Desk) -> None:
    desk.sign_in()
    address = make_wall(desk)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    assert "40 har svarat" in desk.client.get(address).text
    desk.store.walls.remove(address.rpartition("/")[2])
    elsewhere = desk.store.walls.add("another_city")
    assert "ingen omgång här ännu" in desk.client.get(f"/admin/wall/{elsewhere.code}").text


def test_a_wall_screen_of_a_closed_round_announces_no_next_count(desk: Desk) -> None:
    desk.sign_in()
    address = make_wall(desk)
    assert "Räknas nästa gång" in desk.client.get(address).text
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    page = desk.client.get(address).text
    assert "Omgången är avslutad. Siffrorna ändras inte mer." in page
    assert "Räknas" not in page


@pytest.mark.slow
def test_wall_pictures_have_text_alternatives_with_their_results(desk: Desk) -> None:
    desk.sign_in()
    page = desk.client.get(make_wall(desk)).text
    alternatives = re.findall(r'<img class="drawn" src="[^"]+"\s+alt="([^"]+)"', page)
    for alternative, statement in zip(alternatives, desk.round.survey.statements, strict=True):
        assert alternative.startswith(f"{statement.text}. ")
        assert "svarade ”Instämmer helt” eller ”Instämmer bra”." in alternative


def test_wall_pictures_get_a_new_address_at_each_count(desk: Desk) -> None:
    desk.sign_in()
    address = make_wall(desk)
    before = re.findall(r'<img class="drawn" src="([^"]+)"', desk.client.get(address).text)
    desk.answer(40, "frida")
    after = re.findall(r'<img class="drawn" src="([^"]+)"', desk.client.get(address).text)
    assert not set(before) & set(after)
