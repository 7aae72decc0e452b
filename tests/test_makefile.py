"""`make quick` runs every test without a marker, and `make test`, which CI runs, leaves no test out."""

import configparser
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_arguments(target: str) -> list[str]:
    """Return the arguments of a target's pytest command, with the Makefile's variables replaced."""
    makefile = (ROOT / "Makefile").read_text()
    variables = dict(re.findall(r"^(\w+) = (.*)$", makefile, re.MULTILINE))
    match = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert match
    [command] = [line for line in match[1].splitlines() if "/pytest" in line]
    command = re.sub(r"\$\((\w+)\)", lambda name: variables[name[1]], command)
    return shlex.split(command)[1:]


def test_the_quick_tests_are_all_tests_without_a_marker() -> None:
    everything, quick = pytest_arguments("test"), pytest_arguments("quick")
    assert quick[:-2] == everything
    assert quick[-2] == "-m"
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    markers = [line.partition(":")[0] for line in config["tool:pytest"]["markers"].split("\n") if line]
    assert quick[-1] == " and ".join(f"not {marker}" for marker in markers)


@pytest.mark.parametrize("option", ["-m", "-k", "--ignore", "--deselect", "tests"])
def test_no_test_is_left_out_of_all_tests(option: str) -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    given = [*pytest_arguments("test"), *shlex.split(config["tool:pytest"]["addopts"])]
    assert not any(part.startswith(option) for part in given)
    assert config["tool:pytest"]["testpaths"] == "tests"


def test_ci_runs_make_test() -> None:
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
