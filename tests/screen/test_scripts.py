"""The guest's scripts are sent shorter than they are written, and are the same programs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kiosk.screen
from kiosk.screen.scripts import ENTRY, INNER, joined, script, shortened, without_comments
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
    sent = shortened(source)
    assert code(sent) == code(source)
    assert re.findall(r"[\w$]+|[^\w$\s]", sent) == re.findall(r"[\w$]+|[^\w$\s]", source)
    assert re.findall(r"[\w$]+|\n", sent) == re.findall(r"[\w$]+|\n", source)
    texts = r""""[^"\n]*"|`[^`]*`"""
    assert re.findall(texts, sent) == re.findall(texts, source)
    assert len(sent) < 0.96 * len(source)


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


def test_the_form_its_layout_and_its_speakers_are_one_request(tmp_path: Path) -> None:
    sent = Place(tmp_path).client.get(f"/static/{ENTRY}").text
    for name, function in INNER.items():
        assert name not in sent
        assert f"function {function}(" in sent
    assert sent == script(STATIC, ENTRY)
    assert set(re.findall(r'from "\./(\w+\.js)"', sent)) == {"guest_bar.js"}


@pytest.mark.parametrize(("name", "function"), INNER.items())
def test_modules_that_import_differently_are_not_joined(name: str, function: str) -> None:
    inner = f'import {{ size }} from "./guest_bar.js";\nexport function {function}() {{}}\n'
    imports = f'import {{ numeral }} from "./guest_bar.js";\nimport {{ {function} }} from "./{name}";\n'
    outer = f"{imports}{function}();\n"
    with pytest.raises(ValueError, match=name):
        joined(outer, name, inner)


def test_a_browser_that_has_a_script_is_told_so(tmp_path: Path) -> None:
    client = Place(tmp_path).client
    first = client.get(f"/static/{ENTRY}")
    again = client.get(f"/static/{ENTRY}", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.headers["Cache-Control"], again.status_code) == ("no-cache", 304)
    assert client.get("/static/none.js").status_code == 404
