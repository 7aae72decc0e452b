"""Long words in narrow columns are divided with a hyphen."""

import pytest

from kiosk.output.hyphenation import divisible


@pytest.mark.parametrize(
    "divided",
    [
        "Råd-giv-nings-till-fäl-len", "social-tjäns-ten", "ombuds-man-na-skap", "För-sä-krings-kas-san",
        "Utbildningar/grupp-råd-giv-nin-gar", "Länkning till socialen", "Kort ord, 12345678901234567890",
        "Strrrrrrrrrrrrrrngt", "",
    ],
)  # fmt: skip
def test_a_long_word_is_divided_by_the_rule_of_one_consonant_and_others_are_not(divided: str) -> None:
    assert divisible(divided.replace("-", "")) == divided.replace("-", "\N{SOFT HYPHEN}")
