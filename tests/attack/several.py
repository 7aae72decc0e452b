"""Attacks on questions of which a guest may choose several options.

In an exact round: is an answer to an option certain, from all tables of a batch together? In a protected
one: how sure does an insider become who knows all other ballots, and that the options hang together? She sees
the noisy tables before they are made whole, which tells at least as much as the published ones.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import exp, prod
from random import Random

from kiosk.domain.ballot import CHOSEN, NONE_CHOSEN, NOT_CHOSEN, SOME_CHOSEN, Answer, Ballot, NoAnswer
from kiosk.domain.noise import EPSILON, OPTION_SHARE, zero_sum_noise
from kiosk.domain.survey import MOST_SEVERAL, Column, ColumnSubject, Pictures, Statement
from kiosk.domain.survey import Scale as Answers
from kiosk.domain.tally import Publish, Published, StatementTally, tally_batch, veiled
from tests.attack.finding import Finding, Scale
from tests.attack.noise_attacks import SURE

BATCH = 5
"""Ballots of a batch whose every possible content is tried: K_FLOOR."""

DECLINED, NOTHING = 0.1, 0.15
"""Shares of guests who do not answer the question, and who choose none of its options."""

ALIKE = 0.5
"""The dependence of a guest's choices on each other: half of the guests choose each option with half its
usual probability, the others with one and a half times that."""

RATES = {"balanced": (0.45,) * 8, "skewed": (0.75, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.1)}
"""Profile -> the share of guests who choose each option."""


def question(options: int) -> Statement:
    """Return a question of which several options may be chosen."""
    labels = tuple(f"option {at}" for at in range(options))
    scale = Answers("needs", labels, bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    return Statement("needs", "What do you need?", "Needs", scale, several=True)


def possible_ballots(options: int) -> list[Ballot]:
    """Return every ballot about such a question alone."""
    declined = [Ballot((kind, *(NOT_CHOSEN,) * options)) for kind in NoAnswer]
    answered = [
        Ballot((SOME_CHOSEN if CHOSEN in chosen else NONE_CHOSEN, *chosen))
        for chosen in product((NOT_CHOSEN, CHOSEN), repeat=options)
    ]
    return [*declined, *answered]


def meaning(ballot: Ballot, column: int) -> Answer:
    """Return what a ballot says in a column: of an option, the kind of no answer if the guest gave none."""
    whether = ballot.answers[0]
    return whether if isinstance(whether, NoAnswer) else ballot.answers[column]


# -- exact rounds --------------------------------------------------------------------------------------


def certain_answers(options: int, publish: Publish) -> tuple[int, int]:
    """Return (batches in which an answer of all guests is certain, batches), over every possible batch.

    Batches that give the same tables look alike. Any guest may have left any ballot of any of them, so a
    column is certain if only one answer occurs in all of them together.
    """
    columns, ballots = question(options).columns, possible_ballots(options)
    alike: dict[object, list[Sequence[Ballot]]] = {}
    for batch in combinations_with_replacement(ballots, BATCH):
        alike.setdefault(tally_batch(batch, columns, publish), []).append(batch)
    certain = sum(
        len(batches)
        for batches in alike.values()
        if any(
            len({meaning(ballot, column) for batch in batches for ballot in batch}) == 1
            for column in range(len(columns))
        )
    )
    return certain, sum(map(len, alike.values()))


def _without_veil(cells: Sequence[int], column: Column, before: StatementTally | None) -> Published:
    del column, before
    return tuple(cells), 0


def _whether_only(cells: Sequence[int], column: Column, before: StatementTally | None) -> Published:
    """A leaky veil: only of the table that says whether any option was chosen."""
    return veiled(cells, column, before) if column.subject is ColumnSubject.WHETHER else (tuple(cells), 0)


def _exact(scale: Scale) -> Finding:
    options = 3 if scale is Scale.FULL else 2
    certain, batches = certain_answers(options, veiled)
    leaks = {
        "without the veil": certain_answers(2, _without_veil)[0],
        "with the veil of the question only": certain_answers(2, _whether_only)[0],
    }
    return Finding(
        f"several of {options} options, exact round: every batch of {BATCH}, all tables together",
        f"an answer is certain in {certain} of {batches} batches",
        "none",
        certain == 0,
        "; ".join(f"{name}: {number}" for name, number in leaks.items()),
        all(leaks.values()),
    )


# -- protected rounds ----------------------------------------------------------------------------------


Cells = tuple[tuple[int, ...], ...]
"""The cells of all tables of a question, for one ballot."""

Design = Callable[[Ballot], tuple[tuple[tuple[int, ...], Fraction], ...]]
"""Returns a ballot's cells in each table, with the table's epsilon."""


def product_design(ballot: Ballot) -> tuple[tuple[tuple[int, ...], Fraction], ...]:
    """The program's tables: whether any option was chosen, and for each option who chose it."""
    whether = tuple(int(ballot.answers[0] == one) for one in (NONE_CHOSEN, SOME_CHOSEN, *NoAnswer))
    options = (tuple(int(answer == one) for one in (1, 2)) for answer in ballot.answers[1:])
    return ((whether, EPSILON), *((cells, EPSILON * OPTION_SHARE) for cells in options))


def leaky_design(ballot: Ballot) -> tuple[tuple[tuple[int, ...], Fraction], ...]:
    """The control: a statement for each option, with the kinds of no answer in each and the usual epsilon."""
    answers = (meaning(ballot, column) for column in range(1, len(ballot.answers)))
    return tuple(
        (tuple(int(answer == one) for one in (NOT_CHOSEN, CHOSEN, *NoAnswer)), EPSILON) for answer in answers
    )


def beforehand(rates: Sequence[float]) -> dict[Ballot, float]:
    """Return every ballot with its chance, as an insider knows it beforehand."""
    chances = dict[Ballot, float]()
    for ballot in possible_ballots(len(rates)):
        if isinstance(ballot.answers[0], NoAnswer):
            chances[ballot] = DECLINED / len(NoAnswer)
        elif ballot.answers[0] == NONE_CHOSEN:
            chances[ballot] = NOTHING
        else:
            chances[ballot] = sum(
                prod(
                    rate * way if answer == CHOSEN else 1 - rate * way
                    for rate, answer in zip(rates, ballot.answers[1:], strict=True)
                )
                for way in (1 - ALIKE / 2, 1 + ALIKE / 4)
            )
    some = sum(chance for ballot, chance in chances.items() if ballot.answers[0] == SOME_CHOSEN)
    part = (1 - DECLINED - NOTHING) / some
    return {
        ballot: chance * part if ballot.answers[0] == SOME_CHOSEN else chance
        for ballot, chance in chances.items()
    }


@dataclass(frozen=True)
class Beliefs:
    """The beliefs of an insider about many guests, after she saw the figures.

    `right` and `before` are the shares of options that she guesses rightly, after and before she saw them.
    `highest` is the highest probability with which she believes an option to be chosen. `sure` is the share
    of guests of whom she believes one by more than SURE. `sure_declined` is the share of guests of whom she
    believes by more than SURE that they gave no answer.
    """

    right: float
    before: float
    highest: float
    sure: float
    sure_declined: float


def insider(options: int, profile: str, design: Design, guests: int, seed: int) -> Beliefs:
    """Return the beliefs of an insider who knows all other ballots, about one guest after another."""
    rng = Random(seed)
    chances = beforehand(RATES[profile][:options])
    ballots, weights = list(chances), list(chances.values())
    cells = [design(ballot) for ballot in ballots]
    declined = [isinstance(ballot.answers[0], NoAnswer) for ballot in ballots]
    chosen = [[ballot.answers[at] == CHOSEN for ballot in ballots] for at in range(1, options + 1)]
    marginals = [sum(w for w, is_so in zip(weights, of, strict=True) if is_so) for of in chosen]
    right = before = sure = sure_declined = 0
    highest = 0.0
    for guest in rng.choices(range(len(ballots)), weights, k=guests):
        seen = [
            [count + off for count, off in zip(row, zero_sum_noise(len(row), epsilon, rng), strict=True)]
            for row, epsilon in cells[guest]
        ]
        # Each table's cells take a few values only: their likelihoods are looked up.
        likely: Mapping[tuple[int, tuple[int, ...]], float] = {
            (at, row): exp(-float(epsilon) / 2 * sum(abs(a - b) for a, b in zip(seen[at], row, strict=True)))
            for at, row, epsilon in {
                (at, row, epsilon) for of in cells for at, (row, epsilon) in enumerate(of)
            }
        }
        posterior = [
            weight * prod(likely[at, row] for at, (row, _) in enumerate(of))
            for weight, of in zip(weights, cells, strict=True)
        ]
        total = sum(posterior)
        beliefs = [sum(p for p, is_so in zip(posterior, of, strict=True) if is_so) / total for of in chosen]
        truth = [of[guest] for of in chosen]
        right += sum((belief > 0.5) == is_so for belief, is_so in zip(beliefs, truth, strict=True))
        before += sum((chance > 0.5) == is_so for chance, is_so in zip(marginals, truth, strict=True))
        highest = max(highest, *beliefs)
        sure += max(beliefs) > SURE
        gone = sum(p for p, is_so in zip(posterior, declined, strict=True) if is_so) / total
        sure_declined += gone > SURE
    return Beliefs(
        right / guests / options, before / guests / options, highest, sure / guests, sure_declined / guests
    )


def _protected(profile: str, scale: Scale) -> Finding:
    options, guests = (MOST_SEVERAL, 2000) if scale is Scale.FULL else (4, 300)
    here = insider(options, profile, product_design, guests, 31)
    leaked = insider(options, profile, leaky_design, guests, 32)
    return Finding(
        f"several of {options} options, protected round, {profile} answers: an insider who knows all other "
        f"ballots and how the options hang together, {guests} guests",
        f"right about {100 * here.right:.0f} % of options, from {100 * here.before:.0f} % before; over 90 % "
        f"sure of an option of {100 * here.sure:.1f} % of guests, of no answer of "
        f"{100 * here.sure_declined:.1f} %",
        "right about 20 points more at most; never over 90 % sure that a guest gave no answer",
        here.right - here.before <= 0.2 and here.sure_declined == 0,
        f"a statement for each option: over 90 % sure of an option of {100 * leaked.sure:.1f} %, of no "
        f"answer of {100 * leaked.sure_declined:.1f} %",
        leaked.sure_declined > 0,
    )


def run(scale: Scale) -> list[Finding]:
    """Return the findings of all attacks on several options."""
    return [_exact(scale), *(_protected(profile, scale) for profile in RATES)]


def table(guests: int = 2000) -> Iterator[str]:
    """Yield the lines of a table for the choice of MOST_SEVERAL and OPTION_SHARE (docs/noise.md)."""
    heads = "options", "answers", "tables", "right, before", "highest belief", "sure of an option"
    yield f"| {' | '.join(heads)} | sure of no answer |"
    yield "|---|---|---|---|---|---|---|"
    for options, profile in product((2, 4, 6, 8), RATES):
        for name, design in (("the program's", product_design), ("a statement each", leaky_design)):
            here = insider(options, profile, design, guests, 33)
            yield (
                f"| {options} | {profile} | {name} | {100 * here.right:.0f} %, {100 * here.before:.0f} % | "
                f"{100 * here.highest:.0f} % | {100 * here.sure:.1f} % | {100 * here.sure_declined:.1f} % |"
            )


if __name__ == "__main__":
    print("\n".join(table()))
