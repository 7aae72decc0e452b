"""Own counters in the browser: staff of a unit tap what a coordinator chose, and no figure is lost."""

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.counters import month_of
from kiosk.library.bundles import import_bundle
from kiosk.library.library import Library, read_library
from kiosk.settings import read_settings
from kiosk.storage import Action
from tests.tools.desk_side import START, Desk

MARCH = month_of(START)
OWN = "/admin/counters/hembesok"
PAGES = ("/admin/count/{}", "/admin/activities?unit={}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def library(desk: Desk) -> Library:
    """The library as it is read from the files."""
    return read_library(desk.settings)


def seen(desk: Desk, path: str) -> str:
    return desk.client.get(path).text.partition('name="seen" value="')[2].partition('"')[0]


def sent_targets(desk: Desk, path: str) -> dict[str, list[str]]:
    """The fields of a counter's targets as its page has them."""
    page = unescape(desk.client.get(path).text)
    ids = re.findall(r'name="target_id"\s+value="([^"]*)"', page)
    names = re.findall(r'name="target" value="([^"]*)"', page)
    closed = re.findall(r'name="closed_target" value="([^"]*)" checked', page)
    return {"target_id": ids, "target": names, "closed_target": closed}


def send(
    desk: Desk,
    path: str = "/admin/new-counter",
    targets: Mapping[str, list[str]] | None = None,
    *,
    units: tuple[str, ...] = ("frida",),
    **more: str,
) -> TestResponse:
    """Send the form of a counter; without `targets` those that its page has."""
    usual = {"name": "Hembesök", "definition": "Ett besök hemma hos en deltagare.", "seen": seen(desk, path)}
    token = {"csrf_token": desk.token("/admin/walls"), "unit": list(units)}
    rows = sent_targets(desk, path) if targets is None else targets
    return desk.client.post(path, data={**token, **usual, **rows, **more})


def tap(desk: Desk, counter: str, unit: str = "frida", ticket: int = 1, target: str = "") -> list[str]:
    """Send a tap as a phone does, and return the tickets that were refused."""
    row = {"ticket": f"{ticket:032x}", "month": "2026-03", "counter": counter, "target": target, "step": 1}
    headers = {"X-CSRFToken": desk.token("/admin/walls")}
    answer = desk.client.post(f"/admin/count/{unit}", json=[row], headers=headers)
    return list(answer.get_json()["refused"])


def buttons(desk: Desk, unit: str) -> set[str]:
    """The ids of the counters on a unit's counting page, which equal those of the page of activities."""
    each = [
        set(re.findall(r'name="counter"\s+value="(\w+)"', desk.client.get(page.format(unit)).text))
        for page in PAGES
    ]
    assert each[0] == each[1]
    return each[0]


@pytest.mark.slow
def test_a_new_counter_is_tapped_with_its_definition_at_the_chosen_units_only(desk: Desk) -> None:
    assert send(desk).status_code == 303
    assert "Sparat: Hembesök." in desk.client.get("/admin/counters").text
    assert "hembesok" in buttons(desk, "frida")
    assert "hembesok" not in buttons(desk, "talk2me")
    assert "Ett besök hemma hos en deltagare." in desk.client.get("/admin/count/frida").text
    assert tap(desk, "hembesok") == []
    assert len(tap(desk, "hembesok", "talk2me", ticket=2)) == 1
    assert desk.store.outputs.all().taps == {("frida", MARCH, "hembesok", ""): 1}
    assert library(desk).counters["hembesok"].name == "Hembesök"
    assert "ändrade vad som räknas</td><td>Hembesök</td>" in desk.client.get("/admin/log").text


def test_a_counter_for_every_unit_is_shown_at_units_that_are_added_later(desk: Desk) -> None:
    send(desk, units=tuple(desk.app.extensions["desk"].library.units))
    assert library(desk).choices.units == {}


@pytest.mark.slow
def test_figures_follow_a_counter_that_is_renamed(desk: Desk) -> None:
    send(desk)
    tap(desk, "hembesok")
    assert send(desk, OWN, name="Besök i hemmet", definition="Ett besök.").status_code == 303
    assert "Besök i hemmet <b>1</b>" in desk.client.get("/admin/count/frida").text
    assert set(library(desk).counters) & {"hembesok", "besok_i_hemmet"} == {"hembesok"}


@pytest.mark.slow
def test_a_counter_with_figures_is_closed_for_taps_and_never_removed(desk: Desk) -> None:
    send(desk)
    tap(desk, "hembesok")
    refused = desk.client.post(f"{OWN}/remove", data={"csrf_token": desk.token("/admin/walls")})
    assert refused.status_code == 403
    assert "Stäng den för nya tryck" in refused.text
    assert send(desk, OWN, closed="y").status_code == 303
    assert "hembesok" not in buttons(desk, "frida")
    assert len(tap(desk, "hembesok", ticket=2)) == 1
    page = unescape(desk.client.get("/admin/activities?unit=frida").text)
    assert '<th scope="col">Hembesök</th>' in page
    assert '<option value="hembesok">Hembesök</option>' in page
    names = unescape(
        desk.client.get("/admin/count/frida").text.partition('data-names="')[2].partition('"')[0]
    )
    assert json.loads(names)["hembesok"] == "Hembesök"
    assert send(desk, OWN).status_code == 303
    assert "Hembesök <b>1</b>" in desk.client.get("/admin/count/frida").text


def test_a_button_that_was_closed_meanwhile_counts_nothing_and_says_so(desk: Desk) -> None:
    send(desk)
    send(desk, OWN, closed="y")
    data = {"csrf_token": desk.token("/admin/walls"), "unit": "frida", "counter": "hembesok", "step": "more"}
    page = desk.client.post("/admin/activities", data=data, follow_redirects=True)
    assert "Räknades inte: knappen finns inte längre" in page.text
    assert desk.store.outputs.all().taps == {}


def test_a_counter_without_figures_is_removed_and_its_units_with_it(desk: Desk) -> None:
    send(desk)
    data = {"csrf_token": desk.token("/admin/walls")}
    assert desk.client.post(f"{OWN}/remove", data=data).status_code == 303
    assert "hembesok" not in library(desk).counters
    assert library(desk).choices.units == {}
    assert library(desk).problems == ()
    assert len(desk.store.audit_log.entries(frozenset({Action.COUNTER_REMOVED}))) == 1
    assert desk.client.post("/admin/counters/advise/remove", data=data).status_code == 403


def test_a_new_counter_never_gets_the_figures_of_one_that_is_gone(desk: Desk) -> None:
    desk.store.outputs.tap("frida", MARCH, "hembesok", "", 1)
    send(desk)
    assert "hembesok_2" in library(desk).counters


@pytest.mark.slow
def test_a_shipped_counter_is_hidden_at_a_unit_and_keeps_its_words(desk: Desk) -> None:
    units = tuple(unit for unit in desk.app.extensions["desk"].library.units if unit != "frida")
    assert send(desk, "/admin/counters/appeal", units=units).status_code == 303
    assert "appeal" not in buttons(desk, "frida")
    assert "appeal" in buttons(desk, "talk2me")
    assert library(desk).counters["appeal"].name == "Överklagande"
    assert not (desk.settings.data / "questions" / "counters").exists()


@pytest.mark.slow
@pytest.mark.parametrize("counter", ["meals_served", "first_talk"])
def test_an_optional_counter_is_off_until_a_unit_switches_it_on(desk: Desk, counter: str) -> None:
    assert counter not in buttons(desk, "frida")
    assert len(tap(desk, counter)) == 1
    assert f'value="{counter}"' not in desk.client.get("/admin/activities?unit=frida").text
    assert send(desk, f"/admin/counters/{counter}").status_code == 303
    assert counter in buttons(desk, "frida")
    assert counter not in buttons(desk, "talk2me")
    assert tap(desk, counter, ticket=2) == []
    assert send(desk, f"/admin/counters/{counter}", units=()).status_code == 303
    assert library(desk).choices.units == {}


@pytest.mark.parametrize(
    ("fields", "anchor", "words"),
    [
        ({"name": " "}, "name", "Skriv vad som räknas."),
        ({"name": "x" * 61}, "name", "högst 60 tecken"),
        ({"name": "rådgivning"}, "name", "Det finns redan en knapp som heter rådgivning."),
        ({"definition": ""}, "definition", "Skriv när personalen ska trycka"),
        ({"definition": "Ett \u202ebesök"}, "definition", "U+202E"),
    ],
)
def test_a_faulty_counter_is_refused_with_a_link_to_its_field(
    desk: Desk, fields: dict[str, str], anchor: str, words: str
) -> None:
    response = send(desk, "/admin/new-counter", None, units=("frida",), **fields)
    assert response.status_code == 400
    assert words in response.text
    assert f'href="#{anchor}"' in response.text
    assert not (desk.settings.data / "questions").exists()


@pytest.mark.slow
def test_a_change_of_somebody_else_is_not_overwritten(desk: Desk) -> None:
    send(desk)
    stale = seen(desk, OWN)
    send(desk, OWN, name="Besök i hemmet")
    refused = send(desk, OWN, name="Hemresa", seen=stale)
    assert refused.status_code == 400
    assert "Någon annan har ändrat det här" in refused.text
    assert library(desk).counters["hembesok"].name == "Besök i hemmet"


def test_a_theory_of_change_is_tied_to_an_own_counter_which_then_stays(desk: Desk) -> None:
    send(desk)
    token = {"csrf_token": desk.token("/admin/walls")}
    copied = desk.client.post("/admin/theory/ombudsmannaskap/copy", data=token).headers["Location"]
    assert '<option value="counter:hembesok">' in desk.client.get(copied).text
    [path] = (desk.settings.data / "questions" / "theories").iterdir()
    path.write_text(path.read_text("utf-8").replace('counter = "appeal"', 'counter = "hembesok"'), "utf-8")
    desk.client.get("/admin/counters")
    refused = desk.client.post(f"{OWN}/remove", data=token)
    assert refused.status_code == 403
    assert "En förändringsteori mäts med den" in refused.text


def test_an_own_file_with_several_counters_keeps_its_other_lines(desk: Desk) -> None:
    path = desk.settings.data / "questions" / "counters" / "egna.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        'id = "egna"\n[[counters]]\nid = "walks"\nname = "Promenad"\ndefinition = "En."\nby_target = true\n'
        '[[counters]]\nid = "calls"\nname = "Samtal"\ndefinition = "Ett."\n'
        '[[targets]]\nid = "park"\nname = "Park"\n',
        "utf-8",
    )
    desk.client.get("/admin/counters")
    assert send(desk, "/admin/counters/calls", name="Telefonsamtal", definition="Ett.").status_code == 303
    assert library(desk).counters["calls"].name == "Telefonsamtal"
    assert library(desk).counters["walks"].targets[0].name == "Park"


def test_the_file_of_units_may_name_closed_units_and_is_refused_with_its_line_otherwise(desk: Desk) -> None:
    path = desk.settings.data / "questions" / "counting" / "units.toml"
    path.parent.mkdir(parents=True)
    path.write_text('id = "units"\n[[counters]]\nid = "appeal"\nunits = ["nowhere"]\n', "utf-8")
    assert library(desk).counters_at("frida")
    path.write_text('id = "units"\n[[counters]]\nid = "x"\nunits = ["frida"]\n', "utf-8")
    desk.client.get("/admin/counters")
    assert "no counter is called" in desk.client.get("/admin/surveys").text
    refused = send(desk, "/admin/counters/appeal")
    assert refused.status_code == 400
    assert "skrivs inte över" in refused.text


TARGETS = {"target_id": ["", ""], "target": ["Kronofogden", "Vårdcentral"]}


@pytest.mark.slow
def test_an_own_counter_has_a_button_for_each_target_and_is_read_from_its_file_again(desk: Desk) -> None:
    send(desk, targets=TARGETS)
    counter = library(desk).counters["hembesok"]
    assert [(one.id, one.name) for one in counter.targets] == [
        ("kronofogden", "Kronofogden"), ("vardcentral", "Vårdcentral"),
    ]  # fmt: skip
    for page in PAGES:
        assert re.search(r"Vårdcentral\s+<b>0</b>", desk.client.get(page.format("frida")).text)
    assert tap(desk, "hembesok", target="vardcentral") == []
    assert len(tap(desk, "hembesok", ticket=2, target="skola")) == 1
    assert "Vårdcentral 1" in unescape(desk.client.get("/admin/activities?unit=frida").text)
    path = desk.settings.data / "questions" / "counters" / "hembesok.toml"
    written = path.read_bytes()
    send(desk, OWN)
    assert path.read_bytes() == written


@pytest.mark.slow
def test_targets_are_renamed_closed_added_and_removed_and_no_figure_is_lost(desk: Desk) -> None:
    send(desk)
    tap(desk, "hembesok")  # before there were targets
    send(desk, OWN, TARGETS)
    tap(desk, "hembesok", ticket=2, target="kronofogden")
    ids = {"target_id": ["kronofogden", "vardcentral", ""]}
    changed = {**ids, "target": ["KFM", "", "Skola"], "closed_target": ["kronofogden"]}
    assert send(desk, OWN, changed).status_code == 303
    counter = library(desk).counters["hembesok"]
    assert [(one.id, one.name, one.is_closed) for one in counter.targets] == [
        ("kronofogden", "KFM", True), ("skola", "Skola", False),
    ]  # fmt: skip
    page = unescape(desk.client.get("/admin/activities?unit=frida").text)
    assert re.search(r"tryckt per mål:\s+Utan mål 1, KFM 1\.", page)
    assert "KFM <b>" not in page
    assert len(tap(desk, "hembesok", ticket=3, target="kronofogden")) == 1
    assert tap(desk, "hembesok", ticket=4, target="skola") == []
    assert sum(desk.store.outputs.all().taps.values()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("rows", [{"target_id": ["kronofogden"], "target": [""]}, {"target": []}])
def test_a_target_with_figures_is_never_removed(desk: Desk, rows: dict[str, list[str]]) -> None:
    send(desk, targets=TARGETS)
    tap(desk, "hembesok", target="kronofogden")
    refused = send(desk, OWN, rows)
    assert refused.status_code == 400
    assert 'href="#target-1">Kronofogden har siffror.' in refused.text
    assert len(library(desk).counters["hembesok"].targets) == 2


def test_a_new_target_never_gets_the_figures_of_one_that_is_gone(desk: Desk) -> None:
    send(desk)
    desk.store.outputs.tap("frida", MARCH, "hembesok", "skola", 1)  # of a file that somebody has changed
    forged = {"target_id": ["skola"], "target": ["Skola"]}
    assert send(desk, OWN, forged).status_code == 303
    assert [one.id for one in library(desk).counters["hembesok"].targets] == ["skola_2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Skola", "skola"], "Målet skola finns två gånger."),
        (["x" * 61], "högst 60 tecken"),
        (["a\u202eb"], "U+202E"),
        ([f"Mål {number}" for number in range(21)], "Högst 20 mål."),
    ],
)
def test_faulty_targets_are_refused_and_nothing_is_written(desk: Desk, names: list[str], words: str) -> None:
    refused = send(desk, targets={"target_id": [""] * len(names), "target": names})
    assert refused.status_code == 400
    assert words in refused.text
    assert not (desk.settings.data / "questions").exists()


def test_targets_that_two_counters_share_are_changed_in_their_file_only(desk: Desk) -> None:
    path = desk.settings.data / "questions" / "counters" / "egna.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        'id = "egna"\n[[counters]]\nid = "walks"\nname = "Promenad"\ndefinition = "En."\nby_target = true\n'
        '[[counters]]\nid = "calls"\nname = "Samtal"\ndefinition = "Ett."\nby_target = true\n'
        '[[targets]]\nid = "park"\nname = "Park"\n',
        "utf-8",
    )
    desk.client.get("/admin/counters")
    page = desk.client.get("/admin/counters/calls").text
    assert "Målen delas med en annan knapp" in page
    assert 'name="target"' not in page
    assert send(desk, "/admin/counters/calls", name="Prat").status_code == 303
    for counter in ("walks", "calls"):
        assert [one.name for one in library(desk).counters[counter].targets] == ["Park"]


@pytest.mark.slow
def test_another_organisation_gets_the_open_targets_of_a_counter(desk: Desk, tmp_path: Path) -> None:
    send(desk, targets=TARGETS)
    tap(desk, "hembesok", target="kronofogden")
    send(desk, OWN, {**sent_targets(desk, OWN), "closed_target": ["kronofogden"]})
    token = {"csrf_token": desk.token("/admin/walls")}
    bundle = desk.client.post("/admin/exchange/bundle", data={**token, "counter": "hembesok"}).data
    receiver = read_settings({"KIOSK_DATA": str(tmp_path / "other")})
    received = import_bundle(receiver, bundle, set()).library
    assert [one.name for one in received.counters["hembesok"].targets] == ["Vårdcentral"]


def test_another_organisation_gets_an_own_counter_but_not_its_units(desk: Desk, tmp_path: Path) -> None:
    send(desk)
    assert 'name="counter"\n  value="hembesok"' in desk.client.get("/admin/exchange").text
    token = {"csrf_token": desk.token("/admin/walls")}
    assert desk.client.post("/admin/exchange/bundle", data={**token, "counter": "x"}).status_code == 400
    bundle = desk.client.post("/admin/exchange/bundle", data={**token, "counter": "hembesok"}).data
    receiver = read_settings({"KIOSK_DATA": str(tmp_path / "other")})
    received = import_bundle(receiver, bundle, set()).library
    assert received.counters["hembesok"] == library(desk).counters["hembesok"]
    assert received.choices.units == {}
