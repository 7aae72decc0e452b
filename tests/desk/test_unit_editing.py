"""A coordinator edits the tree of units in the browser; no running round and no history is harmed."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.respondent import Respondent
from kiosk.domain.rounds import Admission
from kiosk.domain.tree import Tree
from kiosk.library.library import read_library
from tests.tools.desk_side import Desk

NEW, OWN = "/admin/new-units", "/admin/units/staden"


@dataclass(frozen=True)
class Line:
    """A row of the form."""

    key: str
    name: str
    parent: str = ""
    is_closed: bool = False
    respondent: str = ""


STREET = (
    Line("new-1", "Härbärgen"),
    Line("new-2", "Norra", "new-1"),
    Line("new-3", "Södra", "new-1"),
    Line("new-4", "Kaféet"),
)
SAVED = (
    Line("harbargen", "Härbärgen"),
    Line("norra", "Norra", "harbargen"),
    Line("sodra", "Södra", "harbargen"),
    Line("kafeet", "Kaféet"),
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    assert send(made, NEW, STREET).headers["Location"] == OWN
    return made


def send(desk: Desk, path: str, rows: tuple[Line, ...], name: str = "Staden", seen: str = "") -> TestResponse:
    data: dict[str, object] = {
        "csrf_token": desk.token("/admin/walls"), "name": name, "seen": seen,
        "key": [row.key for row in rows], "unit_name": [row.name for row in rows],
        "parent": [row.parent for row in rows], "respondent": "guest",
        "unit_respondent": [row.respondent or "" for row in rows],
    }  # fmt: skip
    return desk.client.post(path, data=data | {f"closed-{row.key}": "y" for row in rows if row.is_closed})


def save(desk: Desk, rows: tuple[Line, ...]) -> TestResponse:
    seen = re.search(r'name="seen" value="(\w+)"', desk.client.get(OWN).text)
    assert seen
    return send(desk, OWN, rows, seen=seen[1])


def changed(key: str, **values: object) -> tuple[Line, ...]:
    """The saved rows, one of them changed."""
    return tuple(replace(row, **values) if row.key == key else row for row in SAVED)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_unit_has_its_own_word_for_those_who_answer_or_that_of_the_row_above(desk: Desk) -> None:
    rows = changed("harbargen", respondent="visitor")
    assert save(desk, rows).status_code == 303
    words = {node.id: tree(desk).respondent(node.id).value for node in tree(desk).nodes}
    assert words == {
        "staden": "guest", "harbargen": "visitor", "norra": "visitor", "sodra": "visitor", "kafeet": "guest"
    }  # fmt: skip
    assert desk.client.get(OWN).text.count('<option value="visitor" selected>besökare</option>') == 1
    assert save(desk, changed("norra", respondent="someone")).status_code == 400


def tree(desk: Desk) -> Tree:
    return read_library(desk.settings).trees["staden"]


def shown(desk: Desk) -> list[tuple[str, str, str | None]]:
    return [(node.id, node.name, node.parent) for node in tree(desk).nodes]


def test_an_organisation_with_an_area_is_made_at_once(desk: Desk) -> None:
    assert shown(desk) == [
        ("staden", "Staden", None),
        ("harbargen", "Härbärgen", "staden"),
        ("norra", "Norra", "harbargen"),
        ("sodra", "Södra", "harbargen"),
        ("kafeet", "Kaféet", "staden"),
    ]
    assert tree(desk).leaves == ("norra", "sodra", "kafeet")
    assert "Stängd" not in desk.client.get("/admin/new-units").text, "no unit can be closed yet"
    assert "Stängd" in desk.client.get("/admin/units/staden").text
    assert "ändrade verksamheterna</td><td>Staden</td>" in desk.client.get("/admin/log").text


def test_a_form_that_is_sent_unchanged_changes_no_unit(desk: Desk) -> None:
    before = shown(desk), tree(desk)
    assert save(desk, SAVED).status_code == 303
    assert (shown(desk), tree(desk)) == before


def test_a_renamed_and_moved_unit_keeps_its_id(desk: Desk) -> None:
    assert save(desk, changed("norra", name="Nya Norra", parent="")).status_code == 303
    assert ("norra", "Nya Norra", "staden") in shown(desk)


@pytest.mark.slow
def test_a_closed_units_id_is_not_reused_and_it_can_be_reopened(desk: Desk) -> None:
    closed = changed("norra", is_closed=True)
    assert save(desk, closed).status_code == 303
    assert tree(desk).leaves == ("sodra", "kafeet")
    assert save(desk, (*closed, Line("new-9", "Norra", "harbargen"))).status_code == 303
    assert set(tree(desk).leaves) == {"norra_2", "sodra", "kafeet"}
    again = tuple(row for row in SAVED if row.key != "norra")
    reopened = (*again, Line("norra_2", "Norra 2", "harbargen"), Line("norra", "Norra", "harbargen"))
    assert save(desk, reopened).status_code == 303
    assert {"norra", "norra_2"} <= set(tree(desk).leaves)


@pytest.mark.slow
def test_an_id_of_an_earlier_round_is_not_given_to_another_unit(desk: Desk) -> None:
    old = replace(desk.round, id="old", tree=Tree(tuple(
        replace(node, id="fiket" if node.id == "frida" else node.id) for node in desk.round.tree.nodes
    )))  # fmt: skip
    desk.store.open_round(
        replace(old, opens_at=desk.now + timedelta(days=200), closes_at=desk.now + timedelta(days=290)),
        desk.now,
    )
    save(desk, (*SAVED, Line("new-1", "Fiket")))
    assert "fiket_2" in tree(desk).leaves


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "anchor", "words"),
    [
        (changed("norra", name=""), "name-2", "Rad 2: skriv något som går att läsa."),
        (changed("norra", name="södra"), "name-3", "Rad 3: namnet Södra finns redan."),
        (changed("norra", name="x" * 81), "name-2", "högst 80 tecken"),
        (changed("harbargen", parent="norra"), "parent-1", "Härbärgen kan inte ligga under sig själv."),
        (changed("harbargen", is_closed=True), "parent-2", "ligger under något som är stängt"),
        (tuple(replace(row, is_closed=True) for row in SAVED), "name-1", "minst en verksamhet"),
        ((*SAVED, Line("new-1", "Östra", "new-2"), Line("new-2", "")), "name-6", "Rad 6: skriv"),
    ],
)
def test_a_faulty_tree_is_refused_with_a_link_to_its_field(
    desk: Desk, rows: tuple[Line, ...], anchor: str, words: str
) -> None:
    before = shown(desk)
    refused = save(desk, rows)
    assert refused.status_code == 400
    assert re.search(rf'<a href="#{anchor}">[^<]*{re.escape(words)}', refused.text)
    assert f'id="{anchor}"' in refused.text
    assert shown(desk) == before


def open_round(desk: Desk) -> None:
    running = replace(desk.round, id="here", tree=tree(desk), opens_at=desk.now + timedelta(days=1))
    desk.store.open_round(running, desk.now)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "anchor"),
    [
        (changed("norra", is_closed=True), "closed-2"),
        ((*SAVED, Line("new-1", "Natten", "norra")), "parent-5"),
        (changed("kafeet", parent="sodra"), "parent-4"),
    ],
)
def test_a_unit_of_a_round_or_with_a_kiosk_remains_a_unit(
    desk: Desk, rows: tuple[Line, ...], anchor: str
) -> None:
    before = shown(desk)
    open_round(desk)
    refused = save(desk, rows)
    assert (refused.status_code, f'<a href="#{anchor}">' in refused.text) == (400, True)
    assert "som inte är avslutad" in refused.text
    assert shown(desk) == before
    assert save(desk, changed("norra", name="Nya Norra", parent="")).status_code == 303, "the control"
    [kept] = [state.round for state in desk.store.rounds() if state.round.id == "here"]
    assert kept.tree.node("norra").name == "Norra"


def test_a_unit_with_a_kiosk_is_not_closed(desk: Desk) -> None:
    code = desk.store.links.add(Admission.KIOSK, "norra").code
    refused = save(desk, changed("norra", is_closed=True))
    assert (refused.status_code, "Norra har en kiosk eller affisch." in refused.text) == (400, True)
    desk.store.links.remove(code)
    assert save(desk, changed("norra", is_closed=True)).status_code == 303


def test_a_tree_changed_by_somebody_else_is_not_overwritten(desk: Desk) -> None:
    page = desk.client.get(OWN).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    save(desk, changed("norra", name="Nord"))
    refused = send(desk, OWN, SAVED, seen=seen)
    assert (refused.status_code, "Någon annan har ändrat" in refused.text) == (400, True)
    assert tree(desk).node("norra").name == "Nord"


def test_own_places_come_before_those_of_the_program_in_every_list(tmp_path: Path) -> None:
    """Control: the program's are there, too."""
    empty = Desk(tmp_path, is_empty=True)
    empty.sign_in()
    assert send(empty, NEW, STREET).status_code == 303
    lists = {"links": "pair-unit", "walls": "node", "reports": "node", "imported/new/ombudsmannaskap": "node"}
    for path, field in lists.items():
        page = empty.client.get(f"/admin/{path}").text
        [chosen] = re.findall(rf'(?s)<select[^>]*id="{field}".*?</select>', page)
        names = [name.strip() for name in re.findall(r">([^<]+)</option>", chosen)]
        at = {name: names.index(name) for name in ("Kaféet", "Norra", "Södra", "FRIDA", "Matcentralen")}
        assert max(at["Kaféet"], at["Norra"], at["Södra"]) < min(at["FRIDA"], at["Matcentralen"]), path


def test_an_own_copy_has_its_own_names_and_words_for_who_answers(desk: Desk) -> None:
    data = {"csrf_token": desk.token("/admin/walls")}
    path = desk.client.post("/admin/units/vasteras/copy", data=data).headers["Location"]
    seen = desk.client.get(path).text.partition('name="seen" value="')[2].partition('"')[0]
    rows = tuple(Line(unit, f"Vår {unit}", respondent="visitor") for unit in desk.round.tree.leaves)
    assert send(desk, path, rows, name="Vår mission", seen=seen).status_code == 303
    library = read_library(desk.settings)
    assert library.places["frida"] == "Vår frida"
    assert library.respondent(desk.round.tree, "frida") is Respondent.VISITOR


def test_a_shipped_tree_is_edited_in_a_copy_whose_units_keep_their_ids(desk: Desk) -> None:
    assert "Skapa en egen kopia och ändra den." in desk.client.get("/admin/units/vasteras").text
    data = {"csrf_token": desk.token("/admin/walls")}
    copied = desk.client.post("/admin/units/vasteras/copy", data=data)
    assert copied.status_code == 303
    own = read_library(desk.settings).trees[copied.headers["Location"].rpartition("/")[2]]
    assert own.leaves == desk.round.tree.leaves
    assert own.root.name == "Västerås stadsmission (kopia)"


@pytest.mark.parametrize("name", ["Staden", " staden", "STADEN"])
def test_a_second_organisation_with_a_name_is_refused(desk: Desk, name: str) -> None:
    refused = send(desk, NEW, STREET, name=name)
    assert refused.status_code == 400
    assert f'<a href="#name">Det finns redan en organisation som heter {name.strip()}.' in refused.text
    for _ in range(2):
        desk.client.post("/admin/units/staden/copy", data={"csrf_token": desk.token("/admin/walls")})
    names = [tree.root.name for tree in desk.app.extensions["desk"].library.trees.values()]
    assert {"Staden", "Staden (kopia)", "Staden (kopia) (2)"} <= set(names)
    assert len(set(names)) == len(names)


def test_an_own_organisation_may_have_the_name_of_a_shipped_one(desk: Desk) -> None:
    """The shipped one is named after a real mission, which begins with a copy of it."""
    assert send(desk, NEW, STREET, name="Västerås stadsmission").status_code == 303


def test_an_organisation_cannot_take_the_name_of_another(desk: Desk) -> None:
    seen = re.search(r'name="seen" value="(\w+)"', desk.client.get(OWN).text)
    assert seen
    assert send(desk, NEW, STREET, name="Byn").status_code == 303
    assert send(desk, OWN, SAVED, "byn", seen[1]).status_code == 400
    assert send(desk, OWN, SAVED, "Staden", seen[1]).status_code == 303, "its own name stays"
