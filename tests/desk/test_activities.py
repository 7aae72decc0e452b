"""What staff did, tapped or typed: by place and month, nothing finer."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.counters import month_of
from kiosk.storage import Action
from tests.tools.desk_side import Desk

MARCH = month_of(date(2026, 3, 1))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in("bo")
    return made


def figures_of(page: str, heading: str) -> list[str]:
    """The figures in the first line of a table with this heading."""
    match = re.search(rf'<th scope="row">{heading}</th>(.*?)</tr>', page, re.DOTALL)
    assert match
    return re.findall(r"<td>(.*?)</td>", match[1])


def tap(desk: Desk, **changes: str) -> TestResponse:
    data = {
        "csrf_token": desk.token("/admin/activities"),
        "unit": "frida",
        "counter": "advise",
        "step": "more",
    }
    return desk.client.post("/admin/activities", data={**data, **changes})


@pytest.mark.slow
def test_each_tap_counts_one_and_can_be_undone(desk: Desk) -> None:
    for step in ("more", "more", "more", "fewer"):
        tapped = tap(desk, step=step)
        assert tapped.status_code == 303
        address, _, button = tapped.headers["Location"].partition("#")
        assert f'<button id="{button}" name="step" value="{step}"' in desk.client.get(address).text
    tap(desk, unit="talk2me", counter="train")
    assert desk.store.outputs.all().taps == {
        ("frida", MARCH, "advise", ""): 2,
        ("talk2me", MARCH, "train", ""): 1,
    }
    assert "Rådgivning <b>2</b>" in desk.client.get("/admin/activities?unit=frida").text


def test_a_counter_never_falls_below_zero(desk: Desk) -> None:
    tap(desk, step="fewer")
    assert desk.store.outputs.all().taps == {("frida", MARCH, "advise", ""): 0}


def test_taps_are_stored_per_month_and_not_per_day(desk: Desk) -> None:
    tap(desk)
    desk.now += timedelta(minutes=20)
    tap(desk)
    desk.now += timedelta(days=31)
    desk.sign_in("bo")
    tap(desk)
    assert desk.store.outputs.all().taps == {
        ("frida", MARCH, "advise", ""): 2,
        ("frida", month_of(date(2026, 4, 1)), "advise", ""): 1,
    }
    page = desk.client.get("/admin/activities?unit=frida").text
    assert figures_of(page, "mars\xa02026")[1] == "2"
    assert figures_of(page, "april\xa02026")[1] == "1"
    assert figures_of(page, "kvartal 1 2026")[1] == "2*"
    assert figures_of(page, "2026")[1] == "3*"


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "x"},
        {"counter": "x"},
        {"counter": "individuals"},
        {"target": "skola"},
        {"target": "Anna"},
        {"step": "x"},
        {"step": "100"},
    ],
)
def test_a_tap_with_invalid_values_is_refused(desk: Desk, changes: dict[str, str]) -> None:
    assert tap(desk, **changes).status_code == 400
    assert desk.store.outputs.all().taps == {}


def test_a_link_is_counted_for_its_target(desk: Desk) -> None:
    tap(desk, counter="link", target="skola")
    tap(desk, counter="link", target="skola")
    tap(desk, counter="link", target="annat")
    assert desk.store.outputs.all().taps == {
        ("frida", MARCH, "link", "skola"): 2,
        ("frida", MARCH, "link", "annat"): 1,
    }
    page = desk.client.get("/admin/activities?unit=frida").text
    assert "Skola <b>2</b>" in page
    assert "Skola 2, Annat 1." in " ".join(page.split())
    assert figures_of(page, "mars\xa02026")[2] == "3"


def type_figure(desk: Desk, **changes: str) -> TestResponse:
    data = {"node": "frida", "counter": "advise", "period": "2026-03", "figure": "40", "reason": "late"}
    token = {"csrf_token": desk.token("/admin/activities")}
    return desk.client.post("/admin/activities/typed", data=token | data | changes)


@pytest.fixture
def coordinators(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in("anna")
    return made


def test_the_estimates_of_the_report_of_2022_can_be_typed(coordinators: Desk) -> None:
    desk = coordinators
    for counter, figure in (("individuals", "ca 200"), ("advise", "ca 500"), ("link", "ej räknat")):
        changes = {"node": "dagverksamheten", "period": "2022", "counter": counter, "figure": figure}
        assert type_figure(desk, **changes).status_code == 303
    page = desk.client.get("/admin/activities?unit=dagverksamheten&year=2022").text
    assert figures_of(page, "2022")[:3] == ["ca 200", "ca 500", "ej räknat"]
    room = [int(most) for most in re.findall(r'<input[^>]* maxlength="(\d+)"[^>]* name="figure"', page)]
    assert len(room) == 2
    assert min(room) >= len("cirka 1 000 000")
    log = desk.client.get("/admin/log").text
    assert "skrev in en siffra för insatser" in log
    assert "Dagverksamheten, Rådgivning, 2022, ca 500, Uppgiften kom i efterhand" in log


def test_a_typed_figure_replaces_the_taps_until_it_is_removed(coordinators: Desk) -> None:
    desk = coordinators
    tap(desk)
    type_figure(desk)
    assert figures_of(desk.client.get("/admin/activities?unit=frida").text, "mars\xa02026")[1] == "40"
    type_figure(desk, figure="")
    assert figures_of(desk.client.get("/admin/activities?unit=frida").text, "mars\xa02026")[1] == "1"


@pytest.mark.parametrize(
    "changes",
    [
        {"node": "x"},
        {"node": "vasteras"},
        {"counter": "x"},
        {"period": "2026-03-02"},
        {"period": "2026-04"},
        {"period": "1999"},
        {"figure": "många"},
        {"figure": "12 till Anna"},
        {"reason": ""},
        {"reason": "Anna Berg ringde"},
    ],
)
def test_an_invalid_figure_is_refused_and_not_stored(coordinators: Desk, changes: dict[str, str]) -> None:
    response = type_figure(coordinators, **changes)
    assert response.status_code == 400
    assert 'class="problem"' in response.text
    assert not coordinators.store.outputs.all().typed


def test_individuals_are_typed_for_a_whole_tree_and_never_added(coordinators: Desk) -> None:
    type_figure(coordinators, counter="individuals", figure="ca 30")
    page = coordinators.client.get("/admin/activities?unit=frida").text
    assert figures_of(page, "2026")[0] == "–"
    assert figures_of(page, "Västerås stadsmission")[0] == "–"
    changes = {"node": "vasteras", "period": "2026", "counter": "individuals", "figure": "ca 300"}
    assert type_figure(coordinators, **changes).status_code == 303
    page = coordinators.client.get("/admin/activities?unit=frida").text
    assert figures_of(page, "Västerås stadsmission")[0] == "ca 300"


def test_staff_cannot_type_figures(desk: Desk) -> None:
    assert type_figure(desk).status_code == 403
    assert not desk.store.outputs.all().typed


def stored_words(desk: Desk) -> set[str]:
    """Every text in the tables of outputs."""
    outputs = desk.store.outputs.all()
    taps = {
        text for unit, month, counter, target in outputs.taps for text in (unit, str(month), counter, target)
    }
    return taps | {text for node, period, counter in outputs.typed for text in (node, str(period), counter)}


def test_unknown_form_fields_about_guests_or_days_are_not_stored(coordinators: Desk) -> None:
    more = {
        "note": "Anna Berg",
        "name": "Anna Berg",
        "day": "2026-03-02",
        "at": "12:00",
        "month": "2026-03-02",
    }
    tap(coordinators, counter="link", target="skola", **more)
    type_figure(coordinators, **more)
    assert stored_words(coordinators) == {"frida", "2026-03", "link", "skola", "advise"}
    log = coordinators.client.get("/admin/log").text
    assert "Anna Berg" not in log
    assert "Länkning" not in log


def test_the_definition_of_advocacy_is_shown_where_it_is_counted(desk: Desk) -> None:
    definition = "det stöd vi ger till en deltagare vars behov är beroende av en extern tredje part"
    for path in ("/admin/activities?unit={}", "/admin/count/{}"):
        assert definition in desk.client.get(path.format("dagverksamheten")).text
        assert definition not in desk.client.get(path.format("frida")).text


def test_a_definition_that_a_copied_theory_has_too_is_shown_once(desk: Desk) -> None:
    definition = "det stöd vi ger till en deltagare vars behov är beroende av en extern tredje part"
    library = desk.app.extensions["desk"].library
    library.theories["egen"] = replace(library.theories["ombudsmannaskap"], id="egen", title="Egen")
    assert desk.client.get("/admin/count/dagverksamheten").text.count(definition) == 1


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("2026-13", "Skriv ett år som 2026, ett kvartal"),
        ("2030", "Perioden har inte börjat."),
        ("1999", "eller ett senare år."),
    ],
)
def test_the_reason_for_refusing_a_period_is_shown(coordinators: Desk, period: str, reason: str) -> None:
    assert reason in type_figure(coordinators, period=period).text


def test_only_coordinators_can_download_all_figures(desk: Desk) -> None:
    tap(desk)
    assert desk.client.get("/admin/activities.csv").status_code == 403
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    desk.sign_in("anna")
    lines = desk.client.get("/admin/activities.csv").get_data().decode("utf-8-sig").splitlines()
    assert lines == [
        "place,period,counter,target,number,quality,entered",
        "frida,2026-03,advise,,1,counted,tapped",
    ]


def test_a_chart_is_shown_for_each_counter_with_two_or_more_figures(coordinators: Desk) -> None:
    desk = coordinators
    for period, figure in (("2026-01", "12"), ("2026-02", "ca 30"), ("2026-03", "ej räknat")):
        type_figure(desk, period=period, figure=figure)
    type_figure(desk, counter="appeal", period="2026-01", figure="3")
    page = desk.client.get("/admin/activities?unit=frida").text
    assert re.findall(r"<svg.*?<title>(.*?)</title>", page) == ["Rådgivning"]
    assert "<desc>Rådgivning 2026, en stapel för varje månad. FRIDA: ca 42* hela året.</desc>" in page
    assert "–: ej räknat." in page
    assert 'fill="url(#estimated-advise)"' in page


def test_a_typed_quarter_is_drawn_as_one_column_instead_of_months(coordinators: Desk) -> None:
    desk = coordinators
    for period, figure in (("2025-01", "12"), ("2025-Q1", "90"), ("2025-04", "31")):
        type_figure(desk, period=period, figure=figure)
    drawn = desk.client.get("/admin/activities?unit=frida&year=2025").text.partition("<svg")[2]
    numbers = re.findall(r'text-anchor="middle"[^>]*>(\d+)</text>', drawn)
    assert numbers == ["90", "31"]
    assert "En bred stapel" in drawn


def correct(desk: Desk, **changes: str) -> TestResponse:
    data = {
        "csrf_token": desk.token("/admin/activities"),
        "counter": "advise",
        "month": "2026-02",
        "figure": "40",
        "reason": "paper",
    }
    return desk.client.post("/admin/activities/correct?unit=frida", data={**data, **changes})


def test_staff_can_correct_an_earlier_month_with_a_logged_reason(desk: Desk) -> None:
    assert correct(desk).status_code == 303
    assert correct(desk, month="2025-03", figure="ca 12", reason="no_network").status_code == 303
    page = desk.client.get("/admin/activities?unit=frida").text
    assert figures_of(page, "februari\xa02026")[1] == "40"
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    desk.sign_in("anna")
    log = desk.client.get("/admin/log").text
    assert "rättade en siffra för insatser" in log
    assert "FRIDA, Rådgivning, 2026-02, 40, Räknat på papper" in log
    assert "FRIDA, Rådgivning, 2025-03, ca 12, Telefonen hade inget nät" in log


@pytest.mark.parametrize(
    "changes",
    [
        {"month": "2026-03"},
        {"month": "2025-02"},
        {"month": "2026-Q1"},
        {"counter": "individuals"},
        {"figure": ""},
        {"figure": "12 till Anna"},
        {"reason": ""},
        {"reason": "Anna Berg ringde"},
    ],
)
def test_a_correction_without_a_figure_or_a_listed_reason_is_refused(
    desk: Desk, changes: dict[str, str]
) -> None:
    response = correct(desk, **changes)
    assert response.status_code == 400
    assert 'class="problem"' in response.text
    assert not desk.store.outputs.all().typed
    assert not desk.store.audit_log.entries(frozenset({Action.FIGURE_CORRECTED}))
