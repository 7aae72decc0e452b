"""A planted fault, what comes of it, and its row in docs/faults.md."""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner, Result

from kiosk.cli import main

LONGEST_MESSAGE = 400
"""Letters of a message that are printed."""

COLUMNS = "| mistake or fault | what happens | what is told | lost |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class Outcome:
    """What comes of a fault: the effect, the message, and how many accepted ballots are lost."""

    effect: str
    message: str
    lost: int


Fault = Callable[[Path], Outcome]
"""Plants a fault in a new installation in an empty folder, and runs the real command or server over it."""


@dataclass(frozen=True)
class Topic:
    """A table of faults: the name of each row -> the fault."""

    title: str
    text: str
    faults: Mapping[str, Fault]
    expected_losses: Mapping[str, str] = field(default_factory=dict)
    """Row -> what is lost by a person's own decision."""


def command(folder: Path, *words: str, typed: str = "", **settings: str) -> Result:
    """Run the `kiosk` command in a folder, with no settings but its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    with chdir(folder), patch.dict(os.environ, clean, clear=True):
        return CliRunner().invoke(main, words, input=typed, env={"KIOSK_DATA": "data", **settings})


def effect(done: Result, *, is_changed: bool) -> str:
    """Return a command's effect in words. A traceback is named as such, since no row may have one."""
    if done.exception and not isinstance(done.exception, SystemExit):
        return f"**fails with a traceback: {type(done.exception).__name__}**"
    if done.exit_code == 0:
        return "done"
    return f"refused (exit status {done.exit_code}), {change(is_changed)}"


def change(is_changed: bool) -> str:
    """Return whether a refused action left everything as it was, in words."""
    return "**but changed**" if is_changed else "nothing changes"


def message(text: str, folder: Path) -> str:
    """Return a message on one line, without the folder, dates and ids of this run."""
    line = " ".join(text.split()).replace("kiosk: ", "", 1)
    line = line.replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "").replace(str(folder), "")
    line = re.sub(r"/[0-9a-f]{16,}\b", "/…", line)
    line = line.replace(date.today().isoformat(), "(today)")
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]} …"


def cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return re.sub(r"([|<*\[\]])", r"\\\1", text)


def row(name: str, outcome: Outcome, expected_loss: str = "") -> str:
    """Return a row of a table. A loss that is not expected is printed in bold."""
    lost = str(outcome.lost) if not outcome.lost else expected_loss or f"**{outcome.lost}**"
    return f"| {cell(name)} | {outcome.effect} | {cell(outcome.message) or '-'} | {lost} |"
