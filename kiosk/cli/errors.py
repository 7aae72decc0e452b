"""Errors that a person can correct: one line on standard error, and exit status 2."""

import errno
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
import peewee

from kiosk.domain.message import Message
from kiosk.domain.rounds import RoundError
from kiosk.library.catalogues import read_catalogues
from kiosk.library.changes import RefusedError
from kiosk.library.definition import DefinitionError
from kiosk.operation.clock import ClockError
from kiosk.operation.machine_files import MachineFilesError
from kiosk.operation.simulate import ArrivalError
from kiosk.output.paper import PaperError
from kiosk.screen.speech import AudioError
from kiosk.settings import SettingsError, shipped_folder
from kiosk.storage import KeyUnavailableError, StoreError

P = ParamSpec("P")
R = TypeVar("R")

CORRECTABLE = (
    SettingsError,
    DefinitionError,
    StoreError,
    ArrivalError,
    PaperError,
    MachineFilesError,
    AudioError,
    KeyUnavailableError,
    ClockError,
)
"""Errors whose message names the fault and the remedy."""

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of the errors for a full disk, a quota and a limit on a file's size."""
MAKE_ROOM = "make room if the disk is full"
CHECK_FILE = "check that it exists and that you may read and write it"


def report_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with errors that a person can correct turned into one line on standard error and
    exit status 2: those of CORRECTABLE, refusals, and errors of files, the database, encodings and numbers
    out of range. Other errors, faults of the program, are raised."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CORRECTABLE as error:
            problem = str(error)
        except (RoundError, RefusedError) as error:
            problem = in_english(error.messages)
        except OSError as error:
            file = f"{error.filename}: " if error.filename else ""
            fault = error.strerror or error
            problem = f"{file}{fault}; {MAKE_ROOM if error.errno in DISK_IS_FULL else CHECK_FILE}"
        except peewee.PeeweeException as error:
            lines = str(error).splitlines() or [type(error).__name__]
            problem = f"KIOSK_DATABASE_URL: the database cannot be used ({lines[0]})"
            if "disk" in lines[0]:
                problem += f"; {MAKE_ROOM}, and run: kiosk doctor"
        except OverflowError:
            problem = "a date or number is out of range; choose a smaller one"
        except UnicodeError as error:
            problem = f"a file or word is not UTF-8 ({error.reason if hasattr(error, 'reason') else error})"
        click.echo(f"kiosk: {problem}", err=True)
        sys.exit(2)

    return wrapped


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Turn a RefusedError in the `with` block into a DefinitionError in English that names the file from
    which the refused change came."""
    try:
        yield
    except RefusedError as error:
        raise DefinitionError(f"{file}: {in_english(error.messages)}") from error


def in_english(messages: Iterable[Message]) -> str:
    """Return messages in English, from the shipped catalogue of the desk, with a blank between them."""
    english = read_catalogues([shipped_folder("translations")], "desk")["en"]
    return " ".join(message.render(english.text) for message in messages)
