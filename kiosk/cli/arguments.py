"""What commands are given: the installation they work on, names that must be there, files that must not."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from kiosk.library.library import Library, check_languages, read_usable_library
from kiosk.output.paper import PaperError
from kiosk.settings import Settings, read_settings
from kiosk.storage import Store, StoreError, check_owner, open_store

NEW_FILE: click.Path = click.Path(path_type=Path, dir_okay=False)


def current_settings(data: str = "instance") -> Settings:
    """What the environment says; `data` is the folder where it names none."""
    return read_settings(os.environ, data=data)


def usable_library(settings: Settings) -> Library:
    """All surveys, trees and languages that can be used; files that cannot are named on standard error."""
    library = read_usable_library(settings)
    check_languages(settings, library)
    for problem in library.problems:
        if problem.is_bad:
            click.echo(f"kiosk: {problem.outcome}", err=True)
    return library


def installed_store(settings: Settings) -> Store:
    """The store of an installation that `kiosk init` made, its tables of this version."""
    store = existing_store(settings)
    store.check_schema()
    return store


def existing_store(settings: Settings) -> Store:
    """The store of an installation whose tables may be of an older version."""
    if not settings.data.is_dir():
        raise StoreError(f"there is no installation in {settings.data} yet; run: kiosk init")
    return open_store(settings.data, settings.database_url, settings.keys)


def owned_settings() -> Settings:
    """Settings of a command that writes to KIOSK_DATA without the store. Raises StoreError for another user
    than the installation's."""
    settings = current_settings()
    check_owner(settings.data, settings.keys, settings.database_url)
    return settings


def pick(things: Any, wanted: str, what: str) -> Any:
    """What stands under the name `wanted` in `things`, a mapping of things of one kind."""
    check_among(things, wanted, what)
    return things[wanted]


def check_among(names: Collection[str], wanted: str, what: str) -> None:
    """Tell what names there are, if `wanted` is none of them."""
    if wanted not in names:
        raise StoreError(f"there is no {what} {wanted!r}; there are: {', '.join(sorted(names))}")


def check_unit(library: Library, unit: str) -> None:
    """Raise StoreError unless some tree has the unit."""
    check_among({leaf for tree in library.trees.values() for leaf in tree.leaves}, unit, "unit")


def check_new(file: Path) -> None:
    """Before anything is made that could then not be written."""
    if file.exists():
        raise PaperError(f"{file} exists already; choose another name")
    if not file.absolute().parent.is_dir():
        raise PaperError(f"{file}: there is no folder {file.parent}; make it first")
