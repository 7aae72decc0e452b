"""How many slips and kiosks the expected guests of a unit need."""

import pytest

from kiosk.domain.budget import kiosk_budget, slip_budget


@pytest.mark.parametrize(("expected", "slips"), [(0, 0), (1, 2), (2, 3), (3, 5), (100, 150), (101, 152)])
def test_the_slip_budget_is_three_slips_for_two_guests(expected: int, slips: int) -> None:
    assert slip_budget(expected) == slips


@pytest.mark.parametrize(
    ("expected", "kiosks"), [(0, 0), (1, 1), (200, 1), (201, 2), (400, 2), (401, 3), (10_000, 50)]
)
def test_the_kiosk_budget_is_one_kiosk_for_200_guests(expected: int, kiosks: int) -> None:
    assert kiosk_budget(expected) == kiosks
