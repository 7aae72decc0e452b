"""A full installation with its backup, made once and copied for each test."""

from pathlib import Path

import pytest

from tests.tools.backups import Saved, copied, full_installation


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    full_installation(folder / "first")
    return folder


@pytest.fixture
def saved(full: Path, tmp_path: Path) -> Saved:
    return copied(full, tmp_path)
