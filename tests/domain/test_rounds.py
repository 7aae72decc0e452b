"""Which rounds may be opened, and what freezes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.rounds import (
    Admission,
    Protection,
    ProtectionLevel,
    PublicationTime,
    Round,
    RoundError,
    check_opening,
    history_faults,
    outlook,
    round_from_json,
    round_id,
)
from kiosk.library.rule_texts import reference_text
from tests.tools.builders import MONDAY, a_round, survey, tree

DAY = timedelta(days=1)
GOOD = a_round(tree("a", "b"))


def faults(new: Round, others: Sequence[Round] = ()) -> list[str]:
    try:
        check_opening(new, others, MONDAY)
    except RoundError as error:
        return [message.render(reference_text) for message in error.messages]
    return []


def lasting(days: float, of_round: Round = GOOD) -> Round:
    return replace(of_round, closes_at=of_round.opens_at + timedelta(days=days))


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, k=4),
        replace(GOOD, k=0),
        replace(GOOD, k=101),
        lasting(4.99),
        lasting(-1),
        lasting(367),
        replace(GOOD, admission=frozenset()),
    ],
)
def test_a_round_that_breaks_one_rule_is_refused_for_that_reason(broken: Round) -> None:
    assert len(faults(broken)) == 1
    assert faults(GOOD) == faults(lasting(5)) == faults(replace(GOOD, k=100)) == []


def test_a_round_opens_today_or_later_and_lasts_five_days_from_now() -> None:
    this_morning = replace(GOOD, opens_at=MONDAY.replace(hour=0))
    assert faults(this_morning) == []
    assert len(faults(replace(this_morning, closes_at=MONDAY + 4.99 * DAY))) == 1
    assert len(faults(replace(GOOD, opens_at=MONDAY - DAY))) == 1


@pytest.mark.parametrize(
    ("a_day", "days", "sentence"),
    [
        (3.0, 90, "efter ungefär 5 dygn"),
        (0.5, 90, "efter ungefär 30 dygn"),
        (0.1, 60, "förrän omgången har stängt: det behövs 15 svar"),
        (0.05, 60, "färre än 5 svar på hela omgången"),
    ],
)
def test_the_outlook_warns_before_a_round_opens(a_day: float, days: int, sentence: str) -> None:
    kiosks_only = replace(lasting(days), admission=frozenset({Admission.KIOSK}))
    [warning] = outlook(kiosks_only, a_day)
    assert sentence in warning.render(reference_text)
    with_posters = outlook(lasting(days), a_day)
    assert len(with_posters) == (1 if a_day >= 3 else 2)


def test_a_smaller_k_is_advised_only_to_a_round_that_may_have_one() -> None:
    for k, way_out in ((5, "Välj en längre omgång."), (6, "Välj en längre omgång eller ett mindre k.")):
        of_round = replace(lasting(60), k=k, admission=frozenset({Admission.KIOSK}))
        [warning] = outlook(of_round, 0.1)
        assert warning.render(reference_text).endswith(way_out)


def test_the_outlook_of_a_round_with_figures_at_closing_has_no_time_of_first_figures() -> None:
    waits = replace(GOOD, figures=PublicationTime.AT_CLOSING, admission=frozenset({Admission.KIOSK}))
    assert outlook(waits, 3.0) == ()


@pytest.mark.parametrize(
    ("level", "figures", "off", "points"),
    [
        (ProtectionLevel.PROTECTED, PublicationTime.AT_CLOSING, 3, 14),
        (ProtectionLevel.STRONG, PublicationTime.AT_CLOSING, 6, 18),
        (ProtectionLevel.PROTECTED, PublicationTime.LIVE, 6, 20),
        (ProtectionLevel.STRONG, PublicationTime.LIVE, 12, 30),
    ],
)
def test_the_outlook_states_the_error_of_a_protected_rounds_figures(
    level: ProtectionLevel, figures: PublicationTime, off: int, points: int
) -> None:
    opened = replace(
        lasting(60), figures=figures, admission=frozenset({Admission.KIOSK}),
        protection=level.protection, epsilon=level.epsilon,
    )  # fmt: skip
    error = outlook(opened, 1.0)[-1].render(reference_text)
    assert f"Med ungefär 60 svar i en verksamhet kan varje stapel vara fel på upp till {off} svar" in error
    assert f"±{points} procentenheter" in error
    exact = outlook(replace(opened, protection=Protection.EXACT), 1.0)
    assert "±" not in "".join(message.render(reference_text) for message in exact)


def test_all_reasons_for_a_refusal_are_given_at_once() -> None:
    assert len(faults(replace(lasting(3), k=4, admission=frozenset()))) == 3


def test_a_unit_is_in_one_round_at_a_time() -> None:
    same_units = replace(GOOD, id="other", opens_at=GOOD.closes_at - DAY, closes_at=GOOD.closes_at + 9 * DAY)
    assert len(faults(same_units, [GOOD])) == 1
    assert faults(replace(same_units, opens_at=GOOD.closes_at), [GOOD]) == []
    assert faults(replace(same_units, tree=tree("c")), [GOOD]) == []


def quarters(number: int, *, days_apart: int = 80) -> list[Round]:
    return [
        replace(lasting(70), id=f"q{at}", opens_at=MONDAY + at * days_apart * DAY,
                closes_at=MONDAY + (at * days_apart + 70) * DAY)
        for at in range(number)
    ]  # fmt: skip


def test_a_unit_is_in_at_most_four_rounds_a_year_even_with_other_statements() -> None:
    *four, fifth = quarters(5)
    assert faults(four[3], four[:3]) == []
    assert len(faults(fifth, four)) == 1
    slower = quarters(5, days_apart=92)
    assert faults(slower[4], slower[:4]) == []
    reworded = replace(survey(), statements=tuple(replace(s, text=f"{s.text}.") for s in survey().statements))
    assert len(faults(replace(fifth, survey=reworded), four)) == 1
    assert faults(replace(fifth, tree=tree("c")), four) == []


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize(("days", "is_refused"), [(364, True), (365, False), (500, False)])
def test_only_rounds_within_a_year_count_against_the_round_budget(
    direction: int, days: int, *, is_refused: bool
) -> None:
    opens_at = GOOD.opens_at + direction * days * DAY
    others = [replace(GOOD, id=f"q{at}", opens_at=opens_at, closes_at=opens_at + 9 * DAY) for at in range(4)]
    assert len(faults(GOOD, others)) == is_refused


def test_earlier_and_later_rounds_count_against_one_round_budget() -> None:
    first, second, new, *later = quarters(5)
    assert faults(new, [first, second, later[0]]) == []
    assert len(faults(new, [first, second, *later])) == 1


@pytest.mark.parametrize("figures", PublicationTime)
def test_a_round_survives_conversion_to_json_and_back(figures: PublicationTime) -> None:
    opened = replace(GOOD, figures=figures)
    assert round_from_json(json.loads(json.dumps(opened.as_json()))) == opened


def test_rounds_of_older_versions_without_figures_member_are_live() -> None:
    row = GOOD.as_json()
    del row["figures"]
    assert round_from_json(row) == GOOD


@pytest.mark.parametrize("epsilon", [Fraction(3, 2), Fraction(1), Fraction(7, 5)])
def test_a_protected_round_keeps_the_epsilon_it_opened_with(epsilon: Fraction) -> None:
    opened = replace(GOOD, protection=Protection.PROTECTED, epsilon=epsilon)
    assert round_from_json(json.loads(json.dumps(opened.as_json()))) == opened


@pytest.mark.parametrize("level", ProtectionLevel)
def test_a_round_keeps_the_protection_that_was_chosen_at_its_opening(level: ProtectionLevel) -> None:
    opened = replace(GOOD, protection=level.protection, epsilon=level.epsilon)
    kept = round_from_json(json.loads(json.dumps(opened.as_json())))
    assert kept.level is level
    assert kept.is_protected is (level is not ProtectionLevel.EXACT)
    assert faults(opened) == []


@pytest.mark.parametrize(("level", "epsilon"), [("protected", "1"), ("strong", "1/2"), ("strong", "3/4")])
def test_a_received_round_is_named_by_its_epsilon(level: str, epsilon: str) -> None:
    """An aggregate has the smallest epsilon of its statements: a follow-up's is 1 or 1/2."""
    row = replace(GOOD, protection=Protection.PROTECTED).as_json()
    assert round_from_json({**row, "epsilon": epsilon}).level == level


def test_rounds_of_older_versions_without_protection_member_are_exact() -> None:
    row = GOOD.as_json()
    del row["protection"]
    assert round_from_json(row).protection is Protection.EXACT


@pytest.mark.parametrize("text", ["1.5", "0", "0/2", "1/0", "-1", "3 / 2", "1e9", "", "99999"])
def test_other_notations_of_epsilon_are_refused(text: str) -> None:
    protected = replace(GOOD, protection=Protection.PROTECTED)
    with pytest.raises(ValueError, match="is no epsilon"):
        round_from_json({**protected.as_json(), "epsilon": text})


@pytest.mark.parametrize("epsilon", [Fraction(2), Fraction(1, 11)])
def test_an_epsilon_outside_its_limits_is_refused(epsilon: Fraction) -> None:
    assert faults(replace(GOOD, protection=Protection.PROTECTED, epsilon=epsilon))


def test_round_ids_are_unique() -> None:
    taken: list[str] = []
    for _ in range(3):
        taken.append(round_id(GOOD.survey, MONDAY.date(), taken))
    assert taken == ["made_up-2026-03-02", "made_up-2026-03-02-2", "made_up-2026-03-02-3"]


# -- rounds from a file --------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(5, 120), st.booleans()), max_size=12))
def test_every_history_of_validly_opened_rounds_is_accepted(wanted: list[tuple[int, int, bool]]) -> None:
    """In whatever order they were opened: some long before their first day, some late on it."""
    opened: list[Round] = []
    for number, (day, days, is_late) in enumerate(wanted):
        opens_at = MONDAY + day * DAY
        now = opens_at.replace(hour=23, minute=59, second=59) if is_late else MONDAY
        closes_at = max(now, opens_at) + days * DAY
        new = replace(GOOD, id=f"r{number}", opens_at=opens_at, closes_at=closes_at)
        try:
            check_opening(new, opened, now)
        except RoundError:
            continue
        opened.append(new)
    assert list(history_faults(opened)) == []


def test_the_longest_length_counts_from_the_time_of_opening() -> None:
    late = GOOD.opens_at.replace(hour=23)
    longest = replace(GOOD, closes_at=late + 366 * DAY)
    check_opening(longest, [], late)
    assert list(history_faults([longest])) == []
    assert [round_id for round_id, _ in history_faults([lasting(367.7)])] == ["r"]


@pytest.mark.parametrize(
    "broken",
    [replace(GOOD, k=4), lasting(4.99), lasting(368), replace(GOOD, admission=frozenset())],
)
def test_a_history_with_an_invalid_round_names_it_with_the_reason(broken: Round) -> None:
    [(round_id, reasons_of_it)] = history_faults([broken])
    assert (round_id, len(reasons_of_it)) == ("r", 1)


def test_a_history_with_overlapping_or_too_many_rounds_names_them() -> None:
    many = [
        replace(GOOD, id=f"r{n}", opens_at=MONDAY + n * 80 * DAY, closes_at=MONDAY + (n * 80 + 70) * DAY)
        for n in range(5)
    ]
    assert [round_id for round_id, _ in history_faults(many)] == ["r4"]
    assert [round_id for round_id, _ in history_faults([GOOD, replace(GOOD, id="s")])] == ["s"]


def test_numbers_below_zero_are_refused_and_zero_is_not() -> None:
    new = a_round(tree("a"))
    assert faults(replace(new, expected={"a": 0}, least_days=0)) == faults(new)
    assert faults(replace(new, expected={"a": -1})) != faults(new)
    assert faults(replace(new, least_days=-1)) != faults(new)


def test_a_round_runs_from_its_opening_until_its_closing() -> None:
    of_round, moment = a_round(tree("a")), timedelta(microseconds=1)
    times = [of_round.opens_at - moment, of_round.opens_at, of_round.closes_at - moment, of_round.closes_at]
    assert [of_round.is_running(at) for at in times] == [False, True, True, False]
    assert not of_round.is_running(of_round.closes_at + moment)
