"""No test of a page uses a method or function of Playwright or the browser that ends too early, or never."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

REFUSED = {
    "wait_for_function": "evaluates text inside the page, which the pages' content security policy forbids",
    "set_viewport_size": "returns before the page's scripts have heard of its new size",
    "requestAnimationFrame": "is a timer, and no frame, in a page whose clock Playwright holds",
}
"""Names, and the reason for each. tests.tools.polling.wait_until takes the place of the first, and
tests.tools.frames that of the others."""

ALLOWED = {"tools/frames.py", Path(__file__).name}


def uses(folder: Path) -> Iterator[str]:
    """Yield the file, line number and refused name of each use in the Python files of a folder."""
    for path in sorted(folder.rglob("*.py")):
        name, text = path.relative_to(folder).as_posix(), path.read_text("utf-8")
        if name in ALLOWED or not any(refused in text for refused in REFUSED):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in REFUSED:
                yield f"{name}:{node.lineno} {node.attr}"
            elif isinstance(node, ast.Constant) and "requestAnimationFrame" in str(node.value):
                yield f"{name}:{node.lineno} requestAnimationFrame"


def test_no_test_waits_in_a_way_that_ends_too_early() -> None:
    assert list(uses(TESTS)) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('page.wait_for_function("1")', "wait_for_function"),
        ('page.set_viewport_size({"width": 320, "height": 568})', "set_viewport_size"),
        ('page.evaluate("() => new Promise(requestAnimationFrame)")', "requestAnimationFrame"),
    ],
)
def test_the_check_catches_a_use(line: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text(f'"""A page."""\n{line}\n', "utf-8")
    assert list(uses(tmp_path)) == [f"test_page.py:2 {name}"]
