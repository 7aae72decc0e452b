"""A browser or its driver that dies costs the test that runs, and none of those after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]

THREE_TESTS = """
import os, signal
import pytest
from tests.web.conftest import browser, chromium

def processes(parent, kind):
    rows = os.popen(f"ps -o pid=,args= --ppid {parent}").read().splitlines()
    return [int(row.split()[0]) for row in rows if kind in row]

def test_before(browser):
    browser.new_page().goto("data:text/html,before")

def test_losing_it(browser):
    [driver] = processes(os.getpid(), "playwright/driver")
    [program, *_] = processes(driver, "chromium")
    os.kill(WHICH, signal.SIGKILL)
    browser.new_page().goto("data:text/html,never")

@pytest.mark.parametrize("time", [1, 2])
def test_after(browser, time):
    page = browser.new_page()
    page.goto("data:text/html,after")
    assert page.inner_text("body") == "after"
"""


@pytest.mark.parametrize("killed", ["driver", "program"])
def test_only_the_running_test_fails_when_the_browser_crashes(tmp_path: Path, killed: str) -> None:
    (tmp_path / "test_three.py").write_text(THREE_TESTS.replace("WHICH", killed))
    options = ["-p", "no:cacheprovider", "-c", os.devnull, "-rA"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    outcomes = [line.split()[0] for line in ran.stdout.splitlines() if "test_three.py::" in line]
    assert sorted(outcomes[-4:]) == ["FAILED", "PASSED", "PASSED", "PASSED"], ran.stdout
    assert "1 failed, 3 passed" in ran.stdout
