"""Fixtures for all tests. They import what they need themselves, so that a test of a rule starts at once.

No property may fail because a machine is busy: how long one example takes is nothing a user can see.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from click.testing import Result

    from tests.tools.command_line import Run
    from tests.tools.guest_side import Place

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


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

    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KIOSK_")]:
        monkeypatch.delenv(name)

    def kiosk(*words: str, typed: str = "", **settings: str) -> "Result":
        return CliRunner().invoke(main, words, input=typed, env={"KIOSK_DATA": "data", **settings})

    return kiosk
