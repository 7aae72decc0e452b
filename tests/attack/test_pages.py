"""The short version of the attacks on the screen."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

TRY = """
from tests.attack.finding import Scale
from tests.attack.{attack} import run
bad = [finding for finding in run(Scale.QUICK) if not finding.is_good]
print(bad)
raise SystemExit(bool(bad))
"""


@pytest.mark.parametrize("attack", ["next_guest", "offline"])
def test_the_attack_finds_nothing_here_and_succeeds_on_a_leaky_page(attack: str) -> None:
    """Run the attack in a separate process, because a browser driver runs only once per process."""
    tried = subprocess.run(
        [sys.executable, "-c", TRY.format(attack=attack)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
