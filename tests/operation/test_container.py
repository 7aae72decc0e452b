"""The container has few rights, and its script installs, upgrades, goes back and removes.

The real script runs with a substitute for podman, which writes down what it is told.
"""

import configparser
import os
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTAINER = ROOT / "container"
RECIPE = (CONTAINER / "Containerfile").read_text("utf-8")

PODMAN = """#!/bin/sh
echo "podman $*" >>{folder}/done
case "$*" in
    "container exists kiosk") test -e {folder}/runs ;;
    *"{failing}"*) exit 1 ;;
esac
"""


def instructions(recipe: str) -> list[tuple[str, str]]:
    """Return (instruction, arguments) of each line of the last stage of a Containerfile."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", recipe, flags=re.MULTILINE)).splitlines()
    stage = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    return [(line.split()[0], line.partition(" ")[2]) for line in lines[stage:] if line]


class Host:
    """A host with podman. `failing` is a part of the command that fails."""

    def __init__(self, folder: Path, failing: str = "none") -> None:
        self.folder = folder
        (folder / "podman").write_text(PODMAN.format(folder=folder, failing=failing))
        (folder / "sleep").write_text("#!/bin/sh\n")
        for program in ("podman", "sleep"):
            (folder / program).chmod(0o755)
        (folder / "kiosk.env").write_text("KIOSK_HTTPS=yes\n")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(CONTAINER / "kiosk-container"), *words],
            env={"PATH": f"{self.folder}:{os.environ['PATH']}", "KIOSK_ENV": str(self.folder / "kiosk.env")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self, word: str) -> list[list[str]]:
        """The commands of podman that begin with a word."""
        commands = [shlex.split(line)[1:] for line in (self.folder / "done").read_text().splitlines()]
        return [command for command in commands if command[0] == word]


def test_the_recipe_sets_an_unprivileged_user_the_volumes_and_a_healthcheck() -> None:
    given = dict(instructions(RECIPE))
    assert given["USER"] == "kiosk"
    assert set(given["VOLUME"].split()) == {"/data", "/keys", "/backups"}
    assert "useradd --uid 10001" in given["RUN"]
    assert "--shell /usr/sbin/nologin" in given["RUN"]
    assert "/health" in given["HEALTHCHECK"]
    names = [name for name, _ in instructions(RECIPE)]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name in ("RUN", "COPY"))


def test_only_locked_packages_are_installed() -> None:
    installs = [line for line in re.sub(r"\\\n\s*", "", RECIPE).splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)


def test_the_build_sees_each_package_and_no_data() -> None:
    lines = (CONTAINER / "ignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert all((ROOT / name).exists() for name in sent)
    assert not {name for name in sent if name.startswith((".", "instance", "tests"))}
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    folders = [line.split(" = ")[1] for line in config["options"]["package_dir"].strip().splitlines()]
    assert set(folders) <= sent


def test_a_first_installation_initialises_and_starts_with_few_rights(tmp_path: Path) -> None:
    host = Host(tmp_path)
    done = host.run("install", str(ROOT))
    assert done.returncode == 0, done.stderr
    [initialised, started] = host.asked("run")
    assert initialised[-1] == "init"
    assert started[-1] == "serve"
    for command in (initialised, started):
        pairs = set(pairwise(command))
        assert "--read-only" in command
        assert {
            ("--cap-drop", "all"),
            ("--security-opt", "no-new-privileges"),
            ("--ulimit", "core=0:0"),
            ("--volume", "kiosk-data:/data"),
            ("--volume", "kiosk-keys:/keys"),
        } <= pairs
        assert not [word for word in command if word.startswith(("--privileged", "--publish", "--cap-add"))]
    assert host.asked("healthcheck")


def test_the_image_has_a_format_that_includes_the_health_check(tmp_path: Path) -> None:
    """podman's own format has none: its build drops HEALTHCHECK with a warning."""
    host = Host(tmp_path)
    assert host.run("install", str(ROOT)).returncode == 0
    [build] = host.asked("build")
    assert ("--format", "docker") in set(pairwise(build))


def test_the_container_sees_the_password_of_the_mail_server_if_there_is_one(tmp_path: Path) -> None:
    host = Host(tmp_path)
    password = tmp_path / "mail-password"
    password.write_text("hemligt\n")
    assert host.run("install", str(ROOT)).returncode == 0
    for command in host.asked("run"):
        assert ("--volume", f"{password}:{password}:ro") in set(pairwise(command))
    assert "ca-certificates" in RECIPE, "without them, no mail server's certificate is valid"
    (tmp_path / "without").mkdir()
    without = Host(tmp_path / "without")
    assert without.run("install", str(ROOT)).returncode == 0
    assert not any("mail-password" in " ".join(command) for command in without.asked("run"))


def test_an_upgrade_writes_a_backup_before_it_stops_the_previous_release(tmp_path: Path) -> None:
    host = Host(tmp_path)
    (tmp_path / "runs").touch()
    assert host.run("install", str(ROOT)).returncode == 0
    order = [shlex.split(line)[1] for line in (tmp_path / "done").read_text().splitlines()]
    assert order.index("build") < order.index("exec") < order.index("stop") < order.index("run")
    [backup] = host.asked("exec")
    assert backup[:4] == ["exec", "kiosk", "kiosk", "backup"]
    assert [command[-1] for command in host.asked("run")] == ["upgrade", "serve"]
    assert host.asked("rm") == [["rm", "--force", "--ignore", "kiosk-former"]]


@pytest.mark.slow
@pytest.mark.parametrize("failing", [" upgrade", " serve", "healthcheck"])
def test_a_failed_upgrade_starts_the_previous_release_again(tmp_path: Path, failing: str) -> None:
    host = Host(tmp_path, failing)
    (tmp_path / "runs").touch()
    done = host.run("install", str(ROOT))
    assert done.returncode == 1
    assert "the former release runs again" in done.stderr
    assert host.asked("rename")[-1] == ["rename", "kiosk-former", "kiosk"]
    assert host.asked("start") == [["start", "kiosk"]]
    assert ["rm", "--force", "--ignore", "kiosk-former"] not in host.asked("rm")


def test_the_new_release_writes_the_backup_that_the_former_one_refuses(tmp_path: Path) -> None:
    """Its tables may have been upgraded already, before a later step failed."""
    host = Host(tmp_path, "exec kiosk kiosk backup")
    (tmp_path / "runs").touch()
    assert host.run("install", str(ROOT)).returncode == 0
    backup, upgrade, _ = host.asked("run")
    assert backup[-2] == "backup"
    assert backup[-1].startswith("/backups/kiosk-")
    assert upgrade[-1] == "upgrade"


@pytest.mark.parametrize("failing", ["build", " backup "])
def test_an_upgrade_without_an_image_or_a_backup_leaves_the_server_running(
    tmp_path: Path, failing: str
) -> None:
    host = Host(tmp_path, failing)
    (tmp_path / "runs").touch()
    assert host.run("install", str(ROOT)).returncode == 1
    assert host.asked("stop") == host.asked("rm") == []


def test_removing_leaves_the_volumes(tmp_path: Path) -> None:
    host = Host(tmp_path)
    done = host.run("remove")
    assert done.returncode == 0
    assert "kiosk-keys" in done.stdout
    assert not host.asked("volume")


@pytest.mark.parametrize("words", [(), ("install",), ("install", "/nowhere"), ("remove", "all"), ("start",)])
def test_a_wrong_command_shows_the_usage_and_changes_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    host = Host(tmp_path)
    done = host.run(*words)
    assert done.returncode == 2
    assert "kiosk-container install FOLDER" in done.stderr
    assert not (tmp_path / "done").exists()


def test_without_settings_nothing_is_installed(tmp_path: Path) -> None:
    host = Host(tmp_path)
    (tmp_path / "kiosk.env").unlink()
    done = host.run("install", str(ROOT))
    assert done.returncode == 2
    assert "kiosk deploy writes one" in done.stderr
    assert not (tmp_path / "done").exists()


def test_the_script_has_no_fault_that_shellcheck_knows() -> None:
    scripts = [
        CONTAINER / "kiosk-container",
        *(ROOT / "kiosk/operation/machine/root/usr/local").rglob("kiosk-*"),
    ]
    assert len(scripts) == 5
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert done.stdout == ""
