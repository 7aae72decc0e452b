"""A form becomes a ballot, or is refused; a box becomes bytes and is read back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.ballot import (
    Answer,
    Ballot,
    BallotError,
    BoxContent,
    NoAnswer,
    pack,
    pack_box,
    read_ballot,
    unpack,
    unpack_box,
)
from kiosk.domain.ballot_days import BallotDays
from tests.tools.builders import survey

OPTIONS = 5
SURVEY = survey(options=OPTIONS)
FIRST, SECOND = (statement.id for statement in SURVEY.statements)

answers = st.integers(1, OPTIONS) | st.sampled_from(NoAnswer)
ballots = st.lists(st.builds(Ballot, st.tuples(answers, answers)), max_size=6)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        *((str(option), option) for option in range(1, OPTIONS + 1)),
        ("dont_know", NoAnswer.DONT_KNOW),
        ("prefer_not", NoAnswer.PREFER_NOT),
        ("", NoAnswer.SKIPPED),
    ],
)
def test_each_value_of_the_form_is_one_answer(sent: str, answer: Answer) -> None:
    assert read_ballot(SURVEY, {FIRST: [sent], SECOND: ["2"]}) == Ballot((answer, 2))


def test_a_statement_that_was_not_sent_is_skipped() -> None:
    assert read_ballot(SURVEY, {}) == Ballot((NoAnswer.SKIPPED, NoAnswer.SKIPPED))
    assert read_ballot(SURVEY, {FIRST: [], SECOND: ["1"]}) == Ballot((NoAnswer.SKIPPED, 1))


@pytest.mark.parametrize("sent", ["0", "6", "-1", "01", "1.0", " 1", "٣", "skipped", "none", " "])
def test_a_value_that_is_not_on_the_scale_is_refused(sent: str) -> None:
    with pytest.raises(BallotError):
        read_ballot(SURVEY, {FIRST: [sent]})


@pytest.mark.parametrize("sent", [["1", "2"], ["1", "1"], ["", "1"], ["1", ""]])
def test_two_values_for_one_statement_are_refused(sent: list[str]) -> None:
    with pytest.raises(BallotError):
        read_ballot(SURVEY, {FIRST: sent})


def test_a_statement_of_another_survey_is_refused() -> None:
    with pytest.raises(BallotError):
        read_ballot(SURVEY, {FIRST: ["1"], "another": ["1"]})


@given(ballots)
def test_packed_ballots_are_read_back_in_an_order_that_does_not_depend_on_arrival(
    given_ballots: list[Ballot],
) -> None:
    packed = pack(given_ballots)
    assert pack(given_ballots[::-1]) == packed
    assert pack(unpack(packed, 2)) == packed
    assert sorted(map(repr, unpack(packed, 2))) == sorted(map(repr, given_ballots))


@given(st.integers(0, 2**28 - 1), st.booleans(), st.integers(0, 3), st.booleans(), ballots)
def test_a_box_is_read_back_with_each_field_of_its_header(
    excluded: int, guard_fired: bool, days: int, has_new: bool, given_ballots: list[Ballot]
) -> None:
    content = BoxContent(given_ballots, excluded, guard_fired, BallotDays(days, has_new))
    packed = pack_box(content)
    assert len(packed) == 4 + 2 * len(given_ballots)
    in_order = BoxContent(unpack(pack(given_ballots), 2), excluded, guard_fired, BallotDays(days, has_new))
    assert unpack_box(packed, 2) == in_order


@pytest.mark.parametrize("excluded", [2**28 - 1, 2**28, 2**31, 2**40])
def test_a_number_of_excluded_ballots_too_large_for_its_bits_is_capped_and_changes_no_other_field(
    excluded: int,
) -> None:
    read = unpack_box(pack_box(BoxContent([], excluded)), 2)
    assert read == BoxContent([], 2**28 - 1)


def test_a_box_is_encoded_like_the_boxes_already_stored() -> None:
    """An installation has boxes that an earlier version wrote."""
    content = BoxContent([Ballot((NoAnswer.PREFER_NOT, 2)), Ballot((1, NoAnswer.SKIPPED))], 7, True)
    marks = BoxContent([Ballot((NoAnswer.DONT_KNOW, 5))], 0, False, BallotDays(2, True))
    assert pack_box(content).hex(" ") == "80 00 00 07 01 00 ff 02"
    assert pack_box(marks).hex(" ") == "60 00 00 00 fe 05"
