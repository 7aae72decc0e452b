"""The layers: imports point one way, and each layer keeps to what it may know.

Every rule looks at all files of a folder, so a new file is held to it without being named here.
"""

import ast
import re
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import kiosk
from tests.tools.layers import RANKS
from tests.tools.messages import extracted
from tests.tools.syntax import nodes

PACKAGE = Path(kiosk.__file__).parent


SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|(INSERT|REPLACE)\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM"
    r"|(CREATE|ALTER|DROP)\s+(UNIQUE\s+|TEMP(ORARY)?\s+)?(TABLE|INDEX|VIEW|TRIGGER)"
    r"|TRUNCATE\s+\S|PRAGMA\s|VACUUM\b)",
    re.DOTALL | re.IGNORECASE,
)

NOT_IN_DOMAIN = {
    "babel", "click", "flask", "flask_wtf", "io", "os", "pathlib", "peewee", "playhouse", "shutil", "sqlite3",
    "subprocess", "tempfile", "time", "uuid", "waitress", "werkzeug",
}  # fmt: skip
CLOCKS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today"}
DRAWS = re.compile(r"random\.(?!Random\b|SystemRandom\b)\w+|secrets\.\w+")


def modules(layer: str = "") -> list[Path]:
    """All modules of a layer, or of the whole package."""
    single = PACKAGE / f"{layer}.py"
    return [single] if layer and single.exists() else sorted((PACKAGE / layer).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.name


def layer_of(path: Path) -> str:
    """The layer a module stands in; "" for the package's own __init__."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


@cache
def imported(path: Path) -> set[str]:
    """Every module and name that a module imports, with the packages it is in."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = imported_module(node, path)
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    parts = [imported_name.split(".") for imported_name in names]
    return {".".join(part[:end]) for part in parts for end in range(1, len(part) + 1)}


def imported_module(node: ast.ImportFrom, path: Path) -> str:
    """The full name of the module that names are imported from, a relative one included."""
    if not node.level:
        return node.module or ""
    folders = path.parent.parts
    outermost = len(folders) - folders[::-1].index(PACKAGE.name) - 1
    package = folders[outermost : len(folders) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def imported_layers(path: Path) -> set[str]:
    parts = (imported_name.split(".") for imported_name in imported(path))
    known = {layer for rank in RANKS for layer in rank}
    return {part[1] for part in parts if part[0] == "kiosk" and len(part) > 1} & known


def allowed_layers(layer: str) -> set[str]:
    below: set[str] = set()
    for rank in RANKS:
        if layer in rank:
            return below | {layer}
        below |= rank
    raise AssertionError(f"kiosk/{layer} has no place among the layers; give it one in RANKS")


def upward_imports(path: Path, layer: str) -> set[str]:
    return imported_layers(path) - allowed_layers(layer)


def circle(paths: list[Path], root: Path) -> list[str]:
    """The modules of a circle of imports, imports for types alone included; empty if there is none."""
    dotted = {path: ".".join(path.relative_to(root).with_suffix("").parts) for path in paths}
    imports = {dotted[path]: imported(path) & set(dotted.values()) - {dotted[path]} for path in paths}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        modules_of_circle: list[str] = error.args[1]
        return modules_of_circle
    return []


def texts(path: Path) -> Iterator[str]:
    """Every string of a module that is no docstring; of one with values, the whole and each part."""
    statements = (node.value for node in nodes(path) if isinstance(node, ast.Expr))
    docstrings = {id(value) for value in statements if isinstance(value, ast.Constant)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


@cache
def used_attributes(path: Path) -> set[str]:
    return {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute)}


IMPORTED_AS_A_WHOLE = ("storage", "library/importing")
"""Packages from whose modules nothing else imports. Those of storage may read a box or a tally."""


def inner_modules(package: str, path: Path) -> set[str]:
    """The modules of a package that a module imports from inside it."""
    dotted = package.replace("/", ".")
    inner = {f"kiosk.{dotted}.{module.stem}" for module in (PACKAGE / package).glob("[!_]*.py")}
    return imported(path) & inner


def sql_about_tables(path: Path) -> list[str]:
    """SQL that is written out, but for pragmas and the server's own views."""
    statements = (text for text in texts(path) if SQL.search(text))
    return [text for text in statements if not re.match(r"PRAGMA |SELECT .+ FROM (pg|pragma)_\w", text)]


def test_every_folder_is_assigned_to_a_layer() -> None:
    folders = {layer_of(path) for path in modules()} - {""}
    assert folders == {layer for rank in RANKS for layer in rank}


def test_no_module_imports_upward() -> None:
    paths = [path for path in modules() if layer_of(path)]
    assert not {name(path): upward for path in paths if (upward := upward_imports(path, layer_of(path)))}


def test_no_modules_import_each_other_in_a_circle(tmp_path: Path) -> None:
    assert circle(modules(), PACKAGE.parent) == []
    for module, text in {"a": "import b", "b": "def late():\n    from c import C", "c": "import a"}.items():
        (tmp_path / f"{module}.py").write_text(text)
    assert set(circle(sorted(tmp_path.glob("*.py")), tmp_path)) == {"a", "b", "c"}


def test_sql_is_used_in_storage_only() -> None:
    paths = [path for path in modules() if layer_of(path) != "storage"]
    assert not {name(path): text for path in paths for text in texts(path) if SQL.search(text)}
    assert not [name(path) for path in paths if imported(path) & {"sqlite3", "playhouse"}]


def test_tables_are_read_and_written_through_models() -> None:
    """SQL that is written out is about the server or the connection."""
    assert not {name(path): sql for path in modules("storage") if (sql := sql_about_tables(path))}


def test_domain_uses_no_web_framework_database_file_or_clock() -> None:
    for path in modules("domain"):
        assert not imported(path) & NOT_IN_DOMAIN, name(path)
        assert not used_attributes(path) & CLOCKS, name(path)
        assert "open" not in {node.id for node in nodes(path) if isinstance(node, ast.Name)}, name(path)


def test_domain_uses_no_global_randomness() -> None:
    used = {name(path): used_attributes(path) for path in modules("domain")}
    assert not {file: drawn for file, names in used.items() if (drawn := [*filter(DRAWS.fullmatch, names)])}


SWEDISH_DATA = {
    # Patterns that recognise what a report claims. Nobody reads them.
    "causal_claims.py": r".*(\\|\(\?).*",
    # What a person types for a figure that was not counted.
    "counters.py": "ej räknat",
    # Parts of a survey. Frozen rounds hold them as keys of their translations, and survey versions hash them.
    "survey.py": r"Inget av detta|Du kan välja flera\.|Bara om du svarade:|Jag svarade något annat",
}
"""Module of the domain -> pattern of its Swedish strings that are data of a rule and no message of ours."""


def swedish_texts(path: Path) -> list[str]:
    """The strings of a module that are texts of the screens or commands, or Swedish phrases of two words."""
    return [text for text in texts(path) if is_catalogued(text) or re.search(SWEDISH_PHRASE, text)]


SWEDISH_PHRASE = re.compile(r"^(?=.*[åäö])(?=.*\w\W* \W*\w)", re.IGNORECASE | re.DOTALL)


def is_catalogued(text: str) -> bool:
    """Whether a string is a message id of a catalogue, and no code such as "kiosk"."""
    return not re.fullmatch("[a-z_.]+", text) and any(
        text in extracted(domain) for domain in ("desk", "guest")
    )


def test_domain_returns_codes_and_no_swedish_texts() -> None:
    in_domain = {path.name: texts for path in modules("domain") if (texts := swedish_texts(path))}
    assert in_domain.keys() >= SWEDISH_DATA.keys()
    for file, strings in in_domain.items():
        data = re.compile(SWEDISH_DATA.get(file, "(?!)"), re.DOTALL)
        assert [text for text in strings if not data.fullmatch(text)] == [], file


def test_the_guest_side_imports_no_results() -> None:
    results = ("kiosk.domain.results", "kiosk.output")
    assert not [
        (name(path), used) for path in modules("guest") for used in imported(path) if used.startswith(results)
    ]


WRITERS_OF_REPORTS = (
    *(f"kiosk.output.report_{ending}" for ending in ("docx", "pdf", "xlsx")),
    "kiosk.output.file_writer",
)
WRITERS_OF_RESULTS = (
    ("kiosk.output.export", ("data_package", "files", "file_of_export")),
    ("kiosk.output.export_files", ("write_export", "write_packed_export")),
    ("kiosk.output.board_workbook", ("board_workbook", "write_board")),
    ("kiosk.output.chart_pictures", ("png", "pngs")),
)
"""Modules, and their functions that take seconds or hundreds of megabytes."""


def test_the_server_writes_no_report_in_its_own_process() -> None:
    """The desk and the guests' side share a process. `kiosk.output.file_program` starts a program."""
    assert not [
        (name(path), used)
        for path in modules("desk")
        for used in imported(path)
        if used.startswith(WRITERS_OF_REPORTS)
    ]


@pytest.mark.parametrize(("module", "functions"), WRITERS_OF_RESULTS)
def test_the_server_writes_no_large_file_of_results_in_its_own_process(
    module: str, functions: tuple[str, ...]
) -> None:
    texts = {name(path): path.read_text() for path in modules("desk")}
    pattern = rf"from {module} import (?:\([^)]*|[^\n]*)\b(?:{'|'.join(functions)})\b"
    assert [place for place, text in texts.items() if re.search(pattern, text)] == []
    source = (PACKAGE.parent / module.replace(".", "/")).with_suffix(".py").read_text()
    assert all(f"def {function}(" in source for function in functions)


@pytest.mark.parametrize("package", IMPORTED_AS_A_WHOLE)
def test_a_package_with_entry_points_is_imported_as_a_whole(package: str) -> None:
    others = [path for path in modules() if not path.is_relative_to(PACKAGE / package)]
    assert not {name(path): inner for path in others if (inner := inner_modules(package, path))}


UPWARD = {
    "domain": "from kiosk.storage import Store",
    "storage": "from kiosk.library.library import Library",
    "library": "import kiosk.screen.pages",
    "guest": "from kiosk.desk import i18n",
    "desk": "import kiosk.guest.app",
    "settings": "from kiosk import storage",
}


@pytest.mark.parametrize(("layer", "line"), UPWARD.items())
def test_the_check_catches_a_planted_upward_import(tmp_path: Path, layer: str, line: str) -> None:
    (planted := tmp_path / "planted.py").write_text(line)
    assert upward_imports(planted, layer)


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("domain", "from ..storage import Store"),
        ("library", "from .. import screen"),
        ("guest", "from ..desk.i18n import translate"),
        ("desk/rounds", "from ...operation import serve"),
    ],
)
def test_the_check_catches_a_planted_relative_import(tmp_path: Path, layer: str, line: str) -> None:
    (folder := tmp_path / PACKAGE.name / layer).mkdir(parents=True)
    (planted := folder / "planted.py").write_text(line)
    assert upward_imports(planted, layer.partition("/")[0])


@pytest.mark.parametrize(
    "line",
    [
        "import kiosk.storage.store",
        "from kiosk.storage.store import Store",
        "from kiosk.storage import boxes",
    ],
)
def test_the_check_catches_an_import_from_inside_storage(tmp_path: Path, line: str) -> None:
    (planted := tmp_path / "planted.py").write_text(line)
    assert inner_modules("storage", planted)


def test_the_check_catches_an_import_from_inside_the_importer(tmp_path: Path) -> None:
    (planted := tmp_path / "planted.py").write_text("from kiosk.library.importing.form import ForeignForm")
    assert inner_modules("library/importing", planted)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT answers\n FROM tally",
        "DELETE FROM box",
        "UPDATE round SET closed = 1",
        'update "round" set closed = 1',
        "PRAGMA user_version",
        "select answers from tally",
        "insert or replace into tally values (1)",
        "REPLACE INTO tally VALUES (1)",
        "DROP TABLE box",
        "drop index box_by_unit",
        "CREATE UNIQUE INDEX box_by_unit ON box (unit_id)",
        "TRUNCATE tally",
        "VACUUM",
    ],
)
def test_the_check_catches_planted_sql(tmp_path: Path, sql: str) -> None:
    (planted := tmp_path / "planted.py").write_text(f'"""No SQL."""\nSEEN = {sql!r}\n')
    assert [text for text in texts(planted) if SQL.search(text)]


@pytest.mark.parametrize(
    "statement",
    [
        "'SELECT answers FROM tally'",
        "f'SELECT 1 FROM {name}'",
        "f'INSERT INTO {name} VALUES (1)'",
        "f'SELECT {a} FROM tally'",
    ],
)
def test_the_check_catches_planted_sql_about_a_table(tmp_path: Path, statement: str) -> None:
    (planted := tmp_path / "planted.py").write_text(f"SEEN = {statement}\n")
    assert sql_about_tables(planted)


@pytest.mark.parametrize("text", ["Omgången är för lång", "Skriv minst ett antal.", "Skicka"])
def test_the_check_catches_a_planted_swedish_text(tmp_path: Path, text: str) -> None:
    (planted := tmp_path / "planted.py").write_text(f'"""Också på svenska."""\nSEEN = {text!r}\n')
    assert swedish_texts(planted) == [text]


@pytest.mark.parametrize("line", ["random.choice([1])", "secrets.token_hex()", "random.random()"])
def test_the_check_catches_planted_randomness(tmp_path: Path, line: str) -> None:
    (planted := tmp_path / "planted.py").write_text(line)
    assert [used for used in used_attributes(planted) if DRAWS.fullmatch(used)]


def test_setup_cfg_lists_every_package() -> None:
    settings = ConfigParser()
    settings.read(PACKAGE.parent / "setup.cfg", encoding="utf-8")
    listed = settings["options"]["packages"].split()
    folders = [file.parent.relative_to(PACKAGE.parent) for file in PACKAGE.rglob("__init__.py")]
    assert {".".join(folder.parts) for folder in folders} - set(listed) == set()
