"""No test waits with a method of Playwright that the pages' content security policy breaks."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent

REFUSED = "wait_for_function"
"""It evaluates text inside the page from its second look on; tests.tools.polling.wait_until does not."""


def uses(folder: Path) -> Iterator[str]:
    """Yield the file and line number of each use of the refused method in the Python files of a folder."""
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if REFUSED in text else ():
            if isinstance(node, ast.Attribute) and node.attr == REFUSED:
                yield f"{path.relative_to(folder)}:{node.lineno}"


def test_no_test_uses_wait_for_function() -> None:
    assert list(uses(TESTS)) == []


def test_the_check_catches_wait_for_function(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text('"""wait_for_function"""\npage.wait_for_function("1")\n', "utf-8")
    assert list(uses(tmp_path)) == ["test_page.py:2"]
