"""A timer starts `kiosk count` every few minutes, on a small machine, so it loads no library in vain."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

LOADED = """
import sys, click
from kiosk.cli import main
main.get_command(click.Context(main), {!r})
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("command", "unused"),
    [("count", {"flask", "openpyxl", "waitress"}), ("serve", {"openpyxl"})],
)
def test_a_command_loads_no_library_that_it_does_not_use(command: str, unused: set[str]) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED.format(command)], check=True, capture_output=True, text=True
    )
    assert unused & set(loaded.stdout.split()) == set()


def test_the_check_catches_a_loaded_library() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED.format("serve")], check=True, capture_output=True, text=True
    )
    assert {"flask", "waitress"} <= set(loaded.stdout.split())
