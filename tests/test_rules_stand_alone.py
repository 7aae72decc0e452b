"""Data flows one way: the rules know no web, no database, no clock and no randomness of their own.

Slips are the exception, on purpose: codes are drawn where they are made, by the operating system alone.
"""

import ast
from pathlib import Path

import pytest

import kiosk

PACKAGE = Path(kiosk.__file__).parent
RULES = [
    "ballot", "box", "charts", "definition", "sizes", "intervals", "results", "rounds", "slips",
    "snapshot", "survey", "tally", "ticks", "tree",
]  # fmt: skip
FORBIDDEN = {
    "flask", "peewee", "playhouse", "sqlite3", "waitress",
    "kiosk.app", "kiosk.database", "kiosk.seal", "kiosk.store",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """What a module imports, with the packages it is in."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    names = [name.split(".") for name in found]
    return {".".join(name[:end]) for name in names for end in range(1, len(name) + 1)}


def called(path: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return {ast.unparse(call.func) for call in calls}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_imports_neither_web_nor_database(rule: str) -> None:
    assert not imported(PACKAGE / f"{rule}.py") & FORBIDDEN


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_reads_no_clock(rule: str) -> None:
    assert not called(PACKAGE / f"{rule}.py") & {"datetime.now", "date.today", "time.time"}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "slips"])
def test_a_rule_draws_nothing_by_itself(rule: str) -> None:
    source = ast.parse((PACKAGE / f"{rule}.py").read_text("utf-8"))
    assert not imported(PACKAGE / f"{rule}.py") & {"secrets", "uuid", "os"}
    # The type of what is handed in, and nothing else of that module.
    parts = (node.value for node in ast.walk(source) if isinstance(node, ast.Attribute))
    assert "random" not in {part.id for part in parts if isinstance(part, ast.Name)}


def test_the_guest_side_never_imports_results_or_the_desk() -> None:
    for path in (PACKAGE / "guest").glob("*.py"):
        assert not {name for name in imported(path) if name.startswith(("kiosk.results", "kiosk.desk"))}


def test_the_store_is_entered_by_its_door_only() -> None:
    """What its modules may do with a box or a tally is nobody's but the store's."""
    for path in PACKAGE.rglob("*.py"):
        if path.parent != PACKAGE / "store":
            assert not inner_modules(path), path


def inner_modules(path: Path) -> set[str]:
    return imported(path) & {f"kiosk.store.{room.stem}" for room in (PACKAGE / "store").glob("[!_]*.py")}


def test_the_check_sees_a_forbidden_import() -> None:
    assert imported(PACKAGE / "store" / "installation.py") & FORBIDDEN


@pytest.mark.parametrize(
    "line",
    [
        "import kiosk.store.installation",
        "from kiosk.store.installation import Store",
        "from kiosk.store import installation",
    ],
)
def test_the_check_sees_an_import_from_inside_the_store(tmp_path: Path, line: str) -> None:
    (planted := tmp_path / "planted.py").write_text(line)
    assert imported(planted) & FORBIDDEN
    assert inner_modules(planted)
