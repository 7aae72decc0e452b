"""The doctor reports faults and remedies, in text and in JSON, and reports sound installations as such."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from typing import Any, Self, cast

import pytest
from click.testing import CliRunner, Result

import kiosk.cli.doctor
from kiosk.cli import main
from kiosk.domain.rounds import Admission, PublicationTime
from kiosk.operation.doctor import Severity, Topic
from tests.tools.builders import MONDAY, cast_all, random_ballots
from tests.tools.patient import PUBLIC, Patient, sound_patient
from tests.tools.serving import served


def test_a_healthy_installation_is_good_on_every_topic(patient: Patient) -> None:
    advice = patient.examine()
    assert [one for one in advice if one.severity is not Severity.GOOD] == []
    assert {one.topic for one in advice} == set(Topic) - {
        Topic.INSTALLATION, Topic.ROUNDS, Topic.LINKS, Topic.LIBRARY, Topic.NETWORK,
    }  # fmt: skip


def test_an_examination_changes_no_file(patient: Patient) -> None:
    def contents() -> dict[Path, bytes]:
        files = (
            path for folder in (patient.settings.data, patient.settings.keys) for path in folder.rglob("*")
        )
        return {path: path.read_bytes() for path in files if path.is_file() and path.suffix != ".sqlite-shm"}

    before = contents()
    patient.examine()
    assert contents() == before


# -- the command -------------------------------------------------------------------------------------


@pytest.fixture
def run(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> "Run":
    return Run(patient, monkeypatch)


class Run:
    """`kiosk doctor` on the patient, on the patient's machine and at its time."""

    def __init__(self, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
        class Now(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:  # noqa: ARG003
                return cast(Self, patient.now)

        self._settings = patient.settings
        monkeypatch.setattr(kiosk.cli.doctor, "this_machine", lambda: patient.machine)
        monkeypatch.setattr(kiosk.cli.doctor, "datetime", Now)

    def __call__(self, *words: str) -> Result:
        environ = {
            "KIOSK_DATA": str(self._settings.data),
            "KIOSK_KEYS": str(self._settings.keys),
            "KIOSK_GUEST_ADDRESS": self._settings.guest_address,
            "KIOSK_GUEST_LISTEN": self._settings.guest_listen,
            "KIOSK_DESK_LISTEN": self._settings.desk_listen,
            "KIOSK_HTTPS": "yes",
            "KIOSK_PROXY": self._settings.proxy or "",
        }
        return CliRunner().invoke(main, ["doctor", *words], env=environ)


def test_doctor_exits_with_0_and_prints_only_good_for_a_healthy_installation(run: Run) -> None:
    done = run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"good"}
    assert run("--quiet").stdout == ""


def test_a_warning_is_printed_with_exit_status_0(patient: Patient, run: Run) -> None:
    patient.machine = replace(patient.machine, ntp_time=lambda: None)
    done = run("--quiet")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["look"]
    assert json.loads(run("--json").stdout)["status"] == "look"


def test_a_bad_finding_is_in_the_json_output_with_exit_status_1(patient: Patient, run: Run) -> None:
    (patient.settings.data / "kiosk.sqlite").chmod(0o644)
    assert run().exit_code == 1
    done = run("--json", "--quiet")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["status"] == "bad"
    [advice] = report["advice"]
    assert (advice["topic"], advice["weight"]) == ("files", "bad")
    assert "kiosk.sqlite" in advice["text"]


def test_the_json_output_has_every_printed_finding(patient: Patient, run: Run) -> None:
    (patient.settings.data / "secret_key").chmod(0o644)
    patient.machine = replace(patient.machine, ntp_time=lambda: None)
    advice = json.loads(run("--json", "--quiet").stdout)["advice"]
    assert [f"{one['weight']:4}  {one['text']}" for one in advice] == run("--quiet").stdout.splitlines()
    assert {one["weight"] for one in advice} == {"look", "bad"}


def test_an_invalid_setting_gives_exit_status_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_COUNT_AT", "noon")
    done = run("--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "KIOSK_COUNT_AT" in done.stderr


def test_every_bad_finding_names_a_remedy(patient: Patient) -> None:
    """All faults that can be planted at once; each line has a remedy, or names the command that has it."""
    (patient.settings.data / "kiosk.sqlite").chmod(0o644)
    (patient.settings.data / "secret_key").write_text("short")
    next(patient.settings.keys.glob("box.*/*")).unlink()
    (patient.settings.data / "questions").mkdir()
    (patient.settings.data / "questions/bad.toml").write_text("x")
    patient.front = 9
    patient.now += timedelta(days=1.5)
    told = [*patient.told(Severity.BAD), *patient.told(Severity.WARNING)]
    assert len(told) >= 6
    doing = (
        "run:",
        "Bring",
        "bring",
        "delete",
        "See that",
        "running",
        "save",
        "mend",
        "correct",
        "write",
        "give",
    )
    assert [line for line in told if not any(word in line for word in doing)] == []


# -- rounds, links, languages ------------------------------------------------------------------------


def test_a_demonstration_is_a_bad_finding(patient: Patient) -> None:
    patient.store.mark_demonstration()
    assert "demonstration" in " ".join(patient.told(Severity.BAD))


def test_posters_few_guests_and_lost_keys_are_warnings(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open(Admission.POSTER)
    cast_all(patient.store, "a", random_ballots(15, Random(1)))
    patient.count()
    patient.now += timedelta(days=17)
    patient.count()
    for key in (patient.settings.keys / "box.r.a").iterdir():
        key.unlink()
    patient.store.give_up_keys(patient.store.key_faults())
    told = " ".join(patient.told(Severity.WARNING))
    assert "posters" in told
    assert "about 0.5 answers a day" in told
    assert "keys of 1 boxes were lost" in told


def test_unreviewed_languages_are_a_warning(patient: Patient) -> None:
    patient.settings = replace(patient.settings, languages=frozenset({"ar"}))
    lacks, unreviewed = patient.told(Severity.WARNING)
    assert "ar" in unreviewed
    assert "texts without a translation: ar 7." in lacks, "the round's survey is not translated"


def test_a_unit_without_figures_is_named_once_it_must_have_few_guests(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open()
    cast_all(patient.store, "a", random_ballots(4, Random(1)))
    for days, is_named in ((4, False), (6, True)):
        patient.now = MONDAY + timedelta(days=days)
        patient.count()
        assert any("so under 3 a day" in told for told in patient.told(Severity.WARNING)) == is_named


def test_a_round_with_figures_at_closing_gives_no_warning_about_few_guests(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open(figures=PublicationTime.AT_CLOSING)
    patient.now = MONDAY + timedelta(days=30)
    patient.count()
    assert not any("so under 3 a day" in told for told in patient.told(Severity.WARNING))


def test_addresses_that_admit_no_ballots_are_a_warning(patient: Patient) -> None:
    patient.store.links.add(Admission.POSTER, "a", code="a-poster")
    patient.store.links.add(Admission.KIOSK, "nowhere", code="lost-kiosk")
    told = patient.told(Severity.WARNING)
    assert ["ster, at a" in line for line in told] == [True, False]
    assert ["iosk, at nowhere" in line for line in told] == [False, True]
    assert "takes no answers from it" in told[0]
    assert "in no tree" in told[1]


def test_an_address_that_a_running_round_admits_is_no_warning(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.open(Admission.KIOSK)
    patient.store.links.add(Admission.KIOSK, "a")
    assert patient.told(Severity.WARNING, Topic.LINKS) == []


def test_a_missing_round_and_a_missing_count_are_warnings(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.now = datetime(2026, 3, 4, 12)
    told = " ".join(patient.told(Severity.WARNING))
    assert "no round is running" in told
    assert "nothing was ever counted" in told


def test_a_bad_survey_file_is_named_and_the_rest_is_examined(patient: Patient) -> None:
    (patient.settings.data / "questions").mkdir()
    (patient.settings.data / "questions/bad.toml").write_text("not toml")
    [told] = patient.told(Severity.BAD)
    assert "bad.toml" in told
    assert patient.told(Severity.GOOD, Topic.LOGS)


# -- how guests reach the server ---------------------------------------------------------------------


def test_unencrypted_answers_over_the_network_are_bad(patient: Patient) -> None:
    patient.settings = replace(patient.settings, guest_listen=f"0.0.0.0:{patient.guest_port}", is_https=False)
    [told] = patient.told(Severity.BAD)
    assert told.startswith("KIOSK_GUEST_LISTEN is ")
    assert "KIOSK_HTTPS" in told
    patient.settings = replace(patient.settings, is_https=True)
    assert patient.told(Severity.BAD) == []


def test_a_public_address_without_encryption_is_bad(patient: Patient) -> None:
    patient.settings = replace(patient.settings, guest_address=PUBLIC.replace("https", "http"))
    [told] = patient.told(Severity.BAD, Topic.NETWORK)
    assert "KIOSK_GUEST_ADDRESS" in told


def test_a_proxy_missing_from_the_settings_is_a_warning(patient: Patient) -> None:
    patient.settings = replace(patient.settings, proxy=None)
    [told] = patient.told(Severity.WARNING)
    assert "KIOSK_PROXY is not set" in told
    assert patient.told(Severity.BAD) == []


def test_a_local_address_on_paper_is_a_warning(patient: Patient) -> None:
    patient.settings = replace(patient.settings, guest_address="http://127.0.0.1:8000")
    [told] = patient.told(Severity.WARNING)
    assert "KIOSK_GUEST_ADDRESS" in told


@pytest.mark.parametrize("name", ["guest_listen", "desk_listen"])
def test_an_application_that_does_not_respond_is_bad(patient: Patient, name: str) -> None:
    changes: dict[str, Any] = {name: "127.0.0.1:9"}
    patient.settings = replace(patient.settings, **changes)
    told = patient.told(Severity.BAD, Topic.SERVER)
    assert len(told) == 1
    assert told[0].startswith(f"nothing answers at KIOSK_{name.upper()} (127.0.0.1:9): Connection refused")


def test_another_program_at_the_servers_address_is_bad(patient: Patient) -> None:
    def other(environ: object, start_response: object) -> list[bytes]:  # noqa: ARG001
        start_response("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
        return [b"hello"]

    with served(other) as address:
        patient.settings = replace(patient.settings, desk_listen=address.removeprefix("http://"))
        [told] = patient.told(Severity.BAD)
    assert "is not this version of kiosk serve (status 200)" in told


def test_a_server_of_another_installation_is_bad(patient: Patient, tmp_path: Path) -> None:
    with sound_patient(tmp_path / "other") as other:
        patient.settings = replace(patient.settings, desk_listen=other.settings.desk_listen)
        [told] = patient.told(Severity.BAD)
    assert f"serves another installation than {patient.settings.data}" in told


def test_a_server_without_its_key_folder_is_bad(patient: Patient) -> None:
    patient.settings.keys.rename(patient.settings.keys.with_name("away"))
    told = patient.told(Severity.BAD, Topic.SERVER)
    assert len(told) == 2
    assert all("the folder of keys cannot be reached" in line for line in told)


def test_a_missing_web_server_configuration_is_a_warning(patient: Patient) -> None:
    (patient.root / "etc/nginx/nginx.conf").unlink()
    [told] = patient.told(Severity.WARNING)
    assert "no configuration of nginx, Apache or Caddy" in told


def test_an_unknown_web_server_is_a_warning(patient: Patient) -> None:
    file = patient.put("etc/haproxy/haproxy.cfg", f"server guests 127.0.0.1:{patient.guest_port}")
    [told] = patient.told(Severity.WARNING)
    assert told.startswith(f"{file} forwards")
