"""The files that make a machine the server: sites that keep no log, and units with few rights."""

import getpass
import os
import re
import shutil
import ssl
import subprocess
import sys
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.operation.deploy import PURPOSES, SITES, WebServer
from kiosk.operation.doctor.web_servers import Guests, read_web_server
from kiosk.settings import NAMES, read_settings
from kiosk.storage import Account, Role
from tests.tools.examined import ExaminedInstallation
from tests.tools.ports import free_port
from tests.tools.web_servers import nginx_site

pytestmark = pytest.mark.slow

GUEST, DESK = "svara.example", "personal.example"
UNITS = "root/etc/systemd/system"
SERVICES = ("kiosk", "kiosk-count", "kiosk-backup", "kiosk-mail")

LARGEST_EXPOSURE = 2.0
"""Of a service, as `systemd-analyze security` counts it: 0 is sealed off, 10 is unprotected."""


def deploy(folder: Path, *options: str) -> Path:
    """The folder that the command wrote."""
    out = folder / "server"
    words = ["deploy", "--guest-host", GUEST, "--desk-host", DESK, "--out", str(out), *options]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    assert str(out / "CHECKLIST.md") in done.stdout
    return out


@pytest.mark.parametrize("server", list(WebServer))
def test_every_mark_is_filled_in_and_the_checklist_names_every_file(
    tmp_path: Path, server: WebServer
) -> None:
    out = deploy(tmp_path, "--web-server", server.value, "--count-at", "16:30")
    texts = {str(path.relative_to(out)): path.read_text("utf-8") for path in out.rglob("*") if path.is_file()}
    assert not {name: marks for name, text in texts.items() if (marks := re.findall("@[A-Z_]+@", text))}
    on_the_machine = {name.removeprefix("root") for name in texts if name.startswith("root/")}
    assert on_the_machine == {*PURPOSES, SITES[server], "/etc/kiosk/CHECKLIST.md"}
    for path in on_the_machine - {"/etc/kiosk/CHECKLIST.md"}:
        assert texts["CHECKLIST.md"].count(f"| `{path}` |") == 2
    assert "OnCalendar=*-*-* 16:30:00" in texts[f"{UNITS}/kiosk-count.timer"].splitlines()
    assert "16:30" in texts["CHECKLIST.md"]


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--guest-host", "https://svara.example"),
        ("--guest-host", "svara.example/"),
        ("--guest-host", "Svara.example"),
        ("--guest-host", "svara"),
        ("--guest-host", "svara.example; reboot"),
        ("--desk-host", "personal.example:8443"),
        ("--desk-host", GUEST),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_and_writes_nothing(
    tmp_path: Path, option: str, name: str
) -> None:
    words = {"--guest-host": GUEST, "--desk-host": DESK, "--out": str(tmp_path / "server"), option: name}
    done = CliRunner().invoke(main, ["deploy", *(word for pair in words.items() for word in pair)])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"kiosk: {option} is {name!r}")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "server").exists()


def test_the_program_accepts_the_written_settings_file(tmp_path: Path) -> None:
    lines = (deploy(tmp_path) / "root/etc/kiosk/kiosk.env").read_text().splitlines()
    environ = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert set(environ) <= set(NAMES)
    settings = read_settings(environ)
    assert (settings.guest_address, settings.is_https) == (f"https://{GUEST}", True)
    assert settings.proxy == "127.0.0.1"


# -- units ---------------------------------------------------------------------------------------------


def analyze(*words: str) -> str:
    """What `systemd-analyze` prints."""
    program = shutil.which("systemd-analyze")
    assert program, "systemd-analyze is missing: apt install systemd"
    ran = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def unit(folder: Path, name: str, *, changed: tuple[str, str] = ("", "")) -> Path:
    """A service whose program is here, with a text in it replaced."""
    text = (deploy(folder) / UNITS / name).read_text()
    assert changed[0] in text
    file = folder / name
    file.write_text(text.replace("/opt/kiosk/current/bin/kiosk", sys.executable).replace(*changed))
    return file


@pytest.mark.parametrize("name", [*(f"{name}.service" for name in SERVICES)])
def test_systemd_knows_every_line_of_a_service(tmp_path: Path, name: str) -> None:
    assert analyze("verify", "--man=no", str(unit(tmp_path, name))) == ""


def test_a_line_that_systemd_does_not_know_is_caught(tmp_path: Path) -> None:
    misspelled = unit(tmp_path, "kiosk.service", changed=("NoNewPrivileges", "NoNewPrivilege"))
    assert "NoNewPrivilege" in analyze("verify", "--man=no", str(misspelled))


@pytest.mark.parametrize("name", ["kiosk-count", "kiosk-backup", "kiosk-mail"])
def test_systemd_understands_the_times_of_a_timer(tmp_path: Path, name: str) -> None:
    lines = (deploy(tmp_path) / UNITS / f"{name}.timer").read_text().splitlines()
    times = [line.removeprefix("OnCalendar=") for line in lines if line.startswith("OnCalendar=")]
    assert times
    for time in times:
        assert "Next elapse" in analyze("calendar", time)
    # Mail that is due is sent at the next time anyway.
    assert name == "kiosk-mail" or "Persistent=yes" in lines


def exposure(file: Path) -> float:
    report = analyze("security", "--offline=true", "--no-pager", str(file))
    match = re.search(r"exposure level for \S+: ([\d.]+)", report)
    assert match, report
    return float(match.group(1))


@pytest.mark.parametrize("name", SERVICES)
def test_the_exposure_of_a_service_by_systemd_is_within_the_limit(tmp_path: Path, name: str) -> None:
    assert exposure(unit(tmp_path, f"{name}.service")) <= LARGEST_EXPOSURE


def test_a_service_without_its_bounds_is_caught(tmp_path: Path) -> None:
    bare = tmp_path / "bare.service"
    bare.write_text(f"[Service]\nExecStart={sys.executable}\n")
    assert exposure(bare) > LARGEST_EXPOSURE


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_leaves_no_memory_behind_and_may_ask_about_the_clock(tmp_path: Path, name: str) -> None:
    lines = (deploy(tmp_path) / UNITS / f"{name}.service").read_text().splitlines()
    assert {"LimitCORE=0", "LimitMEMLOCK=infinity", "MemorySwapMax=0", "User=kiosk", "UMask=0077"} <= set(
        lines
    )
    # The last filter counts, and ProtectClock would take adjtimex away.
    assert [line for line in lines if line.startswith("SystemCallFilter=")][-1] == "SystemCallFilter=adjtimex"
    assert not any(line.startswith("ProtectClock") for line in lines)


def test_the_service_of_mail_reads_no_keys_and_runs_only_where_mail_is_set_up(tmp_path: Path) -> None:
    lines = (deploy(tmp_path) / UNITS / "kiosk-mail.service").read_text().splitlines()
    assert "ExecCondition=/usr/bin/test -n ${KIOSK_MAIL_HOST}" in lines
    assert "InaccessiblePaths=-/var/lib/kiosk-keys -/var/backups/kiosk" in lines
    assert "StateDirectory=kiosk" in lines
    [start] = [line for line in lines if line.startswith("ExecStart=")]
    assert start.endswith("KIOSK_KEYS=/var/lib/kiosk/no-keys /opt/kiosk/current/bin/kiosk mail send")
    installer = (deploy(tmp_path / "again") / "root/usr/local/sbin/kiosk-install").read_text()
    assert installer.count("kiosk-mail.timer") == installer.count("kiosk-backup.timer")


# -- web servers -----------------------------------------------------------------------------------------


def logs(root: Path, server: WebServer) -> list[str]:
    """What a web server would write of guests."""
    guests = Guests("8000", GUEST)
    return [log.kept for log in read_web_server(server, root / "etc" / server, guests).guest_logs]


@pytest.mark.parametrize("server", list(WebServer))
def test_no_site_keeps_a_log_of_guests(tmp_path: Path, server: WebServer) -> None:
    root = deploy(tmp_path, "--web-server", server.value) / "root"
    assert logs(root, server) == []


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (WebServer.NGINX, "access_log off;"),
        (WebServer.NGINX, "error_log /dev/null emerg;"),
        (WebServer.CADDY, "exclude http"),
    ],
)
def test_a_site_that_lacks_its_line_is_caught(tmp_path: Path, server: WebServer, line: str) -> None:
    root = deploy(tmp_path, "--web-server", server.value) / "root"
    site = root / SITES[server].lstrip("/")
    site.write_text(site.read_text().replace(line, ""))
    assert logs(root, server)


def here(site: str, folder: Path, examined: ExaminedInstallation, port: int) -> str:
    """nginx's sites on ports of this machine, with a certificate of this test."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={GUEST}"],
        check=True, capture_output=True,
    )  # fmt: skip
    site = re.sub(r"listen \[::\]:\d+( ssl)?;", "", site)
    site = site.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    site = site.replace("127.0.0.1:8000;", f"127.0.0.1:{examined.guest_port};")
    site = site.replace("127.0.0.1:8001;", f"127.0.0.1:{examined.desk_port};")
    site = re.sub(r"ssl_certificate_key [^;]+;", f"ssl_certificate_key {key};", site)
    return re.sub(r"ssl_certificate [^;]+;", f"ssl_certificate {certificate};", site)


def request(port: int, host: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[
    int, list[str], str
]:  # fmt: skip
    """Status, cookies and text of the answer to a request over TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    method = "GET" if body is None else "POST"
    connection.request(method, path, body, {"Host": host, **headers})
    answer = connection.getresponse()
    cookies = [cookie.split(";")[0] for cookie in answer.headers.get_all("Set-Cookie", [])]
    return answer.status, cookies, answer.read().decode()


def sign_in(port: int) -> int:
    """The status of a sign-in at the desk's site."""
    path = "/admin/sign-in"
    _, cookies, page = request(port, DESK, path, {})
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert match
    form = urlencode({"csrf_token": match.group(1), "name": "anna", "password": "a long password"})
    headers = {
        "Cookie": "; ".join(cookies),
        "Referer": f"https://{DESK}{path}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return request(port, DESK, path, headers, form)[0]


def test_sign_in_works_through_nginx_and_fails_without_the_host_header(
    examined: ExaminedInstallation, tmp_path: Path
) -> None:
    examined.store.accounts.set(Account("anna", Role.COORDINATOR, PasswordHasher().hash("a long password")))
    port = free_port()
    shipped = (deploy(tmp_path, "--web-server", "nginx") / "root" / SITES[WebServer.NGINX][1:]).read_text()
    site = here(shipped, tmp_path, examined, port)
    with nginx_site(examined, site, port):
        assert request(port, GUEST, "/pair", {})[0] == 200
        assert request(port, GUEST, "/admin/sign-in", {})[0] == 404
        assert sign_in(port) == 303
    with nginx_site(examined, site.replace("proxy_set_header Host $host;", ""), port):
        assert sign_in(port) == 400


@pytest.mark.parametrize(
    "script", ["usr/local/bin/kiosk", "usr/local/sbin/kiosk-install", "usr/local/sbin/kiosk-remove"]
)
def test_a_command_of_the_server_is_valid_shell_and_executable(tmp_path: Path, script: str) -> None:
    file = deploy(tmp_path) / "root" / script
    ran = subprocess.run(["/bin/sh", "-n", str(file)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o755


def runnable(script: Path, folder: Path) -> Path:
    """A script of the server whose paths are in a folder of the test."""
    text = script.read_text()
    for path in ("/etc/kiosk", "/opt/kiosk", "/var/backups/kiosk"):
        text = text.replace(path, f"{folder}{path}")
    text = text.replace("= kiosk ]", f"= {getpass.getuser()} ]")
    changed = folder / script.name
    changed.write_text(text)
    changed.chmod(0o755)
    return changed


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_the_command_takes_a_setting_as_systemd_does(tmp_path: Path) -> None:
    settings = (
        "# KIOSK_DATA=/nowhere\nKIOSK_LANGUAGES=en, ar\nKIOSK_MAIL_HOST='m;n'\nKIOSK_MAIL_USER=\"o $p\"\n"
        "KIOSK_DATABASE_URL=postgresql://a/b?c=1&d=$e;f"
    )
    (tmp_path / "etc/kiosk").mkdir(parents=True)
    (tmp_path / "etc/kiosk/kiosk.env").write_text(settings)
    program(tmp_path / "opt/kiosk/current/bin/kiosk", 'env | grep ^KIOSK_ | sort; echo "$@"')
    command = runnable(deploy(tmp_path) / "root/usr/local/bin/kiosk", tmp_path)
    ran = subprocess.run([command, "round", "list"], capture_output=True, text=True, check=True, env={})
    assert ran.stdout.splitlines() == [
        "KIOSK_DATABASE_URL=postgresql://a/b?c=1&d=$e;f",
        "KIOSK_LANGUAGES=en, ar",
        "KIOSK_MAIL_HOST=m;n",
        "KIOSK_MAIL_USER=o $p",
        "round list",
    ]


WRITES, REFUSES, SKIPPED = 'touch "$0".zip && mv "$0".zip "$BACKUPS/kiosk-1.zip"', "exit 1", "exit 0"
"""What a release does when its backup is asked for. A unit whose condition does not hold is skipped, and
counts as started."""


@pytest.mark.parametrize(
    ("former", "new", "is_upgraded"),
    [
        (WRITES, REFUSES, True),
        (REFUSES, WRITES, True),
        (REFUSES, REFUSES, False),
        (SKIPPED, SKIPPED, False),
    ],
)
def test_an_upgrade_goes_on_only_with_a_backup_of_either_release(
    tmp_path: Path, former: str, new: str, *, is_upgraded: bool
) -> None:
    script = (deploy(tmp_path) / "root/usr/local/sbin/kiosk-install").read_text()
    upgrade = script[script.index('if [ -n "$former" ]; then') : script.index("systemctl daemon-reload")]
    releases = tmp_path / "opt/kiosk/releases"
    program(releases / "former/backup", former)
    program(releases / "new/backup", new)
    program(
        tmp_path / "bin/systemctl",
        f'case $* in "start kiosk-backup.service") {tmp_path}/opt/kiosk/current/backup;; esac',
    )
    (releases / "new/pyvenv.cfg").touch()
    os.utime(releases / "new/pyvenv.cfg", (0, 0))
    backups = tmp_path / "var/backups/kiosk"
    backups.mkdir(parents=True)
    (backups / "kiosk-0.zip").touch()
    os.utime(backups / "kiosk-0.zip", (0, 0))
    (tmp_path / "opt/kiosk/current").symlink_to(releases / "former")
    known = "new=/opt/kiosk/releases/new former=/opt/kiosk/releases/former"
    (tmp_path / "part").write_text(f"set -eu\n{known}\n{upgrade}trap - EXIT\n")
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "BACKUPS": str(backups)}
    ran = subprocess.run(
        ["/bin/sh", runnable(tmp_path / "part", tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    assert (ran.returncode == 0) is is_upgraded, ran.stderr
    current = (tmp_path / "opt/kiosk/current").resolve().name
    assert current == ("new" if is_upgraded else "former")
    assert ("no backup was written" in ran.stderr) is (former == SKIPPED)


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("KIOSK_GUEST_LISTEN=127.0.0.1:9000", "127.0.0.1:9000"),
        ('KIOSK_GUEST_LISTEN="127.0.0.1:9000"', "127.0.0.1:9000"),
        ("# KIOSK_GUEST_LISTEN=127.0.0.1:9000", "127.0.0.1:8000"),
    ],
)
def test_the_installer_waits_at_the_address_of_the_settings(tmp_path: Path, line: str, address: str) -> None:
    script = (deploy(tmp_path) / "root/usr/local/sbin/kiosk-install").read_text()
    part = script[script.index("listen=$(") : script.index(" <<'END'")]
    (tmp_path / "etc/kiosk").mkdir(parents=True)
    (tmp_path / "etc/kiosk/kiosk.env").write_text(f"KIOSK_LANGUAGES=en, ar\n{line}\n")
    program(tmp_path / "new/bin/python", 'echo "$2"')
    (tmp_path / "part").write_text(f"set -eu\nnew={tmp_path}/new\n{part}\n")
    ran = subprocess.run(
        ["/bin/sh", runnable(tmp_path / "part", tmp_path)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == address
