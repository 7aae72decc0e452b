"""The documents name every setting, command and layer that there is."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kiosk.cli import main
from kiosk.settings import NAMES
from tests.test_layers import RANKS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def commands(group: click.Group, name: str = "") -> Iterator[str]:
    """Every command's name, with its group's before it."""
    for own_name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{own_name} ")
        else:
            yield f"{name}{own_name}"


def is_named(word: str, document: str) -> bool:
    """Whether the word stands in the document as code, alone or with arguments after it."""
    return f"`{word}`" in document or f"`{word} " in document


@pytest.mark.parametrize("setting", sorted(NAMES))
def test_the_readme_names_every_setting(setting: str) -> None:
    assert is_named(setting, README)


@pytest.mark.parametrize("command", sorted(commands(main)))
def test_the_readme_names_every_command(command: str) -> None:
    assert is_named(command, README)


@pytest.mark.parametrize("layer", sorted(layer for rank in RANKS for layer in rank))
def test_the_architecture_names_every_layer(layer: str) -> None:
    assert is_named(layer, ARCHITECTURE) or is_named(f"{layer}.py", ARCHITECTURE)


@pytest.mark.parametrize("word", ["KIOSK_NEVER", "kiosk never"])
def test_what_is_not_there_is_not_found(word: str) -> None:
    assert not is_named(word, README)
