"""Lines of templates, styles and scripts are short enough to be reviewed."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_LINE_CHARACTERS = 120
ENDINGS = {".html", ".css", ".js"}
VENDORED = (ROOT / "static" / "plotly",)


def too_long(folder: Path) -> Iterator[str]:
    """Yield the file and line number of each line that is too long, in templates, styles and scripts."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in ENDINGS):
        if not any(path.is_relative_to(vendored) for vendored in VENDORED):
            for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
                if len(line) > LONGEST_LINE_CHARACTERS:
                    yield f"{path.relative_to(folder)}:{number}"


def test_no_line_of_a_template_style_or_script_is_too_long() -> None:
    assert [*too_long(ROOT / "kiosk"), *too_long(ROOT / "static")] == []


def test_the_check_catches_a_long_line(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f"<p>\n{'x' * 121}\n{'x' * 120}\n", "utf-8")
    assert list(too_long(tmp_path)) == ["page.html:2"]
