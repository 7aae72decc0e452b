"""The words of the scale keep its kind in each language, and a stated time is the true one."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kiosk.domain.digits import in_digits
from kiosk.library.catalogues import REFERENCE
from kiosk.screen.texts import SCREEN
from tests.tools.guest_side import Place

LITTLE_AGREEMENT = {
    "sv": "Instämmer dåligt",
    "ar": "أوافق قليلًا",
    "en": "Agree a little",
    "es": "Un poco de acuerdo",
    "fa": "کمی موافقم",
    "fi": "Vähän samaa mieltä",
    "pl": "Trochę się zgadzam",
    "ro": "Sunt puțin de acord",
    "ru": "Немного соглашаюсь",
    "so": "In yar ayaan ku raacsanahay",
    "ti": "ቁሩብ እሰማማዕ",
    "uk": "Трохи погоджуюся",
}
"""The second word of the usual scale. Each says little agreement and not disagreement, which would turn the
scale into one of another kind: a change needs a reader of the language."""

FOLDER = Path("translations")


@pytest.mark.parametrize("language", LITTLE_AGREEMENT)
def test_the_second_word_means_little_agreement_and_translators_are_told(language: str) -> None:
    with (FOLDER / language / "LC_MESSAGES/guest.po").open("rb") as file:
        message = read_po(file)["Instämmer dåligt"]
    assert message is not None
    assert message.string == LITTLE_AGREEMENT[language]
    note = " ".join((*message.auto_comments, *message.user_comments))
    assert "little agreement, never disagreement" in note


def test_every_language_of_the_screen_is_looked_at() -> None:
    assert set(LITTLE_AGREEMENT) == {file.parts[1] for file in FOLDER.glob("*/LC_MESSAGES/guest.po")}


def test_an_absent_guest_is_told_the_true_time_in_every_language(tmp_path: Path) -> None:
    place = Place(tmp_path)
    leave = re.search(r'data-leave="(\d+)000"', place.client.get("/").text)
    assert leave
    for code, catalogue in place.library.guest.items():
        text = catalogue.text(SCREEN["soon_removed"])
        assert in_digits(int(leave[1]), code) in text, (code, text)
    assert REFERENCE in place.library.guest
