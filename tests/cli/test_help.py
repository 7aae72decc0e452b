"""`kiosk --help` answers at once: it lists every command without importing one."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from kiosk.cli import COMMANDS, main

SLOW_TO_IMPORT = "flask peewee kiosk.storage kiosk.library kiosk.desk"


def modules_after(words: list[str]) -> set[str]:
    """Return the names of the modules that a command's process has imported at its end."""
    program = f"""
import sys
from kiosk.cli import main
try:
    main({words})
except SystemExit:
    print("imported:", *sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("imported:")[2].split())


def test_help_lists_every_command_on_a_line_of_its_own() -> None:
    lines = CliRunner().invoke(main, ["--help"], terminal_width=80).output.splitlines()
    listed = dict(line.split(maxsplit=1) for line in lines[lines.index("Commands:") + 1 :])
    assert listed == {name: text for name, (_, text) in COMMANDS.items()}


@pytest.mark.slow
def test_help_imports_no_command() -> None:
    assert not modules_after(["--help"]).intersection(SLOW_TO_IMPORT.split())
    assert modules_after(["count", "--help"]).intersection(SLOW_TO_IMPORT.split())
