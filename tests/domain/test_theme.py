"""A theme's colour can be read: its contrast is WCAG's, and the shade that is suggested passes."""

from random import Random

import pytest

from kiosk.domain.theme import (
    ACCENT,
    LEAST_SHAPE_CONTRAST,
    LEAST_TEXT_CONTRAST,
    WHITE,
    Theme,
    contrast,
    is_readable,
    mixed,
    nearest_readable,
)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", WHITE, 21.0), (WHITE, WHITE, 1.0), ("#777777", WHITE, 4.48), ("#ff0000", "#0000ff", 2.15)],
)
def test_the_contrast_ratio_equals_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


def test_the_default_accent_colour_is_readable() -> None:
    assert is_readable(ACCENT)
    assert not is_readable("#777777")


@pytest.mark.parametrize("seed", range(40))
def test_the_suggested_shade_is_the_lightest_readable_one(seed: int) -> None:
    accent = f"#{Random(seed).randrange(1 << 24):06x}"
    shade = nearest_readable(accent)
    assert contrast(shade, WHITE) >= LEAST_TEXT_CONTRAST
    assert contrast(shade, Theme(accent=shade).tint) >= LEAST_SHAPE_CONTRAST
    if shade != accent:
        assert not is_readable(accent)
        lighter = [mixed(accent, shade, part / 10) for part in range(2, 11)]
        assert not [colour for colour in lighter if colour != shade and is_readable(colour)]
