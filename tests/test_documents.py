"""The documents name every setting, command and layer that there is, and no file that there is not."""

import re
from pathlib import Path

import pytest

from kiosk.cli import main
from kiosk.settings import NAMES
from tests.tools.command_line import command_names
from tests.tools.layers import RANKS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def is_named(word: str, document: str) -> bool:
    """Whether the word stands in the document as code, alone or with arguments after it."""
    return f"`{word}`" in document or f"`{word} " in document


@pytest.mark.parametrize("setting", sorted(NAMES))
def test_the_readme_names_every_setting(setting: str) -> None:
    assert is_named(setting, README)


@pytest.mark.parametrize("command", sorted(command_names(main)))
def test_the_readme_names_every_command(command: str) -> None:
    assert is_named(command, README)


@pytest.mark.parametrize("layer", sorted(layer for rank in RANKS for layer in rank))
def test_the_architecture_names_every_layer(layer: str) -> None:
    assert is_named(layer, ARCHITECTURE) or is_named(f"{layer}.py", ARCHITECTURE)


@pytest.mark.parametrize("word", ["KIOSK_NEVER", "kiosk never"])
def test_the_check_of_the_readme_misses_no_unnamed_word(word: str) -> None:
    assert not is_named(word, README)


DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
FOLDERS = ("docs", "kiosk", "questions", "static", "tests", "translations")
FILES = [f"/{path.relative_to(ROOT).as_posix()}" for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
FILES += [f"/{path.name}" for path in ROOT.iterdir()]

CODE = re.compile(r"`([^`\n]+)`")
REPOSITORY_FILE = re.compile(r"[\w./-]+\.(?:cfg|css|html|js|md|py|sh|sql)|test_\w+|Makefile")


def missing_files(document: str) -> list[str]:
    """Return the files that a document names as code and that are not in the repository.

    A document may leave out the folders before a path, and the ending of a test's file.
    """
    names = [name for name in CODE.findall(document) if REPOSITORY_FILE.fullmatch(name)]
    return [name for name in names if not any(file.endswith((f"/{name}", f"/{name}.py")) for file in FILES)]


@pytest.mark.parametrize("document", [path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_every_file_that_a_document_names_exists(document: str) -> None:
    assert missing_files((ROOT / document).read_text("utf-8")) == []


SOURCES = [
    path
    for folder in ("kiosk", "static")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".css", ".js", ".py")
]
NAMED_IN_COMMENT = re.compile(r"(?<![\w./-])(?:guest|desk)_\w+\.(?:css|js)\b")


def test_every_script_and_style_that_a_comment_names_exists() -> None:
    named = [(path, name) for path in SOURCES for name in NAMED_IN_COMMENT.findall(path.read_text("utf-8"))]
    assert len(named) > 5
    assert [
        (path, name) for path, name in named if not any(file.endswith(f"/{name}") for file in FILES)
    ] == []


def test_the_check_catches_a_named_file_that_does_not_exist() -> None:
    assert NAMED_IN_COMMENT.findall("/* chosen by guest_fit.js. */") == ["guest_fit.js"]
    named = "`tests/guest/test_devices.py`, `test_play`, `guest/nothing.py`, `kiosk serve` and `/health`"
    assert missing_files(named) == ["test_play", "guest/nothing.py"]


RULES = ARCHITECTURE.partition("## Where a rule lives")[2].splitlines()
FILE = re.compile(r"[\w./-]+\.(?:conf|css|html|js|py|sh|toml|typ)")
WORD = re.compile(r"\w+")


def missing_names(row: str) -> list[str]:
    """Return the names that a row of the table of rules has as code and that the file before or after them
    lacks, and the files that neither the repository nor the folder of the file before them has."""
    missing: list[str] = []
    folder, parts = ROOT, CODE.findall(row)
    files: list[Path | None] = []
    for part in parts:
        path = (ROOT if "/" in part else folder) / part
        is_file = FILE.fullmatch(part) is not None
        if is_file and not path.is_file():
            missing.append(part)
        if is_file:
            folder = path.parent
        files.append(path if is_file and path.is_file() else None)
    for at, part in enumerate(parts):
        before = next((file for file in reversed(files[:at]) if file), None)
        after = next((file for file in files[at:] if file), None)
        text = "".join(file.read_text("utf-8") for file in (before, after) if file)
        name = part.rpartition(".")[2]
        if not FILE.fullmatch(part) and WORD.fullmatch(name) and not re.search(rf"\b{name}\b", text):
            missing.append(part)
    return missing


@pytest.mark.parametrize(
    "row", [row for row in RULES if "`" in row], ids=lambda row: row.split("|")[1].strip()
)
def test_every_name_in_the_table_of_rules_is_in_its_file(row: str) -> None:
    assert missing_names(row) == []


def test_the_check_of_the_table_catches_names_of_other_files() -> None:
    row = (
        "| rule | `kiosk/domain/box.py`, `veil`; `noise.py` beside it, `EPSILON`; `Writer._retry` in "
        "`kiosk/storage/sealed_rows.py`; `is_running` in `kiosk/domain/box.py`; `kiosk/storage/box.py` |"
    )
    assert missing_names(row) == ["kiosk/storage/box.py", "is_running"]


NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def missing_tests(document: str) -> list[str]:
    """Return the tests that a document names, as `file::test`, and that are not in the file."""
    named = NAMED_TEST.findall(document)
    return [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]


@pytest.mark.parametrize("document", [path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_every_test_that_a_document_names_exists(document: str) -> None:
    assert missing_tests((ROOT / document).read_text("utf-8")) == []


def test_the_check_catches_a_missing_test() -> None:
    named = (
        "`tests/test_lock.py::test_nothing`, "
        "`tests/test_documents.py::test_the_check_of_the_readme_misses_no_unnamed_word`"
    )
    assert missing_tests(named) == ["test_nothing"]
