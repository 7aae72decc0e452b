"""Reads an installation's theme from theme.toml and its logo, both in KIOSK_DATA."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from kiosk.domain.message import Message
from kiosk.domain.theme import (
    ACCENT,
    LEAST_TEXT_CONTRAST,
    WHITE,
    Logo,
    Theme,
    is_readable,
    nearest_readable,
    shown_contrast,
)
from kiosk.library.definition import Read, Table, is_there, read_table
from kiosk.library.text_rules import Fault

THEME = "theme.toml"
"""Name of the theme's file in KIOSK_DATA."""

LARGEST_LOGO_BYTES = 24_000
"""Largest logo, in bytes: each guest's page contains it."""

MOST_CORNER = 40
"""Largest radius of a corner, in CSS pixels: half of a button's height."""

LOGO_KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
"""File ending -> media type."""

BEGINNINGS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""Media type -> first bytes of such a file."""

SVG_ROOT = "{http://www.w3.org/2000/svg}svg"

ACTIVE_ELEMENTS = frozenset({"script", "foreignObject", "handler", "iframe", "set", "animate"})
"""Elements of SVG that run or change something, which no logo needs."""

OUTSIDE = re.compile(r"@import|url\(\s*[\"']?(?!\s*#)", re.IGNORECASE)
"""References to other files in a style. A reference within the picture begins with #."""


def read_installed_theme(data: Path, read: Read) -> Theme:
    """Return the theme in KIOSK_DATA; the default theme if there is none, or if `read` has no replacement for
    a faulty one."""
    path = data / THEME
    return (read(path, read_theme) if is_there(path) else None) or Theme()


def theme_files(data: Path) -> list[Path]:
    """Return the absolute paths of the files in KIOSK_DATA that a theme may use, sorted: theme.toml and
    pictures; [] if the folder cannot be listed."""
    try:
        paths = sorted(data.iterdir())
    except OSError:
        return []
    return [path for path in paths if path.name == THEME or path.suffix in LOGO_KINDS]


def read_theme(path: Path) -> Theme:
    """Return the theme in a file, with the logo beside it. Raises DefinitionError for any fault of the file
    or the logo."""
    table = read_table(path)
    name, logo = table.optional_text("name"), table.optional_text("logo")
    if logo and not name:
        raise table.error("name", "is missing; people who do not see the logo hear the name")
    theme = Theme(
        name,
        _read_logo(table, path.parent, logo) if logo else None,
        _read_accent(table),
        table.optional_number("corner", MOST_CORNER),
    )
    table.finish()
    return theme


def theme_toml(theme: Theme) -> str:
    """Return a theme as the TOML text of its file. The logo is named only: its content is a file of its
    own."""
    lines = [f"accent = {json.dumps(theme.accent)}"]
    if theme.name:
        lines.append(f"name = {json.dumps(theme.name, ensure_ascii=False)}")
    if theme.logo:
        lines.append(f"logo = {json.dumps(theme.logo.file)}")
    if theme.corner is not None:
        lines.append(f"corner = {theme.corner}")
    return "\n".join([*lines, ""])


def _read_accent(table: Table) -> str:
    """Return the accent colour of a theme's file, or ACCENT if it has none. Raises DefinitionError as
    `find_accent_fault` describes."""
    accent = table.optional_text("accent").lower() or ACCENT
    if fault := find_accent_fault(accent):
        raise table.error("accent", fault.english)
    return accent


def find_accent_fault(accent: str) -> Fault | None:
    """Return the reason why a colour, # and six hex digits in small letters, cannot be the accent, with the
    nearest colour that can be; None if it can."""
    if not re.fullmatch("#[0-9a-f]{6}", accent):
        return Fault(
            f"{accent!r} must be # and six digits 0-9 or a-f, such as {ACCENT!r}",
            Message("skriv # och sex tecken 0–9 eller a–f, till exempel {example}.", {"example": ACCENT}),
        )
    if is_readable(accent):
        return None
    measured, nearest = shown_contrast(accent, WHITE), nearest_readable(accent)
    return Fault(
        f"white text on {accent} has a contrast of {measured}, and WCAG 2.2 AA demands "
        f"{LEAST_TEXT_CONTRAST}; the nearest colour that passes is {nearest}",
        Message(
            "vit text på {accent} är svår att läsa: kontrasten är {measured}, och minst {least} behövs. "
            "Närmaste färg som går är {nearest}.",
            {"accent": accent, "measured": float(measured), "least": LEAST_TEXT_CONTRAST, "nearest": nearest},
        ),
    )


def _read_logo(table: Table, folder: Path, file: str) -> Logo:
    """Return the logo in the file `file` of a folder. Raises DefinitionError if it cannot be used."""
    media_type = LOGO_KINDS.get(Path(file).suffix)
    if media_type is None or not re.fullmatch(r"[\w-][\w.-]*", file):
        raise table.error("logo", f"{file!r} must be a file beside theme.toml: {', '.join(LOGO_KINDS)}")
    try:
        content = (folder / file).read_bytes()
    except OSError as error:
        raise table.error(
            "logo", f"{file} cannot be read ({error.strerror}); put it beside theme.toml"
        ) from error
    if fault := find_logo_fault(file, content):
        raise table.error("logo", fault.english)
    return Logo(file, media_type, content)


def find_logo_fault(file: str, content: bytes) -> Fault | None:
    """Return the reason why a file with a key of LOGO_KINDS as its ending cannot be the logo; None if it
    can."""
    kind = LOGO_KINDS[Path(file).suffix].partition("/")[2].partition("+")[0]
    if len(content) > LARGEST_LOGO_BYTES:
        return Fault(
            f"{file} has {len(content)} bytes, and at most {LARGEST_LOGO_BYTES} are allowed; save it as SVG, "
            "or smaller",
            Message(
                "filen har {size} byte, och högst {most} får plats. Spara den som SVG eller mindre.",
                {"size": len(content), "most": LARGEST_LOGO_BYTES},
            ),
        )
    if not _is_picture(content, LOGO_KINDS[Path(file).suffix]):
        return Fault(
            f"{file} is no {kind} picture; save it again",
            Message("filen är ingen {kind}-bild. Spara om den.", {"kind": kind.upper()}),
        )
    if kind == "svg" and any(_unsafe_parts(content)):
        return Fault(
            f"{file} has scripts, or refers to other files; save it as plain SVG",
            Message("bilden har skript eller hämtar andra filer. Spara den som enkel SVG.", {}),
        )
    return None


def _is_picture(content: bytes, media_type: str) -> bool:
    """Return whether a file begins as its media type requires. For SVG, return whether it is XML with the
    root `svg` and no entities."""
    if media_type != LOGO_KINDS[".svg"]:
        return content.startswith(BEGINNINGS[media_type])
    if b"<!ENTITY" in content:
        return False
    try:
        # Safe: without entities the tree is no larger than the file.
        return ElementTree.fromstring(content).tag == SVG_ROOT  # noqa: S314
    except (ElementTree.ParseError, LookupError, ValueError):  # the last two for an encoding
        return False


def _unsafe_parts(svg: bytes) -> Iterator[str]:
    """Yield the names of elements and attributes with scripts or with references outside of the picture.

    Pages show the logo as an image, where scripts do not run. Paper and reports have other renderers.
    """
    for element in ElementTree.fromstring(svg).iter():  # noqa: S314 - without entities
        tag = _local_name(str(element.tag))
        if tag in ACTIVE_ELEMENTS or (tag == "style" and OUTSIDE.search("".join(element.itertext()))):
            yield tag
        for qualified, value in element.attrib.items():
            name = _local_name(qualified)
            is_reference = name in {"href", "src"} and not value.startswith(("#", "data:image/"))
            if name.startswith("on") or is_reference or OUTSIDE.search(value):
                yield name


def _local_name(qualified: str) -> str:
    return qualified.rpartition("}")[2]
