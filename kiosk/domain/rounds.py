"""Rounds: one survey, in one version, over one tree, from an opening to a closing time.

All terms freeze when a person opens the round, which may be before `opens_at`: until then it can be
cancelled. Nothing else changes it, or closes it before `closes_at`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Any

from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.box import FIRST_BATCH_FACTOR, K_FLOOR, LARGEST_BOX_FACTOR
from kiosk.domain.budget import MOST_EXPECTED, kiosk_budget, slip_budget
from kiosk.domain.message import Code, Message
from kiosk.domain.noise import (
    EPSILON,
    FOLLOW_SHARE,
    OPTION_SHARE,
    SMALLEST_EPSILON,
    STRONG_EPSILON,
    read_epsilon,
)
from kiosk.domain.precision import expectation, most_batches
from kiosk.domain.rounding import half_up
from kiosk.domain.survey import Column, ColumnSubject, Survey, survey_from_json
from kiosk.domain.tree import Tree, tree_from_json

SHORTEST_ROUND = timedelta(days=5)
"""Shortest time from opening to closing."""
LONGEST_ROUND = timedelta(days=366)
"""Longest time from opening to closing."""
TREND_WINDOW = timedelta(days=365)
"""The period in which a unit's rounds are counted against TREND_BUDGET."""
TREND_BUDGET = 4
"""Most rounds of one unit within TREND_WINDOW, whatever they ask: statements can be reworded. The same
regulars answer each time, and about as many tables as there are regulars undo every threshold (Danezis 2003;
Oya and others)."""

LONGEST_NAME_CHARACTERS = 80
"""Longest name of a round: it is printed on slips."""

FEWEST_BETWEEN_COUNTS = 3.0
"""Fewest guests between two counts for which the fixed count time protects against an attacker who fills a
box around one guest: with n guests on average, the chance that this guest was the only one is about
exp(-n)."""


SHARES = {
    ColumnSubject.OPTION: OPTION_SHARE,
    ColumnSubject.FOLLOWED: FOLLOW_SHARE,
    ColumnSubject.FOLLOW_UP: FOLLOW_SHARE,
}
"""Subject of a column -> the part of the round's epsilon that the column's table has; 1 for any other
subject."""


class Admission(StrEnum):
    """The ways in which a ballot may come into a box."""

    KIOSK = "kiosk"
    SLIP = "slip"
    POSTER = "poster"


class PublicationTime(StrEnum):
    """The time at which a round's figures are shown: from the first full box on (LIVE), or only after its
    closing (AT_CLOSING).

    If the same few guests answer again and again, an insider who knows when they came learns much from
    figures that appear bit by bit, and little from one table at the end.
    """

    LIVE = "live"
    AT_CLOSING = "at_closing"


class Protection(StrEnum):
    """The protection of a round's figures: noise, or the veil on exact figures. docs/noise.md compares the
    two."""

    PROTECTED = "protected"
    EXACT = "exact"


class ProtectionLevel(StrEnum):
    """The choice of a round's protection at its opening. A strongly protected round is a protected one with
    more noise: STRONG_EPSILON."""

    PROTECTED = "protected"
    STRONG = "strong"
    EXACT = "exact"

    @property
    def protection(self) -> Protection:
        return Protection.EXACT if self is ProtectionLevel.EXACT else Protection.PROTECTED

    @property
    def epsilon(self) -> Fraction:
        """The epsilon of a statement in a round that opens with this choice. An exact round does not use
        it."""
        return STRONG_EPSILON if self is ProtectionLevel.STRONG else EPSILON


class RoundFault(Code):
    """The reason why a round may not be opened."""

    OTHER_OPENING = "round.other_opening"
    K_BELOW_FLOOR = "round.k_below_floor"
    K_ABOVE_CEILING = "round.k_above_ceiling"
    OPENS_BEFORE_TODAY = "round.opens_before_today"
    TOO_SHORT = "round.too_short"
    TOO_LONG = "round.too_long"
    EPSILON_OUT_OF_RANGE = "round.epsilon_out_of_range"
    NO_ADMISSION = "round.no_admission"
    NAME_TOO_LONG = "round.name_too_long"
    LEAST_DAYS_OUT_OF_RANGE = "round.least_days_out_of_range"
    EXPECTED_AT_UNKNOWN_UNIT = "round.expected_at_unknown_unit"
    EXPECTED_OUT_OF_RANGE = "round.expected_out_of_range"
    UNIT_IN_OTHER_ROUND = "round.unit_in_other_round"
    TREND_BUDGET_SPENT = "round.trend_budget_spent"


class RoundOutlook(Code):
    """A message of `outlook`."""

    TOO_FEW_ANSWERS = "outlook.too_few_answers"
    WEAK_AGAINST_STUFFING = "outlook.weak_against_stuffing"
    ERROR_OF_FIGURES = "outlook.error_of_figures"
    FIRST_FIGURES = "outlook.first_figures"
    NO_FIGURES_AT_SMALLEST_K = "outlook.no_figures_at_smallest_k"
    NO_FIGURES_BEFORE_CLOSING = "outlook.no_figures_before_closing"


class RoundError(ValueError):
    """A round that may not be opened. `messages` has every reason."""

    def __init__(self, *messages: Message) -> None:
        super().__init__(*messages)
        self.messages = messages


OTHER_OPENING = Message(RoundFault.OTHER_OPENING, {})
"""Why no round opens while another opening is not finished (`kiosk/storage/opening_steps.py`)."""


@dataclass(frozen=True)
class Round:
    """The frozen terms of a round.

    Times are the installation's local time. From `closes_at` on no ballot is admitted; the round counts as
    closed from the next count on. `epsilon` is that of one statement, and is used in protected rounds only.
    `expected` maps the ids of units to the number of guests that they expect in the whole round; a unit that
    is absent has no budget. `least_days` is the number of days with ballots that a unit needs for figures of
    its own; 0 means no condition, as in rounds that were opened by earlier versions. `name` is "" if the
    round has no name of its own.
    """

    id: str
    survey: Survey
    tree: Tree
    k: int
    opens_at: datetime
    closes_at: datetime
    admission: frozenset[Admission]
    figures: PublicationTime = PublicationTime.LIVE
    protection: Protection = Protection.EXACT
    epsilon: Fraction = EPSILON
    expected: Mapping[str, int] = field(default_factory=dict)
    least_days: int = 0
    name: str = ""

    @property
    def title(self) -> str:
        """The round's name, or its survey's title."""
        return self.name or self.survey.title

    @property
    def is_protected(self) -> bool:
        return self.protection is Protection.PROTECTED

    @property
    def level(self) -> ProtectionLevel:
        """The choice that names the round's protection. A protected round is strongly protected if its
        epsilon is at most STRONG_EPSILON."""
        if not self.is_protected:
            return ProtectionLevel.EXACT
        return ProtectionLevel.STRONG if self.epsilon <= STRONG_EPSILON else ProtectionLevel.PROTECTED

    def epsilon_of(self, column: Column) -> Fraction:
        """Return the epsilon of the noise in the table of one of the survey's columns (`Survey.columns`), in
        each batch."""
        return self.epsilon * SHARES.get(column.subject, 1)

    def slip_budget(self, unit_id: str) -> int | None:
        """Return the number of slips that staff may print for a unit without a reason; None without a
        limit."""
        expected = self.expected.get(unit_id)
        return None if expected is None else slip_budget(expected)

    def kiosk_budget(self, unit_id: str) -> int | None:
        """Return the number of kiosks that a unit may have without a reason; None without a limit."""
        expected = self.expected.get(unit_id)
        return None if expected is None else kiosk_budget(expected)

    def is_running(self, now: datetime) -> bool:
        """Return whether ballots are admitted at `now`, local time, by the round's times alone: from
        `opens_at` on, before `closes_at`. It may be true of a round that a wrong clock closed early."""
        return self.opens_at <= now < self.closes_at

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready copy, as a round is stored and frozen."""
        return {
            "id": self.id,
            "survey": self.survey.as_json(),
            "tree": self.tree.as_json(),
            "k": self.k,
            "opens_at": self.opens_at.isoformat(),
            "closes_at": self.closes_at.isoformat(),
            "admission": sorted(self.admission),
            "figures": self.figures.value,
            "protection": self.protection.value,
            **({"epsilon": str(self.epsilon)} if self.is_protected else {}),
            **({"expected": dict(self.expected)} if self.expected else {}),
            **({"least_days": self.least_days} if self.least_days else {}),
            **({"name": self.name} if self.name else {}),
        }


def round_from_json(row: dict[str, Any]) -> Round:
    """Return a round from its JSON: the inverse of `Round.as_json`. KeyError, TypeError, ValueError or
    AttributeError for another shape; types of texts and numbers are not checked, nor the rules of
    `check_opening`.

    Rounds of earlier versions lack some members. Without `figures` and `protection` a round is live and
    exact, without `expected` it has no budget, without `least_days` no condition of days, and without `name`
    no name of its own.
    """
    protection = Protection(row.get("protection", Protection.EXACT))
    return Round(
        row["id"],
        survey_from_json(row["survey"]),
        tree_from_json(row["tree"]),
        row["k"],
        datetime.fromisoformat(row["opens_at"]),
        datetime.fromisoformat(row["closes_at"]),
        frozenset(Admission(word) for word in row["admission"]),
        PublicationTime(row.get("figures", PublicationTime.LIVE)),
        protection,
        read_epsilon(row["epsilon"]) if protection is Protection.PROTECTED else EPSILON,
        row.get("expected", {}),
        row.get("least_days", 0),
        row.get("name", ""),
    )


def round_id(survey: Survey, opens_on: date, taken: Iterable[str]) -> str:
    """Return a new round's id: the survey's id and the opening day, such as trygghet-2026-03-02. If `taken`
    has it, the first free number from 2 on follows, such as trygghet-2026-03-02-2."""
    wanted = f"{survey.id}-{opens_on.isoformat()}"
    names, number, name = set(taken), 1, wanted
    while name in names:
        number += 1
        name = f"{wanted}-{number}"
    return name


def check_opening(
    new: Round, others: Iterable[Round], now: datetime, closed: frozenset[str] = frozenset()
) -> None:
    """Raise RoundError, with every reason at once, unless `new` may be opened beside `others` at `now`,
    local time: k, epsilon, length and the other terms must be within their limits, no other round may run at
    one of its units in its time, and no unit may get more than TREND_BUDGET rounds within TREND_WINDOW.

    `closed` holds ids of rounds that a count has closed. Their time may overlap with the new round's, since a
    wrong clock may have closed them early; they still count towards TREND_BUDGET.
    """
    messages = [*_own_faults(new, now), *_faults_beside(new, list(others), closed)]
    if messages:
        raise RoundError(*messages)


def history_faults(
    rounds: Iterable[Round], closed: frozenset[str] = frozenset()
) -> Iterable[tuple[str, list[Message]]]:
    """Yield (round id, messages) for each round that `check_opening` would have refused at its opening, in
    the order of opening.

    For rounds from a file: the time on their first day at which somebody opened them is unknown, and the one
    that suits the rules best is taken. `closed` holds ids of closed rounds: a later round may have opened
    within their time if a wrong clock closed them early.
    """
    earlier: list[Round] = []
    for of_round in sorted(rounds, key=lambda of_round: (of_round.opens_at, of_round.id)):
        midnight = datetime.combine(of_round.opens_at.date(), time()) + timedelta(days=1)
        opened_at = max(
            of_round.opens_at, min(midnight - timedelta.resolution, of_round.closes_at - SHORTEST_ROUND)
        )
        messages = [*_own_faults(of_round, opened_at), *_faults_beside(of_round, earlier, closed)]
        if messages:
            yield of_round.id, messages
        earlier.append(of_round)


def outlook(new: Round, guests_a_day: float) -> tuple[Message, ...]:
    """Return messages for a coordinator who is about to open a round with about `guests_a_day` guests a day
    at each unit: the time until the figures of a live round, the error of the figures of a protected one, and
    reasons against the round; () without any. The round need not pass `check_opening`.

    With fewer than FEWEST_BETWEEN_COUNTS guests between two counts, the fixed count time protects little
    against stuffing.
    """
    length = new.closes_at - new.opens_at
    answers = int(guests_a_day * (length / timedelta(days=1)))
    messages = []
    if answers < new.k:
        messages.append(Message(RoundOutlook.TOO_FEW_ANSWERS, {"a_day": guests_a_day, "k": new.k}))
    elif new.figures is PublicationTime.LIVE:
        messages.append(_first_figures(new, guests_a_day))
    if new.is_protected and answers >= new.k:
        messages.append(_error_of_figures(new, answers))
    if guests_a_day < FEWEST_BETWEEN_COUNTS and Admission.POSTER in new.admission:
        messages.append(Message(RoundOutlook.WEAK_AGAINST_STUFFING, {}))
    return tuple(messages)


def _error_of_figures(new: Round, answers: int) -> Message:
    """Return the message about the error of a protected round's figures after closing, for a unit with so
    many answers."""
    batches = most_batches(answers, new.k, is_live=new.figures is PublicationTime.LIVE)
    expected = expectation(new.survey.statements, new.epsilon, answers, batches)
    return Message(
        RoundOutlook.ERROR_OF_FIGURES,
        {"answers": answers, "off": expected.off, "points": half_up(100 * expected.reach)},
    )


def _first_figures(new: Round, guests_a_day: float) -> Message:
    """Return the message about the time of a unit's first figures and the longest time between later ones;
    the message of `_figures_at_closing` if the round is too short for them."""
    first = FIRST_BATCH_FACTOR * new.k
    if timedelta(days=first / guests_a_day) > new.closes_at - new.opens_at:
        return _figures_at_closing(new, guests_a_day)
    return Message(
        RoundOutlook.FIRST_FIGURES,
        {
            "a_day": guests_a_day,
            "days": max(ceil(first / guests_a_day), new.least_days),
            "apart": ceil((LARGEST_BOX_FACTOR - 1) * new.k / guests_a_day),
        },
    )


def _figures_at_closing(new: Round, guests_a_day: float) -> Message:
    """Return the message that a unit has no figures before the closing, with the remedy."""
    first = FIRST_BATCH_FACTOR * new.k
    if new.k == K_FLOOR:
        return Message(RoundOutlook.NO_FIGURES_AT_SMALLEST_K, {"a_day": guests_a_day, "first": first})
    return Message(RoundOutlook.NO_FIGURES_BEFORE_CLOSING, {"a_day": guests_a_day, "first": first})


def _own_faults(new: Round, now: datetime) -> Iterable[Message]:
    """Yield a message for each fault of a round's own terms, if it is opened at `now`, local time."""
    if new.k < K_FLOOR:
        yield Message(RoundFault.K_BELOW_FLOOR, {"floor": K_FLOOR})
    if new.k > 100:
        yield Message(RoundFault.K_ABOVE_CEILING, {"ceiling": 100})
    if new.opens_at.date() < now.date():
        yield Message(RoundFault.OPENS_BEFORE_TODAY, {})
    length = new.closes_at - max(new.opens_at, now)
    if length < SHORTEST_ROUND:
        yield Message(RoundFault.TOO_SHORT, {"days": SHORTEST_ROUND.days})
    if length > LONGEST_ROUND:
        yield Message(RoundFault.TOO_LONG, {"days": LONGEST_ROUND.days})
    if not SMALLEST_EPSILON <= new.epsilon <= EPSILON:
        yield Message(RoundFault.EPSILON_OUT_OF_RANGE, {"least": str(SMALLEST_EPSILON), "most": str(EPSILON)})
    if not new.admission:
        yield Message(RoundFault.NO_ADMISSION, {})
    if len(new.name) > LONGEST_NAME_CHARACTERS:
        yield Message(RoundFault.NAME_TOO_LONG, {"most": LONGEST_NAME_CHARACTERS})
    if not 0 <= new.least_days <= LEAST_DAYS:
        yield Message(RoundFault.LEAST_DAYS_OUT_OF_RANGE, {"least": 0, "most": LEAST_DAYS})
    yield from _faults_of_expected(new)


def _faults_of_expected(new: Round) -> Iterable[Message]:
    """Yield a message for each fault of the round's expected numbers of guests (`Round.expected`)."""
    for unit, expected in new.expected.items():
        if unit not in new.tree.leaves:
            yield Message(RoundFault.EXPECTED_AT_UNKNOWN_UNIT, {"unit": unit})
        elif not 0 <= expected <= MOST_EXPECTED:
            yield Message(
                RoundFault.EXPECTED_OUT_OF_RANGE,
                {"unit": new.tree.node(unit).name, "least": 0, "most": MOST_EXPECTED},
            )


def _faults_beside(new: Round, others: list[Round], closed: frozenset[str]) -> Iterable[Message]:
    """Yield a message for each of `others` that overlaps in time and has one of the same units; those in
    `closed` are left out. Then yield one for the first unit that has TREND_BUDGET rounds already, if any."""
    units = set(new.tree.leaves)
    for other in others:
        shared = sorted(units & set(other.tree.leaves))
        overlaps = new.opens_at < other.closes_at and other.opens_at < new.closes_at
        if shared and overlaps and other.id not in closed:
            yield Message(
                RoundFault.UNIT_IN_OTHER_ROUND, {"round": other.title, "unit": new.tree.node(shared[0]).name}
            )
    for unit in sorted(units):
        within = [
            other
            for other in others
            if unit in other.tree.leaves and abs(new.opens_at - other.opens_at) < TREND_WINDOW
        ]
        if len(within) >= TREND_BUDGET:
            yield Message(
                RoundFault.TREND_BUDGET_SPENT, {"unit": new.tree.node(unit).name, "budget": TREND_BUDGET}
            )
            return
