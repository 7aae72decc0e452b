"""How batches become tables, and what the sum of several tables keeps of the answers withheld."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.survey import Column, ColumnSubject
from kiosk.domain.tally import (
    StatementTally,
    add,
    has_answers_of,
    of_those_asked,
    statement_tally_from_json,
    tally_batch,
    veiled,
)

OPTIONS = 5
ANSWERS: list[Answer] = [*range(1, OPTIONS + 1), *NoAnswer]

Batch = tuple[Answer, ...]
"""The answers to one statement that are counted together."""

answers = st.sampled_from(ANSWERS)
sizes = st.integers(5, 12)
unanimous = st.builds(lambda answer, size: (answer,) * size, answers, sizes)
one_differs = st.builds(lambda most, one, size: (one, *(most,) * (size - 1)), answers, answers, sizes)
mixed = st.lists(answers, min_size=5, max_size=12).map(tuple)
batches = st.lists(unanimous | one_differs | mixed, min_size=1, max_size=6)


def table(batch: Batch) -> StatementTally:
    [of_statement] = tally_batch([Ballot((answer,)) for answer in batch], [Column("s", OPTIONS)], veiled)
    return of_statement


def total(of_batches: Sequence[Batch]) -> StatementTally:
    [of_statement] = add([(table(batch),) for batch in of_batches])
    return of_statement


def is_veiled(batch: Batch) -> bool:
    """Whether all answers of a batch but one at most are the same."""
    return max(Counter(batch).values()) >= len(batch) - 1


@given(batches)
def test_a_sum_of_batches_withholds_one_answer_per_veiled_batch(of_batches: list[Batch]) -> None:
    assert total(of_batches).withheld == sum(map(is_veiled, of_batches))


@given(batches)
def test_a_sum_of_batches_has_as_many_ballots_as_they_have(of_batches: list[Batch]) -> None:
    answered = [total(of_batches[:number]).ballots for number in range(1, len(of_batches) + 1)]
    assert answered == list(accumulate(map(len, of_batches)))


@given(batches)
def test_a_sum_of_batches_lacks_only_withheld_answers(of_batches: list[Batch]) -> None:
    published = total(of_batches)
    given_answers = Counter(answer for batch in of_batches for answer in batch)
    shown = dict(zip(ANSWERS, [*published.counts, *published.no_answer], strict=True))
    missing = [given_answers[answer] - shown[answer] for answer in ANSWERS]
    assert min(missing) >= 0
    assert sum(missing) == published.withheld


def test_two_veiled_batches_withhold_two_answers() -> None:
    assert total([(4,) * 6, (4,) * 4 + (1,)]) == StatementTally((0, 0, 0, 9, 0), (0, 0, 0), 2)


@given(batches)
def test_a_table_survives_conversion_to_json_and_back(of_batches: list[Batch]) -> None:
    assert statement_tally_from_json(total(of_batches).as_json()) == total(of_batches)


def test_a_table_has_the_cells_of_its_column_and_of_no_other() -> None:
    statement = StatementTally((1, 2, 3), (0, 1, 0), 0)
    follow_up = StatementTally((1, 2, 3), (0, 1, 0), 0, not_asked=4)
    option = StatementTally((1, 2), (0, 0, 0), 0)
    columns = {
        "statement": Column("s", 3),
        "follow-up": Column("s", 3, ColumnSubject.FOLLOW_UP, (1,)),
        "option": Column("s", 2, ColumnSubject.OPTION),
    }
    fitting = {
        (name, at)
        for at, table in enumerate((statement, follow_up, option, replace(option, no_answer=(0, 1, 0))))
        for name, column in columns.items()
        if has_answers_of(table, column)
    }
    assert fitting == {("statement", 0), ("follow-up", 1), ("option", 2)}


def test_ballots_without_an_answer_to_a_follow_up_were_withheld_or_not_asked() -> None:
    """Of 20 guests, 4 were asked for certain and 1 perhaps, and 2 answered: 3 at most are withheld."""
    statement = StatementTally((4, 15), (0, 0, 0), 1)
    table = StatementTally((1, 1), (0, 0, 0), 18, not_asked=0)
    follow_up = Column("s", 2, ColumnSubject.FOLLOW_UP, (1,))
    shown = of_those_asked(table, statement, follow_up)
    assert (shown.withheld, shown.not_asked, shown.ballots) == (3, 15, 20)
