"""Numbers that people read are rounded half up, by one function, and ends of intervals outwards."""

import ast
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.results import shares
from kiosk.domain.rounding import half_up, outwards, whole_percent

ROOT = Path(__file__).parents[2]

GEOMETRY = {
    Path("kiosk/output") / name
    for name in ("column_chart.py", "interval_chart.py", "inline_bar.py", "chart_pictures.py")
}
"""Files that format coordinates of a drawing, which nobody reads as numbers."""

EXACT_FORMAT = re.compile(r"\.\d+[ef%]")
ROUNDS = re.compile(rf"\bround\s*\(|{EXACT_FORMAT.pattern}")
"""What every source has that rounds."""


@pytest.mark.parametrize(
    ("count", "n", "percent"),
    [(17, 40, 43), (1, 40, 3), (33, 40, 83), (1, 200, 1), (0, 40, 0), (40, 40, 100), (1, 3, 33), (2, 3, 67)],
)
def test_a_half_percent_is_rounded_up(count: int, n: int, percent: int) -> None:
    assert whole_percent(count, n) == percent


@given(st.integers(0, 100_000), st.integers(1, 100_000))
def test_a_percentage_is_rounded_to_the_nearest_and_halves_up(count: int, n: int) -> None:
    exact = Fraction(100 * count, n)
    assert -Fraction(1, 2) < whole_percent(count, n) - exact <= Fraction(1, 2)


def test_a_number_just_below_a_half_is_rounded_down() -> None:
    assert half_up(0.49999999999999994) == 0
    assert [half_up(value) for value in (0.5, 1.5, 2.5, -0.5)] == [1, 2, 3, 0]


def test_the_percentages_of_a_bar_need_not_add_up_to_100() -> None:
    assert [share.percent for share in shares((1, 39))] == [3, 98]


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([10, 100]))
def test_the_ends_of_an_interval_are_rounded_outwards(one: float, other: float, parts: int) -> None:
    low, high = outwards(min(one, other), max(one, other), parts)
    assert 0 <= low <= parts * min(one, other)
    assert parts * max(one, other) <= high <= parts


def roundings(source: str) -> Iterator[str]:
    """The expressions of a Python source that round half to even: `round(x)` and formats such as `.0f`."""
    # To parse every module takes a second.
    for node in ast.walk(ast.parse(source)) if ROUNDS.search(source) else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round":
            if len(node.args) == 1:
                yield ast.unparse(node)
        elif (
            isinstance(node, ast.FormattedValue)
            and node.format_spec
            and EXACT_FORMAT.search(ast.unparse(node.format_spec))
        ):
            yield ast.unparse(node)


def test_numbers_are_rounded_in_the_rounding_module_only() -> None:
    roundings_in_code = [
        f"{path.relative_to(ROOT)}: {rounding}"
        for path in sorted((ROOT / "kiosk").rglob("*.py"))
        if path.relative_to(ROOT) not in GEOMETRY
        for rounding in roundings(path.read_text("utf-8"))
    ]
    roundings_in_code += [
        f"{path.relative_to(ROOT)}: {match}"
        for folder, pattern, ending in (
            ("kiosk", r"\|\s*round\b", "*.html"),
            ("kiosk", r"calc\.round", "*.typ"),
            ("static", r"Math\.round|toFixed|toPrecision", "*.js"),
        )
        for path in sorted((ROOT / folder).rglob(ending))
        if "plotly" not in path.parts
        for match in re.findall(pattern, path.read_text("utf-8"))
    ]
    assert roundings_in_code == []


def test_the_search_for_roundings_catches_planted_ones() -> None:
    expressions = list(roundings("a = round(x)\nb = f'{x:.0f}'\nc = round(x, 4)\nd = f'{x:g}'"))
    assert expressions[0] == "round(x)"
    assert ".0f" in expressions[1]
    assert len(expressions) == 2
