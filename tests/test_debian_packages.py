"""What the script that installs the tests' Debian packages does for somebody who may not install any."""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

pytestmark = pytest.mark.slow

SCRIPT = (Path(__file__).parent / "tools" / "debian_packages.sh").read_text()


def run(*programs: str) -> subprocess.CompletedProcess[str]:
    """The script, by a user who is not root, on a machine that has only these programs."""
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        for program in programs:
            Path(folder, program).symlink_to(str(shutil.which(program)))
        user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        return subprocess.run(
            ["/bin/sh", "-s"],
            input=SCRIPT,
            env={"PATH": folder},
            user=user,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


PACKAGES = {
    program or "fc-match": package
    for package, program in re.findall(
        r"^need (\S+) (?:noto_sans|(?:program|web_server) (\S+))", SCRIPT, re.MULTILINE
    )
    if not Path("/usr/sbin", program or "fc-match").exists()
}
"""Program -> the package that is missing without it, in the order of the script.

The other packages' programs are found outside the PATH, so they cannot be hidden from the script.
"""


def test_nothing_is_printed_or_installed_if_all_packages_are_present() -> None:
    ran = run("ls", "grep", *PACKAGES)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("missing", PACKAGES)
def test_a_user_without_root_is_told_the_missing_package(missing: str) -> None:
    there = {"ls", "grep", "id", "apt-get", *PACKAGES} - {missing}
    ran = run(*there)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.endswith(f"try again: apt install {PACKAGES[missing]}\n")
    assert "not root" in ran.stderr


def test_a_machine_without_apt_is_told_every_package() -> None:
    ran = run("ls", "grep", "id")
    assert ran.returncode == 1
    assert "no apt-get" in ran.stderr
    assert ran.stderr.splitlines()[0].endswith(" ".join(PACKAGES.values()))
