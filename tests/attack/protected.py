"""Attack on protected rounds: an insider brings about that one guest's ballot is in a batch with only her
own.

She knows every other ballot of the batch, the rule and its epsilon, and weighs each answer by Bayes' rule.
Then she makes the program publish the same figures again, by counts, dumps, an upgrade and a restored backup,
and compares the parent's figures.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import exp, inf
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from scipy.special import bdtrc

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.noise import EPSILON, protect
from kiosk.domain.rounds import Protection, PublicationTime
from kiosk.domain.snapshot import PublishedNode
from kiosk.domain.tally import StatementTally, Tally, statement_tally_from_json
from kiosk.library.trees import flat_tree
from kiosk.operation.backup import write_backup
from kiosk.operation.restore import restore_backup
from kiosk.operation.simulate import Plan
from kiosk.settings import Settings
from kiosk.storage import Store, open_store
from kiosk.storage.tallies import Tallies
from tests.attack.finding import Finding, Scale
from tests.attack.guests import ANSWERS, DAYS, OPENING, PROFILES, SURVEY, UNIT, ballot
from tests.tools.backups import TODAY, settings_of
from tests.tools.builders import a_store

K = 5
OF_EACH = 8
"""Number of her own ballots with each answer: so many that noise hardly ever makes a count negative, and the
nearest whole table hides nothing from her."""

MOST_GAIN = 20.0
MOST_RIGHT = 90.0
LOOKS = 6
LONG_ENOUGH = DAYS + LEAST_DAYS

SEED, CONTROL_SEED = 2, 3
"""Fixed, so that the short run never fails by chance: in it, subtraction leaves a single answer about 7
times, and in about one run of 20 all of these are right by chance."""

STATEMENTS = range(len(SURVEY.statements))


@dataclass(frozen=True)
class Read:
    """Her conclusion about one answer of a guest: her best guess; its probability; whether exactly one count
    is larger than the number of her own ballots, as it always is without noise; and the index of the true
    answer."""

    guess: int
    belief: float
    is_single: bool
    truth: int

    @property
    def is_right(self) -> bool:
        return self.guess == self.truth


def _plan(units: Sequence[str], figures: PublicationTime, epsilon: Fraction = EPSILON) -> Plan:
    return Plan(
        SURVEY,
        flat_tree(list(units)),
        K,
        OPENING,
        LONG_ENOUGH,
        figures=figures,
        protection=Protection.PROTECTED,
        epsilon=epsilon,
    )


def _own_ballots() -> list[Ballot]:
    return [Ballot((answer,) * len(STATEMENTS)) for answer in ANSWERS for _ in range(OF_EACH)]


def _cells(table: StatementTally) -> list[int]:
    return [*table.counts, *table.no_answer]


def weighed(published: Sequence[int], profile: Sequence[float], odds: float) -> list[float]:
    """Return her probability of each answer of the target, from a published table of her own ballots and the
    target's.

    A cell that shows more than her own ballots is `odds` times as likely the target's as another cell.
    Infinite odds are those of an exact table.
    """
    is_more = [count > OF_EACH for count in published]
    chances = zip(profile, is_more, strict=True)
    if odds == inf:
        weights = [chance if more else 0.0 for chance, more in chances]
    else:
        weights = [chance * (odds if more else 1.0) for chance, more in chances]
    return [weight / sum(weights) for weight in weights]


def steered(
    profile: Sequence[float], units: int, seed: int, odds: float, epsilon: Fraction = EPSILON
) -> list[Read]:
    """Return her conclusions about one guest in each of several units, where all other ballots are her own,
    in a protected round with this `epsilon`.

    The seed sets guests' answers, the batches and the noise: the same seed gives the same result. `profile`
    has the probability of each answer, as in `PROFILES`.
    """
    random, names = Random(seed), [f"u{number}" for number in range(units)]
    of_round = _plan(names, PublicationTime.AT_CLOSING, epsilon).round
    with TemporaryDirectory() as folder:
        store = a_store(Path(folder), rng=random)
        store.open_round(of_round, OPENING)
        targets = {
            unit: Ballot(tuple(random.choices(ANSWERS, profile)[0] for _ in STATEMENTS)) for unit in names
        }
        for day in range(LEAST_DAYS):
            for unit, target in targets.items():
                for one in [*_own_ballots(), target][day::LEAST_DAYS]:
                    store.cast(of_round.id, unit, one, OPENING + timedelta(days=day))
            store.count(OPENING + timedelta(days=day, hours=17))
        store.count(of_round.closes_at)
        reads = list(_reads(store, targets, profile, odds))
        store.close()
    return reads


def _reads(store: Store, targets: dict[str, Ballot], profile: Sequence[float], odds: float) -> Iterator[Read]:
    for node in store.snapshot()["rounds"][0]["nodes"]:
        if node["id"] not in targets or node["answered"] is None:
            continue
        for at, table in enumerate(_tables(node)):
            beliefs = weighed(_cells(table), profile, odds)
            guess = max(range(len(beliefs)), key=beliefs.__getitem__)
            is_single = sum(count > OF_EACH for count in _cells(table)) == 1
            truth = ANSWERS.index(targets[node["id"]].answers[at])
            yield Read(guess, beliefs[guess], is_single, truth)


def _tables(node: PublishedNode) -> list[StatementTally]:
    return [statement_tally_from_json(node["statements"][one.id]) for one in SURVEY.statements]


def _right(reads: Sequence[Read]) -> float:
    """Return the percentage of her guesses that are right; 0 if there are none."""
    return 100 * sum(read.is_right for read in reads) / max(len(reads), 1)


def _are_at_most(percent: float, reads: Sequence[Read]) -> bool:
    """Return whether this many right guesses can be chance, with a probability above 0.001, if each guess is
    right with a probability of `percent` %."""
    right = sum(read.is_right for read in reads)
    return float(bdtrc(right - 1, len(reads), percent / 100)) > 0.001


def _steering(profile: str, scale: Scale) -> Finding:
    reads = steered(PROFILES[profile], 250 if scale is Scale.FULL else 50, SEED, exp(EPSILON))
    before = 100 * max(PROFILES[profile])
    gain, single = _right(reads) - before, [read for read in reads if read.is_single]
    with patch("kiosk.domain.tally.protect", lambda cells, _rng, _epsilon: tuple(cells)):
        leaked = steered(PROFILES[profile], 10, CONTROL_SEED, inf)
    proven = [read for read in leaked if read.is_single and read.is_right]
    return Finding(
        f"protected round, {profile} answers: a steered guest among {OF_EACH * len(ANSWERS)} own ballots, "
        f"{len(reads)} answers",
        f"right {gain:+.1f} points more often than before ({before:.0f} %); subtraction leaves one answer in "
        f"{100 * len(single) / len(reads):.1f} %, and is right in {_right(single):.0f} % of these",
        f"at most +{MOST_GAIN:g} points; at most {MOST_RIGHT:g} %",
        # With 200 answers, the standard error is 3 points, and subtraction leaves few of them.
        gain <= MOST_GAIN + (0 if scale is Scale.FULL else 10)
        and len(single) > 0
        and _are_at_most(MOST_RIGHT, single),
        f"no noise: subtraction proves {100 * len(proven) / len(leaked):.0f} % (must be 100 %)",
        len(proven) == len(leaked) > 0,
    )


def looks(folder: Path) -> tuple[set[Tally], Tally, Tally]:
    """Return (all different tables of one batch that she gets by asking again, the parent's table, the last
    table)."""
    of_round = _plan([UNIT], PublicationTime.LIVE).round
    random, seen = Random(3), []
    settings = settings_of(folder / "first")
    store = _opened(settings)
    store.migrate()
    store.open_round(of_round, OPENING)
    for day in range(LEAST_DAYS):
        for _ in range(7):
            store.cast(of_round.id, UNIT, ballot(random, "balanced"), OPENING + timedelta(days=day))
        store.count(OPENING + timedelta(days=day, hours=17))
    for day in range(LEAST_DAYS, LEAST_DAYS + LOOKS):
        store.count(OPENING + timedelta(days=day, hours=17))
        # An upgrade seals every row again. Changes of accounts, activities or replies touch no table of
        # ballots.
        store.upgrade() if day == LEAST_DAYS + 1 else store.renew()
        seen.append(_published(store, UNIT))
        seen.append(_dumped(store))
    write_backup(store, settings, folder / "backup.zip", TODAY)
    restore_backup(settings_of(folder / "second"), folder / "backup.zip")
    second = _opened(settings_of(folder / "second"))
    second.count(OPENING + timedelta(days=LEAST_DAYS + LOOKS, hours=17))
    seen.append(_published(second, UNIT))
    parent = _published(second, of_round.tree.root.id)
    store.close()
    second.close()
    return set(seen), parent, seen[-1]


def _opened(settings: Settings) -> Store:
    """Return a store that draws from the operating system: with a seed, it would draw the same noise
    again."""
    return open_store(settings.data, settings.database_url, settings.keys, durable=False)


def _published(store: Store, node_id: str) -> Tally:
    [node] = [one for one in store.snapshot()["rounds"][0]["nodes"] if one["id"] == node_id]
    if node["answered"] is None:
        raise LookupError(node_id)
    return tuple(_tables(node))


def _dumped(store: Store) -> Tally:
    rows = {(row["statement_id"], row["option"]): row["answers"] for row in store.dump()["tally"]}
    return tuple(
        StatementTally(
            tuple(rows[one.id, str(at)] for at in range(1, len(one.scale.labels) + 1)),
            tuple(rows[one.id, kind] for kind in NoAnswer),
            rows[one.id, "withheld"],
        )
        for one in SURVEY.statements
    )


def _noise_at_each_look(folder: Path) -> tuple[set[Tally], Tally, Tally]:
    """Return the result of `looks` for a leaky variant: sums are stored exact, and noise is drawn each time
    they are shown."""
    sums_by_node, random = Tallies.sums_by_node, Random(4)

    def drawn(table: StatementTally) -> StatementTally:
        cells = protect(_cells(table), random)
        options = len(table.counts)
        return StatementTally(cells[:options], cells[options:], 0)

    def redrawn(tallies: Tallies, of_round: object) -> dict[str, Tally]:
        sums = sums_by_node(tallies, of_round)  # type: ignore[arg-type]
        return {node: tuple(map(drawn, tables)) for node, tables in sums.items()}

    with ExitStack() as stack:
        stack.enter_context(patch("kiosk.domain.tally.protect", lambda cells, _rng, _epsilon: tuple(cells)))
        stack.enter_context(patch.object(Tallies, "sums_by_node", redrawn))
        return looks(folder)


def _asking_again() -> Finding:
    with TemporaryDirectory() as folder:
        tables, parent, last = looks(Path(folder))
    with TemporaryDirectory() as folder:
        leaked, _, _ = _noise_at_each_look(Path(folder))
    return Finding(
        f"protected round: {LOOKS} counts with a dump each, rows sealed anew, an upgrade, a restored backup, "
        "the parent's figures",
        f"{len(tables)} different tables of one batch; the parent's is "
        f"{'the same' if parent == last else 'another'}",
        "1, and the same",
        len(tables) == 1 and parent == last,
        f"noise drawn at each look: {len(leaked)} tables to average (must be over {LOOKS})",
        len(leaked) > LOOKS,
    )


def run(scale: Scale) -> list[Finding]:
    """Run all attacks on protected rounds, on the real store."""
    return [*(_steering(profile, scale) for profile in PROFILES), _asking_again()]
