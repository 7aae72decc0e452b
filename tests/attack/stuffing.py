"""Attack 2: the attacker's own ballots isolate a guest's, ballots get in without a slip, or rounds are
changed.

The attacker has as many ballots as there are missing slips, knows their answers and the time of the target's
visit, and looks for a statement for which these prove the target's answer.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.rounds import Round
from kiosk.domain.slips import ALPHABET
from kiosk.operation.simulate import Arrival, simulate
from kiosk.storage import Store
from tests.attack.bending import bending_finding
from tests.attack.finding import Finding, Scale
from tests.attack.guests import (
    ANSWERS,
    DAYS,
    OPENING,
    SURVEY,
    UNIT,
    Week,
    lived,
    lived_hiding_under_k,
    lived_hiding_under_k_in_memory,
    visits,
)  # fmt: skip
from tests.attack.in_memory import Publish, simulate_in_memory
from tests.attack.insider import Batch, batches
from tests.attack.integer import is_possible
from tests.tools.envelopes import seal
from tests.tools.guest_side import Place

Live = Callable[[Sequence[Arrival], int], Week]
"""A function that runs a round with these ballots and this k: the program's round, or one with a leak."""

BUDGET = 9
MOST_PERCENT = 2.0
A_DAY = 3.0
K = 5
STUFFED = (NoAnswer.PREFER_NOT, NoAnswer.DONT_KNOW)
"""Answers of the attacker's ballots, in turn. Few guests give these answers, so they do not hide the answers
of others. There are two, so that no batch with her ballots is unanimous, and the veil hides nothing."""

END_OF_DAY = timedelta(hours=9, minutes=58)
"""Time from the opening of a day to just before its count, after the last guest, when the attacker knows the
number of guests."""


@dataclass(frozen=True)
class Strategy:
    """Numbers of the attacker's ballots by time: on the day before the target, just before and just after the
    target, at the end of the target's day, and on the day after."""

    day_before: int = 0
    before: int = 0
    after: int = 0
    end_of_day: int = 0
    day_after: int = 0


STRATEGIES = (
    Strategy(end_of_day=9),
    Strategy(before=5, after=4),
    Strategy(before=9),
    Strategy(day_before=5, before=2, after=2),
    Strategy(day_before=9),
    Strategy(after=4, day_after=5),
    Strategy(day_before=4, day_after=5),
)


MANY = (Strategy(before=100, after=100), Strategy(before=200), Strategy(day_before=100, after=100))
"""Plans of an attacker whose ballots nobody limits: 200 of them fill several batches around the target."""


class Target(Enum):
    """The choice of the target: any guest of the week, or one whom few others hide: the first one, or one who
    comes alone on her day."""

    ANYBODY = "anybody"
    FIRST = "the round's first guest"
    ALONE = "a guest alone on her day"


@dataclass(frozen=True)
class Stuffed:
    """A round with the attacker's ballots. `target` and `own` are indices of the arrivals, which are sorted
    by time."""

    week: Week
    target: int
    own: frozenset[int]


def stuff(honest: Sequence[Arrival], target: Arrival, how: Strategy, live: Live) -> Stuffed:
    """Return a round of `honest` guests with the attacker's ballots placed around the target's."""
    opens = target.at.replace(hour=7, minute=0, second=0)
    second, day = timedelta(seconds=1), timedelta(days=1)
    times = [
        *(opens - day + n * second for n in range(how.day_before)),
        *(target.at - (2 * n + 2) * second for n in range(how.before)),
        *(target.at + (2 * n + 2) * second for n in range(how.after)),
        *(opens + END_OF_DAY + n * second for n in range(how.end_of_day)),
        *(opens + day + n * second for n in range(how.day_after)),
    ]
    in_time = [at for at in times if OPENING <= at < OPENING + timedelta(days=DAYS)]
    answers = [Ballot((kind,) * len(SURVEY.statements)) for kind in STUFFED]
    mine = [Arrival(at, UNIT, answers[number % 2]) for number, at in enumerate(in_time)]
    week = live([*honest, *mine], K)
    own = frozenset(at for at, arrival in enumerate(week.arrivals) if any(arrival is one for one in mine))
    place = next(at for at, arrival in enumerate(week.arrivals) if arrival is target)
    return Stuffed(week, place, own)


def has_proven_statement(played: Stuffed) -> bool:
    """Return whether the integer programme proves the target's answer to some statement."""
    published = batches(played.week.seen, UNIT)
    if not published or all(batch.at <= played.week.times[played.target] for batch in published):
        return False
    return any(_is_proven(played, published, at) for at in range(len(SURVEY.statements)))


def _is_proven(played: Stuffed, published: Sequence[Batch], statement: int) -> bool:
    truth = played.week.truth(played.target, statement)
    known = {own: played.week.truth(own, statement) for own in played.own}
    others = [option for option in range(len(ANSWERS)) if option != truth]
    # The commonest answers come first: usually one of them is possible too, which settles the question.
    others.sort(key=lambda option: -sum(batch.counts[statement][option] for batch in published))
    return not any(
        is_possible(played.week.times, published, statement, played.target, option, known)
        for option in others
    )


def attack_one(how: Strategy, target: Target, seed: int, *, live: Live = lived) -> bool:
    """Return whether an answer is proven of one target in a week with three guests a day; with Target.ALONE,
    a week in which somebody comes alone on her day."""
    random = Random(seed)
    honest = visits(random, A_DAY, "balanced")
    while target is Target.ALONE and not _alone(honest):
        honest = visits(random, A_DAY, "balanced")
    among = {Target.ANYBODY: honest, Target.FIRST: honest[:1], Target.ALONE: _alone(honest)}[target]
    return has_proven_statement(stuff(honest, random.choice(among), how, live))


def _alone(honest: Sequence[Arrival]) -> list[Arrival]:
    """Return the guests who come alone on their day."""
    days = [one.at.date() for one in honest]
    return [one for one in honest if days.count(one.at.date()) == 1]


def attack_early_figures(how: Strategy, target: Target, seed: int, *, publish: Publish) -> bool:
    """Return the result of `attack_one` with two leaks: first figures from 2k ballots on, and without the
    rule of three days."""
    with patch("kiosk.domain.box.FIRST_BATCH_FACTOR", 2):
        return attack_one(how, target, seed, live=partial(lived, publish=publish, least_days=0))


def came_alone(seed: int) -> bool:
    """Return whether the round's first guest is the only one of its first day."""
    return sum(one.at < OPENING + timedelta(days=1) for one in visits(Random(seed), A_DAY, "balanced")) == 1


def _percent(attack: Callable[[int], bool], seeds: Sequence[int], pool: ProcessPoolExecutor) -> float:
    return 100 * sum(pool.map(attack, seeds, chunksize=4)) / len(seeds)


def _crowding(scale: Scale) -> Iterator[Finding]:
    is_full = scale is Scale.FULL
    targets, controls = (1_000, 100) if is_full else (12, 20)
    publish, hiding = (
        (simulate, lived_hiding_under_k) if is_full else (simulate_in_memory, lived_hiding_under_k_in_memory)
    )
    attack = partial(attack_one, live=partial(lived, publish=publish))
    alone = [seed for seed in range(30 * controls) if came_alone(seed)][:controls]
    with ProcessPoolExecutor() as pool:
        for target in (Target.ANYBODY, Target.FIRST):
            worst = max(_percent(partial(attack, how, target), range(targets), pool) for how in STRATEGIES)
            if target is Target.ANYBODY:
                leaky = partial(attack_one, STRATEGIES[1], target, live=hiding)
                leak, caught, least = "hiding under k", _percent(leaky, range(controls), pool), 50.0
            else:
                early = partial(attack_early_figures, STRATEGIES[0], target, publish=publish)
                leak, caught = "first figures from 2k, a guest who came alone", _percent(early, alone, pool)
                least = MOST_PERCENT
            yield Finding(
                f"stuffing: {BUDGET} ballots, {A_DAY:g} guests a day, {targets} targets ({target.value}), "
                f"best of {len(STRATEGIES)} plans",
                f"{worst:.1f} % of targets with a proven statement",
                f"at most {MOST_PERCENT:g} %",
                worst <= MOST_PERCENT or (not is_full and worst <= 10),
                f"{leak}: {caught:.0f} % (must be over {least:g} %)",
                caught > least,
            )


def _unlimited(scale: Scale) -> Finding:
    is_full = scale is Scale.FULL
    targets, controls = (200, 40) if is_full else (3, 3)
    publish, hiding = (
        (simulate, lived_hiding_under_k) if is_full else (simulate_in_memory, lived_hiding_under_k_in_memory)
    )
    attack = partial(attack_one, live=partial(lived, publish=publish))
    with ProcessPoolExecutor() as pool:
        worst = max(_percent(partial(attack, how, Target.ALONE), range(targets), pool) for how in MANY)
        leaky = _percent(partial(attack_one, MANY[0], Target.ALONE, live=hiding), range(controls), pool)
    return Finding(
        f"stuffing: 200 ballots, {A_DAY:g} guests a day, {targets} targets ({Target.ALONE.value}), exact "
        f"figures, best of {len(MANY)} plans",
        f"{worst:.1f} % of targets with a proven statement",
        f"at most {MOST_PERCENT:g} %",
        worst <= MOST_PERCENT,
        f"hiding under k: {leaky:.0f} % (must be 100 %)",
        leaky == 100,
        is_promised=False,
    )


def _admission(scale: Scale) -> Finding:
    """Return the finding for POSTs without a valid slip or a paired kiosk, and with a used slip."""
    tries, random = (10_000 if scale is Scale.FULL else 400), Random(1)
    with TemporaryDirectory() as folder:
        place = Place(Path(folder))
        tag, statuses = place.slip[:3], list[int]()
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
            sender = {"REMOTE_ADDR": f"192.0.2.{number % 200}"}
            statuses.append(place.client.post(path, data=data, environ_base=sender).status_code)
        first = place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"}).status_code
        again = place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"}).status_code
        boxed = _boxed(place.store, place.round)
    taken, delayed = sum(status < 400 for status in statuses), statuses.count(429)
    return Finding(
        f"admission: {tries} POSTs without a valid slip or kiosk, and a used slip",
        f"{taken} taken, {delayed} not looked at, {boxed - 1} in a box besides the one with a slip; the used "
        f"slip: status {again}",
        "0 taken, 0 not looked at, 0 in a box; 409",
        (taken, delayed, boxed, again) == (0, 0, 1, 409),
        f"a valid slip: status {first} (must be 303)",
        first == 303,
    )


def _boxed(store: Store, of_round: Round) -> int:
    """Return the number of ballots in all boxes. k more are cast into one box and subtracted, so that the
    closing publishes them all."""
    for _ in range(of_round.k):
        store.cast(of_round.id, "talk2me", Ballot((1,) * 4), of_round.opens_at)
    store.count(of_round.closes_at)
    root = store.snapshot()["rounds"][0]["nodes"][0]["answered"] or 0
    return int(root) - of_round.k


def run(scale: Scale) -> list[Finding]:
    return [*_crowding(scale), _unlimited(scale), _admission(scale), bending_finding(scale)]
