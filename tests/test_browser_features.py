"""Scripts and styles use no feature that came after the oldest browser they must work in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.screen.pages import TOO_OLD_STYLE
from kiosk.screen.scripts import without_comments
from kiosk.screen.texts import MINIMUM_CHROMIUM
from kiosk.settings import shipped_folder
from tests.tools import browser_features

STATIC = shipped_folder("static")
TEMPLATES = Path(__file__).parents[1] / "kiosk" / "screen" / "templates" / "guest"
FEATURES = browser_features.read()

OF_PHONES = [
    STATIC / f"guest{name}.js"
    for name in (
        "",
        "_bar",
        "_follow_up",
        "_layout",
        "_listen",
        "_outdated",
        "_phone",
        "_several",
        "_slip",
        "_stored",
    )
]
"""The scripts of phones, on which nothing checks the browser: each feature must be SINCE's or older."""
OF_KIOSKS = [
    STATIC / "guest_kiosk.js",
    STATIC / "guest_on_kiosk.js",
    STATIC / "guest_away.js",
    *sorted(TEMPLATES.glob("*.js")),
]
OF_STAFF = sorted(STATIC.glob("desk*.js"))
STYLES = [*sorted(TEMPLATES.glob("*.css")), *sorted(STATIC.glob("guest*.css"))]

OWN = {".bytes", ".layout", ".read", ".skipped", ".subject", ".when"}
"""Properties and classes of our own that have the names of newer features."""

WITHOUT_EFFECT_IS_FINE = {"font-size-adjust:", "text-wrap:"}
"""Properties that an older browser ignores, and shows all the same."""


def used(text: str) -> set[str]:
    """Return the features that a script seems to use, written as in chromium_features.txt."""
    members = {f".{name}" for name in re.findall(r"\.(\w+)", text)}
    return members | set(re.findall(r"\b[A-Z]\w*(?:\.\w+)?", text))


def used_in_style(text: str) -> set[str]:
    """Return the features that a style sheet uses."""
    return {
        *(f"{name}:" for name in re.findall(r"([a-z-]+)\s*:", text)),
        *(f":{name}" for name in re.findall(r":([a-z-]+)", text)),
        *(f"@{name}" for name in re.findall(r"@([a-z-]+)", text)),
        *(f"1{name}" for name in re.findall(r"\d([a-z]+)", text)),
    }


def too_new(names: set[str], oldest: int) -> dict[str, int]:
    return {name: FEATURES[name] for name in names if FEATURES.get(name, 0) > oldest}


def scripts() -> Iterator[tuple[Path, int]]:
    for path in OF_PHONES:
        yield path, browser_features.SINCE
    for path in (*OF_KIOSKS, *OF_STAFF):
        yield path, MINIMUM_CHROMIUM


def test_each_script_is_checked() -> None:
    checked = {path for path, _ in scripts()}
    assert checked == {*STATIC.glob("*.js"), *TEMPLATES.glob("*.js")}


@pytest.mark.parametrize(("path", "oldest"), scripts(), ids=lambda value: getattr(value, "name", None))
def test_a_script_uses_only_features_of_the_oldest_browser(path: Path, oldest: int) -> None:
    assert too_new(used(without_comments(path.read_text("utf-8"))) - OWN, oldest) == {}


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_a_style_needs_only_features_of_the_oldest_kiosk(path: Path) -> None:
    assert too_new(used_in_style(path.read_text("utf-8")) - WITHOUT_EFFECT_IS_FINE, MINIMUM_CHROMIUM) == {}


def test_the_style_that_refuses_old_browsers_refuses_those_before_the_named_version() -> None:
    condition = TOO_OLD_STYLE.partition("{")[0]
    assert max(FEATURES.get(name, 0) for name in used_in_style(condition)) == MINIMUM_CHROMIUM


@pytest.mark.parametrize(
    ("script", "feature"),
    [
        ("if (Object.hasOwn(words, code)) choose(code);", ".hasOwn"),
        ("fetch(path, { signal: AbortSignal.timeout(9) })", "AbortSignal.timeout"),
        ("show(statements.at(-1));", ".at"),
        ("new CloseWatcher()", "CloseWatcher"),
    ],
)
def test_the_check_catches_a_newer_feature(script: str, feature: str) -> None:
    assert too_new(used(script), browser_features.SINCE).keys() == {feature}


def test_the_check_catches_a_newer_rule_of_css() -> None:
    style = "@container (width > 1px) { main:has(p) { reading-flow: flex-visual; } }"
    newer = too_new(used_in_style(style), browser_features.SINCE)
    assert newer.keys() == {"@container", ":has", "reading-flow:"}
