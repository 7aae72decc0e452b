"""Fixtures for all tests. They import what they need themselves, so that a test of a rule starts at once.
For the same reason a test imports a package that loads for a tenth of a second, such as scipy.stats, itself.

No property may fail because a machine is busy: how long one example takes is nothing a user can see.
"""

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from click.testing import Result

    from tests.tools.command_line import Run
    from tests.tools.guest_side import Place

settings.register_profile("all", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=40)

MEMORY = Path("/dev/shm")  # noqa: S108
LEAST_ROOM_BYTES = 2 * 2**30


def _is_usable(folder: Path) -> bool:
    """Whether a folder has room for the folders of all tests, and runs programs, which some tests write."""
    if not folder.is_dir():
        return False
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize > LEAST_ROOM_BYTES and not about.f_flag & os.ST_NOEXEC


if _is_usable(MEMORY):
    # In memory, because the tests make thousands of small databases.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

MARKER = re.compile(r"^pytestmark = pytest\.mark\.(\w+)$", re.MULTILINE)
"""The marker of all tests of a file."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a file whose marker leaves out all of its tests, because its imports may take a second."""
    excluded = re.findall(r"\bnot (\w+)", config.option.markexpr)
    if not excluded or collection_path.suffix != ".py" or " or " in config.option.markexpr:
        return None
    marker = MARKER.search(collection_path.read_text("utf-8"))
    return True if marker and marker[1] in excluded else None


QUICK_CASES = 3
"""The most cases of a table of cases that a quick run has."""

ALL_CASES = ("tests/attack/", "tests/domain/")
"""Folders whose tests a quick run has with all cases: cheap rules about what is counted and shown."""


def is_quick(config: pytest.Config) -> bool:
    return "not slow" in config.option.markexpr


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("quick" if is_quick(config) else "all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out all but some cases of each long table if slow tests are left out: the first, the last, and
    some between them."""
    if not is_quick(config):
        return
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if not item.nodeid.startswith(ALL_CASES):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out = {item for table in tables.values() for item in {*table} - {*spread(table)}}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=[*left_out])


def spread(table: list[pytest.Item]) -> list[pytest.Item]:
    """Return the cases of a table that a quick run has."""
    last = len(table) - 1
    if last < QUICK_CASES:
        return table
    return [table[last * at // (QUICK_CASES - 1)] for at in range(QUICK_CASES)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return one worker more than processors if tests with browsers run, which wait for their browsers and
    servers; otherwise None, for xdist's own number. `PYTEST_XDIST_AUTO_NUM_WORKERS` overrides both."""
    if "not browser" in config.option.markexpr or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_finish() -> None:
    """Spare each garbage collection of the run the imported modules and the collected tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server: the address of its databases."""
    from tests.tools.postgresql import running_server

    with running_server() as address:
        yield address


@pytest.fixture
def place(tmp_path: Path) -> "Place":
    from tests.tools.guest_side import Place

    return Place(tmp_path)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """run("init") -> what came of it; its folder is the test's."""
    from click.testing import CliRunner

    from kiosk.cli import main
    from tests.tools.passwords import make_hashes_cheap

    make_hashes_cheap()
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KIOSK_")]:
        monkeypatch.delenv(name)

    def kiosk(*words: str, typed: str = "", **settings: str) -> "Result":
        return CliRunner().invoke(main, words, input=typed, env={"KIOSK_DATA": "data", **settings})

    return kiosk
