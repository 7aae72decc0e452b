"""Mistakes a person can mend become one line and exit status 2."""

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import peewee

from kiosk.domain.message import Message
from kiosk.domain.rounds import RoundError
from kiosk.library.catalogues import read_catalogues
from kiosk.library.definition import DefinitionError
from kiosk.operation.clock import ClockError
from kiosk.operation.lockdown import LockdownError
from kiosk.operation.simulate import ArrivalError
from kiosk.output.paper import PaperError
from kiosk.screen.speech import AudioError
from kiosk.settings import SettingsError, shipped_folder
from kiosk.storage import KeysAwayError, StoreError

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
    ClockError,
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
            problem = in_english(error.messages)
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


def in_english(messages: Iterable[Message]) -> str:
    """Reasons that the desk says in its reader's language, as the command says them."""
    english = read_catalogues([shipped_folder("translations")], "desk")["en"]
    return " ".join(message.render(english.text) for message in messages)
