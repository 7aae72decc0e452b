"""The documentation site: what would break it, and what its pages name, without building it.

`make docs` builds it, and stops at a broken link too. These checks also read the documents outside the site.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kiosk.cli import main
from kiosk.settings import NAMES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LANGUAGES = ("sv", "en")
HANDBOOKS = {"sv": DOCS / "handbok.md", "en": DOCS / "handbook.md"}
DOCUMENTS = [path.relative_to(ROOT).as_posix() for path in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
LARGEST_PICTURES_BYTES = 1_000_000
LARGEST_PICTURE_BYTES = 100_000
FENCED = re.compile(r"(?ms)^```(\S*)[^\n]*\n(.*?)^```$")
"""A fenced code block: its language and its content."""


def pages(folder: Path) -> set[str]:
    """Return the names of a folder's pages, without their ending."""
    return {path.stem for path in folder.glob("*.md")}


def in_navigation(index: str) -> set[str]:
    """Return the pages in the navigation of an index page, relative to it and without their ending."""
    blocks = re.findall(r"(?s)^```\{toctree\}\n(.*?)^```", index, re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line and not line.startswith(":")]
    return {re.sub(r"^.*<(.+)>$", r"\1", line) for line in lines}


def test_both_languages_have_the_same_pages() -> None:
    assert pages(DOCS / "sv") == pages(DOCS / "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_the_navigation(language: str) -> None:
    index = (DOCS / language / "index.md").read_text("utf-8")
    own = pages(DOCS / language) - {"index"}
    shared = pages(DOCS) - {path.stem for path in HANDBOOKS.values()}
    assert in_navigation(index) == own | {f"../{name}" for name in shared}


def test_the_navigation_is_read_with_and_without_titles() -> None:
    index = "```{toctree}\n:hidden:\n\nguest\nAttacks (in English) <../attack>\n```\nguest2\n"
    assert in_navigation(index) == {"guest", "../attack"}


def slug(heading: str) -> str:
    """Return the anchor that GitHub and the site give a heading."""
    words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def without_code(document: str) -> str:
    """Return a document without its code blocks and code spans."""
    return re.sub(r"`[^`]*`", "", FENCED.sub("", document))


LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def broken_links(document: str, folder: Path) -> list[str]:
    """Return the links and pictures of a document in a folder that lead nowhere, with those to other hosts
    left out, and the pictures without alternative text."""
    broken = []
    own_text = document
    for is_picture, words, target in LINK.findall(without_code(document)):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = folder / name
        if (is_picture and not words) or (name and not file.is_file()):
            broken.append(target)
        elif anchor:
            text = file.read_text("utf-8") if name else own_text
            if anchor not in {slug(heading) for heading in re.findall(r"(?m)^#+ (.*)$", text)}:
                broken.append(target)
    return broken


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_and_picture_of_a_document_exists(name: str) -> None:
    path = ROOT / name
    assert broken_links(path.read_text("utf-8"), path.parent) == []


@pytest.mark.parametrize(
    "link", ["[a](nowhere.md)", "[a](noise.md#nowhere)", "[a](#nowhere)", "![](site/index.html)"]
)
def test_a_broken_link_or_a_picture_without_words_is_reported(link: str) -> None:
    whole = "# Here\n[a](#here) [b](noise.md#what-is-promised) [c](https://example.org)\n"
    assert broken_links(whole, DOCS) == []
    assert len(broken_links(whole + link, DOCS)) == 1


def test_the_pictures_are_small_and_all_used() -> None:
    pictures = [path for path in DOCS.rglob("*.webp") if "pictures" in path.parts]
    assert sum(path.stat().st_size for path in pictures) <= LARGEST_PICTURES_BYTES
    assert [path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE_BYTES] == []
    text = "".join((ROOT / name).read_text("utf-8") for name in DOCUMENTS)
    assert [path.name for path in pictures if f"pictures/{path.name})" not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_of_the_handbook_has_pictures(language: str) -> None:
    _, *chapters = HANDBOOKS[language].read_text("utf-8").split("\n## ")
    assert [chapter.partition("\n")[0] for chapter in chapters if "](pictures/" not in chapter] == []
    assert len(chapters) == 4


def code_lines(document: str) -> Iterator[str]:
    """Yield each line of a document's code blocks, and each code span as one line."""
    for language, content in FENCED.findall(document):
        yield from content.splitlines() if not language else ()
    for block in re.split(r"\n{2,}", FENCED.sub("", document)):
        if block.startswith("    "):
            yield from block.replace("    ", "").splitlines()
        else:
            yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", block))


COMMAND = re.compile(r"(?<![\w/.-])(?<!-u )(?:\.venv/bin/)?kiosk ([^|#;&]+)")


def unknown_commands(document: str) -> list[str]:
    """Return the commands of `kiosk` in a document's code that do not exist, or that lack an option."""
    commands = [command for line in code_lines(document) for command in COMMAND.findall(line)]
    return [command for command in commands if not is_command(command.split())]


def is_command(words: list[str]) -> bool:
    """Return whether words are a command of `kiosk`, with options that it has. "..." stands for any words."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and words[0] != "..." and words[0][0] != "-":
        named = command.get_command(click.Context(command), words[0])
        if named is None:
            return False
        command, words = named, words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    return all(word.partition("=")[0] in known for word in words if re.match("--[a-z]", word))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    assert unknown_commands((ROOT / name).read_text("utf-8")) == []


def test_an_unknown_command_or_option_is_reported() -> None:
    known = "`kiosk user list`, `sudo -u kiosk env KIOSK_DATA=x kiosk doctor --json`\n\n    kiosk count\n"
    assert unknown_commands(known) == []
    unknown = "`kiosk counts`, `kiosk user lists`, `kiosk doctor --jsn`\n\n    .venv/bin/kiosk never\n"
    assert sorted(unknown_commands(unknown)) == ["counts", "doctor --jsn", "never", "user lists"]


def unknown_settings(document: str) -> list[str]:
    """Return the names of settings in a document that are none."""
    return [name for name in re.findall(r"\bKIOSK_[A-Z_]+\b", document) if name not in NAMES]


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "CHANGELOG.md"])
def test_every_setting_that_a_document_names_exists(name: str) -> None:
    assert unknown_settings((ROOT / name).read_text("utf-8").replace("KIOSK_...", "")) == []


def test_an_unknown_setting_is_reported() -> None:
    assert unknown_settings("`KIOSK_DATA=x` and KIOSK_NEVER, `KIOSK_`") == ["KIOSK_NEVER"]


def unknown_targets(document: str) -> list[str]:
    """Return the targets of `make` in a document's code that the Makefile lacks."""
    targets = set(re.findall(r"(?m)^([a-z-]+):", MAKEFILE))
    targets |= {name for names in re.findall(r"(?m)^\.PHONY: (.*)$", MAKEFILE) for name in names.split()}
    used = [name for line in code_lines(document) for name in re.findall(r"^make ([a-z-]+)", line)]
    return [name for name in used if name not in targets]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    assert unknown_targets((ROOT / name).read_text("utf-8")) == []


def test_an_unknown_make_target_is_reported() -> None:
    assert unknown_targets("`make docs`, `make never`\n\n    make none\n") == ["never", "none"]


def outline(handbook: str) -> list[str]:
    """Return the kind of each block of a handbook: its level for a heading, and whether a paragraph begins in
    bold, is a list or a table."""
    kinds = {"#": "heading", "**": "topic", "- ": "list", "1. ": "steps", "|": "table"}
    blocks = re.split(r"\n{2,}", handbook.strip())
    return [
        next((kind for sign, kind in kinds.items() if block.startswith(sign)), "text") for block in blocks
    ]


def test_the_handbooks_have_the_same_blocks_in_the_same_order() -> None:
    """A desk page leads to the same paragraph of both, by its place. A paragraph that is added to one needs
    its translation in the other."""
    swedish, english = (HANDBOOKS[language].read_text("utf-8") for language in LANGUAGES)
    assert outline(english) == outline(swedish)
