"""Attack 2: ballots of the attacker's own crowd a guest's out, or get in without a slip; rounds are bent.

She has as many ballots as there are unaccounted slips, knows what she put on them, knows when her target
answered, and looks for one statement whose answer is then certain.
"""

from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from kiosk.ballot import Ballot, NoAnswer
from kiosk.rounds import Round
from kiosk.simulate import Arrival
from kiosk.slips import ALPHABET
from kiosk.store import Store
from tests.attack.bending import bending_finding
from tests.attack.finding import Finding, Scale
from tests.attack.guests import ANSWERS, SURVEY, UNIT, Week, lived, lived_hiding_under_k, visits
from tests.attack.insider import Batch, batches
from tests.attack.integer import is_possible
from tests.test_envelope import seal
from tests.test_guest import Place

BUDGET = 9
MOST_PERCENT = 2.0
STUFFED = NoAnswer.PREFER_NOT
"""What she puts on hers: an answer few guests give, so that theirs stand out."""


@dataclass(frozen=True)
class Strategy:
    """How many of her ballots go in on the day before, before and after the target, and the day after."""

    day_before: int
    before: int
    after: int
    day_after: int


STRATEGIES = (
    Strategy(0, 5, 4, 0),
    Strategy(0, 9, 0, 0),
    Strategy(5, 2, 2, 0),
    Strategy(9, 0, 0, 0),
    Strategy(0, 0, 4, 5),
    Strategy(4, 0, 0, 5),
)


@dataclass(frozen=True)
class Stuffed:
    """A round with the attacker's ballots in it; indices are of the arrivals sorted by time."""

    week: Week
    target: int
    own: frozenset[int]


def stuff(honest: Sequence[Arrival], target: Arrival, how: Strategy, k: int, *, is_leaky: bool) -> Stuffed:
    """Play the round with the attacker's ballots around the target's."""
    opens = target.at.replace(hour=7, minute=0, second=0)
    second = timedelta(seconds=1)
    times = [
        *(opens - timedelta(days=1) + n * second for n in range(how.day_before)),
        *(target.at - (2 * n + 2) * second for n in range(how.before)),
        *(target.at + (2 * n + 2) * second for n in range(how.after)),
        *(opens + timedelta(days=1) + n * second for n in range(how.day_after)),
    ]
    mine = [Arrival(at, UNIT, Ballot((STUFFED,) * len(SURVEY.statements))) for at in times]
    week = (lived_hiding_under_k if is_leaky else lived)([*honest, *mine], k)
    own = frozenset(at for at, arrival in enumerate(week.arrivals) if any(arrival is one for one in mine))
    place = next(at for at, arrival in enumerate(week.arrivals) if arrival is target)
    return Stuffed(week, place, own)


def has_proven_statement(played: Stuffed) -> bool:
    """Whether some answer of the target's is certain, by the integer programme."""
    found = batches(played.week.seen, UNIT)
    if not found or all(batch.at <= played.week.times[played.target] for batch in found):
        return False
    return any(_is_proven(played, found, at) for at in range(len(SURVEY.statements)))


def _is_proven(played: Stuffed, found: Sequence[Batch], statement: int) -> bool:
    truth = played.week.truth(played.target, statement)
    known = dict.fromkeys(played.own, ANSWERS.index(STUFFED))
    others = [option for option in range(len(ANSWERS)) if option != truth]
    # The commonest answers first: mostly one of them is possible too, and the question is settled.
    others.sort(key=lambda option: -sum(batch.counts[statement][option] for batch in found))
    return not any(
        is_possible(played.week.times, found, statement, played.target, option, known) for option in others
    )


def attack_one(how: Strategy, seed: int, *, is_leaky: bool = False) -> bool:
    """One target on one of the middle days of a week with three guests a day."""
    random = Random(seed)
    honest = visits(random, 3.0, "balanced")
    middle = [arrival for arrival in honest if 2 <= (arrival.at - honest[0].at).days <= 4] or honest
    return has_proven_statement(stuff(honest, random.choice(middle), how, 5, is_leaky=is_leaky))


def _crowding(scale: Scale) -> Finding:
    targets = 1_000 if scale is Scale.FULL else 12
    with ProcessPoolExecutor() as pool:
        rates = [
            100 * sum(pool.map(partial(attack_one, how), range(targets), chunksize=4)) / targets
            for how in STRATEGIES
        ]
        controls = 100 if scale is Scale.FULL else 6
        leaky = partial(attack_one, STRATEGIES[0], is_leaky=True)
        caught = 100 * sum(pool.map(leaky, range(controls))) / controls
    worst = max(rates)
    return Finding(
        f"stuffing: {BUDGET} ballots, 3 guests a day, {targets} targets, best of {len(STRATEGIES)} plans",
        f"{worst:.1f} % of targets with a proven statement",
        f"at most {MOST_PERCENT:g} %",
        worst <= MOST_PERCENT or (scale is Scale.QUICK and worst <= 10),
        f"hiding under k: {caught:.0f} % (must be >= 50 %)",
        caught >= 50,
    )


def _admission(scale: Scale) -> Finding:
    """POSTs without a valid slip or a paired kiosk, and a slip a second time."""
    tries, random = (10_000 if scale is Scale.FULL else 400), Random(1)
    with TemporaryDirectory() as folder:
        place = Place(Path(folder))
        tag, taken = place.slip[:3], 0
        key = place.store.public_key("r", "frida")
        sealed = seal(bytes.fromhex(key))
        envelope = b64encode(sealed).decode()
        for number in range(tries):
            code = tag + "".join(random.choices(ALPHABET, k=9))
            path, data = (
                ("/q/answer", {"slip": code, "listened": "5"}),
                ("/k/" + code, {"listened": "5"}),
                ("/s/" + code, {"listened": "5"}),
                ("/q/answer", {"slip": place.slip[:-1] + random.choice(ALPHABET.replace(place.slip[-1], "")),
                               "listened": "5"}),
                ("/k/" + code, {"_envelope": envelope, "_letterbox": key, "_waited": "yes"}),
                ("/s/poster", {"_envelope": envelope, "_letterbox": key}),
                ("/", {"_envelope": b64encode(random.randbytes(len(sealed))).decode(), "_letterbox": key}),
            )[number % 7]  # fmt: skip
            taken += place.client.post(path, data=data).status_code < 400
        first = place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"}).status_code
        again = place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"}).status_code
        boxed = _boxed(place.store, place.round)
    return Finding(
        f"admission: {tries} POSTs without a valid slip or kiosk, and a used slip",
        f"{taken} taken, {boxed - 1} in a box besides the one with a slip; the used slip: status {again}",
        "0 taken, 0 in a box; 409",
        (taken, boxed, again) == (0, 1, 409),
        f"a valid slip: status {first} (must be 303)",
        first == 303,
    )


def _boxed(store: Store, of_round: Round) -> int:
    """How many ballots lie in all boxes: with k more in one, the closing publishes them all."""
    for _ in range(of_round.k):
        store.cast(of_round.id, "talk2me", Ballot((1,) * 4), of_round.opens_at)
    store.count(of_round.closes_at)
    root = store.snapshot()["rounds"][0]["nodes"][0]["answered"] or 0
    return int(root) - of_round.k


def run(scale: Scale) -> list[Finding]:
    return [_crowding(scale), _admission(scale), bending_finding(scale)]
