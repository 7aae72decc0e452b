"""A screen is paired by a code, heard whoever answers, and closed; nobody learns when anybody answered."""

import re
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from flask import request
from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.domain.tree import Tree
from kiosk.guest.app import create_guest_app
from kiosk.guest.code_throttle import CHECKS_PER_DELAY, DELAY_SECONDS, FREE_WRONG_CODES
from kiosk.guest.rate_limit import RateLimit
from kiosk.storage import PAIRING_LIFETIME, Account, Action, Role
from kiosk.storage.devices import SILENT_AFTER, Devices, DeviceStatus
from tests.tools.desk_side import HASH, Desk, expecting

CODE = re.compile(r"<strong>(\d{4} \d{4} \d{4})</strong>")


class House:
    """A desk and a guests' side that share devices, and a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.seconds = 0.0
        self.devices = Devices(lambda: self.seconds)
        self.desk = Desk(folder, devices=self.devices)
        settings = self.desk.app.extensions["desk"]
        self.guests = create_guest_app(
            self.desk.store,
            settings.library,
            clock=lambda: self.desk.now,
            rate_limit=RateLimit(1.0, 1000),
            allowed_languages=None,
            devices=self.devices,
            secret_key="s" * 32,
        )
        self.screen = self.guests.test_client(use_cookies=False)
        self.desk.sign_in()

    def code(self, unit: str = "frida") -> str:
        """What the desk shows when a code is made."""
        form = {"csrf_token": self.desk.token("/admin/links"), "unit": unit}
        page = self.desk.client.post("/admin/links/pair", data=form)
        match = CODE.search(page.text)
        assert match
        return match.group(1).replace(" ", "")

    def pair(self, code: str) -> str:
        """The path a screen is sent to when the code is right."""
        answer = self.screen.post("/pair", data={"code": code, "press": "done"})
        assert answer.status_code == 303
        return answer.headers["Location"].removesuffix("/paired")

    def begin_round_at(self, *units: str) -> None:
        """Close the round, and open one over these units only."""
        old, self.desk.now = self.desk.round, self.desk.round.closes_at
        self.desk.store.count(self.desk.now)
        tree = Tree(tuple(node for node in old.tree.nodes if not node.parent or node.id in units))
        ends = self.desk.now + timedelta(days=9)
        begun = replace(old, id="begun", tree=tree, opens_at=self.desk.now, closes_at=ends)
        self.desk.store.open_round(begun, self.desk.now)

    def key(self, path: str) -> str:
        """What the desk's forms call the kiosk at a path."""
        return sha256(path.removeprefix("/k/").encode()).hexdigest()[:16]

    def send(self, form: str, path: str, **fields: str) -> TestResponse:
        """Send one of the desk's forms about a kiosk."""
        data = {"csrf_token": self.desk.token("/admin/links"), "key": self.key(path), **fields}
        return self.desk.client.post(f"/admin/links/{form}", data=data)

    def sign_in_as(self, name: str) -> None:
        self.desk.client.post("/admin/sign-out", data={"csrf_token": self.desk.token("/admin/links")})
        self.desk.sign_in(name)

    def links(self) -> str:
        return re.sub(r'value="[^"]{60,}"', "", self.desk.client.get("/admin/links").text)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_pairing_code_pairs_one_screen_with_its_unit(house: House) -> None:
    code = house.code()
    path = house.pair(code)
    assert house.screen.get(path).status_code == 200
    assert house.screen.post(path, data={"listened": "5"}).status_code == 303
    [link] = house.desk.store.links.all()
    assert (link.unit_id, link.admission) == ("frida", Admission.KIOSK)
    again = house.screen.post("/pair", data={"code": code})
    assert again.status_code == 403
    assert "Koden är fel eller för gammal." in again.text
    paired, begun = house.desk.store.audit_log.entries()[:2]
    assert (paired.action, paired.name, paired.what) == (Action.SCREEN_PAIRED, "anna", f"frida, {path[-4:]}")
    assert (begun.action, begun.name, begun.what) == (Action.PAIRING_BEGUN, "anna", "frida")


def test_a_pairing_code_can_be_typed_on_the_keypad(house: House) -> None:
    code, typed = house.code(), ""
    for press in [*code[:3], "9", "erase", *code[3:]]:
        page = house.screen.post("/pair", data={"code": typed, "press": press}).text
        match = re.search(r'name="code" value="(\d*)"', page)
        assert match
        typed = match.group(1)
    assert typed == code
    house.pair(f" {code[:4]} {code[4:8]} {code[8:]} ")


@pytest.mark.parametrize("press", ["<b>", "12345678901234567890", "", "x"])
def test_unknown_keypad_input_is_reduced_to_digits(house: House, press: str) -> None:
    page = house.screen.post("/pair", data={"code": "<i>1", "press": press}).text
    match = re.search(r'name="code" value="([^"]*)"', page)
    assert match
    assert re.fullmatch(r"\d{1,12}", match.group(1))


def test_an_expired_pairing_code_is_refused(house: House) -> None:
    code = house.code()
    house.desk.now += PAIRING_LIFETIME
    assert house.screen.post("/pair", data={"code": code}).status_code == 403
    assert house.desk.store.links.all() == []


def test_wrong_pairing_codes_lock_nobody_out(house: House) -> None:
    """A screen at the address of a sender of wrong codes waits two seconds, another one not at all."""
    house.guests.extensions["guest"].code_throttle.clock = lambda: house.seconds
    code, other_code = house.code(), house.code("talk2me")
    number = FREE_WRONG_CODES + CHECKS_PER_DELAY
    wrong = [f"{(int(code) + at + 1) % 10**12:012}" for at in range(number)]
    assert [house.screen.post("/pair", data={"code": one}).status_code for one in wrong] == [403] * number
    assert house.screen.post("/pair", data={"code": code}).status_code == 429
    stranger = {"REMOTE_ADDR": "198.51.100.7"}
    assert house.screen.post("/pair", data={"code": other_code}, environ_base=stranger).status_code == 303
    house.seconds += DELAY_SECONDS
    assert house.screen.post("/pair", data={"code": code}).status_code == 303


def test_a_paired_screen_names_its_unit_once_in_every_language(house: House) -> None:
    sent = house.screen.post("/pair", data={"code": house.code("talk2me"), "press": "done"})
    page = house.screen.get(sent.headers["Location"]).text
    assert ">Talk2Me</h1>" in page
    for sentence in ("Den hör till det här stället.", "It belongs to this place.", "وهي تتبع هذا المكان."):
        assert sentence in page
    [home] = re.findall('class="button" href="([^"]*)"', page)
    assert 'id="answers"' in house.screen.get(home).text
    assert house.screen.get("/k/unknown/paired").status_code == 404


def test_the_pairing_page_mentions_the_operator_and_no_command(house: House) -> None:
    form = {"csrf_token": house.desk.token("/admin/links"), "unit": "frida"}
    page = house.desk.client.post("/admin/links/pair", data=form).text
    assert "Det gör den som sköter installationen" in page
    assert "lockdown" not in page


def test_pairing_and_kiosks_are_first_on_the_addresses_page(house: House) -> None:
    house.pair(house.code())
    heads = re.findall("<h2>(.*)</h2>", house.links())
    assert heads == ["Koppla en skärm", "Alla kiosker", "Ny kiosk utan kod"]


@pytest.mark.slow
def test_staff_can_set_a_kiosks_measures_and_its_page_uses_them(house: House) -> None:
    path, other = house.pair(house.code()), house.pair(house.code())
    assert house.links().count("inte mätt") == 2
    house.sign_in_as("bo")
    before = house.screen.get(other).text
    sent = house.send("screen", path, width_mm="476", distance_mm="700", lower_edge_mm="")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/admin/links")
    assert "476 mm bred, gästen står 700 mm ifrån" in house.links()
    assert "calc(100vw / 476)" in house.screen.get(path).text
    assert house.screen.get(other).text == before
    entry = house.desk.store.audit_log.entries()[0]
    assert (entry.name, entry.action) == ("bo", Action.SCREEN_MEASURED)
    assert entry.what == f"frida, {path[-4:]}, 476 mm"
    assert house.send("screen", path, width_mm="", distance_mm="600").status_code == 303
    assert house.links().count("inte mätt") == 2


@pytest.mark.parametrize(("width", "is_warned"), [("130", True), ("220", False)])
def test_staff_are_told_which_statements_are_too_long_for_a_screen_in_which_languages(
    house: House, width: str, *, is_warned: bool
) -> None:
    house.send("screen", house.pair(house.code()), width_mm=width, distance_mm="600")
    warnings = re.findall(r"<li>”(.*)” på (.*)</li>", house.links())
    longest = max(house.desk.round.survey.statements, key=lambda statement: len(statement.text))
    assert bool(warnings) == is_warned
    assert not is_warned or "svenska" in dict(warnings)[longest.text]


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("width_mm", "47,6", "från 100 till 3000"),
        ("width_mm", "48", "från 100 till 3000"),
        ("distance_mm", "60", "från 200 till 3000"),
        ("lower_edge_mm", "-1", "från 0 till 1000"),
    ],
)
def test_an_invalid_measure_is_reported_beside_its_field(
    house: House, field: str, typed: str, message: str
) -> None:
    path = house.pair(house.code())
    sent = house.send("screen", path, **{"width_mm": "476", "distance_mm": "600", field: typed})
    assert sent.status_code == 400
    [form] = re.findall("<details open>(.*?)</details>", sent.text, re.DOTALL)
    assert re.findall('class="problem">(.*?)</p>', form) == [
        f"Skriv hela millimeter, {message}. 1 cm är 10 mm."
    ]
    assert f'value="{typed}"' in form
    assert house.desk.store.links.all()[0].screen is None


def test_a_moved_kiosk_keeps_its_address_and_its_measures(house: House) -> None:
    path = house.pair(house.code())
    house.send("screen", path, width_mm="476", distance_mm="600")
    house.desk.now = house.desk.round.closes_at
    house.desk.sign_in()
    assert house.send("move", path, unit="talk2me").status_code == 303
    [link] = house.desk.store.links.all()
    assert (link.unit_id, f"/k/{link.code}", link.screen) == ("talk2me", path, Screen(476))
    log = house.desk.store.audit_log.entries()
    assert (log[0].action, log[0].what) == (Action.KIOSK_MOVED, f"frida → talk2me, {path[-4:]}")
    assert house.send("move", path, unit="talk2me").status_code == 303
    assert house.desk.store.audit_log.entries() == log, "where it was already"


@pytest.mark.parametrize(
    ("at", "to", "named"),
    [
        ("frida", "matcentralen", "FRIDA"),
        ("matcentralen", "frida", "FRIDA"),
        ("talk2me", "frida", "Talk2Me"),
        ("matcentralen", "second_hand", ""),
    ],
    ids=["from a unit with a round", "to a unit with a round", "within a round", "where none runs"],
)
def test_a_kiosk_is_moved_only_if_no_round_runs_at_either_unit(
    house: House, at: str, to: str, named: str
) -> None:
    store = house.desk.store
    path = f"/k/{store.links.add(Admission.KIOSK, at).code}"
    house.begin_round_at("frida", "talk2me")
    house.desk.sign_in()
    before = store.audit_log.entries()
    answer = house.send("move", path, unit=to)
    [link] = store.links.all()
    if not named:
        assert (answer.status_code, link.unit_id) == (303, to)
        return
    assert (answer.status_code, link.unit_id) == (409, at)
    [problem] = re.findall(f'<a href="#move-{house.key(path)}">(.*?)</a>', answer.text)
    assert f"”{house.desk.round.survey.title}” pågår på {named}." in problem
    assert "har stängt, 9\xa0juni\xa02026" in problem
    assert "koppla den på nytt" in problem
    assert store.audit_log.entries() == before


def test_a_kiosk_cannot_be_moved_back_during_a_round(house: House) -> None:
    path = house.pair(house.code())
    house.desk.now = house.desk.round.closes_at
    house.desk.sign_in()
    assert house.send("move", path, unit="matcentralen").status_code == 303
    house.begin_round_at("frida")
    assert house.send("move", path, unit="frida").status_code == 409
    assert house.desk.store.links.all()[0].unit_id == "matcentralen"


def test_only_kiosks_are_measured_or_moved_and_only_to_existing_units(house: House) -> None:
    kiosk, poster = house.pair(house.code()), house.desk.store.links.add(Admission.POSTER, "frida").code
    assert house.send("move", kiosk, unit="nowhere").status_code == 400
    for path in (poster, "unknown", ""):
        assert house.send("move", path, unit="talk2me").status_code == 404
        assert house.send("screen", path, width_mm="476").status_code == 404
    assert {link.unit_id for link in house.desk.store.links.all()} == {"frida"}


def test_an_unpaired_screen_links_to_the_pairing_page(house: House) -> None:
    page = house.screen.get("/")
    assert page.status_code == 404
    assert 'href="/pair"' in page.text
    assert 'href="/pair"' not in house.screen.get("/k/unknown").text


def test_a_kiosk_is_shown_as_alive_or_silent_without_a_time(house: House) -> None:
    path = house.pair(house.code())
    assert "inte ännu" in house.links()
    assert house.screen.head(f"{path}/alive").status_code == 204
    assert house.devices.status(path.removeprefix("/k/")) is DeviceStatus.ALIVE
    heard = house.links()
    assert "ja</strong>" in heard
    house.seconds += SILENT_AFTER - 1
    assert house.links() == heard
    house.seconds += 1
    assert "nej</strong>" in house.links()


def test_a_kiosk_that_never_sent_a_sign_of_life_is_shown_as_silent(house: House) -> None:
    house.pair(house.code())
    house.seconds += SILENT_AFTER
    assert "nej</strong>" in house.links()


def test_a_kiosk_without_a_running_round_sends_signs_of_life(house: House) -> None:
    path = house.pair(house.code())
    house.seconds += SILENT_AFTER
    house.desk.now += timedelta(days=365)
    assert house.screen.get(path).status_code == 403
    assert house.devices.status(path.removeprefix("/k/")) is DeviceStatus.ALIVE


def test_only_kiosks_can_send_signs_of_life(house: House) -> None:
    poster = house.desk.store.links.add(Admission.POSTER, "frida")
    for path in ("/k/unknown", f"/s/{poster.code}", f"/k/{poster.code}", ""):
        assert house.screen.head(f"{path}/alive").status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("is_leaky", [False, True], ids=["as it is", "guests are signs of life"])
def test_the_kiosks_status_does_not_depend_on_guests(tmp_path: Path, *, is_leaky: bool) -> None:
    house = House(tmp_path)
    if is_leaky:
        house.guests.before_request(lambda: house.devices.record_sign_of_life(request.path.split("/")[-1]))
    quiet, busy = house.pair(house.code()), house.pair(house.code())
    is_alike = []
    for path in (quiet, busy):
        house.screen.head(f"{path}/alive")
    for _ in range(40):
        house.seconds += 60
        house.screen.get(busy)
        house.screen.post(busy, data={"listened": "5"})
        rows = re.findall(r">(ja|nej|inte ännu)</strong>", house.links())
        is_alike.append(len(set(rows)) == 1)
    assert all(is_alike) != is_leaky


def test_the_desk_says_that_ballots_came_too_late_but_not_how_many(house: House) -> None:
    code = house.pair(house.code()).removeprefix("/k/")
    assert "kom för sent" not in house.links()
    house.devices.record_late_ballot(code)
    once = house.links()
    assert "några svar kom för sent och räknades inte" in once
    house.devices.record_late_ballot(code)
    assert house.links() == once


def test_a_removed_address_is_not_found(house: House) -> None:
    path = house.pair(house.code())
    assert house.send("remove", path).status_code == 303
    assert house.screen.get(path).status_code == 404
    assert house.screen.post(path, data={"listened": "5"}).status_code == 404
    assert house.send("remove", path).status_code == 404
    assert house.desk.store.audit_log.entries()[0].action is Action.ADDRESS_REMOVED


@pytest.mark.slow
def test_staff_see_the_status_of_kiosks_but_not_their_addresses(house: House) -> None:
    path = house.pair(house.code())
    assert path in house.links()
    house.sign_in_as("bo")
    page = house.links()
    assert path not in page
    assert path[-4:] in page
    assert "inte ännu" in page
    for way in ("move", "remove"):
        assert house.send(way, path, unit="talk2me").status_code == 403
    assert house.desk.store.links.all()[0].unit_id == "frida"
    assert house.screen.get(path).status_code == 200


@pytest.mark.parametrize(
    ("name", "unit", "status"),
    [
        ("anna", "frida", 200), ("bo", "frida", 403), ("cia", "frida", 403),
        ("anna", "matcentralen", 200), ("bo", "matcentralen", 200), ("cia", "matcentralen", 403),
    ],
)  # fmt: skip
def test_only_coordinators_pair_screens_during_a_round_and_viewers_never_do(
    house: House, name: str, unit: str, status: int
) -> None:
    house.begin_round_at("frida")
    house.desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    house.desk.sign_in(name)
    data = {"csrf_token": house.desk.token("/admin/rounds"), "unit": unit}
    answer = house.desk.client.post("/admin/links/pair", data=data)
    assert answer.status_code == status
    assert bool(CODE.search(answer.text)) == (status == 200)
    begun = [
        entry.what for entry in house.desk.store.audit_log.entries() if entry.action is Action.PAIRING_BEGUN
    ]
    assert begun == ([unit] if status == 200 else [])


def test_staff_who_cannot_pair_see_the_running_round_and_whom_to_ask(house: House) -> None:
    house.sign_in_as("bo")
    problems = re.findall('<a href="#pair-unit">(.*?)</a>', house.send("pair", "", unit="frida").text)
    title = house.desk.round.survey.title
    assert problems == [
        f"Verksamhet: På FRIDA pågår eller väntar omgången ”{title}”. Tills den stänger, 31\xa0maj\xa02026, "
        "kan bara en samordnare skapa koden. Be en samordnare: koden gäller i 15 minuter och kan läsas upp i "
        "telefon."
    ]


@pytest.mark.parametrize(("name", "status"), [("anna", 303), ("bo", 403)])
def test_a_code_made_before_a_round_pairs_during_it_only_if_made_by_a_coordinator(
    house: House, name: str, status: int
) -> None:
    house.desk.now = house.desk.round.closes_at
    house.desk.sign_in(name)
    code = house.code("frida")
    house.begin_round_at("frida")
    assert house.screen.post("/pair", data={"code": code}).status_code == status
    assert len(house.desk.store.links.all()) == (status == 303)


def open_round(house: House, **changes: str) -> TestResponse:
    """Open the next round by the coordinator's form, at all units, a week from now."""
    first = house.desk.now.date() + timedelta(days=7)
    data = {
        "csrf_token": house.desk.token("/admin/rounds/new"), "survey": "ombudsmannaskap", "tree": "vasteras",
        "k": "8", "opens": str(first), "closes": str(first + timedelta(days=60)), "admission": "kiosk",
        "figures": "live", "protection": "protected", "understood": "y", **expecting(house.desk),
    }  # fmt: skip
    return house.desk.client.post("/admin/rounds/new", data=data | changes)


def after_the_round(house: House) -> None:
    house.desk.now = house.desk.round.closes_at
    house.desk.store.count(house.desk.now)


def test_only_coordinators_pair_screens_once_a_round_is_planned(house: House) -> None:
    after_the_round(house)
    house.desk.sign_in("bo")
    code = house.code("frida")
    house.desk.sign_in("anna")
    assert open_round(house).status_code == 303
    assert house.screen.post("/pair", data={"code": code}).status_code == 403
    house.desk.sign_in("bo")
    assert house.send("pair", "", unit="frida").status_code == 403


def test_a_coordinator_confirms_the_screens_that_staff_paired_before_a_round_opens(house: House) -> None:
    after_the_round(house)
    house.desk.sign_in("bo")
    ending = house.pair(house.code("frida"))[-4:]
    house.desk.sign_in("anna")
    house.pair(house.code("talk2me"))
    asked = open_round(house)
    assert asked.status_code == 200
    sentences = re.findall("<li>(.*skärmen.*)</li>", asked.text)
    assert sentences == [f"FRIDA: skärmen {ending} kopplades 31\xa0maj\xa02026 av bo."]
    for unconfirmed in ({}, {"known_screens": ending}, {"thought_over": "y", "known_screens": "abcd"}):
        assert open_round(house, **unconfirmed).status_code == 200
    assert open_round(house, thought_over="y", known_screens=ending).status_code == 303
    confirmed = house.desk.store.audit_log.entries({Action.SCREEN_CONFIRMED})
    assert [(entry.name, entry.what) for entry in confirmed] == [("anna", f"frida, {ending}")]


def test_the_guests_address_does_not_serve_the_desk(house: House) -> None:
    for path in ("/admin", "/admin/", "/admin/links", "/results.json", "/admin/static/desk.css"):
        assert house.screen.get(path).status_code == 404
