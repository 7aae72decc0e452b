"""A coordinator edits a theory of change in the browser; a fault leads to its row, and nothing is changed."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from kiosk.domain.report import Terms
from kiosk.domain.theory import Layer, Theory
from kiosk.library.library import Library, read_library
from kiosk.settings import Settings
from tests.tools.desk_side import Desk

OWN = "ombudsmannaskap_2"
EDIT = f"/admin/theory/{OWN}/edit"


TAG = re.compile(r"<(input|select|option)\b([^>]*)>")
ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


def fields_in(page: str) -> MultiDict[str, str]:
    """Return the fields of a page's last form that a browser would send. The form is large: a parser of HTML
    would take most of the time of these tests."""
    sent, select = MultiDict[str, str](), ""
    for tag, attributes in TAG.findall(page[page.rindex("<form") :]):
        has = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
        is_off = has.get("type") == "checkbox" and "checked" not in has
        if tag == "input" and has.get("name") and not is_off:
            sent.add(has["name"], has.get("value", ""))
        elif tag == "select":
            select = has["name"]
        elif tag == "option" and (select not in sent or "selected" in has):
            sent[select] = has["value"]
    return sent


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with an own copy of the shipped theory."""
    made = Desk(tmp_path)
    made.sign_in()
    page = made.client.get("/admin/theory/ombudsmannaskap/dagverksamheten").text
    assert f'action="/admin/theory/{OWN.removesuffix("_2")}/copy' in page
    copied = made.client.post(
        "/admin/theory/ombudsmannaskap/copy", data={"csrf_token": made.token("/admin/reports")}
    )
    assert copied.headers["Location"] == EDIT
    return made


def fields(desk: Desk) -> MultiDict[str, str]:
    return fields_in(desk.client.get(EDIT).text)


def send(desk: Desk, sent: MultiDict[str, str]) -> TestResponse:
    return desk.client.post(EDIT, data=sent)


def theory(desk: Desk) -> Theory:
    """The theory as the library reads it from its file."""
    return read_library(desk.settings).theories[OWN]


def texts(desk: Desk, layer: Layer) -> list[str]:
    return [box.text for box in theory(desk).boxes_in(layer)]


@pytest.mark.slow
def test_a_form_that_is_sent_unchanged_changes_nothing(desk: Desk) -> None:
    before = theory(desk)
    assert send(desk, fields(desk)).status_code == 303
    assert theory(desk) == before
    assert before.title == "Ombudsmannaskap i Dagverksamheten (kopia)"


def test_rows_are_changed_added_removed_and_moved(desk: Desk) -> None:
    sent = fields(desk)
    sent["results-1-text"] = "Mer  tillit"
    sent["results-2-text"] = ""
    sent["results-4-place"] = "1"
    sent["results-5-text"] = "Trygghet"
    sent["results-5-measure"] = "statements"
    sent["results-5-statements"] = "feel_better"
    assert send(desk, sent).status_code == 303
    assert texts(desk, Layer.RESULTS) == [
        "Ärendet är löst", "Mer tillit", "Deltagaren i kontakt med rätt extern aktör", "Trygghet",
    ]  # fmt: skip
    added = theory(desk).boxes_in(Layer.RESULTS)[-1]
    assert added.measure
    assert added.measure.statements == ("feel_better",)
    page = desk.client.get(f"/admin/theory/{OWN}/dagverksamheten").text
    assert "Trygghet" in page


@pytest.mark.slow
def test_the_results_have_the_chosen_label_on_every_page_and_in_the_report(desk: Desk) -> None:
    sent = fields(desk)
    assert sent["results_label"] == "Resultat"
    sent["results_label"] = "Utfall"
    assert send(desk, sent).status_code == 303
    assert '<h2 id="results">Utfall</h2>' in desk.client.get(EDIT).text
    assert ">Utfall</" in desk.client.get(f"/admin/theory/{OWN}/dagverksamheten").text
    data = {
        "csrf_token": desk.token("/admin/reports"), "title": "Effektrapport", "organisation": "Missionen",
        "year": "2026", "node": "dagverksamheten", "theory": OWN,
    }  # fmt: skip
    assert desk.client.post("/admin/reports", data=data).status_code == 303
    report = desk.client.get("/admin/reports/r2026-1/preview").text
    assert re.search(r"<th[^>]*>Utfall</th>", report), "the heading in the table"
    assert "Utfall: det som prestationerna har nått fram till" in report
    assert "Resultat" not in report


@pytest.mark.slow
def test_no_box_leads_to_a_removed_box(desk: Desk) -> None:
    sent = fields(desk)
    sent["outputs-3-text"] = ""
    assert send(desk, sent).status_code == 303
    assert [box.leads_to for box in theory(desk).boxes_in(Layer.ACTIVITIES)][1] == ()


@pytest.mark.slow
def test_boxes_keep_their_goals_when_a_goal_is_removed(desk: Desk) -> None:
    sent = fields(desk)
    sent.setlist("effects-1-goals", ["1", "4"])
    assert send(desk, sent).status_code == 303
    sent = fields(desk)
    sent["goals-2-text"] = ""
    assert send(desk, sent).status_code == 303
    assert theory(desk).boxes_in(Layer.EFFECTS)[0].goals == (1, 3)
    assert [goal.text for goal in theory(desk).goals][2] == "Ingen psykisk ohälsa"


FAULTS: dict[str, tuple[dict[str, list[str]], str, str]] = {
    "an unknown counter": (
        {"outputs-2-measure": ["counter:nothing"]},
        "outputs-2", "Prestationer, rad 2: ingen prestation heter nothing",
    ),
    "an unknown statement": (
        {"results-1-statements": ["nothing"]},
        "results-1", "Resultat, rad 1: inget påstående i någon enkät heter nothing",
    ),
    "no measure": ({"effects-2-measure": [""]}, "effects-2", "Effekt, rad 2: välj hur det mäts"),
    "no statement": ({"results-1-statements": []}, "results-1", "Resultat, rad 1: välj hur det mäts"),
    "a loop": (
        {"results-3-leads_to": ["links"]},
        "outputs-3", "Prestationer, rad 3: rutorna leder i en ring: Länkningar → ",
    ),
    "a box that is not there": (
        {"outputs-1-leads_to": ["nothing"]},
        "outputs-1", "Prestationer, rad 1: den leder till en ruta som inte finns: nothing",
    ),
    "a control character": (
        {"resources-2-text": ["Ett\u0007ombud"]}, "resources-2", "Resurser, rad 2: texten har"
    ),
    "a long text": ({"goals-1-text": ["x" * 2000]}, "goals-1", "Mål, rad 1: "),
    "an empty column": (
        {f"effects-{n}-text": [""] for n in (1, 2, 3)}, "effects", "Effekt: skriv minst en ruta"
    ),
    "no name": ({"title": [" "]}, "title", "Namn: "),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_at_the_top_with_a_link_to_its_row(case: str, desk: Desk) -> None:
    changes, anchor, reason = FAULTS[case]
    file = desk.settings.data / "questions" / "theories" / f"{OWN}.toml"
    before, sent = file.read_bytes(), fields(desk)
    for name, values in changes.items():
        sent.setlist(name, values)
    response = send(desk, sent)
    assert response.status_code == 400
    assert f'<a href="#{anchor}">{reason}' in response.text
    assert f'id="{anchor}"' in response.text
    assert file.read_bytes() == before


def test_a_refused_form_keeps_the_typed_text(desk: Desk) -> None:
    sent = fields(desk)
    sent["resources-1-text"], sent["effects-2-measure"] = "Ett rum", ""
    assert 'value="Ett rum"' in send(desk, sent).text


@pytest.mark.parametrize("place", ["tre", "0", "-1", "1,5", "²"])
def test_a_position_that_is_no_number_is_refused_at_its_field(desk: Desk, place: str) -> None:
    before, sent = texts(desk, Layer.RESULTS), fields(desk)
    sent["results-2-place"] = place
    refused = send(desk, sent)
    assert refused.status_code == 400
    assert 'href="#results-2-place"' in refused.text
    assert "rad 2: platsen i ordningen är ett heltal från 1" in refused.text
    assert f'value="{place}"' in refused.text
    assert texts(desk, Layer.RESULTS) == before


@pytest.mark.slow
def test_another_coordinators_change_is_not_overwritten(desk: Desk) -> None:
    mine, theirs = fields(desk), fields(desk)
    theirs["resources-1-text"], mine["resources-1-text"] = "Ett rum", "Ett hus"
    assert send(desk, theirs).status_code == 303
    assert "Någon annan har ändrat teorin" in send(desk, mine).text
    assert texts(desk, Layer.RESOURCES)[0] == "Ett rum"


@pytest.mark.parametrize("name", ["anna", "bo"])
def test_the_shipped_theory_is_not_edited_and_staff_edit_none(name: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in(name)
    assert desk.client.get("/admin/theory/ombudsmannaskap/edit").status_code == 403


def test_a_double_click_on_the_copy_makes_two_copies(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request is handled before the first one has written its file."""
    app, statuses = desk.app.extensions["desk"], list[int]()
    change, path = app.change, "/admin/theory/ombudsmannaskap/copy"

    def copy() -> None:
        statuses.append(desk.client.post(path, data={"csrf_token": desk.token(EDIT)}).status_code)

    def change_late(write: Callable[[Settings], Library]) -> None:
        monkeypatch.setattr(app, "change", change)
        copy()
        change(write)

    monkeypatch.setattr(app, "change", change_late)
    copy()
    assert statuses == [303, 303]
    titles = [theory.title for theory in read_library(desk.settings).theories.values()]
    assert len(titles) == len(set(titles)) == 4


def remove(desk: Desk, theory_id: str = OWN) -> TestResponse:
    return desk.client.post(
        f"/admin/theory/{theory_id}/remove", data={"csrf_token": desk.token("/admin/reports")}
    )


@pytest.mark.slow
def test_an_own_theory_is_removed_after_a_confirmation(desk: Desk) -> None:
    link = f"/admin/theory/{OWN}/remove"
    assert f'href="{link}"' in desk.client.get(f"/admin/theory/{OWN}/dagverksamheten").text
    assert "Den går inte att få tillbaka" in desk.client.get(link).text
    assert OWN in read_library(desk.settings).theories  # the question removes nothing
    assert remove(desk).status_code == 303
    assert OWN not in read_library(desk.settings).theories
    assert desk.client.get(f"/admin/theory/{OWN}/dagverksamheten").status_code == 404
    assert "tog bort en förändringsteori" in desk.client.get("/admin/log").text


def test_a_theory_that_a_report_uses_is_not_removed(desk: Desk) -> None:
    file = desk.settings.data / "questions" / "theories" / f"{OWN}.toml"
    before = file.read_bytes()
    desk.store.reports.set("r2026-1", Terms("Effekt", "Staden", 2026, "frida", OWN, (), ()))
    refused = remove(desk)
    assert (refused.status_code, file.read_bytes()) == (403, before)
    assert "En effektrapport använder den här förändringsteorin" in refused.text
    assert remove(desk, "ombudsmannaskap").status_code == 403  # the shipped one
    assert remove(desk, "nothing").status_code == 404
