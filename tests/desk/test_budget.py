"""The budget of slips and kiosks: its question when a round opens, and requests for more than it has."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from kiosk.desk.devices.links import key_of
from kiosk.domain.budget import MOST_EXPECTED, kiosk_budget, slip_budget
from kiosk.domain.rounds import Admission, RoundError, round_from_json
from kiosk.output.file_program import WrittenFiles
from kiosk.storage import COMMAND_LINE, Action, Devices, open_store
from tests.tools.builders import MONDAY, a_round, a_store, tree
from tests.tools.command_line import OPEN, Run, printed
from tests.tools.desk_side import Desk, expecting

REASON = "Gästerna tog med sig lapparna, Anna räknade 7 i skålen"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """FRIDA expects 6 guests: 9 slips and one kiosk. Other units have no budget."""
    return Desk(tmp_path, admission=frozenset(Admission), devices=Devices(), expected={"frida": 6})


@given(st.integers(0, MOST_EXPECTED))
def test_a_budget_covers_the_expected_guests_and_is_zero_for_none(expected: int) -> None:
    assert expected <= slip_budget(expected) <= 1.5 * expected + 0.5
    assert (slip_budget(expected) == 0) == (kiosk_budget(expected) == 0) == (expected == 0)
    assert 200 * (kiosk_budget(expected) - 1) < max(expected, 1) <= 200 * max(kiosk_budget(expected), 1)


def test_the_slip_budget_of_six_guests_is_too_small_to_steer_a_ballot() -> None:
    """Nine slips of the attacker and one of the guest fill a unit to 2k where k is 5."""
    assert slip_budget(6) < 10


def send(desk: Desk, path: str, name: str = "anna", **fields: str) -> TestResponse:
    desk.client.delete_cookie("desk", path="/")
    desk.sign_in(name)
    data = {"csrf_token": desk.token("/admin/links"), "round": "r", "unit": "frida", "languages": "sv"}
    return desk.client.post(f"/admin/links{path}", data={**data, **fields})


def logged(desk: Desk) -> list[tuple[str, Action, str]]:
    entries = [(one.name, one.action, one.what) for one in desk.store.audit_log.entries()]
    return [entry for entry in entries if entry[1] is not Action.SIGNED_IN]


def printed_at_frida(desk: Desk) -> int:
    return sum(desk.store.printed_slips("r").get("frida", ()))


def test_staff_cannot_print_slips_over_the_budget(desk: Desk) -> None:
    desk.store.print_slips("r", "frida", 8)
    refused = send(desk, "/slips", "bo", number="2", reason=REASON)
    assert refused.status_code == 400
    assert "räknar med 6 gäster på FRIDA. Högsta antal lappar är 9, och 8 är utskrivna" in refused.text
    assert printed_at_frida(desk) == 8


@pytest.mark.slow
def test_staff_can_print_slips_up_to_the_budget_only(desk: Desk) -> None:
    assert send(desk, "/slips", "bo", number="8").status_code == 200
    refused = send(desk, "/slips", "bo", number="2", reason=REASON)
    assert refused.status_code == 400
    assert "räknar med 6 gäster på FRIDA. Högsta antal lappar är 9, och 8 är utskrivna" in refused.text
    assert "Be en samordnare skriva ut fler." in refused.text
    assert printed_at_frida(desk) == 8
    assert send(desk, "/slips", "bo", number="1").status_code == 200


@pytest.mark.slow
def test_a_coordinator_can_exceed_the_slip_budget_with_a_logged_reason(desk: Desk) -> None:
    asked = send(desk, "/slips", number="10")
    assert (asked.status_code, printed_at_frida(desk)) == (400, 0)
    assert 'id="slips-reason"' in asked.text
    assert "Skriv varför det behövs fler." in asked.text
    assert send(desk, "/slips", number="10", reason=f" {REASON}\n").status_code == 200
    assert logged(desk) == [("anna", Action.SLIPS_OVER_BUDGET, f"r, frida, 10, {REASON}")]
    desk.client.delete_cookie("desk", path="/")
    desk.sign_in("bo")
    page = desk.client.get("/admin/log").text
    assert "skrev ut fler lappar än omgången räknar med" in page
    assert f"FRIDA, 10, {REASON}" in page


@pytest.mark.slow
def test_an_unneeded_reason_is_not_logged(desk: Desk) -> None:
    assert send(desk, "/slips", number="9", reason=REASON).status_code == 200
    assert send(desk, "/slips", number="20", unit="talk2me").status_code == 200
    assert [action for _, action, _ in logged(desk)] == [Action.SLIPS_PRINTED] * 2


@pytest.mark.parametrize("reason", ["   ", "x" * 201, "a\u202eb"])
def test_an_unreadable_reason_is_refused(desk: Desk, reason: str) -> None:
    for path in ("/slips", "/pair", ""):
        assert send(desk, path, number="200", kind="kiosk", reason=reason).status_code in {200, 303, 400, 409}
    assert printed_at_frida(desk) == 0
    assert all(reason not in what for _, _, what in logged(desk))


KIOSK_WAYS = {"/pair": Action.PAIRING_BEGUN, "": Action.ADDRESS_MADE}


@pytest.mark.parametrize("path", KIOSK_WAYS)
def test_a_kiosk_over_the_budget_needs_a_logged_reason(desk: Desk, path: str) -> None:
    assert send(desk, path, kind="kiosk").status_code in {200, 303}
    asked = send(desk, path, kind="kiosk")
    assert asked.status_code == 409
    assert "Högsta antal kiosker är 1, och verksamheten har 1, oanvända koder inräknade" in asked.text
    assert send(desk, path, kind="kiosk", reason=REASON).status_code in {200, 303}
    assert [(action, what.split(", ")[0]) for _, action, what in logged(desk)] == [
        (Action.KIOSK_OVER_BUDGET, "frida"),
        (KIOSK_WAYS[path], "frida"),
    ]
    desk.client.delete_cookie("desk", path="/")
    desk.sign_in("bo")
    assert REASON in desk.client.get("/admin/log").text


@pytest.mark.parametrize("name", ["anna", "bo"])
def test_a_round_has_no_kiosk_budget_from_its_closing_time_on(desk: Desk, name: str) -> None:
    """It admits no ballots any more, whether or not the closing count has come."""
    desk.store.links.add(Admission.KIOSK, "frida")
    desk.now = desk.round.closes_at
    assert not desk.store.rounds()[0].is_closed
    assert send(desk, "/pair", name).status_code == 200
    assert logged(desk) == [(name, Action.PAIRING_BEGUN, "frida")]


class LateTurn(WrittenFiles):
    """Files whose turn comes only when the desk's round has closed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    @contextmanager
    def turn(self) -> Iterator[Callable[[str, bytes], bytes]]:
        self.desk.now = self.desk.round.closes_at
        with super().turn() as write:
            yield write


def test_no_slips_are_printed_if_the_round_closes_while_they_wait_for_their_turn(desk: Desk) -> None:
    desk.app.extensions["desk"].written_files = LateTurn(desk)
    refused = send(desk, "/slips", "bo", number="1")
    assert refused.status_code == 400
    assert "Valet finns inte längre. Välj igen." in refused.text
    assert printed_at_frida(desk) == 0


def test_posters_and_units_without_expected_guests_have_no_budget(desk: Desk) -> None:
    for _ in range(3):
        assert send(desk, "", kind="poster").status_code == 303
        assert send(desk, "", kind="kiosk", unit="talk2me").status_code == 303
    assert {action for _, action, _ in logged(desk)} == {Action.ADDRESS_MADE}


def open_round(desk: Desk, **changes: str) -> TestResponse:
    desk.client.delete_cookie("desk", path="/")
    desk.sign_in()
    first = desk.now.date() + timedelta(days=100)
    data = {
        "csrf_token": desk.token("/admin/rounds/new"), "survey": "ombudsmannaskap", "tree": "vasteras",
        "k": "8", "opens": str(first), "closes": str(first + timedelta(days=50)), "admission": "slip",
        "figures": "live", "protection": "protected", "understood": "y", **expecting(desk),
    }  # fmt: skip
    return desk.client.post("/admin/rounds/new", data={**data, **changes})


def test_kiosks_that_were_paired_before_the_round_count_when_it_opens(desk: Desk) -> None:
    for _ in range(2):
        assert send(desk, "/pair", unit="talk2me").status_code == 200
    desk.store.links.add(Admission.KIOSK, "matcentralen")
    asked = open_round(desk, **expecting(desk, 20))
    assert asked.status_code == 400
    assert "har redan 2 kiosker, oanvända koder inräknade. Högsta antal för 20 gäster är 1" in asked.text
    assert "har redan 1 kiosker" not in asked.text
    assert len(desk.store.rounds()) == 1
    assert open_round(desk, **expecting(desk, 20), reason=REASON).status_code == 303
    assert (f"talk2me, {REASON}", Action.KIOSK_OVER_BUDGET) in [
        (what, action) for _, action, what in logged(desk)
    ]


def test_a_planned_round_has_its_budget_before_it_opens(desk: Desk) -> None:
    assert open_round(desk, **expecting(desk, 20)).status_code == 303
    assert send(desk, "", kind="kiosk", unit="talk2me").status_code == 303
    for path in KIOSK_WAYS:
        assert send(desk, path, kind="kiosk", unit="talk2me").status_code == 409
        assert send(desk, path, kind="kiosk", unit="talk2me", reason=REASON).status_code in {200, 303}


def test_a_kiosk_moved_to_a_unit_counts_for_its_planned_round(desk: Desk) -> None:
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    kiosks = [desk.store.links.add(Admission.KIOSK, unit) for unit in ("talk2me", "frida")]
    assert open_round(desk, **expecting(desk, 20)).status_code == 303
    form = {"key": key_of(kiosks[0])}
    asked = send(desk, "/move", **form)
    assert (asked.status_code, desk.store.links.kiosks()) == (409, {"talk2me": 1, "frida": 1})
    assert f'id="move-{form["key"]}-reason"' in asked.text
    assert send(desk, "/move", **form, reason=REASON).status_code == 303
    assert desk.store.links.kiosks() == {"frida": 2}
    assert [action for _, action, _ in logged(desk)][:2] == [Action.KIOSK_OVER_BUDGET, Action.KIOSK_MOVED]


def test_expected_guests_are_frozen_when_a_round_opens(desk: Desk) -> None:
    assert open_round(desk, **{**expecting(desk, 60), "expected-frida": "20"}).status_code == 303
    of_round = desk.store.rounds()[0].round
    units = of_round.tree.leaves
    assert of_round.expected == {unit: 20 if unit == "frida" else 60 for unit in units}
    assert round_from_json(of_round.as_json()) == of_round
    assert (of_round.slip_budget("frida"), of_round.kiosk_budget("frida")) == (30, 1)


MISSING = "Skriv ungefär hur många som svarar, eller 0 om ingen väntas."


@pytest.mark.parametrize("missing", [["frida"], ["frida", "talk2me"]])
def test_no_round_opens_without_the_expected_guests_of_each_unit(desk: Desk, missing: list[str]) -> None:
    """The first attack used a unit without guests: nothing proposes a number for it."""
    refused = open_round(desk, **{f"expected-{unit}": "" for unit in missing})
    assert refused.status_code == 400
    assert refused.text.count(f'<p class="problem" id="expected-frida-error">{MISSING}') == 1
    notice = refused.text.split('id="notice"')[1].split("</div>")[0]
    assert re.findall(r'href="#expected-([a-z0-9]+)"', notice) == missing
    assert len(desk.store.rounds()) == 1


def test_only_the_units_of_the_round_need_a_number(desk: Desk) -> None:
    others = {field: "" for field in expecting(desk) if field != "expected-frida"}
    assert open_round(desk, **others, units="frida").status_code == 303
    assert desk.store.rounds()[0].round.expected == {"frida": 400}


def test_an_error_elsewhere_hides_no_missing_number(desk: Desk) -> None:
    refused = open_round(desk, **{"expected-frida": "", "k": "x"})
    notice = refused.text.split('id="notice"')[1].split("</div>")[0]
    assert {"#k", "#expected-frida"} <= set(re.findall(r'href="([^"]+)"', notice))


def test_a_unit_that_expects_nobody_gets_slips_and_kiosks_only_with_a_reason(desk: Desk) -> None:
    """Slips for a unit without guests were the first attack."""
    assert open_round(desk, **{"expected-frida": "0"}).status_code == 303
    planned = desk.store.rounds()[0].round
    for name in ("bo", "anna"):
        assert send(desk, "/slips", name, round=planned.id, number="1").status_code == 400
    assert send(desk, "/pair").status_code == 409
    assert (desk.store.printed_slips(planned.id), desk.store.links.all()) == ({}, [])


def proposed(desk: Desk) -> dict[str, str]:
    """Unit -> number of guests that the form of a new round proposes."""
    desk.client.delete_cookie("desk", path="/")
    desk.sign_in()
    page = desk.client.get("/admin/rounds/new").text
    return dict(re.findall(r'name="expected-([a-z0-9_]+)" type="number" min="0" value="([^"]*)"', page))


def test_the_form_proposes_the_published_ballots_of_the_last_round_and_else_nothing(desk: Desk) -> None:
    assert set(proposed(desk).values()) == {""}
    for _ in range(4):
        desk.answer(10, "frida")
        desk.now += timedelta(days=1)
        desk.store.count(desk.now)
    assert proposed(desk)["frida"] == "", "the running round"
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    document = desk.store.snapshot()["rounds"][0]
    published = {node["id"]: node["answered"] for node in document["nodes"]}
    numbers = proposed(desk)
    assert numbers == {
        unit: "" if published[unit] is None else str(published[unit]) for unit in desk.round.tree.leaves
    }
    assert numbers["frida"] == "40"
    assert "" in numbers.values()


@pytest.mark.parametrize("number", ["-1", "10001", "two", "²"])
def test_an_invalid_number_of_guests_is_reported_at_its_field(desk: Desk, number: str) -> None:
    refused = open_round(desk, **{"expected-frida": number})
    assert refused.status_code == 400
    assert re.search(f'name="expected-frida"[^>]* value="{number}"', refused.text)
    assert "Skriv ett heltal, högst 10000." in refused.text
    assert len(desk.store.rounds()) == 1


def test_the_rules_refuse_guests_at_an_unknown_unit_and_impossible_numbers(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for expected in ({"elsewhere": 5}, {"a": -1}, {"a": MOST_EXPECTED + 1}):
        with pytest.raises(RoundError):
            store.open_round(round_from_json({**a_round(tree("a")).as_json(), "expected": expected}), MONDAY)
    assert store.rounds() == []


def test_commands_over_the_budget_need_a_reason_too(run: Run) -> None:
    printed(run("init"))
    printed(run(*OPEN, "--expected", "frida=4", "--expected", "60"))
    store = open_store(Path("data"), f"sqlite:///{Path('data/kiosk.sqlite')}", Path("data/keys"))
    [state] = store.rounds()
    assert (state.round.expected["frida"], state.round.expected["talk2me"]) == (4, 60)
    slips = ("slips", "--round", state.round.id, "--unit", "frida", "--number")
    assert len(printed(run(*slips, "6")).splitlines()) == 6
    for words in ((*slips, "1"), ("link", "--unit", "frida")):
        if words[0] == "link":
            printed(run(*words))
        refused = run(*words)
        assert refused.exit_code == 2
        assert "add --reason TEXT, which all staff read in the log" in refused.stderr
        assert run(*words, "--reason", "\n").exit_code == 2
        printed(run(*words, "--reason", REASON))
    entries = store.audit_log.entries([Action.SLIPS_OVER_BUDGET, Action.KIOSK_OVER_BUDGET])
    assert [(one.name, one.what) for one in entries] == [
        (COMMAND_LINE, f"frida, {REASON}"),
        (COMMAND_LINE, f"{state.round.id}, frida, 1, {REASON}"),
    ]


def test_the_command_that_opens_a_round_asks_for_a_reason_for_its_kiosks(run: Run) -> None:
    printed(run("init"))
    for _ in range(2):
        printed(run("link", "--unit", "frida"))
    refused = run(*OPEN, "--expected", "60")
    assert (refused.exit_code, printed(run("round", "list"))) == (2, "")
    assert "frida: the expected guests of round" in refused.stderr
    assert "need 1 kiosks, and it has 2" in refused.stderr
    printed(run(*OPEN, "--expected", "60", "--reason", REASON))
    store = open_store(Path("data"), f"sqlite:///{Path('data/kiosk.sqlite')}", Path("data/keys"))
    [entry] = store.audit_log.entries([Action.KIOSK_OVER_BUDGET])
    assert (entry.name, entry.what) == (COMMAND_LINE, f"frida, {REASON}")


def test_the_command_that_opens_a_round_asks_for_the_screens_that_staff_paired(run: Run) -> None:
    printed(run("init"))
    store = open_store(Path("data"), f"sqlite:///{Path('data/kiosk.sqlite')}", Path("data/keys"))
    link = store.links.add(Admission.KIOSK, "frida")
    store.audit_log.note(datetime(2026, 3, 2), "bo", Action.SCREEN_PAIRED, f"frida, {link.code_ending}")
    refused = run(*OPEN, "--known-screen", "else")
    assert (refused.exit_code, printed(run("round", "list"))) == (2, "")
    assert f"frida {link.code_ending} (bo, 2026-03-02)" in refused.stderr
    assert f"--known-screen {link.code_ending}" in refused.stderr
    printed(run(*OPEN, "--known-screen", link.code_ending))
    [entry] = store.audit_log.entries([Action.SCREEN_CONFIRMED])
    assert (entry.name, entry.what) == (COMMAND_LINE, f"frida, {link.code_ending}")


@pytest.mark.parametrize(
    ("word", "message"),
    [("frida=x", "--expected frida=x"), ("10001", "up to 10000"), ("other=5", "no unit 'other'")],
)
def test_an_invalid_number_of_guests_opens_no_round(run: Run, word: str, message: str) -> None:
    printed(run("init"))
    refused = run(*OPEN, "--expected", word)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert message in refused.stderr
    assert printed(run("round", "list")) == ""


@pytest.mark.parametrize("given", [(), ("--expected", "frida=0", "--expected", "talk2me=20")])
def test_the_command_opens_no_round_without_the_expected_guests_of_each_unit(
    run: Run, given: tuple[str, ...]
) -> None:
    printed(run("init"))
    without = OPEN[: OPEN.index("--expected")]
    refused = run(*without, *given)
    assert refused.exit_code == 2
    assert re.search(r"how many guests are expected at (\w+)\? Add --expected \1=N for each", refused.stderr)
    assert "0 rounds" in f"{len(printed(run('round', 'list')).splitlines())} rounds"
    of_units = ("--unit", "frida", "--unit", "talk2me") if given else ("--expected", "0")
    printed(run(*without, *given, *of_units))
