"""The quick half of the attack on the screen."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

TRY = """
from tests.attack.finding import Scale
from tests.attack.next_guest import run
bad = [finding for finding in run(Scale.QUICK) if not finding.is_good]
print(bad)
raise SystemExit(bool(bad))
"""


def test_the_next_guest_finds_nothing_here_and_something_on_a_leaky_page() -> None:
    """In a process of its own: a browser driver runs but once in each."""
    tried = subprocess.run(
        [sys.executable, "-c", TRY],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
