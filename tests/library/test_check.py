"""The report of `kiosk check` on scales, for people who review translations."""

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.survey import Scale
from kiosk.library.catalogues import language
from kiosk.library.check import check_report, check_text
from kiosk.library.library import Library
from kiosk.settings import read_settings
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.shipped import library_for


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return library_for(read_settings({"KIOSK_DATA": str(tmp_path)}))


def with_scale(library: Library, *labels: str) -> Library:
    return replace(library, scales={"own": Scale("own", labels, bipolar=False)})


def test_a_scale_is_listed_in_all_languages_side_by_side(library: Library) -> None:
    labels = check_report(library)["scales"]["agree5"]["labels"]
    assert tuple(labels) == GUEST_LANGUAGES
    assert {len(row) for row in labels.values()} == {5}
    assert "  en: Do not agree at all | Agree a little | Agree partly" in check_text(library)


def test_no_language_has_equal_labels_in_a_scale(library: Library) -> None:
    for scale in check_report(library)["scales"].values():
        for code, row in scale["labels"].items():
            assert len(set(row)) == len(row), code


@pytest.mark.parametrize(("number", "have_pictures"), [(2, True), (7, True), (8, False), (11, False)])
def test_a_long_scale_has_no_pictures_and_the_report_says_so(
    library: Library, number: int, *, have_pictures: bool
) -> None:
    text = check_text(with_scale(library, *map(str, range(number))))
    assert ("a picture each" in text) == have_pictures
    assert ("no pictures" in text) != have_pictures


@pytest.mark.parametrize(("label", "is_named"), [("Bra 🙂", True), ("Bra ☹", True), ("Bra – ”så”", False)])
def test_an_emoji_in_a_label_needs_a_font(library: Library, label: str, *, is_named: bool) -> None:
    assert ("fonts-noto-color-emoji" in check_text(with_scale(library, "Nej", label))) == is_named


@pytest.mark.parametrize(
    ("code", "name", "direction"),
    [("am", "አማርኛ", "ltr"), ("bn", "বাংলা", "ltr"), ("ur", "اردو", "rtl"), ("fr", "Français", "ltr")],
)
def test_a_language_that_is_not_shipped_has_a_name_and_a_direction(
    code: str, name: str, direction: str
) -> None:
    assert (language(code).autonym, language(code).direction) == (name, direction)
