"""The documents name every setting, command and layer that there is."""

import re
from collections.abc import Iterator
from operator import attrgetter
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


NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
"""A test's file, or one test in it, as documents write it."""


def named_tests(document: str) -> list[tuple[str, str]]:
    """(file, test) of each test that the document names; an empty test where it names the whole file."""
    return NAMED_TEST.findall(document)


def is_test(file: str, name: str) -> bool:
    path = ROOT / file
    return path.is_file() and (not name or f"def {name}(" in path.read_text("utf-8"))


@pytest.mark.parametrize(
    "document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=attrgetter("name")
)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = named_tests(document.read_text("utf-8"))
    assert [f"{file}::{name}" for file, name in named if not is_test(file, name)] == []


def test_a_test_that_is_not_there_is_found() -> None:
    document = "`tests/test_documents.py::test_nothing`, `tests/test_nothing.py`, `tests/test_documents.py`"
    assert [is_test(*named) for named in named_tests(document)] == [False, False, True]
