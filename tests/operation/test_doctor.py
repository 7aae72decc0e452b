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
from tests.tools.examined import PUBLIC, ExaminedInstallation, healthy_installation
from tests.tools.serving import served


def test_a_healthy_installation_is_good_on_every_topic(examined: ExaminedInstallation) -> None:
    advice = examined.examine()
    assert [one for one in advice if one.severity is not Severity.GOOD] == []
    assert {one.topic for one in advice} == set(Topic) - {
        Topic.INSTALLATION, Topic.ROUNDS, Topic.LINKS, Topic.LIBRARY, Topic.NETWORK,
        Topic.MAIL,
    }  # fmt: skip


def test_an_examination_changes_no_file(examined: ExaminedInstallation) -> None:
    def contents() -> dict[Path, bytes]:
        files = (
            path for folder in (examined.settings.data, examined.settings.keys) for path in folder.rglob("*")
        )
        return {path: path.read_bytes() for path in files if path.is_file() and path.suffix != ".sqlite-shm"}

    before = contents()
    examined.examine()
    assert contents() == before


# -- the command -------------------------------------------------------------------------------------


@pytest.fixture
def run(examined: ExaminedInstallation, monkeypatch: pytest.MonkeyPatch) -> "Run":
    return Run(examined, monkeypatch)


class Run:
    """`kiosk doctor` on the installation, on its machine and at its time."""

    def __init__(self, examined: ExaminedInstallation, monkeypatch: pytest.MonkeyPatch) -> None:
        class Now(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:  # noqa: ARG003
                return cast(Self, examined.now)

        self._settings = examined.settings
        monkeypatch.setattr(kiosk.cli.doctor, "this_machine", lambda: examined.machine)
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


@pytest.mark.slow
def test_doctor_exits_with_0_and_prints_only_good_for_a_healthy_installation(run: Run) -> None:
    done = run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"good"}
    assert run("--quiet").stdout == ""


@pytest.mark.slow
def test_a_warning_is_printed_with_exit_status_0(examined: ExaminedInstallation, run: Run) -> None:
    examined.machine = replace(examined.machine, ntp_time=lambda: None)
    done = run("--quiet")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["look"]
    assert json.loads(run("--json").stdout)["status"] == "look"


@pytest.mark.slow
def test_a_bad_finding_is_in_the_json_output_with_exit_status_1(
    examined: ExaminedInstallation, run: Run
) -> None:
    (examined.settings.data / "kiosk.sqlite").chmod(0o644)
    assert run().exit_code == 1
    done = run("--json", "--quiet")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["status"] == "bad"
    [advice] = report["advice"]
    assert (advice["topic"], advice["weight"]) == ("files", "bad")
    assert "kiosk.sqlite" in advice["text"]


@pytest.mark.slow
def test_the_json_output_has_every_printed_finding(examined: ExaminedInstallation, run: Run) -> None:
    (examined.settings.data / "secret_key").chmod(0o644)
    examined.machine = replace(examined.machine, ntp_time=lambda: None)
    advice = json.loads(run("--json", "--quiet").stdout)["advice"]
    assert [f"{one['weight']:4}  {one['text']}" for one in advice] == run("--quiet").stdout.splitlines()
    assert {one["weight"] for one in advice} == {"look", "bad"}


def test_an_invalid_setting_gives_exit_status_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_COUNT_AT", "noon")
    done = run("--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "KIOSK_COUNT_AT" in done.stderr


def test_each_finding_about_a_planted_fault_names_a_remedy(examined: ExaminedInstallation) -> None:
    """All faults that can be planted at once; each line has a remedy, or names the command that has it."""
    (examined.settings.data / "kiosk.sqlite").chmod(0o644)
    (examined.settings.data / "secret_key").write_text("short")
    next(examined.settings.keys.glob("box.*/*")).unlink()
    (examined.settings.data / "questions").mkdir()
    (examined.settings.data / "questions/bad.toml").write_text("x")
    examined.front = 9
    examined.now += timedelta(days=1.5)
    texts = [*examined.advice_texts(Severity.BAD), *examined.advice_texts(Severity.WARNING)]
    assert len(texts) >= 6
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
    assert [line for line in texts if not any(word in line for word in doing)] == []


# -- rounds, links, languages ------------------------------------------------------------------------


def test_a_demonstration_is_a_bad_finding(examined: ExaminedInstallation) -> None:
    examined.store.mark_demonstration()
    assert "demonstration" in " ".join(examined.advice_texts(Severity.BAD))


def test_posters_few_guests_and_lost_keys_are_warnings(tmp_path: Path) -> None:
    examined = ExaminedInstallation(tmp_path)
    examined.open(Admission.POSTER)
    cast_all(examined.store, "a", random_ballots(15, Random(1)))
    examined.count()
    examined.now += timedelta(days=17)
    examined.count()
    for key in (examined.settings.keys / "box.r.a").iterdir():
        key.unlink()
    examined.store.give_up_keys(examined.store.key_faults())
    texts = " ".join(examined.advice_texts(Severity.WARNING))
    assert "posters" in texts
    assert "about 0.5 answers a day" in texts
    assert "keys of 1 boxes were lost" in texts


def test_unreviewed_languages_are_a_warning(examined: ExaminedInstallation) -> None:
    examined.settings = replace(examined.settings, languages=frozenset({"ar"}))
    lacks, unreviewed = examined.advice_texts(Severity.WARNING)
    assert "ar" in unreviewed
    assert "texts without a translation: ar 7." in lacks, "the round's survey is not translated"


def test_doctor_warns_of_a_unit_with_too_few_ballots_only_after_some_days(tmp_path: Path) -> None:
    examined = ExaminedInstallation(tmp_path)
    examined.open()
    cast_all(examined.store, "a", random_ballots(4, Random(1)))
    for days, is_named in ((4, False), (6, True)):
        examined.now = MONDAY + timedelta(days=days)
        examined.count()
        assert (
            any("so under 3 a day" in texts for texts in examined.advice_texts(Severity.WARNING)) == is_named
        )


def test_a_round_with_figures_at_closing_gives_no_warning_about_few_guests(tmp_path: Path) -> None:
    examined = ExaminedInstallation(tmp_path)
    examined.open(figures=PublicationTime.AT_CLOSING)
    examined.now = MONDAY + timedelta(days=30)
    examined.count()
    assert not any("so under 3 a day" in texts for texts in examined.advice_texts(Severity.WARNING))


def test_addresses_that_admit_no_ballots_are_a_warning(examined: ExaminedInstallation) -> None:
    examined.store.links.add(Admission.POSTER, "a", code="a-poster")
    examined.store.links.add(Admission.KIOSK, "nowhere", code="lost-kiosk")
    texts = examined.advice_texts(Severity.WARNING)
    assert ["ster, at a" in line for line in texts] == [True, False]
    assert ["iosk, at nowhere" in line for line in texts] == [False, True]
    assert "takes no answers from it" in texts[0]
    assert "in no tree" in texts[1]


def test_an_address_that_a_running_round_admits_is_no_warning(tmp_path: Path) -> None:
    examined = ExaminedInstallation(tmp_path)
    examined.open(Admission.KIOSK)
    examined.store.links.add(Admission.KIOSK, "a")
    assert examined.advice_texts(Severity.WARNING, Topic.LINKS) == []


def test_a_missing_round_and_a_missing_count_are_warnings(tmp_path: Path) -> None:
    examined = ExaminedInstallation(tmp_path)
    examined.now = datetime(2026, 3, 4, 12)
    texts = " ".join(examined.advice_texts(Severity.WARNING))
    assert "no round is running" in texts
    assert "nothing was ever counted" in texts


@pytest.mark.slow
def test_a_bad_survey_file_is_named_and_the_rest_is_examined(examined: ExaminedInstallation) -> None:
    (examined.settings.data / "questions").mkdir()
    (examined.settings.data / "questions/bad.toml").write_text("not toml")
    [texts] = examined.advice_texts(Severity.BAD)
    assert "bad.toml" in texts
    assert examined.advice_texts(Severity.GOOD, Topic.LOGS)


# -- how guests reach the server ---------------------------------------------------------------------


@pytest.mark.slow
def test_unencrypted_answers_over_the_network_are_bad(examined: ExaminedInstallation) -> None:
    examined.settings = replace(
        examined.settings, guest_listen=f"0.0.0.0:{examined.guest_port}", is_https=False
    )
    [texts] = examined.advice_texts(Severity.BAD)
    assert texts.startswith("KIOSK_GUEST_LISTEN is ")
    assert "KIOSK_HTTPS" in texts
    examined.settings = replace(examined.settings, is_https=True)
    assert examined.advice_texts(Severity.BAD) == []


def test_a_public_address_without_encryption_is_bad(examined: ExaminedInstallation) -> None:
    examined.settings = replace(examined.settings, guest_address=PUBLIC.replace("https", "http"))
    [texts] = examined.advice_texts(Severity.BAD, Topic.NETWORK)
    assert "KIOSK_GUEST_ADDRESS" in texts


@pytest.mark.slow
def test_a_proxy_missing_from_the_settings_is_a_warning(examined: ExaminedInstallation) -> None:
    examined.settings = replace(examined.settings, proxy=None)
    [texts] = examined.advice_texts(Severity.WARNING)
    assert "KIOSK_PROXY is not set" in texts
    assert examined.advice_texts(Severity.BAD) == []


def test_a_local_address_on_paper_is_a_warning(examined: ExaminedInstallation) -> None:
    examined.settings = replace(examined.settings, guest_address="http://127.0.0.1:8000")
    [texts] = examined.advice_texts(Severity.WARNING)
    assert "KIOSK_GUEST_ADDRESS" in texts


@pytest.mark.slow
@pytest.mark.parametrize("name", ["guest_listen", "desk_listen"])
def test_an_application_that_does_not_respond_is_bad(examined: ExaminedInstallation, name: str) -> None:
    changes: dict[str, Any] = {name: "127.0.0.1:9"}
    examined.settings = replace(examined.settings, **changes)
    texts = examined.advice_texts(Severity.BAD, Topic.SERVER)
    assert len(texts) == 1
    assert texts[0].startswith(f"nothing answers at KIOSK_{name.upper()} (127.0.0.1:9): Connection refused")


def test_another_program_at_the_servers_address_is_bad(examined: ExaminedInstallation) -> None:
    def other(environ: object, start_response: object) -> list[bytes]:  # noqa: ARG001
        start_response("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
        return [b"hello"]

    with served(other) as address:
        examined.settings = replace(examined.settings, desk_listen=address.removeprefix("http://"))
        [texts] = examined.advice_texts(Severity.BAD)
    assert "is not this version of kiosk serve (status 200)" in texts


@pytest.mark.slow
def test_a_server_of_another_installation_is_bad(examined: ExaminedInstallation, tmp_path: Path) -> None:
    with healthy_installation(tmp_path / "other") as other:
        examined.settings = replace(examined.settings, desk_listen=other.settings.desk_listen)
        [texts] = examined.advice_texts(Severity.BAD)
    assert f"serves another installation than {examined.settings.data}" in texts


def test_a_server_without_its_key_folder_is_bad(examined: ExaminedInstallation) -> None:
    examined.settings.keys.rename(examined.settings.keys.with_name("away"))
    texts = examined.advice_texts(Severity.BAD, Topic.SERVER)
    assert len(texts) == 2
    assert all("the folder of keys cannot be reached" in line for line in texts)


def test_a_missing_web_server_configuration_is_a_warning(examined: ExaminedInstallation) -> None:
    (examined.root / "etc/nginx/nginx.conf").unlink()
    [texts] = examined.advice_texts(Severity.WARNING)
    assert "no configuration of nginx, Apache or Caddy" in texts


def test_an_unknown_web_server_is_a_warning(examined: ExaminedInstallation) -> None:
    file = examined.put("etc/haproxy/haproxy.cfg", f"server guests 127.0.0.1:{examined.guest_port}")
    [texts] = examined.advice_texts(Severity.WARNING)
    assert texts.startswith(f"{file} forwards")


def test_a_doctor_whose_clock_is_in_doubt_says_nothing_of_rounds(examined: ExaminedInstallation) -> None:
    examined.count()
    assert not examined.advice_texts(Severity.BAD)
    examined.now += timedelta(days=12 * 365)
    topics = [advice.topic for advice in examined.examine() if advice.severity is not Severity.GOOD]
    assert Topic.CLOCK in topics
    assert Topic.ROUNDS not in topics
