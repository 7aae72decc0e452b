"""No module imports from a module of tests. What several tests share is in a module named after its topic: in
tests/tools, or beside the tests if only those of one folder share it."""

import re
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
"""An import: the module after `from`, if any, and the names. To parse every module takes longer."""


def modules_with_tests(root: Path) -> set[str]:
    """Return the names of the modules in `tests` that pytest runs: by its own choice, or when told to."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts)
        for path in (root / "tests").rglob("*.py")
        if path.name.startswith("test_") or re.search(r"^def test_", path.read_text("utf-8"), re.MULTILINE)
    }


def imported_tests(source: str, modules: AbstractSet[str]) -> set[str]:
    """Return the modules of tests that a module imports, or imports names from."""
    names = {
        name
        for package, imported in IMPORT.findall(source)
        for name in (package, *(f"{package}.{word}".strip(".") for word in re.findall(r"[\w.]+", imported)))
    }
    return names & modules


def imports_of_tests(root: Path) -> dict[str, set[str]]:
    """Return file -> the modules of tests that it imports."""
    modules = modules_with_tests(root)
    return {
        path.relative_to(root).as_posix(): tests
        for path in sorted((root / "tests").rglob("*.py"))
        if (tests := imported_tests(path.read_text("utf-8"), modules))
    }


def test_no_module_imports_from_a_module_of_tests() -> None:
    assert len(modules_with_tests(ROOT)) > 200
    assert imports_of_tests(ROOT) == {}


@pytest.mark.parametrize(
    "line",
    [
        "from tests.web.test_offline import KEPT",
        "from tests.web.test_offline import (\n    KEPT,\n)",
        "from tests.web import test_offline",
        "from tests.web import touch, test_offline as offline",
        "from tests.web import (\n    guest,\n    test_offline,\n)",
        "import tests.web.test_offline",
        "def late():\n    import tests.web.test_offline as offline",
        "from tests.web.old_chromium import REASON",
    ],
)
def test_the_check_catches_a_planted_import(tmp_path: Path, line: str) -> None:
    (folder := tmp_path / "tests" / "web").mkdir(parents=True)
    for name in ("test_offline", "old_chromium"):
        (folder / f"{name}.py").write_text("def test_it():\n    pass\n")
    (folder / "planted.py").write_text("from tests.web.touch import touch\n")
    assert imports_of_tests(tmp_path) == {}
    (folder / "planted.py").write_text(f"{line}\n")
    assert [*imports_of_tests(tmp_path)] == ["tests/web/planted.py"]
