"""Old builds of Chromium, in which `make old-chromium` tries the guest's pages: about 50 MB each, from npm.

`python -m tests.tools.old_chromium` fetches the missing ones with npm and unpacks them with node.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "old-chromium"

PACKAGES = {
    90: "chrome-aws-lambda@7.0.0",
    92: "chrome-aws-lambda@10.1.0",
    107: "@sparticuz/chromium@107.0.0",
    109: "@sparticuz/chromium@109.0.6",
}
"""Version of Chromium -> the package of npm that has a build for x86-64."""

UNPACK = (
    "const [, from, to] = process.argv, fs = require('fs');"
    "fs.writeFileSync(to, require('zlib').brotliDecompressSync(fs.readFileSync(from)));"
)
"""A program of node that unpacks the first file into the second."""


def program(version: int) -> Path:
    """Return the path of a version's program."""
    return FOLDER / str(version) / "chromium"


def environment(version: int) -> dict[str, str | float | bool]:
    """Return the environment of a version's program, which brings some libraries of its own."""
    return {**os.environ, "LD_LIBRARY_PATH": str(program(version).with_name("lib"))}


def fetch(version: int) -> None:
    """Fetch and unpack a version, unless it is there already."""
    folder = program(version).parent
    if program(version).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["npm", "pack", "--silent", PACKAGES[version]], cwd=folder, check=True, stdout=sys.stderr)
    [package] = folder.glob("*.tgz")
    _unpack(package)
    for packed in (folder / "package" / "bin").glob("*.br"):
        to = folder / packed.stem
        subprocess.run(["node", "-e", UNPACK, str(packed), str(to)], check=True)
        if to.suffix == ".tar":
            _unpack(to)
    program(version).chmod(0o755)


def _unpack(archive: Path) -> None:
    with tarfile.open(archive) as files:
        files.extractall(archive.parent, filter="data")


if __name__ == "__main__":
    for version in PACKAGES:
        fetch(version)
