"""Mistakes a person can mend become one line and exit status 2."""

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import peewee

from kiosk.audio import AudioError
from kiosk.database import StoreError
from kiosk.definition import DefinitionError
from kiosk.i18n import read_catalogues
from kiosk.lockdown import LockdownError
from kiosk.paper import PaperError
from kiosk.reason import Reason
from kiosk.rounds import RoundError
from kiosk.seal import KeysAwayError
from kiosk.settings import SettingsError, shipped_folder
from kiosk.simulate import ArrivalError

P = ParamSpec("P")
R = TypeVar("R")

MENDABLE = (
    SettingsError,
    DefinitionError,
    StoreError,
    ArrivalError,
    PaperError,
    LockdownError,
    AudioError,
    KeysAwayError,
)


def mendable(function: Callable[P, R]) -> Callable[P, R]:
    """Turn mistakes a person can mend into one line on standard error and exit status 2."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except MENDABLE as error:
            problem = str(error)
        except RoundError as error:
            problem = in_english(error.reasons)
        except OSError as error:
            where = f" {error.filename}:" if error.filename else ""
            problem = f"{where} {error.strerror or error}; is it there, and yours to read and write?".strip()
        except peewee.PeeweeException as error:
            told = str(error).splitlines() or [type(error).__name__]
            problem = f"KIOSK_DATABASE_URL: the database cannot be used ({told[0]})"
        except OverflowError:
            problem = "a date or number is out of range; choose a smaller one"
        except UnicodeError as error:
            problem = f"a file or word is not UTF-8 ({error.reason if hasattr(error, 'reason') else error})"
        click.echo(f"kiosk: {problem}", err=True)
        sys.exit(2)

    return wrapped


def in_english(reasons: Iterable[Reason]) -> str:
    """Reasons that the desk says in its reader's language, as the command says them."""
    english = read_catalogues([shipped_folder("translations")], "desk")["en"]
    return " ".join(reason.said(english.text) for reason in reasons)
