"""Days with ballots: what counts as a day, and what the box keeps of it."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.ballot import Ballot, BoxContent, pack_box, unpack_box
from kiosk.domain.ballot_days import LEAST_DAYS, NO_BALLOT_DAYS, BallotDays

DAY = 24 * 60
times = st.lists(st.integers(0, 6 * DAY), max_size=8)
"""Minutes since the midnight on which the round opened."""


def counted(ballots: list[int], ticks: list[int]) -> BallotDays:
    """The days after all counts; a ballot at a tick comes after it."""
    ballot_days, last = NO_BALLOT_DAYS, -DAY
    for at, is_tick in sorted([(at, 0) for at in ticks] + [(at, 1) for at in ballots]):
        if is_tick == 0:
            ballot_days = ballot_days.at_count(is_first_of_day=at // DAY > last // DAY)
            last = at
        else:
            ballot_days = ballot_days.with_ballot()
    return ballot_days


@given(times, times)
def test_a_day_with_ballots_ends_at_the_first_count_of_the_next_day(
    ballots: list[int], ticks: list[int]
) -> None:
    firsts = sorted({min(tick for tick in ticks if tick // DAY == day) for day in {t // DAY for t in ticks}})
    days = [
        any(before <= at < tick for at in ballots) for before, tick in zip([0, *firsts], firsts, strict=False)
    ]
    assert counted(ballots, ticks).days == min(sum(days), LEAST_DAYS)


@given(st.integers(0, 3 * DAY), times)
def test_ballots_within_24_hours_never_count_as_three_days(start: int, offsets: list[int]) -> None:
    """However often a day is counted, and even if counts come at odd times."""
    ticks = [start + offset for offset in offsets if offset <= DAY - start % DAY]
    ballots = list(range(start, start + DAY, 7))
    assert counted(ballots, ticks).days < LEAST_DAYS


def test_days_with_ballots_are_counted_up_to_three() -> None:
    ends = [day * DAY for day in range(1, 6)]
    days = [counted([day * DAY + 1 for day in range(number)], ends).days for number in range(6)]
    assert days == [0, 1, 2, 3, 3, 3]
    assert LEAST_DAYS == 3


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=9),
    st.integers(0, 10**6), st.booleans(), st.integers(0, LEAST_DAYS), st.booleans(),
)  # fmt: skip
def test_box_content_survives_packing_and_unpacking(
    answers: list[tuple[int, int]],
    excluded: int,
    fired: bool,
    days: int,
    new: bool,
) -> None:
    content = BoxContent(
        sorted(map(Ballot, answers), key=lambda one: one.answers), excluded, fired, BallotDays(days, new)
    )
    assert unpack_box(pack_box(content), 2) == content


def test_a_box_of_an_older_version_is_read_without_days() -> None:
    old = (7 | 1 << 31).to_bytes(4) + bytes([1, 2])
    assert unpack_box(old, 2) == BoxContent([Ballot((1, 2))], 7, guard_fired=True, ballot_days=NO_BALLOT_DAYS)


def test_no_field_of_the_days_is_a_date() -> None:
    assert {type(value) for value in vars(BallotDays(3, has_new=True)).values()} == {int, bool}
    assert not any(isinstance(value, date) for value in vars(NO_BALLOT_DAYS).values())
