"""The short version of the attacks on rules and views; `make attack` runs the full version."""

from collections.abc import Callable
from functools import partial
from itertools import product

import pytest

from tests.attack import (
    blindness,
    certainty,
    follow_up,
    groupings,
    mail,
    play_guard,
    protected,
    randomness,
    reconstruction,
    several,
    siblings,
    steering,
    stuffing,
    views,
    year,
)
from tests.attack.finding import Finding, Scale
from tests.attack.guests import PROFILES

pytestmark = pytest.mark.slow

Attack = Callable[[Scale], list[Finding]]

ATTACKS: dict[str, Attack] = {
    **{attack.__module__.rpartition(".")[2]: attack for attack in (
        reconstruction.run, siblings.run, groupings.run, steering.run, stuffing.run, protected.run,
        certainty.run, several.run, follow_up.run, play_guard.run, blindness.run, randomness.run, views.run,
        mail.run,
    )},
    **{f"year: {habit.name}, {profile} answers": partial(year.run_habit, habit, profile)
       for habit, profile in product(year.LEAKS, PROFILES)},
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_the_attack_finds_nothing_here_and_succeeds_on_its_control(attack: Attack) -> None:
    assert [finding for finding in attack(Scale.QUICK) if not finding.is_good] == []
