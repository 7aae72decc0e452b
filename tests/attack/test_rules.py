"""The short version of the attacks on rules and views; `make attack` runs the full version."""

from collections.abc import Callable

import pytest

from tests.attack import (
    blindness,
    play_guard,
    protected,
    randomness,
    reconstruction,
    siblings,
    stuffing,
    views,
    year,
)
from tests.attack.finding import Finding, Scale

pytestmark = pytest.mark.slow

ATTACKS = [
    reconstruction.run, siblings.run, stuffing.run, protected.run, play_guard.run, blindness.run, year.run,
    randomness.run, views.run,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__module__.rpartition(".")[2])
def test_the_attack_finds_nothing_here_and_succeeds_on_its_control(
    attack: Callable[[Scale], list[Finding]],
) -> None:
    assert [finding for finding in attack(Scale.QUICK) if not finding.is_good] == []
