"""The doctor finds what undoes anonymity, and says what to do; a healthy installation is called so."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from kiosk.domain.rounds import Admission, Figures, Round
from kiosk.library.library import read_library
from kiosk.operation import doctor
from kiosk.operation.doctor import Advice, Weight, examine
from kiosk.settings import Settings, read_settings
from kiosk.storage import Store, open_store
from tests.tools.builders import MONDAY, a_round, cast_all, random_ballots, tree


class Patient:
    """An installation in good health, and what the doctor says of it."""

    def __init__(self, folder: Path) -> None:
        environ = {
            "KIOSK_DATA": str(folder / "data"),
            "KIOSK_KEYS": str(folder / "keys"),
            "KIOSK_GUEST_ADDRESS": "https://svara.example",
        }
        self.settings: Settings = read_settings(environ)
        os.umask(0o077)
        self.store: Store = open_store(self.settings.data, self.settings.database_url, self.settings.keys)
        self.store.migrate()
        self.now = MONDAY + timedelta(days=2)

    def open(self, *ways: Admission, figures: Figures = Figures.LIVE) -> Round:
        admission = frozenset(ways or {Admission.SLIP})
        of_round = replace(a_round(tree("a")), admission=admission, figures=figures)
        self.store.open_round(of_round, MONDAY)
        return of_round

    def count(self) -> None:
        self.store.count(self.settings.ticks.latest(self.now))

    def told(self, weight: Weight) -> list[str]:
        found: list[Advice] = examine(self.settings, self.store, read_library(self.settings), self.now)
        return [advice.text for advice in found if advice.weight is weight]


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Patient:
    monkeypatch.setattr(doctor, "WEB_SERVERS", (tmp_path / "nginx",))
    made = Patient(tmp_path)
    made.open()
    cast_all(made.store, "a", random_ballots(30, Random(1)))
    made.count()
    return made


def test_a_healthy_installation_is_called_so(patient: Patient) -> None:
    assert patient.told(Weight.BAD) == []
    assert patient.told(Weight.LOOK) == []
    assert len(patient.told(Weight.GOOD)) == 5


def test_files_others_can_read_are_named(patient: Patient) -> None:
    (patient.settings.data / "kiosk.sqlite").chmod(0o644)
    [told] = patient.told(Weight.BAD)
    assert "kiosk.sqlite" in told
    assert "chmod -R go=" in told


def test_a_missing_key_is_bad_before_its_box_is_lost(patient: Patient) -> None:
    [key] = next(patient.settings.keys.glob("box.*")).iterdir()
    key.rename(patient.settings.data / "key")
    [told] = patient.told(Weight.BAD)
    assert f"1 key files are missing or damaged, such as {key}, which is missing" in told
    (patient.settings.data / "key").rename(key)
    assert patient.told(Weight.BAD) == []


def test_paper_that_would_lead_to_this_machine_is_worth_a_look(patient: Patient) -> None:
    patient.settings = replace(patient.settings, guest_address="http://127.0.0.1:8000")
    [told] = patient.told(Weight.LOOK)
    assert "KIOSK_GUEST_ADDRESS" in told


def test_keys_inside_the_data_folder_are_bad(patient: Patient) -> None:
    patient.settings = replace(patient.settings, keys=patient.settings.data / "keys")
    [told] = patient.told(Weight.BAD)
    assert "KIOSK_KEYS" in told


@pytest.mark.parametrize(
    ("days", "words"), [(1.5, "kiosk serve running"), (-3, "before the last count"), (0.3, None)]
)
def test_a_missed_count_and_a_wrong_clock_are_noticed(
    patient: Patient, days: float, words: str | None
) -> None:
    patient.now += timedelta(days=days)
    told = patient.told(Weight.BAD)
    assert (words is None and told == []) or (words and words in told[0])


def test_a_demonstration_is_no_place_for_guests(patient: Patient) -> None:
    patient.store.mark_demonstration()
    assert "demonstration" in " ".join(patient.told(Weight.BAD))


def test_posters_few_guests_and_lost_keys_are_worth_a_look(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open(Admission.POSTER)
    cast_all(patient.store, "a", random_ballots(15, Random(1)))
    patient.count()
    patient.now += timedelta(days=17)
    patient.count()
    for key in (patient.settings.keys / "box.r.a").iterdir():
        key.unlink()
    patient.store.give_up_keys(patient.store.key_faults())
    patient.now += timedelta(days=1)
    patient.count()
    told = " ".join(patient.told(Weight.LOOK))
    assert "posters" in told
    assert "about 0.5 answers a day" in told
    assert "keys of 1 boxes were lost" in told


def test_languages_nobody_reviewed_are_worth_a_look(patient: Patient) -> None:
    patient.settings = replace(patient.settings, languages=frozenset({"ar"}))
    [told] = patient.told(Weight.LOOK)
    assert "ar" in told


def test_answers_in_clear_over_the_network_are_bad(patient: Patient) -> None:
    patient.settings = replace(patient.settings, guest_listen="0.0.0.0:8000")
    [told] = patient.told(Weight.BAD)
    assert "KIOSK_HTTPS" in told
    patient.settings = replace(patient.settings, is_https=True)
    assert patient.told(Weight.BAD) == []


PASS = "proxy_pass http://127.0.0.1:8000;"

NGINX = {
    f"location / {{ {PASS} }}": 1,
    f"location / {{ access_log /var/log/x; {PASS} }}": 1,
    f"location / {{ access_log off; {PASS} }}": 0,
    f"server {{ access_log off; location / {{ {PASS} }} }}": 0,
    f"server {{ access_log off; location / {{ access_log /var/log/x; {PASS} }} }}": 1,
    f"server {{\n# access_log off;\nlocation / {{ {PASS} }} }}": 1,
    f"server {{ location / {{ {PASS} }} }} server {{ access_log off; location / {{ return 404; }} }}": 1,
    f"server {{ access_log off; {PASS} }} server {{ {PASS} }}": 1,
    f"server {{ access_log off; error_log /var/log/e info; {PASS} }}": 1,
    f"server {{ access_log off; error_log /var/log/e crit; {PASS} }}": 0,
    f"http {{ access_log\n  off; server\n{{ {PASS} }} }}": 0,
    "upstream guests { server 127.0.0.1:8000; } server { access_log off; proxy_pass http://guests; }": 0,
    "upstream guests { server 127.0.0.1:8000; } server { proxy_pass http://guests; }": 1,
    "server { proxy_pass http://127.0.0.1:8001; }": 0,
}

PASSES = "ProxyPass / http://127.0.0.1:8000/"

APACHE = {
    f"<VirtualHost *:443>\n{PASSES}\n</VirtualHost>": 1,
    f"<VirtualHost *:443>\n# CustomLog /dev/null common\n{PASSES}\n</VirtualHost>": 1,
    f"<VirtualHost *:443>\nCustomLog /dev/null common\n{PASSES}\n</VirtualHost>": 0,
    f"<VirtualHost *:443>\nCustomLog /dev/null c\nCustomLog /var/log/x common\n{PASSES}\n</VirtualHost>": 1,
    f"<VirtualHost *:443>\nCustomLog /dev/null common\nLogLevel info\n{PASSES}\n</VirtualHost>": 1,
}

CADDY = {
    "svara.example {\n  reverse_proxy 127.0.0.1:8000\n}": 0,
    "svara.example\nreverse_proxy 127.0.0.1:8000": 0,
    "svara.example {\n  log\n  reverse_proxy {$HOST}:8000\n}": 1,
    "svara.example {\n  log {\n    output file /var/log/x\n  }\n  reverse_proxy 127.0.0.1:8000\n}": 1,
    "svara.example {\n  log {\n    output discard\n  }\n  handle {\n    reverse_proxy :8000\n  }\n}": 0,
    "{\n  log {\n    level ERROR\n  }\n}\nsvara.example {\n  reverse_proxy 127.0.0.1:8000\n}": 0,
    "a.example {\n  log\n}\nsvara.example {\n  reverse_proxy 127.0.0.1:8000 {\n  }\n}": 0,
}


@pytest.mark.parametrize(
    ("server", "text", "bad"),
    [
        (server, text, bad)
        for server, texts in (("nginx", NGINX), ("apache2", APACHE), ("caddy", CADDY))
        for text, bad in texts.items()
    ],
)
def test_a_proxy_that_logs_guests_is_bad(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, text: str, bad: int
) -> None:
    (tmp_path / server / "sites").mkdir(parents=True)
    (tmp_path / server / "sites" / "site").write_text(text)
    monkeypatch.setattr(doctor, "WEB_SERVERS", (tmp_path / server,))
    assert len(patient.told(Weight.BAD)) == bad


def test_a_unit_with_nothing_to_show_is_named_once_it_must_be_a_quiet_one(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open()
    cast_all(patient.store, "a", random_ballots(4, Random(1)))
    for days, is_named in ((4, False), (6, True)):
        patient.now = MONDAY + timedelta(days=days)
        patient.count()
        assert any("so under 3 a day" in told for told in patient.told(Weight.LOOK)) == is_named


def test_nothing_shown_before_the_closing_tells_nothing_of_a_unit_that_waits_for_it(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open(figures=Figures.AT_CLOSING)
    patient.now = MONDAY + timedelta(days=30)
    patient.count()
    assert not any("so under 3 a day" in told for told in patient.told(Weight.LOOK))


def test_open_addresses_that_lead_nowhere_are_worth_a_look(patient: Patient) -> None:
    patient.store.links.add(Admission.POSTER, "a", code="a-poster")
    patient.store.links.add(Admission.KIOSK, "nowhere", code="lost-kiosk")
    told = patient.told(Weight.LOOK)
    assert ["ster, at a" in line for line in told] == [True, False]
    assert ["iosk, at nowhere" in line for line in told] == [False, True]
    assert "takes no answers from it" in told[0]
    assert "in no tree" in told[1]


def test_an_address_a_running_round_admits_is_none(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open(Admission.KIOSK)
    patient.store.links.add(Admission.KIOSK, "a")
    assert not [told for told in patient.told(Weight.LOOK) if "address" in told]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("archive_mode", "on"),
        ("log_statement", "mod"),
        ("log_statement", "all"),
        ("log_min_duration_statement", "250ms"),
        ("track_commit_timestamp", "on"),
    ],
)
def test_a_database_server_that_keeps_times_is_bad(patient: Patient, name: str, value: str) -> None:
    usual = {
        "archive_mode": "off",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "track_commit_timestamp": "off",
    }
    patient.store.server_settings = lambda: usual  # type: ignore[method-assign]
    assert patient.told(Weight.BAD) == []
    patient.store.server_settings = lambda: {**usual, name: value}  # type: ignore[method-assign]
    [told] = patient.told(Weight.BAD)
    assert f"{name} is {value}" in told


def test_no_round_and_no_count_are_worth_a_look(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.now = datetime(2026, 3, 4, 12)
    told = " ".join(patient.told(Weight.LOOK))
    assert "no round is running" in told
    assert "nothing was ever counted" in told
