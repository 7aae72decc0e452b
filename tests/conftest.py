"""No property may fail because a machine is busy: how long one example takes is nothing a user can see."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from kiosk.cli import main
from tests.tools.command_line import Run
from tests.tools.guest_side import Place
from tests.tools.postgresql import running_server
from tests.tools.routes import share_routes

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
share_routes()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server: the address of its databases."""
    with running_server() as address:
        yield address


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("init") -> what came of it; its folder is the test's."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KIOSK_")]:
        monkeypatch.delenv(name)

    def kiosk(*words: str, typed: str = "", **settings: str) -> Result:
        return CliRunner().invoke(main, words, input=typed, env={"KIOSK_DATA": "data", **settings})

    return kiosk
