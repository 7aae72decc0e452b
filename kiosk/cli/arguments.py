"""The installation that a command works on, and checks of its arguments."""

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import click

from kiosk.domain.budget import LONGEST_REASON_CHARACTERS
from kiosk.domain.rounds import ProtectionLevel
from kiosk.library.library import Library, check_languages, read_usable_library
from kiosk.library.text_rules import find_fault
from kiosk.output.paper import PaperError
from kiosk.settings import Settings, read_settings
from kiosk.storage import Store, StoreError, check_owner, holds_keys, open_store

NEW_FILE: click.Path = click.Path(path_type=Path, dir_okay=False)

Command = TypeVar("Command", bound=Callable[..., Any])


def protection_option(effect: str) -> Callable[[Command], Command]:
    """Return the decorator of the option `--protection`. `effect` is its help text."""
    return click.option(
        "--protection",
        type=click.Choice([level.value for level in ProtectionLevel]),
        default=ProtectionLevel.PROTECTED.value,
        show_default=True,
        help=effect,
    )


def current_settings(data: str = "instance") -> Settings:
    """Return the settings in the environment. `data` is the path of the data folder if KIOSK_DATA is not set,
    relative to the working directory. Raises SettingsError, which names the setting."""
    return read_settings(os.environ, data=data)


def usable_library(settings: Settings) -> Library:
    """Return the library of all files that can be used; the others are reported on standard error. Raises
    SettingsError if KIOSK_LANGUAGES names a language without a catalogue, and DefinitionError if a shipped
    file cannot be used."""
    library = read_usable_library(settings)
    check_languages(settings, library)
    for problem in library.problems:
        if problem.is_bad:
            click.echo(f"kiosk: {problem.outcome}", err=True)
    return library


def installed_store(settings: Settings) -> Store:
    """Return the store of an installation whose tables have this program's schema. Raises StoreError if there
    is no installation, another user owns it, or its tables have another schema."""
    store = existing_store(settings)
    store.check_schema()
    return store


def existing_store(settings: Settings) -> Store:
    """Return the store of an installation whose tables may have another schema.

    Raises StoreError if there is no installation, or another user owns it.
    """
    if settings.data.is_dir():
        store = open_store(settings.data, settings.database_url, settings.keys)
        if store.is_installed:
            return store
    if holds_keys(settings.keys):
        raise StoreError(
            f"there is no installation in {settings.data}, but KIOSK_KEYS ({settings.keys}) holds the keys "
            "of one; bring its data back: is the disk of KIOSK_DATA mounted, and KIOSK_DATABASE_URL right?"
        )
    raise StoreError(f"there is no installation in {settings.data} yet; run: kiosk init")


def owned_settings() -> Settings:
    """Return the settings, for a command that writes to KIOSK_DATA without the store.

    Raises StoreError if another user owns the installation, and SettingsError, which names the setting, for a
    setting that cannot be used.
    """
    settings = current_settings()
    check_owner(settings.data, settings.keys, settings.database_url)
    return settings


def pick(entries: Any, name: str, kind: str) -> Any:
    """Return the value of the mapping `entries` at the key `name`. Raises StoreError, with the existing keys,
    if it has none. `kind` is the word for an entry in the message, such as "survey"."""
    check_among(entries, name, kind)
    return entries[name]


def check_among(names: Collection[str], name: str, kind: str) -> None:
    """Raise StoreError, with the existing names, unless `name` is one of them. `kind` is the word for the
    named thing in the message, such as "survey"."""
    if name not in names:
        raise StoreError(f"there is no {kind} {name!r}; there are: {', '.join(sorted(names))}")


def check_unit(library: Library, unit: str) -> None:
    """Raise StoreError, with the existing ids, unless a tree has a unit with this id."""
    check_among({leaf for tree in library.trees.values() for leaf in tree.leaves}, unit, "unit")


def check_reason(reason: str | None) -> None:
    """Raise StoreError unless the log can show the value of --reason. None, for a command without it, is no
    error."""
    if reason is not None and (fault := find_fault(reason, LONGEST_REASON_CHARACTERS)):
        raise StoreError(f"--reason {fault.english}")


def check_new(file: Path) -> None:
    """Raise PaperError if the file exists or its folder is missing. Call it before work is spent on its
    content."""
    if file.exists():
        raise PaperError(f"{file} exists already; choose another name")
    if not file.absolute().parent.is_dir():
        raise PaperError(f"{file}: there is no folder {file.parent}; create it first")
