"""Requests are sent through real web servers, and the doctor finds them in every log that has them."""

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.operation.doctor import Severity, Topic
from kiosk.operation.doctor.files import acting_as
from kiosk.operation.doctor.logs import LogWatch
from tests.tools.examined import PUBLIC, ExaminedInstallation, healthy_installation, passable
from tests.tools.web_servers import caddy, nginx

pytestmark = pytest.mark.slow

SOUND = "access_log off; error_log /dev/null emerg;"
ADDRESSES = "address and second of every ballot"
FAILURES = "the address of every guest whose request fails"


def logs(examined: ExaminedInstallation) -> list[str]:
    """The faults of the logs that were read, once one of them has the requests."""
    examined.machine = replace(examined.machine, settle_seconds=30)
    return examined.advice_texts(Severity.BAD, Topic.LOGS)


def standard_error_is_kept(examined: ExaminedInstallation, output: Path) -> None:
    """A substitute for journald, which needs a booted machine: standard error as journalctl prints it."""

    def journal(_: float) -> str:
        return "\n".join(f"Mar 04 09:00:00 host caddy[7]: {line}" for line in output.read_text().splitlines())

    examined.machine = replace(examined.machine, journal=journal)


def test_a_correct_nginx_configuration_is_good(examined: ExaminedInstallation) -> None:
    with nginx(examined, SOUND):
        advice = examined.examine()
    assert not [one.text for one in advice if one.severity is not Severity.GOOD]
    assert any("in no log" in one.text for one in advice)


@pytest.mark.parametrize(
    ("server", "file", "what", "directive"),
    [
        ("access_log @LOG@/a.log; error_log /dev/null emerg;", "a.log", ADDRESSES, "access_log off;"),
        ("error_log /dev/null emerg;", "http.log", ADDRESSES, "access_log off;"),
        ("access_log off; error_log @LOG@/e.log;", "e.log", FAILURES, "error_log /dev/null emerg;"),
        ("access_log off; error_log @LOG@/e.log warn;", "e.log", FAILURES, "error_log /dev/null emerg;"),
        ("access_log off;", "main.log", FAILURES, "error_log /dev/null emerg;"),
    ],
)
def test_an_nginx_log_of_guests_is_reported_with_the_directive_that_stops_it(
    examined: ExaminedInstallation, server: str, file: str, what: str, directive: str
) -> None:
    around = {"main": "error_log @LOG@/main.log;", "http": "access_log @LOG@/http.log;"}
    with nginx(examined, server, **around):
        [texts] = logs(examined)
        configured = examined.advice_texts(Severity.BAD, Topic.PROXY)
    assert texts.startswith(
        f"{examined.root}/var/log/nginx/{file} has requests that were just sent to {PUBLIC}"
    )
    assert what in texts
    assert f"In {examined.root}/etc/nginx/nginx.conf, " in texts
    assert texts.endswith(directive)
    assert [what in line and directive in line for line in configured] == [True]


def test_a_log_outside_var_log_is_read_if_the_configuration_names_it(
    examined: ExaminedInstallation, tmp_path: Path
) -> None:
    with nginx(examined, f"access_log {tmp_path}/elsewhere.log; error_log /dev/null emerg;"):
        [texts] = logs(examined)
    assert texts.startswith(f"{tmp_path}/elsewhere.log has requests")


def test_a_log_that_no_configuration_names_is_reported_too(examined: ExaminedInstallation) -> None:
    log = "access_log @LOG@/other.log; error_log /dev/null emerg;"
    with nginx(examined, log):
        examined.machine = replace(examined.machine, settle_seconds=30)
        examined.put(
            "etc/nginx/nginx.conf", f"server {{ {SOUND} proxy_pass http://[::1]:{examined.guest_port}; }}"
        )
        advice = examined.examine()
    [texts] = [one for one in advice if one.severity is Severity.BAD]
    assert texts.topic is Topic.LOGS
    assert "other.log has requests" in texts.text


def test_an_error_log_at_level_crit_is_bad(examined: ExaminedInstallation) -> None:
    with nginx(examined, "access_log off; error_log @LOG@/e.log crit;"):
        [texts] = examined.advice_texts(Severity.BAD)
    assert FAILURES in texts


@pytest.mark.parametrize(
    "options",
    ["log {\n output discard\n }", "log default {\n exclude http\n }", "log {\n level PANIC\n }"],
)
def test_a_caddy_that_logs_no_request_is_good(examined: ExaminedInstallation, options: str) -> None:
    with caddy(examined, options) as output:
        standard_error_is_kept(examined, output)
        advice = examined.examine()
    assert not [one.text for one in advice if one.severity is not Severity.GOOD]


@pytest.mark.parametrize("options", ["", "log other {\n output discard\n }", "log {\n level ERROR\n }"])
def test_a_caddy_that_writes_a_502_with_the_address_is_bad(
    examined: ExaminedInstallation, options: str
) -> None:
    with caddy(examined, options) as output:
        standard_error_is_kept(examined, output)
        [in_journal] = logs(examined)
        [configured] = examined.advice_texts(Severity.BAD, Topic.PROXY)
    assert in_journal.startswith("the system journal has requests that were just sent")
    for texts in (in_journal, configured):
        assert FAILURES in texts
        assert "log default { exclude http }" in texts


def test_a_caddy_site_that_logs_requests_is_bad(examined: ExaminedInstallation) -> None:
    with caddy(examined, "log default {\n exclude http\n }", "log {\n output file @LOG@/guests.log\n }"):
        [texts] = logs(examined)
    assert "/var/log/caddy/guests.log has requests" in texts
    assert ADDRESSES in texts
    assert texts.endswith("take log out of that site")


def test_unreadable_logs_are_named_and_not_called_good(examined: ExaminedInstallation) -> None:
    """Root runs it as another user, because root may read everything."""
    log = examined.put("var/log/nginx/access.log", "")
    journal = examined.put("var/log/journal/abc/system.journal", "")
    assert examined.advice_texts(Severity.WARNING) == []
    for file in (log, journal):
        file.chmod(0)
    with passable(log.parent, journal.parent, journal.parent.parent):
        for expected in ([log, journal], [journal]):
            with acting_as(65533):
                unreadable = LogWatch(examined.root, [], lambda _: None).unreadable
            assert unreadable == expected
            log.unlink(missing_ok=True)


def test_a_web_server_that_changes_the_host_name_is_bad(examined: ExaminedInstallation) -> None:
    with nginx(examined, SOUND, host="127.0.0.1"):
        [texts] = examined.advice_texts(Severity.BAD)
    assert "refuses the form of its own page" in texts
    assert "proxy_set_header Host $host;" in texts


def test_an_unreachable_public_address_is_bad_with_the_reason(examined: ExaminedInstallation) -> None:
    examined.front = 9
    [texts] = examined.advice_texts(Severity.BAD)
    assert texts.startswith(f"{PUBLIC} (KIOSK_GUEST_ADDRESS) cannot be reached from here: Connection refused")


def test_a_foreign_server_at_the_public_address_is_bad(examined: ExaminedInstallation) -> None:
    with nginx(examined, f"{SOUND} location /doctor {{ return 404 'not found'; }}"):
        texts = examined.advice_texts(Severity.BAD)
    assert len(texts) == 1
    assert "answers (status 404), but not with the guests' side of a kiosk" in texts[0]


def test_the_desk_at_the_public_address_is_bad(examined: ExaminedInstallation) -> None:
    examined.front = examined.desk_port
    [texts] = examined.advice_texts(Severity.BAD)
    assert "not with the guests' side" in texts


def test_another_installation_at_the_public_address_is_bad(
    examined: ExaminedInstallation, tmp_path: Path
) -> None:
    with healthy_installation(tmp_path / "other") as other:
        examined.front = other.guest_port
        [texts] = examined.advice_texts(Severity.BAD)
    assert texts.startswith(f"{PUBLIC} leads to another installation than {examined.settings.data}")


def test_the_doctor_reports_a_web_server_that_changes_pages(examined: ExaminedInstallation) -> None:
    changing = "sub_filter '</body>' '<script></script></body>'; sub_filter_once off;"
    with nginx(examined, f"{SOUND} {changing}"):
        [texts] = examined.advice_texts(Severity.BAD)
    assert texts.startswith(f"the web server at {PUBLIC} changes the guests' pages")
