"""A complete installation with its backup, made once and copied for each test; and a sound one for the
doctor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.backups import Saved, copied, full_installation
from tests.tools.examined import ExaminedInstallation, healthy_installation


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    full_installation(folder / "first")
    return folder


@pytest.fixture
def saved(full: Path, tmp_path: Path) -> Saved:
    return copied(full, tmp_path)


@pytest.fixture
def examined(tmp_path: Path) -> Iterator[ExaminedInstallation]:
    """A served installation without faults."""
    with healthy_installation(tmp_path) as made:
        yield made
