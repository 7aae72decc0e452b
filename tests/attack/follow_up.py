"""Attacks on follow-ups: does the table of "why?" tell who gave the answer that it is asked after?

In an exact round: is an answer certain from all tables of a batch together, or the reason of a guest whose
other answer is known? In a protected one: how sure does an insider become who knows all other ballots? She
sees the noisy tables before they are made whole, which tells at least as much as the published ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from math import exp, prod
from random import Random

from kiosk.domain.ballot import NOT_ASKED, Answer, Ballot, NoAnswer
from kiosk.domain.box import veil
from kiosk.domain.noise import EPSILON, FOLLOW_SHARE, geometric_noise, zero_sum_noise
from kiosk.domain.survey import Column, ColumnSubject, FollowUp, Pictures, Statement, Survey
from kiosk.domain.survey import Scale as Answers
from kiosk.domain.tally import Publish, Published, StatementTally, Tally, add, tally_batch, veiled
from tests.attack.finding import Finding, Scale
from tests.attack.noise_attacks import SURE

BATCH = 5
"""Ballots of a batch whose every possible content is tried: K_FLOOR."""

SURVEY = Survey(
    "why", "Why?", "", "", False,
    (
        Statement("safe", "I feel safe here", "Safety", Answers("safe", ("No", "Yes"), bipolar=False)),
        Statement(
            "why", "Why not?", "Safety",
            Answers("why", ("Staff", "Guests"), bipolar=False, pictures=Pictures.NONE, is_ordered=False),
            follows=FollowUp("safe", (1,)),
        ),
    ),
    {},
)  # fmt: skip

COLUMNS = SURVEY.columns


def possible_ballots() -> list[Ballot]:
    """Return every ballot, with one kind of no answer: the veil treats all kinds as it treats options."""
    asked = [Ballot((1, why)) for why in (1, 2, NoAnswer.SKIPPED)]
    return [*asked, *(Ballot((answer, NOT_ASKED)) for answer in (2, NoAnswer.SKIPPED))]


# -- exact rounds --------------------------------------------------------------------------------------


def known_from_statement(batch: Sequence[Ballot]) -> Tally:
    """Return what is published of the statement alone, as if it had no follow-up."""
    return tally_batch([Ballot(ballot.answers[:1]) for ballot in batch], COLUMNS[:1], veiled)


def alike(publish: Publish, batches: int = 1) -> list[list[tuple[Tally, list[Ballot]]]]:
    """Return the possible contents of a batch, in groups that the published tables cannot tell apart. Each
    content is (the table of the statement alone, its ballots).

    With more than one batch, only their sum is published: a parent's figures, or the end of a round.
    """
    contents = list(combinations_with_replacement(possible_ballots(), BATCH))
    tables = [tally_batch(batch, COLUMNS, publish) for batch in contents]
    groups: dict[Tally, list[tuple[Tally, list[Ballot]]]] = {}
    for chosen in combinations_with_replacement(range(len(contents)), batches):
        ballots = [ballot for at in chosen for ballot in contents[at]]
        alone = add([known_from_statement(contents[at]) for at in chosen])
        groups.setdefault(add([tables[at] for at in chosen]), []).append((alone, ballots))
    return list(groups.values())


@dataclass(frozen=True)
class Certain:
    """Numbers of contents of a batch, out of `contents`, about which the tables make something certain. In
    `statement`, they prove an answer of every guest; in `reason`, the reason of every guest who was asked. In
    `more`, they rule out an answer to the statement that its own table leaves possible."""

    statement: int
    reason: int
    more: int
    contents: int

    def __str__(self) -> str:
        return (
            f"an answer certain in {self.statement}, a reason of those asked in {self.reason}, more told of "
            f"the statement than by its own table in {self.more} of {self.contents}"
        )

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is certain and nothing more is told."""
        return not self.statement and not self.reason and not self.more


def certain_answers(publish: Publish, batches: int = 1) -> Certain:
    """Return how often something is certain, over every possible content."""
    groups = alike(publish, batches)
    by_statement: dict[Tally, set[tuple[Answer, ...]]] = {}
    for group in groups:
        for alone, ballots in group:
            by_statement.setdefault(alone, set()).add(_answers(ballots))
    statement = reason = more = contents = 0
    for group in groups:
        contents += len(group)
        together = {ballot.answers for _, ballots in group for ballot in ballots}
        statement += len(group) * (len({answer for answer, _ in together}) == 1)
        reasons = {why for answer, why in together if answer == 1}
        reason += len(group) * (len(reasons) == 1)
        possible = {_answers(ballots) for _, ballots in group}
        before = set[tuple[Answer, ...]]().union(*(by_statement[alone] for alone, _ in group))
        more += len(group) * (possible != before)
    return Certain(statement, reason, more, contents)


def _answers(ballots: Sequence[Ballot]) -> tuple[Answer, ...]:
    """Return the answers to the statement, in any order."""
    return tuple(sorted((ballot.answers[0] for ballot in ballots), key=str))


def veil_of_its_own(cells: Sequence[int], column: Column, before: StatementTally | None) -> Published:
    """A leaky rule: the follow-up has a veil like that of any other table, "not asked" included."""
    del column, before
    return veil(cells)


def veil_of_all(cells: Sequence[int], column: Column, before: StatementTally | None) -> Published:
    """A leaky rule: the follow-up is withheld with its statement, but its veil counts those not asked."""
    if column.subject is ColumnSubject.FOLLOW_UP and before and before.withheld:
        return (0,) * len(cells), sum(cells)
    return veil(cells)


def _exact(batches: int) -> Finding:
    here = certain_answers(veiled, batches)
    own, of_all = certain_answers(veil_of_its_own), certain_answers(veil_of_all)
    what = f"every batch of {BATCH}" if batches == 1 else f"sums of every {batches} batches of {BATCH}"
    return Finding(
        f"follow-up, exact round: {what}, all tables together",
        str(here),
        "none",
        here.is_nothing,
        f"a veil of its own for the follow-up: {own}; a veil that counts those not asked: {of_all}",
        own.more > 0 and of_all.reason > 0,
    )


# -- protected rounds ----------------------------------------------------------------------------------


ANSWERS = 5
"""Options of the statement; the lowest is followed by the question why."""

REASONS = 4

Row = tuple[tuple[int, ...], tuple[int, ...]]
"""One ballot's cells in the statement's table and in that of the follow-up."""


@dataclass(frozen=True)
class Design:
    """A way to publish both tables: the epsilon of each, and whether "not asked" has a noisy cell of its
    own."""

    statement: Fraction
    follow_up: Fraction
    has_not_asked: bool = False

    def row(self, answer: int, reason: int) -> Row:
        """Return a ballot's cells; `answer` 0 is asked for the reason, any other is not."""
        cells = tuple(int(at == answer) for at in range(ANSWERS + len(NoAnswer)))
        asked = tuple(int(answer == 0 and at == reason) for at in range(REASONS + len(NoAnswer)))
        return cells, (*asked, int(answer != 0)) if self.has_not_asked else asked

    def noisy(self, row: Row, rng: Random) -> Row:
        """Return a ballot's cells with noise."""
        first = zero_sum_noise(len(row[0]), self.statement, rng)
        second = (
            zero_sum_noise(len(row[1]), self.follow_up, rng)
            if self.has_not_asked
            else [geometric_noise(self.follow_up / 2, rng) for _ in row[1]]
        )
        return (
            tuple(a + b for a, b in zip(row[0], first, strict=True)),
            tuple(a + b for a, b in zip(row[1], second, strict=True)),
        )

    def likelihood(self, seen: Row, row: Row) -> float:
        """Return the likelihood of what is seen, up to a factor, if a guest left these cells."""
        return prod(
            exp(-float(epsilon) / 2 * sum(abs(a - b) for a, b in zip(table, cells, strict=True)))
            for table, cells, epsilon in zip(seen, row, (self.statement, self.follow_up), strict=True)
        )


PRODUCT = Design(EPSILON * FOLLOW_SHARE, EPSILON * FOLLOW_SHARE)
LEAKY = Design(EPSILON, EPSILON, has_not_asked=True)
"""The control: two statements like any other, "not asked" an option of the second."""


@dataclass(frozen=True)
class Beliefs:
    """Beliefs of an insider about many guests. `highest` is the highest probability with which she believes
    that a guest was asked, or was not. `sure` is the share of guests of whom this probability exceeds SURE.
    `reasons` is the share of those asked whose reason she guesses rightly."""

    highest: float
    sure: float
    reasons: float


def insider(design: Design, guests: int, seed: int, asked: float = 1 / 3) -> Beliefs:
    """Return the beliefs of an insider who knows all other ballots, about one guest after another.

    Before she sees the figures, she expects that a guest was asked with the probability `asked`. The default,
    odds of 1 to 2, is the most uneven for which 90 % is promised.
    """
    rng = Random(seed)
    ballots = [(0, reason) for reason in range(REASONS)] + [(answer, 0) for answer in range(1, ANSWERS)]
    weights = [asked / REASONS] * REASONS + [(1 - asked) / (ANSWERS - 1)] * (ANSWERS - 1)
    rows = [design.row(*ballot) for ballot in ballots]
    highest, sure, right, of_asked = 0.0, 0, 0, 0
    for guest in rng.choices(range(len(ballots)), weights, k=guests):
        seen = design.noisy(rows[guest], rng)
        posterior = [w * design.likelihood(seen, row) for w, row in zip(weights, rows, strict=True)]
        total = sum(posterior)
        was_asked = sum(posterior[:REASONS]) / total
        highest = max(highest, was_asked, 1 - was_asked)
        sure += max(was_asked, 1 - was_asked) > SURE
        if guest < REASONS:
            of_asked += 1
            right += max(range(REASONS), key=lambda at: posterior[at]) == guest
    return Beliefs(highest, sure / guests, right / max(of_asked, 1))


def _protected(scale: Scale) -> Finding:
    guests = 20_000 if scale is Scale.FULL else 2_000
    here, leaked = insider(PRODUCT, guests, 51), insider(LEAKY, guests, 52)
    return Finding(
        "follow-up, protected round: an insider who knows all other ballots, and expects an answer that is "
        f"followed of one guest in three, {guests} guests",
        f"at most {100 * here.highest:.1f} % sure whether a guest gave it; over 90 % of "
        f"{100 * here.sure:.1f} % of guests",
        "never over 90 % sure",
        here.sure == 0,
        f"two tables as of two statements: at most {100 * leaked.highest:.1f} % sure, over 90 % of "
        f"{100 * leaked.sure:.1f} %",
        leaked.sure > 0,
    )


def run(scale: Scale) -> list[Finding]:
    """Return the findings of all attacks on follow-ups."""
    exact = [_exact(batches) for batches in ((1, 2) if scale is Scale.FULL else (1,))]
    return [*exact, _protected(scale)]


DESIGNS: dict[str, Design] = {
    "the program's: 1 and 1, not asked from the statement": PRODUCT,
    "3/2 and 3/2, not asked from the statement": Design(EPSILON, EPSILON),
    "3/2 and 3/4, not asked from the statement": Design(EPSILON, EPSILON / 2),
    "3/4 and 3/4, not asked from the statement": Design(EPSILON / 2, EPSILON / 2),
    "3/2 and 3/2, not asked with noise of its own": LEAKY,
}


def table(guests: int = 20_000) -> Iterator[str]:
    """Yield the lines of a table for the choice of FOLLOW_SHARE (docs/noise.md)."""
    heads = "epsilon of statement and follow-up", "highest belief, 1 to 2 before", "over 90 % sure"
    yield f"| {' | '.join(heads)} | reason right |"
    yield "|---|---|---|---|"
    for name, design in DESIGNS.items():
        here = insider(design, guests, 53)
        yield (
            f"| {name} | {100 * here.highest:.1f} % | {100 * here.sure:.1f} % | {100 * here.reasons:.0f} % |"
        )


if __name__ == "__main__":
    print("\n".join(table()))
