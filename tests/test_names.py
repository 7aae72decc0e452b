"""Names have a meaning, a docstring begins with a verb and names its errors, a test's name with a subject."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.tools.syntax import nodes

ROOT = Path(__file__).parents[1]

SAYS_NOTHING = {"kiosk": {"found", "made", "one", "said", "told"}, "tests": {"found", "said", "told"}}
"""Folder -> names of variables that give the origin of a value instead of its meaning."""

NOUN_FIRST = {"A", "All", "An", "Each", "Every", "How", "The", "What", "Whether", "Where", "Who", "Why"}
"""First words of a docstring that describes a result by a noun or a clause, not by a verb."""

CLAUSE_FIRST = {"how", "that", "those", "what", "whatever", "where", "which", "who", "whoever", "whom"}
"""First words of a test's name that begins with a clause instead of a subject."""


@pytest.mark.parametrize("folder", SAYS_NOTHING)
def test_no_variable_has_a_name_without_meaning(folder: str) -> None:
    words = SAYS_NOTHING[folder]
    named = [(path.name, bound_names(path, words)) for path in sources(folder)]
    assert len(named) > 200
    assert not [(file, names) for file, names in named if names]


@pytest.mark.parametrize(
    "source", ["told = 1", "for told in x: pass", "def f(told): pass", "def told(): pass"]
)
def test_the_check_catches_a_planted_name(tmp_path: Path, source: str) -> None:
    (planted := tmp_path / "planted.py").write_text(f"{source}\n")
    (other := tmp_path / "other.py").write_text(
        f'"""What is told."""\n{source.replace("told", "foretold")}\n'
    )
    assert bound_names(planted, {"told"}) == {"told"}
    assert not bound_names(other, {"told"})


def test_the_docstring_of_a_function_begins_with_a_verb() -> None:
    documented = [
        (f"{path.name}: {function.name}", docstring.split()[0])
        for path in sources("kiosk")
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef) and not is_property_or_command(function)
        if (docstring := ast.get_docstring(function))
    ]
    assert len(documented) > 800
    assert not [where for where, first in documented if first in NOUN_FIRST]


MAYBE_TWO_DOCSTRINGS = re.compile(r"""\"{3}[ \t]*;?(?:\s|#.*)*[rRuU]?["']""")
"""A text after a docstring, which ruff ends with three quotes. A module without a match is not parsed."""


def test_nothing_has_two_docstrings() -> None:
    documented = [
        f"{path}: {node.name}"
        for path in (*sources("kiosk"), *sources("tests"))
        if MAYBE_TWO_DOCSTRINGS.search(path.read_text("utf-8"))
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and has_two_docstrings(node)
    ]
    assert documented == []


@pytest.mark.parametrize(
    ("body", "is_found"), [('"""One."""\n    """Two."""', True), ('"""One."""\n    x = 1', False)]
)
def test_the_check_catches_a_planted_second_docstring(body: str, *, is_found: bool) -> None:
    [function] = ast.parse(f"def f():\n    {body}\n").body
    assert isinstance(function, ast.FunctionDef)
    assert has_two_docstrings(function) is is_found
    assert bool(MAYBE_TWO_DOCSTRINGS.search(ast.unparse(function).replace("'", '"'))) is is_found


def has_two_docstrings(node: ast.FunctionDef | ast.ClassDef) -> bool:
    texts = [
        statement
        for statement in node.body[:2]
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    ]
    return len(texts) == 2


def test_a_docstring_names_the_errors_that_its_function_raises() -> None:
    raising = [
        (f"{path.name}: {function.name}", docstring, errors)
        for path in sources("kiosk")
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
        if (docstring := ast.get_docstring(function)) and not is_property_or_command(function)
        if (errors := raised(function))
    ]
    assert len(raising) > 60
    assert not [where for where, docstring, errors in raising if not names_its_errors(docstring, errors)]


def test_the_check_catches_an_error_missing_from_a_docstring() -> None:
    planted = ast.parse('def f():\n    """Return 1."""\n    raise ValueError("no")\n').body[0]
    assert isinstance(planted, ast.FunctionDef)
    assert raised(planted) == {"ValueError"}
    assert not names_its_errors("Return 1.", raised(planted))
    assert names_its_errors("Return 1. ValueError if there is none.", raised(planted))


def test_the_name_of_a_test_begins_with_a_subject() -> None:
    names = [
        (path.name, name)
        for path in sources("tests")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(names) > 1500
    assert not [(file, name) for file, name in names if name.split("_")[1] in CLAUSE_FIRST]


def raised(function: ast.FunctionDef) -> set[str]:
    """Return the names of the exceptions that a function makes and raises, functions inside it left out."""
    inner = {
        node
        for part in ast.walk(function)
        if isinstance(part, ast.FunctionDef) and part is not function
        for node in ast.walk(part)
    }
    return {
        ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc).rpartition(".")[2]
        for node in ast.walk(function)
        if isinstance(node, ast.Raise) and node not in inner
        if isinstance(node.exc, ast.Call) or (isinstance(node.exc, ast.Name) and node.exc.id[0].isupper())
    }


def names_its_errors(docstring: str, errors: set[str]) -> bool:
    """Return whether a docstring speaks of raising or refusing, or names each error."""
    return any(word in docstring for word in ("aise", "efuse")) or all(error in docstring for error in errors)


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def bound_names(path: Path, words: Iterable[str]) -> set[str]:
    """Return the names among `words` that a module assigns or defines, parameters included."""
    if not re.search(rf"\b(?:{'|'.join(words)})\b", path.read_text("utf-8")):
        return set()  # To parse every module takes seconds.
    return {name for node in nodes(path) for name in names_bound_by(node)} & {*words}


def names_bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.FunctionDef):
        yield node.name


def is_property_or_command(function: ast.FunctionDef) -> bool:
    """Return whether a function is a property, or a command whose docstring is its help."""
    decorators = " ".join(ast.unparse(decorator) for decorator in function.decorator_list)
    return any(word in decorators for word in ("property", "command", "group"))
