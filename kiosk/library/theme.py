"""Reads an installation's theme from theme.toml and its logo, both in KIOSK_DATA."""

import re
from pathlib import Path
from xml.etree import ElementTree

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

THEME = "theme.toml"

LARGEST_LOGO_BYTES = 24_000
"""Largest logo: each guest's page contains it."""

MOST_CORNER = 40
"""Largest radius of a corner, in CSS pixels: half of a button's height."""

LOGO_KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
"""File ending -> media type."""

BEGINNINGS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""Media type -> first bytes of such a file."""

SVG_ROOT = "{http://www.w3.org/2000/svg}svg"


def read_installed_theme(data: Path, read: Read) -> Theme:
    """Return the theme in KIOSK_DATA, or the default theme if there is none."""
    path = data / THEME
    return (read(path, read_theme) if is_there(path) else None) or Theme()


def theme_files(data: Path) -> list[Path]:
    """Return the files in KIOSK_DATA that a theme may use: theme.toml and pictures."""
    try:
        paths = sorted(data.iterdir())
    except OSError:
        return []
    return [path for path in paths if path.name == THEME or path.suffix in LOGO_KINDS]


def read_theme(path: Path) -> Theme:
    """Read a theme file, with the logo beside it. Raises DefinitionError for any fault of either."""
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


def _read_accent(table: Table) -> str:
    accent = table.optional_text("accent").lower() or ACCENT
    if not re.fullmatch("#[0-9a-f]{6}", accent):
        raise table.error("accent", f"{accent!r} must be # and six digits 0-9 or a-f, such as {ACCENT!r}")
    if not is_readable(accent):
        raise table.error(
            "accent",
            f"white text on {accent} has a contrast of {shown_contrast(accent, WHITE)}, and WCAG 2.2 AA "
            f"demands {LEAST_TEXT_CONTRAST}; the nearest colour that passes is {nearest_readable(accent)}",
        )
    return accent


def _read_logo(table: Table, folder: Path, file: str) -> Logo:
    media_type = LOGO_KINDS.get(Path(file).suffix)
    if media_type is None or not re.fullmatch(r"[\w-][\w.-]*", file):
        raise table.error("logo", f"{file!r} must be a file beside theme.toml: {', '.join(LOGO_KINDS)}")
    try:
        content = (folder / file).read_bytes()
    except OSError as error:
        raise table.error(
            "logo", f"{file} cannot be read ({error.strerror}); put it beside theme.toml"
        ) from error
    if len(content) > LARGEST_LOGO_BYTES:
        raise table.error(
            "logo",
            f"{file} has {len(content)} bytes, and at most {LARGEST_LOGO_BYTES} are allowed; save it as SVG, "
            "or smaller",
        )
    if not _is_picture(content, media_type):
        raise table.error("logo", f"{file} is no {media_type.partition('/')[2]} picture; save it again")
    return Logo(file, media_type, content)


def _is_picture(content: bytes, media_type: str) -> bool:
    """Return whether a file's content has the type of its ending. Returns False for an SVG with entities."""
    if media_type != LOGO_KINDS[".svg"]:
        return content.startswith(BEGINNINGS[media_type])
    if b"<!ENTITY" in content:
        return False
    try:
        # Safe: without entities the tree is no larger than the file.
        return ElementTree.fromstring(content).tag == SVG_ROOT  # noqa: S314
    except ElementTree.ParseError:
        return False
