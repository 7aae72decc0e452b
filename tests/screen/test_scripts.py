"""The guest's scripts are sent shorter than they are written, and are the same programs."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import kiosk.screen
from kiosk.screen.scripts import (
    ENTRY,
    IMPORT,
    INNER,
    KIOSK_ENTRY,
    SHARED,
    joined,
    script,
    shortened,
    without_comments,
    without_line_ends,
    without_spaces,
)
from kiosk.settings import shipped_folder
from tests.tools.guest_side import Place

STATIC = shipped_folder("static")
NAMES = sorted(path.name for path in STATIC.glob("guest*.js"))
QUEUE = Path(kiosk.screen.__file__).parent / "templates" / "guest" / "queue.js"
"""The one template of a script that is sent without comments."""
QUOTES = "\"'`"


def code(source: str) -> str:
    """A script without comments and white space, read letter by letter, texts in quotes kept as they are."""
    return "".join(_code(source))


def _code(source: str) -> Iterator[str]:
    quote, at = "", 0
    while at < len(source):
        two, letter = source[at : at + 2], source[at]
        if quote:
            yield letter if letter != "\\" else two
            at += len(letter if letter != "\\" else two)
            quote = "" if letter == quote else quote
        elif two in ("//", "/*"):
            end = source.find("\n" if two == "//" else "*/", at)
            at = len(source) if end < 0 else end + (two == "/*") * 2
        else:
            quote = letter if letter in QUOTES else ""
            at += 1
            yield "" if letter.isspace() else letter


@pytest.mark.parametrize("path", [*(STATIC / name for name in NAMES), QUEUE], ids=lambda path: path.name)
def test_a_script_without_comments_is_the_same_code(path: Path) -> None:
    source = path.read_text("utf-8")
    assert code(without_comments(source)) == code(source)
    assert len(without_comments(source)) < len(source)
    assert not [line for line in source.splitlines() if line.count("`") % 2], "texts stay on one line"


@pytest.mark.parametrize("path", [*(STATIC / name for name in NAMES), QUEUE], ids=lambda path: path.name)
def test_a_script_without_spaces_has_the_same_words(path: Path) -> None:
    source = without_comments(path.read_text("utf-8"))
    sent = without_spaces(source)
    assert code(sent) == code(source) == code(shortened(source))
    assert re.findall(r"[\w$]+|[^\w$\s]", sent) == re.findall(r"[\w$]+|[^\w$\s]", source)
    assert re.findall(r"[\w$]+|\n", sent) == re.findall(r"[\w$]+|\n", source)
    texts = r""""[^"\n]*"|`[^`]*`"""
    assert re.findall(texts, sent) == re.findall(texts, source)
    assert len(sent) < 0.96 * len(source) or path.name == KIOSK_ENTRY, "which is three imports"


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ('const a = "x , y" + `${b} = c`;', 'const a="x , y" + `${b} = c`;'),
        ("return a + +b - -c;", "return a + +b - -c;"),
        ("if (a && !b) await c ?? typeof d;", "if(a&&!b)await c??typeof d;"),
        ("a = b\n(c)", "a=b\n(c)"),
    ],
)
def test_only_spaces_that_separate_nothing_are_left_out(source: str, sent: str) -> None:
    assert shortened(source).strip() == sent


@pytest.mark.parametrize("source", ['const a = "x // y";', "const b = `x // y`;", 'c(); // says "no"'])
def test_a_text_that_looks_like_a_comment_stays(source: str) -> None:
    assert code(without_comments(source)) == code(source)


@pytest.mark.parametrize("path", [*(STATIC / name for name in NAMES), QUEUE], ids=lambda path: path.name)
def test_a_script_lacks_only_line_ends_beside_which_a_statement_goes_on_or_has_ended(path: Path) -> None:
    source = without_comments(path.read_text("utf-8"))
    sent = without_line_ends(source)
    left, rest = [], sent
    for line in source.splitlines():
        assert rest.startswith(line)
        rest = rest.removeprefix(line)
        left.append(rest.startswith("\n"))
        rest = rest.removeprefix("\n")
    assert rest == ""
    gone = [two for two, stays in zip(pairwise([*source.splitlines(), "}"]), left, strict=True) if not stays]
    assert gone or len(left) == 1
    for line, following in gone:
        assert "//" not in line
        assert line[-1] in ";,([{" or following[0] in ")]}"


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("f({\na,\nb\n});\nc();\n", "f({a,b});c();"),
        ("a = b\nc()", "a = b\nc()\n"),
        ("if (a) {\nb();\n}\nc();\n", "if (a) {b();}\nc();"),
        ('a(); // "b",\nc();', 'a(); // "b",\nc();'),
    ],
)
def test_line_ends_that_separate_something_stay(source: str, sent: str) -> None:
    assert without_line_ends(source) == sent


def test_a_phones_form_its_layout_and_its_speakers_are_one_request(tmp_path: Path) -> None:
    sent = Place(tmp_path).client.get(f"/static/{ENTRY}").text
    for function in ("layOut", "offer"):
        assert f"function {function}(" in sent
    assert sent == script(STATIC, ENTRY)
    assert re.findall(r'from "\./(\w+\.js)"', sent) == [SHARED]


def test_a_kiosks_form_is_one_script_with_each_module_once(tmp_path: Path) -> None:
    sent = Place(tmp_path).client.get(f"/static/{KIOSK_ENTRY}").text
    for function in ("layOut", "offer", "delivery", "watchIdle", "startAgain"):
        assert sent.count(f"function {function}(") == 1
    assert not re.search(r"\b(import\b(?!\()|export\b)", sent)
    page = Place(tmp_path / "other").client.get("/").text
    assert re.findall(r'src="/static/[0-9a-f]{8}/(\w+\.js)"', page) == [KIOSK_ENTRY]


def test_the_modules_of_a_kiosks_form_are_inside_its_script() -> None:
    apart = {SHARED, KIOSK_ENTRY}
    for name in INNER:
        assert {file for _, file in IMPORT.findall((STATIC / name).read_text("utf-8"))} <= INNER | apart
    assert {file for _, file in IMPORT.findall((STATIC / KIOSK_ENTRY).read_text("utf-8"))} <= INNER | apart


def test_modules_run_inside_another_once_each_and_in_the_order_of_their_imports(tmp_path: Path) -> None:
    files = {
        SHARED: "export const a = 1;\nexport const b = 2;\n",
        "x.js": f'import {{ a }} from "./{SHARED}";\nconst own = a;\nexport async function x() {{}}\n',
        "y.js": f'import {{ b }} from "./{SHARED}";\nimport {{ x }} from "./x.js";\nconst own = x(b);\n',
        "z.js": 'import "./y.js";\nimport { x } from "./x.js";\nx();\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert joined(tmp_path, "z.js") == (
        f'import {{ a, b }} from "./{SHARED}";\n'
        "const { x } = (() => {\nconst own = a;\nasync function x() {}\nreturn { x };\n})();\n"
        "(() => {\nconst own = x(b);\n})();\n"
        "x();\n"
    )
    assert joined(tmp_path, SHARED) == files[SHARED]
    with pytest.raises(FileNotFoundError):
        joined(tmp_path, "none.js")


def test_a_browser_that_has_a_script_is_told_so(tmp_path: Path) -> None:
    client = Place(tmp_path).client
    first = client.get(f"/static/{ENTRY}")
    again = client.get(f"/static/{ENTRY}", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.headers["Cache-Control"], again.status_code) == ("no-cache", 304)
    assert client.get("/static/none.js").status_code == 404
