"""Changes the theme in the browser: theme.toml and the logo, as one change of own files."""

from pathlib import Path

from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.domain.theme import Logo, Theme
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.library import Library, read_usable_library
from kiosk.library.theme import LOGO_KINDS, THEME, theme_toml
from kiosk.settings import Settings


def uploaded_logo(file: str, content: bytes) -> Logo:
    """Return an uploaded logo, without storing it. `file` is the name of the uploaded file. The logo's name
    has a digest of its content, so that no earlier logo is replaced. The content is not checked
    (`find_logo_fault`). KeyError for a file whose ending is not in LOGO_KINDS."""
    ending = Path(file).suffix.lower()
    return Logo(f"logo-{short_hash(content.hex(), 12)}{ending}", LOGO_KINDS[ending], content)


def theme_digest(theme: Theme) -> str:
    """Return a digest of a theme, 32 hex digits of SHA-256, by which a form notices that somebody else
    changed the theme."""
    return short_hash(theme_toml(theme), 32)


def write_theme(settings: Settings, theme: Theme, seen: str) -> Library:
    """Write a theme and its logo to KIOSK_DATA, and return the new library. `seen` is the digest
    (`theme_digest`) of the theme that the form showed.

    Raises RefusedError, and changes nothing, if somebody else changed the theme, if the new files cannot be
    read or written, or if the current file cannot be read: overwriting it would lose lines that people wrote.
    """
    with exclusively(settings):
        current = read_usable_library(settings)
        for problem in current.problems:
            if problem.file == THEME:
                raise RefusedError(
                    Message(
                        "{file} på servern kan inte läsas, och skrivs inte över. Den som sköter "
                        "installationen behöver rätta eller ta bort den: {problem}",
                        problem.message.values,
                    )
                )
        if theme_digest(current.theme) != seen:
            raise RefusedError(
                Message("Någon annan har ändrat utseendet. Öppna sidan igen och gör om din ändring.", {})
            )
        logo = {Path(theme.logo.file): theme.logo.content} if theme.logo else {}
        return change_files(settings, {**logo, Path(THEME): theme_toml(theme).encode()})
