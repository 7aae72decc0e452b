"""The plain markup of a report's text, and sentences that claim a cause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.report import Block, Kind, causal_claims, prose


def test_only_paragraphs_lists_and_headings_are_markup() -> None:
    text = "# Rubrik\nEtt stycke\nsom fortsätter.\n\n- ett\n- två\n\n<b>*inte fet*</b>"
    assert prose(text) == (
        Block(Kind.HEADING, "Rubrik", level=2),
        Block(Kind.PARAGRAPH, "Ett stycke som fortsätter."),
        Block(Kind.LIST, rows=(("ett",), ("två",))),
        Block(Kind.PARAGRAPH, "<b>*inte fet*</b>"),
    )


@given(st.text(alphabet="ab- #\n\r\t", max_size=60))
def test_converting_a_text_to_blocks_loses_no_letter(text: str) -> None:
    kept = "".join(block.text + "".join(cell for row in block.rows for cell in row) for block in prose(text))
    assert [letter for letter in kept if letter in "ab"] == [letter for letter in text if letter in "ab"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Gästerna mår bättre tack vare vårt stöd.",
        "Vårt arbete har lett till ökad egenmakt.",
        "Stödet ledde till fler kontakter.",
        "Verksamheten har förbättrat deras hälsa.",
        "They felt better because of our work.",
    ],
)
def test_a_sentence_that_claims_a_cause_is_reported(sentence: str) -> None:
    assert causal_claims(f"Vi har öppet varje dag. {sentence} Välkommen!") == (sentence,)


@pytest.mark.parametrize(
    "sentence",
    [
        "14 av 20 instämde i att verksamheten bidrar till att de mår bättre.",
        "Andelen som instämmer är högre än förra året.",
        "Vår ledning består av fem personer.",
    ],
)
def test_a_sentence_without_a_causal_claim_is_not_reported(sentence: str) -> None:
    assert causal_claims(sentence) == ()
