"""`make mutants`: change one operator or number of the code at a time and count the changes that tests
catch.

The modules are those that decide which ballots leave a box, what is published, what is concluded from it and
how keys are destroyed. cosmic-ray makes and runs the mutants (https://cosmic-ray.readthedocs.io). It edits
files, so each module is tested in a copy of the project.

The result of each mutant is saved in build/mutants as soon as its tests end. A later run continues there,
also with a larger sample, as long as the module and its tests are unchanged.

The score of a sample is an estimate; it is printed with Wilson's 95 % interval.
"""

import argparse
import hashlib
import os
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkItem

from kiosk.domain.statistics import wilson

ROOT = Path(__file__).parents[2]
SAVED = ROOT / "build" / "mutants"
SAMPLE = 30
PROCESSOR_SECONDS = 120
"""Processor time after which the tests of a mutant are stopped. Such a mutant counts as caught."""
TIMEOUT = 900.0
"""The same limit in seconds, for tests that wait without end. It is long, because machines may be busy."""

MODULES = {
    "kiosk/domain/ballot.py": [
        "tests/domain/test_ballot.py",
        "tests/domain/test_follow_up.py",
        "tests/domain/test_several.py",
    ],
    "kiosk/domain/box.py": [
        "tests/domain/test_box.py",
        "tests/domain/test_published_figures.py",
        "tests/domain/test_rounds.py",
    ],
    "kiosk/domain/budget.py": ["tests/domain/test_budget.py"],
    "kiosk/domain/clock.py": ["tests/domain/test_clock.py"],
    "kiosk/domain/noise.py": ["tests/domain/test_noise.py", "tests/domain/test_follow_up.py"],
    "kiosk/domain/noisy_statistics.py": ["tests/domain/test_noisy_statistics.py"],
    "kiosk/domain/results.py": [
        "tests/domain/test_results.py",
        "tests/domain/test_interval_sentences.py",
        "tests/domain/test_follow_up.py",
        "tests/domain/test_several.py",
    ],
    "kiosk/domain/rounding.py": ["tests/domain/test_rounding.py"],
    "kiosk/domain/rounds.py": [
        "tests/domain/test_rounds.py",
        "tests/domain/test_follow_up.py",
        "tests/domain/test_several.py",
    ],
    "kiosk/domain/schedule.py": ["tests/domain/test_schedule.py"],
    "kiosk/domain/slips.py": ["tests/domain/test_slips.py"],
    "kiosk/domain/snapshot.py": [
        "tests/domain/test_published_figures.py",
        "tests/domain/test_results.py",
        "tests/domain/test_snapshot.py",
    ],
    "kiosk/domain/statistics.py": [
        "tests/domain/test_statistics.py",
        "tests/domain/test_stratified_trend.py",
    ],
    "kiosk/domain/tally.py": [
        "tests/domain/test_tally.py",
        "tests/domain/test_published_figures.py",
        "tests/domain/test_follow_up.py",
        "tests/domain/test_several.py",
    ],
    "kiosk/domain/ballot_days.py": ["tests/domain/test_ballot_days.py"],
    "kiosk/domain/tree.py": ["tests/domain/test_tree.py"],
    "kiosk/storage/keys.py": [
        "tests/storage/test_keys.py",
        "tests/storage/test_key_files.py",
        "tests/storage/test_lost_keys.py",
    ],
}
"""Module -> the tests that must fail for its mutants: every module of counting, of statistics and of keys."""


@dataclass(frozen=True)
class Score:
    """The result for one module: its number of mutants, those that were run, and those no test caught."""

    module: str
    mutants: int
    run: int
    survivors: tuple[str, ...]

    def __str__(self) -> str:
        caught = self.run - len(self.survivors)
        share = wilson(caught, self.run)
        return (
            f"{self.module:35} {caught:4} of {self.run} caught: {100 * caught / self.run:.0f} % "
            f"({100 * share.low:.0f} to {100 * share.high:.0f} %), {self.mutants} mutants in all"
        )


def copy_project(folder: Path) -> None:
    """Copy the files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def pytest_command(tests: Sequence[str]) -> list[str]:
    pytest = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", *tests]
    return ["prlimit", f"--cpu={PROCESSOR_SECONDS}", *pytest]


def configuration(module: str, tests: Sequence[str]) -> str:
    """Return cosmic-ray's configuration in TOML."""
    return (
        f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = {TIMEOUT}\nexcluded-modules = []\n'
        f"test-command = '{shlex.join(pytest_command(tests))}'\n[cosmic-ray.distributor]\nname = \"local\"\n"
    )


def saved_results(module: str) -> Path:
    """Return the file of a module's results, named after the contents of the module and of its tests."""
    contents = b"".join((ROOT / name).read_bytes() for name in [module, *MODULES[module]])
    return SAVED / f"{Path(module).stem}-{hashlib.sha256(contents).hexdigest()[:16]}.sqlite"


def sample_of(items: Sequence[WorkItem], sample: int | None, module: str) -> list[WorkItem]:
    """Return `sample` of the mutants; all if it is None. The choice depends on the module's name alone, and a
    larger sample contains each smaller one."""
    ordered = sorted(items, key=_place)
    random.Random(module).shuffle(ordered)
    return ordered[:sample]


def _place(item: WorkItem) -> tuple[object, ...]:
    [mutation] = item.mutations
    return mutation.start_pos, mutation.operator_name, str(mutation.operator_args), mutation.occurrence


def score(module: str, sample: int | None) -> Score:
    """Run those of a module's mutants that have no saved result, and print the result for the module. Raises
    CalledProcessError if its tests fail without a mutant."""
    with TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        copy_project(folder)
        (folder / "mutants.toml").write_text(configuration(module, MODULES[module]))
        cosmic_ray(folder, "init", "mutants.toml", "mutants.sqlite")
        with use_db(str(folder / "mutants.sqlite"), WorkDB.Mode.open) as database:
            items = list(database.work_items)
        chosen = sample_of(items, sample, module)
        SAVED.mkdir(parents=True, exist_ok=True)
        with use_db(str(saved_results(module)), WorkDB.Mode.create) as database:
            known = {_place(item) for item in database.work_items}
            database.add_work_items(item for item in chosen if _place(item) not in known)
            is_complete = not database.pending_work_items
        if not is_complete:
            # Leaves the bytecode of everything but the mutants, which cosmic-ray's runs use and never write.
            subprocess.run(pytest_command(MODULES[module]), cwd=folder, check=True, stdout=subprocess.DEVNULL)
            cosmic_ray(folder, "exec", "mutants.toml", str(saved_results(module)))
        with use_db(str(saved_results(module)), WorkDB.Mode.open) as database:
            results = [result for _, result in database.results]
    survivors = tuple(sorted(result.diff or "" for result in results if not result.is_killed))
    scored = Score(module, len(items), len(results), survivors)
    print(*survivors, scored, sep="\n", flush=True)
    return scored


def cosmic_ray(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "cosmic_ray.cli", *arguments]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants a module; 0 runs all")
    parser.add_argument("modules", nargs="*", help="a part of the paths of the modules; default: all")
    given = parser.parse_args()
    chosen = [one for one in MODULES if not given.modules or any(part in one for part in given.modules)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        scores = list(pool.map(lambda module: score(module, given.sample or None), chosen))
    print("", *scores, sep="\n")


if __name__ == "__main__":
    main()
