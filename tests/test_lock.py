"""The lock files: they fit setup.cfg, and say nothing of the machine they were made on."""

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
TO_RUN, TO_TEST = "requirements.txt", "requirements-test.txt"
TO_MUTATE, TO_DOCUMENT = "requirements-mutants.txt", "requirements-docs.txt"
TO_COMPARE = "requirements-noise.txt"


def declared(*extras: str) -> list[Requirement]:
    """What setup.cfg asks for, with these extras, and what builds the package."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    lists = [
        config["options"]["install_requires"],
        *(config["options.extras_require"][name] for name in extras),
    ]
    build: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    lines = [line for text in lists for line in text.splitlines() if line and not line.startswith("#")]
    return [Requirement(line) for line in [*lines, *build]]


def locked(name: str) -> list[tuple[Requirement, frozenset[str]]]:
    """Each requirement of a lock file with its hashes. ValueError where a line is neither."""
    pins = []
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.lstrip().startswith("#")]
    for entry in re.split(r"(?<!\\)\n", "\n".join(lines)):
        requirement, *hashes = [part.strip() for part in entry.replace("\\\n", "\n").split("\n")]
        if not all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes):
            raise ValueError(f"{name} has more than versions and hashes: {entry}")
        pins.append((Requirement(requirement), frozenset(hashes)))
    return pins


def pins(name: str, python: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Package -> version and hashes that a lock file installs on Linux with this Python."""
    environment = default_environment()
    environment["sys_platform"] = "linux"
    environment["python_version"] = python
    environment["python_full_version"] = f"{python}.0"
    environment["implementation_name"] = "cpython"
    environment["platform_python_implementation"] = "CPython"
    values = {name: str(value) for name, value in environment.items()}
    chosen: dict[str, tuple[str, frozenset[str]]] = {}
    for requirement, hashes in locked(name):
        if requirement.marker is None or requirement.marker.evaluate(values):
            [pin] = requirement.specifier
            assert pin.operator == "=="
            assert canonicalize_name(requirement.name) not in chosen
            chosen[canonicalize_name(requirement.name)] = pin.version, hashes
    return chosen


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("name", "extras"),
    [
        (TO_RUN, ["postgresql"]),
        (TO_TEST, ["postgresql", "test"]),
        (TO_MUTATE, ["mutants"]),
        (TO_COMPARE, ["noise"]),
        (TO_DOCUMENT, ["docs"]),
    ],
)
def test_every_requirement_in_setup_cfg_is_locked_within_its_range(
    name: str, extras: list[str], python: str
) -> None:
    pinned = {package: version for package, (version, _) in pins(name, python).items()}
    asked = {canonicalize_name(requirement.name): requirement.specifier for requirement in declared(*extras)}
    outside = {
        package: pinned.get(package)
        for package, specifier in asked.items()
        if package not in pinned or not specifier.contains(pinned[package])
    }
    assert outside == {}, "run `make lock`"


@pytest.mark.parametrize("python", PYTHONS)
def test_runtime_and_test_locks_pin_the_same_versions(python: str) -> None:
    assert pins(TO_RUN, python).items() <= pins(TO_TEST, python).items()


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", [TO_MUTATE, TO_COMPARE, TO_DOCUMENT])
def test_a_further_lock_pins_the_versions_of_the_test_lock(name: str, python: str) -> None:
    tested, pinned = pins(TO_TEST, python), pins(name, python)
    assert {package: tested[package] for package in tested.keys() & pinned} == {
        package: pinned[package] for package in tested.keys() & pinned
    }


@pytest.mark.parametrize("name", [TO_RUN, TO_TEST, TO_MUTATE, TO_COMPARE, TO_DOCUMENT])
def test_every_locked_package_has_a_hash_and_no_address(name: str) -> None:
    assert [str(requirement) for requirement, hashes in locked(name) if not hashes] == []
    assert [str(requirement) for requirement, _ in locked(name) if requirement.url] == []
    assert "://" not in (ROOT / name).read_text()


UNTYPED = {"scipy"}
"""Packages without types of their own: mypy does not read them."""


@pytest.mark.slow
def test_packages_with_types_have_one_version_for_every_python() -> None:
    """mypy checks for the lowest Python: it cannot read types that need a newer one."""
    read = {canonicalize_name(one.name) for one in declared("postgresql", "test")} - UNTYPED
    versions = {
        name: {pins(TO_TEST, python)[name][0] for python in PYTHONS if name in pins(TO_TEST, python)}
        for name in read
    }
    assert {name: several for name, several in versions.items() if len(several) > 1} == {}
