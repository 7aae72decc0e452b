"""What a writer of surveys is told about her wording."""

import pytest

from kiosk.domain.wording import Concern, advice, lix
from kiosk.library.catalogues import read_catalogues
from kiosk.library.rule_texts import reference_text
from kiosk.settings import shipped_folder
from tests.tools.shipped import read_surveys


def concerns(text: str) -> set[Concern]:
    return {one.concern for one in advice(text)}


def test_the_statements_of_2022_get_the_expected_advice() -> None:
    survey = read_surveys([shipped_folder("questions")])["ombudsmannaskap"]
    concerns_of = {statement.id: concerns(statement.text) for statement in survey.statements}
    assert concerns_of == {
        "listened": set(),
        "contact_support": {Concern.SEVERAL, Concern.HARD},
        "rights_knowledge": set(),
        "feel_better": set(),
    }


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Jag känner att personalen lyssnar på mig", 7 + 200 / 7),
        ("Verksamheten bidrar till att jag mår bättre", 7 + 100 / 7),
        ("Jag mår bra. Du mår bra.", 3.0),
        ("", 0.0),
        ("…", 0.0),
    ],
)
def test_lix_is_the_mean_sentence_length_plus_the_percentage_of_long_words(text: str, score: float) -> None:
    assert lix(text) == pytest.approx(score)


def test_an_abbreviation_ends_no_sentence() -> None:
    assert lix("Jag får hjälp t.ex. med mat.") == pytest.approx(lix("Jag får hjälp t ex med mat."))


@pytest.mark.parametrize(
    ("text", "concern"),
    [
        ("Personalen är snäll och kunnig", Concern.SEVERAL),
        ("Jag får mat, kläder och råd", Concern.SEVERAL),
        ("Jag får råd eller stöd", Concern.SEVERAL),
        ("Jag känner mig inte ensam", Concern.NEGATED),
        ("Ingen lyssnar på mig", Concern.NEGATED),
        ("Jag " + "vet " * 15, Concern.LONG),
    ],
)
def test_a_text_about_several_things_a_negated_one_and_a_long_one_are_reported(
    text: str, concern: Concern
) -> None:
    assert concern in concerns(text)


def test_every_concern_has_an_english_text() -> None:
    english = read_catalogues([shipped_folder("translations")], "desk")["en"]
    given = [one for text in ("Inte och", "Verksamhetens " * 16) for one in advice(text)]
    assert {one.concern for one in given} == set(Concern)
    for one in given:
        assert one.message.render(english.text) != one.message.render(reference_text)
