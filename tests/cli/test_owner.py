"""Whoever runs a command makes its files: another user than the installation's is refused, root too."""

import gc
import os
import pwd
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result

import kiosk.storage.store
from kiosk.cli import main
from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.storage import Store, StoreError, open_store
from tests.tools.command_line import INSTALLATION_COMMANDS, OPEN, command_names

pytestmark = pytest.mark.slow

IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody").pw_uid
SKIPPED = {
    "check", "audio list", "survey export", "aggregate show", "bundle make", "demo", "simulate", "deploy",
    "lockdown", "doctor",
}  # fmt: skip
"""Commands that do not use the installation's data, or have a folder of their own. The doctor says
who owns the files, and examines them as their owner (tests/operation/test_doctor.py)."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own is root's alone where root runs the tests."""
    with TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@dataclass(frozen=True)
class Site:
    """An installation with a running round."""

    data: Path
    keys: Path

    def run(self, *words: str) -> Result:
        settings = {"KIOSK_DATA": str(self.data), "KIOSK_KEYS": str(self.keys)}
        return CliRunner().invoke(main, words, input="ten letters!\n", env=settings)

    def open(self) -> Store:
        return open_store(self.data, f"sqlite:///{self.data / 'kiosk.sqlite'}", self.keys)

    def cast(self) -> None:
        store = self.open()
        [state] = store.rounds()
        store.cast(state.round.id, "frida", Ballot((NoAnswer.SKIPPED,) * 4), state.round.opens_at)
        store.close()

    def files(self) -> dict[Path, tuple[int, bytes]]:
        """Every file, with its owner and what is in it."""
        paths = (path for folder in (self.data, self.keys) for path in (folder, *folder.rglob("*")))
        return {path: (path.stat().st_uid, path.read_bytes() if path.is_file() else b"") for path in paths}

    def give_to(self, user: int) -> None:
        for path in self.files():
            os.chown(path, user, -1)


@pytest.fixture
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(folder)
    made = Site(folder / "data", folder / "keys")
    for words in (("init",), OPEN):
        done = made.run(*words)
        assert done.exit_code == 0, done.stderr
    # Commands leave connections to the collector, which tidies SQLite's files up.
    gc.collect()
    for name in ("backup.zip", "form.xlsx"):
        (folder / name).write_bytes(b"")
    return made


def give_away(path: Path) -> None:
    """Have a file belong to another user. Only root can give one away: others put a link to root's there."""
    if IS_ROOT:
        os.chown(path, NOBODY, -1)
        return
    if path.is_dir():
        shutil.rmtree(path)
        path.symlink_to("/etc")
    else:
        path.unlink(missing_ok=True)
        path.symlink_to("/etc/passwd")


def as_user(user: int, act: Callable[[], object]) -> str:
    """Do it in a child process as another user: what went wrong, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setuid(user)
            act()
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as output:
        text = output.read()
    os.waitpid(child, 0)
    return text


def test_every_command_that_opens_an_installation_is_tested_for_ownership() -> None:
    names = set(command_names(main))
    tried = {name for name in names for words in INSTALLATION_COMMANDS if " ".join(words).startswith(name)}
    assert names - tried == SKIPPED


@pytest.mark.parametrize("words", INSTALLATION_COMMANDS, ids=" ".join)
def test_a_command_refuses_another_users_installation_and_changes_nothing(
    site: Site, words: tuple[str, ...]
) -> None:
    if IS_ROOT:
        site.give_to(NOBODY)
    before = site.files()
    owner = "nobody" if IS_ROOT else "root"
    theirs = site if IS_ROOT else Site(Path("/usr/lib"), Path("/usr/share"))
    refused = theirs.run(*words)
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
    assert f"kiosk: {theirs.data} belongs to {owner}" in refused.stderr
    assert f"sudo -u {owner} kiosk" in refused.stderr
    assert site.files() == before
    assert sorted(path.name for path in site.data.parent.iterdir()) == [
        "backup.zip",
        "data",
        "form.xlsx",
        "keys",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "keys/box.{round}.frida",
        "keys/letterbox.{round}.frida/*",
        "data/secret_key",
        "data/kiosk.sqlite",
        "data/kiosk.sqlite-wal",
        "data/kiosk.sqlite-shm",
    ],
)
def test_the_error_for_another_users_file_names_the_remedy(site: Site, name: str) -> None:
    [state] = site.open().rounds()
    for beside in ("-wal", "-shm"):
        (site.data / f"kiosk.sqlite{beside}").touch()
    [path] = site.data.parent.glob(name.format(round=state.round.id))
    give_away(path)
    refused = site.run("count")
    assert refused.exit_code == 2
    assert str(path) in refused.stderr
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert f"sudo chown -R {me}: {site.data} {site.keys}" in refused.stderr


def test_a_key_folder_of_another_user_is_refused(site: Site) -> None:
    if IS_ROOT:
        os.chown(site.keys, NOBODY, -1)
    theirs = site if IS_ROOT else Site(site.data, Path("/usr/share"))
    refused = theirs.run("count")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    me, other = pwd.getpwuid(os.geteuid()).pw_name, "nobody" if IS_ROOT else "root"
    assert f"{theirs.data} belongs to {me}, but {theirs.keys} to {other}" in refused.stderr
    # To run it as the other user would be refused too.
    assert "sudo -u" not in refused.stderr
    assert f"sudo chown -R {me}: {theirs.keys}" in refused.stderr


def test_files_that_no_write_needs_may_belong_to_anybody(site: Site) -> None:
    (site.keys / "lost+found").mkdir()
    (site.data / "questions").mkdir()
    (site.data / "questions" / "README").touch()
    give_away(site.keys / "lost+found")
    give_away(site.data / "questions" / "README")
    assert site.run("count").exit_code == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_a_command_run_as_root_leaves_no_file_that_stops_guests(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.give_to(NOBODY)
    assert as_user(NOBODY, site.cast) == ""
    assert site.run("upgrade").exit_code == 2
    assert as_user(NOBODY, site.cast) == ""
    # Control: without the check the keys are root's afterwards, and the guests' server cannot read them.
    monkeypatch.setattr(kiosk.storage.store, "check_owner", lambda *_: None)
    assert site.run("upgrade").exit_code == 0
    assert "Permission denied" in as_user(NOBODY, site.cast)


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files to a user without a name")
def test_an_owner_without_a_user_name_is_shown_as_sudo_accepts_it(site: Site) -> None:
    site.give_to(54321)
    with pytest.raises(StoreError, match="sudo -u '#54321' kiosk"):
        site.open()


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_a_user_who_is_not_root_is_told_both_remedies(site: Site) -> None:
    site.data.parent.chmod(0o755)
    output = as_user(NOBODY, site.open)
    assert "sudo -u root kiosk" in output
    assert f"sudo chown -R nobody: {site.data} {site.keys}" in output
