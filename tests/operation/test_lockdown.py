"""The files that lock a machine are complete and readable, are for one address, and overwrite nothing."""

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.operation.lockdown import PURPOSES, LockdownError, files, read_address

CODE = "aB3dE6gH9jK2mN5p"
ADDRESS = f"https://svara.example/k/{CODE}"
POLICY = "etc/chromium/policies/managed/kiosk.json"


def written(folder: Path, address: str = ADDRESS) -> Path:
    """The folder that the command wrote, under a umask that denies access to other users."""
    out = folder / "kiosk"
    done = CliRunner().invoke(main, ["lockdown", "--address", address, "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    assert str(out / "CHECKLIST.md") in done.stdout
    return out


def policy(address: str) -> dict[str, object]:
    document = json.loads(files(read_address(address))[f"root/{POLICY}"])
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize(
    ("origin", "written_as"),
    [
        ("https://svara.example", "https://.svara.example"),
        ("https://svara.example:8443", "https://.svara.example:8443"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://.localhost:8000"),
    ],
)
def test_the_policy_allows_only_the_kiosks_own_pages(origin: str, written_as: str) -> None:
    managed = policy(f"{origin}/k/{CODE}")
    assert managed["URLBlocklist"] == ["*", "chrome://*"]
    assert managed["URLAllowlist"] == [f"{written_as}/k/{CODE}", f"{written_as}/static/"]
    assert managed["RestoreOnStartupURLs"] == [f"{origin}/k/{CODE}"]
    assert managed["HomepageLocation"] == managed["NewTabPageLocation"] == f"{origin}/k/{CODE}"


@pytest.mark.slow
def test_every_policy_is_one_that_chromium_knows() -> None:
    """Chromium ignores an unknown policy without a word. Its program has the names of all."""
    names = [*policy(ADDRESS), "NoSuchPolicyEnabled"]
    known = subprocess.run(
        ["grep", "-aowF", "-e", "\n".join(names), "/usr/lib/chromium/chromium"],
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    )
    assert set(names) - set(known.stdout.decode().split()) == {"NoSuchPolicyEnabled"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AutofillAddressEnabled", False),
        ("AutofillCreditCardEnabled", False),
        ("ChromeVariations", 2),
        ("GenAILocalFoundationalModelSettings", 1),
        ("LiveCaptionEnabled", False),
    ],
)
def test_the_policy_switches_off_autofill_experiments_and_downloaded_models(name: str, value: object) -> None:
    assert policy(ADDRESS)[name] == value


BAD_ADDRESSES = [
    "",
    "svara.example",
    "http://svara.example/k/" + CODE,
    "http://127.0.0.1.evil.example/k/" + CODE,
    "http://127.0.0.2:8000/k/" + CODE,
    "ftp://svara.example/k/" + CODE,
    "file:///k/" + CODE,
    "javascript:alert(1)//k/" + CODE,
    "https:///k/" + CODE,
    "https://*/k/" + CODE,
    "https://.svara.example/k/" + CODE,
    "https://Svara.example/k/" + CODE,
    "https://svara.example:0/k/" + CODE,
    "https://svara.example:99999/k/" + CODE,
    "https://svara.example:/k/" + CODE,
    "https://anna:lösen@svara.example/k/" + CODE,
    "https://anna@svara.example/k/" + CODE,
    "https://svåra.example/k/" + CODE,
    "https://svara.example",
    "https://svara.example/",
    "https://svara.example/k/",
    "https://svara.example/k/kort",
    "https://svara.example/s/" + CODE,
    "https://svara.example/admin/",
    "https://svara.example/k/../admin/aaaa",
    f"https://svara.example/k/{CODE}/thanks",
    f"https://svara.example/k/{CODE}?lang=sv",
    f"https://svara.example/k/{CODE}#",
    f"https://svara.example/k/{CODE}'; reboot; '",
    f"https://svara.example/k/{CODE}\n",
    f"https://svara.example/k/{CODE}%n",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_invalid_address_gives_one_line_with_the_remedy_and_writes_nothing(
    tmp_path: Path, address: str
) -> None:
    out = tmp_path / "kiosk"
    done = CliRunner().invoke(main, ["lockdown", "--address", address, "--out", str(out)])
    assert done.exit_code == 2
    assert done.stderr.startswith("kiosk: --address is ")
    assert "kiosk link --unit" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()


def test_the_refusal_of_http_gives_the_reason() -> None:
    with pytest.raises(LockdownError, match=r"not encrypted; only 127\.0\.0\.1"):
        read_address(f"http://svara.example/k/{CODE}")


@pytest.mark.parametrize("kind", ["a folder", "a file", "a dangling link"])
def test_lockdown_overwrites_no_file(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "kiosk"
    match kind:
        case "a folder":
            out.mkdir()
        case "a file":
            out.write_text("mine")
        case _:
            out.symlink_to(tmp_path / "nowhere")
    done = CliRunner().invoke(main, ["lockdown", "--address", ADDRESS, "--out", str(out)])
    assert done.exit_code == 2
    assert "exists already" in done.stderr
    assert not (tmp_path / "nowhere").exists()
    assert kind != "a file" or out.read_text() == "mine"
    assert kind != "a folder" or not list(out.iterdir())


def test_the_error_for_an_unwritable_folder_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "kiosk"
    done = CliRunner().invoke(main, ["lockdown", "--address", ADDRESS, "--out", str(out)])
    assert done.exit_code == 2
    assert f"cannot write {out}" in done.stderr


def test_lockdown_files_are_readable_by_all_and_only_scripts_are_executable(tmp_path: Path) -> None:
    out = written(tmp_path)
    scripts = {path for folder in ("bin", "sbin") for path in (out / "root/usr/local" / folder).iterdir()}
    assert len(scripts) == 4
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (out, *out.rglob("*"))}
    for path, mode in modes.items():
        assert mode == (0o755 if path.is_dir() or path in scripts else 0o644), path


def test_no_placeholder_is_left_and_the_checklist_names_every_file(tmp_path: Path) -> None:
    out = written(tmp_path)
    texts = {str(path.relative_to(out)): path.read_text("utf-8") for path in out.rglob("*") if path.is_file()}
    assert not [name for name, text in texts.items() for mark in ("@ADDRESS", "@FI", "@CODE") if mark in text]
    on_the_machine = {name.removeprefix("root") for name in texts if name.startswith("root/")}
    assert on_the_machine == set(PURPOSES)
    for swedish_and_english in ("Vägen ut", "Prova med egna händer", "Try with your own hands", ADDRESS):
        assert swedish_and_english.lower() in texts["CHECKLIST.md"].lower()
    for path in on_the_machine:
        assert texts["CHECKLIST.md"].count(f"| `{path}` |") == 2
    assert set(texts) - {name for name in texts if name.startswith("root/")} == {"CHECKLIST.md"}


def test_the_checklist_covers_sound_and_screen_size_in_both_languages(tmp_path: Path) -> None:
    swedish, english = (
        (written(tmp_path) / "CHECKLIST.md").read_text("utf-8").split("# A kiosk in ten minutes")
    )
    for text, words in ((swedish, ("hörlursuttag", "15 tum")), (english, ("headphone socket", "15 inches"))):
        assert re.search("apt install .*alsa-utils", text)
        assert text.index("alsa-utils") < text.index("sudo alsamixer") < text.index("sudo alsactl store")
        for word in words:
            assert word in text


def test_the_browser_runs_as_an_unprivileged_user_and_is_always_restarted(tmp_path: Path) -> None:
    root = written(tmp_path) / "root"
    unit = (root / "etc/systemd/system/kiosk-screen.service").read_text().splitlines()
    for line in (
        "User=kiosk-screen",
        "Restart=always",
        "StartLimitIntervalSec=0",
        "RuntimeDirectory=kiosk-screen",
        "RuntimeDirectoryPreserve=no",
        "StateDirectory=kiosk-screen",
        "StateDirectoryMode=0700",
    ):
        assert line in unit
    # A line that a press makes would be kept with its second.
    assert [line for line in unit if line.startswith("Standard")] == [
        "StandardInput=tty-fail",
        "StandardOutput=null",
        "StandardError=null",
    ]
    [user] = [
        line
        for line in (root / "etc/sysusers.d/kiosk-screen.conf").read_text().splitlines()
        if line.startswith("u ")
    ]
    assert user.endswith("/nonexistent /usr/sbin/nologin")
    for masked in ("ctrl-alt-del.target", "getty@tty1.service", "autovt@.service"):
        assert (root / "etc/systemd/system" / masked).read_bytes() == b""


def test_the_browser_waits_for_the_right_time_and_starts_without_a_network_too(tmp_path: Path) -> None:
    units = written(tmp_path) / "root/etc/systemd/system"
    screen = (units / "kiosk-screen.service").read_text().splitlines()
    assert {"After=time-sync.target", "Wants=time-sync.target"} <= set(screen)
    wait = (units / "systemd-time-wait-sync.service.d/kiosk.conf").read_text().splitlines()
    [seconds] = [
        line.removeprefix("TimeoutStartSec=") for line in wait if line.startswith("TimeoutStartSec=")
    ]
    assert 0 < int(seconds) <= 60
    for text in (units.parents[3] / "CHECKLIST.md").read_text("utf-8").split("# A kiosk in ten minutes"):
        assert re.search("systemctl enable .*systemd-time-wait-sync.service", text)
        assert "System clock synchronized: yes" in text


def ran_screen(tmp_path: Path, policy_mode: int) -> subprocess.CompletedProcess[str]:
    """The arguments of the browser as the kiosk starts it, printed by a substitute for the browser."""
    script = (written(tmp_path) / "root/usr/local/bin/kiosk-screen").read_text()
    mine = tmp_path / "kiosk.json"
    mine.write_text("{}")
    mine.chmod(policy_mode)
    (tmp_path / "chromium").write_text('#!/bin/sh\nprintf "%s\\n" "HOME=$HOME" "$@"\n')
    (tmp_path / "chromium").chmod(0o755)
    (tmp_path / "logger").write_text(f'#!/bin/sh\nprintf "%s\n" "$*" >{tmp_path}/journal\n')
    (tmp_path / "logger").chmod(0o755)
    here = tmp_path / "kiosk-screen"
    here.write_text(script.replace(f"/{POLICY}", str(mine) if policy_mode else str(tmp_path / "none.json")))
    return subprocess.run(
        ["sh", str(here), "--ozone-platform=wayland"],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "RUNTIME_DIRECTORY": str(tmp_path / "run"),
            "STATE_DIRECTORY": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_browsers_profile_is_in_memory_and_it_opens_the_address(tmp_path: Path) -> None:
    run = tmp_path / "run"
    given = ran_screen(tmp_path, 0o644).stdout.splitlines()
    assert given[0] == f"HOME={run}"
    assert given[-2:] == ["--ozone-platform=wayland", ADDRESS]
    assert not (tmp_path / "journal").exists()
    assert {"--kiosk", "--force-app-mode", f"--user-data-dir={run}/profile"} <= set(given)
    assert not [flag for flag in given if "debug" in flag or "sandbox" in flag]


def test_only_the_cached_page_and_sealed_ballots_survive_a_restart(tmp_path: Path) -> None:
    ran_screen(tmp_path, 0o644)
    kept = {path.name: path.resolve() for path in (tmp_path / "run/profile/Default").iterdir()}
    assert kept == {name: tmp_path / "state" / name for name in ("File System", "Service Worker")}


def test_without_a_policy_the_browser_does_not_start(tmp_path: Path) -> None:
    done = ran_screen(tmp_path, 0)
    assert done.returncode == 1
    assert "would not be locked" in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "journal").read_text().startswith("-t kiosk-screen cannot read ")


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    root = written(tmp_path) / "root"
    for program in ("bin/sh", "usr/bin/chvt", "usr/bin/systemctl"):
        (root / program).parent.mkdir(exist_ok=True)
        shutil.copy("/bin/true", root / program)
    units = sorted((root / "etc/systemd/system").glob("kiosk-*"))
    inside = [str(unit.relative_to(root)) for unit in units]
    done = subprocess.run(
        ["systemd-analyze", f"--root={root}", "--recursive-errors=no", "verify", *inside],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
