"""Attack 3: the time of a publication, or the response to a guest's POST, depends on an answer."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from unittest.mock import patch

from scipy.stats import ks_2samp
from werkzeug.test import TestResponse

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.box import draw_batch, full_at
from kiosk.domain.snapshot import Document
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.trees import flat_tree
from kiosk.operation.simulate import Arrival, Plan, simulate
from tests.attack.finding import Finding, Scale
from tests.attack.guests import DAYS, OPENING, SURVEY, ballot, visits
from tests.attack.in_memory import simulate_in_memory
from tests.tools.envelopes import seal
from tests.tools.guest_side import Place

K = 5
LEAST_P = 0.01

Release = tuple[datetime, tuple[int | None, ...]]

Simulate = Callable[[Plan, Sequence[Arrival], Random], Iterator[tuple[datetime, Document]]]
"""`simulate`, with the store, or `simulate_in_memory`."""


def releases(seed: int, answers: int, publish: Simulate) -> list[Release]:
    """Return (time, node -> number of published ballots) of each publication, for arrivals drawn with the
    seed `seed` and answers drawn with the seed `answers`."""
    random = Random(answers)
    arrivals = [
        Arrival(one.at, f"u{at % 2}", ballot(random, "skewed"))
        for at, one in enumerate(visits(Random(seed), 5.0, "balanced"))
    ]
    plan = Plan(SURVEY, flat_tree(["u0", "u1"]), K, OPENING, DAYS)
    return [
        (at, tuple(node["answered"] for node in document["rounds"][0]["nodes"]))
        for at, document in publish(plan, arrivals, Random(seed))
    ]


def _differ(seed: int, publish: Simulate = simulate) -> bool:
    return releases(seed, 2 * seed, publish) != releases(seed, 2 * seed + 1, publish)


def refuse_the_unanimous(
    ballots: Sequence[Ballot], counted: int, k: int, rng: Random
) -> tuple[list[Ballot], list[Ballot]]:
    """Draw a batch by a leaky rule: none from a box in which more than 70 % agree on the first statement."""
    first = [one.answers[0] for one in ballots]
    if first and max(first.count(answer) for answer in set(first)) > 0.7 * len(first):
        return [], list(ballots)
    return draw_batch(ballots, counted, k, rng)


def _releases_finding(scale: Scale) -> Finding:
    pairs, by_store = (1_000, 1_000) if scale is Scale.FULL else (60, 5)
    with ProcessPoolExecutor() as pool:
        differing = sum(pool.map(_differ, range(by_store), chunksize=5))
        in_memory = partial(_differ, publish=simulate_in_memory)
        differing += sum(pool.map(in_memory, range(by_store, pairs), chunksize=5))
    with patch("kiosk.storage.count.draw_batch", refuse_the_unanimous):
        caught = sum(_differ(seed, simulate_in_memory) for seed in range(20))
    return Finding(
        f"blindness: {pairs} pairs of worlds with the same arrivals and different answers",
        f"{differing} pairs differ in times or numbers of published ballots",
        "0",
        differing == 0,
        f"a counting rule that depends on answers: {caught} of 20 pairs (must be > 0)",
        caught > 0,
    )


def _form(place: Place, value: str) -> TestResponse:
    """Send a ballot as a kiosk whose browser cannot encrypt. Ballots with the answer 3 are sent as rapid
    ones."""
    rapid = {"_rapid": "yes"} if value == "3" else {}
    return place.client.post("/", data={"listened": value, "feel_better": value, **rapid})


def _envelope(place: Place, value: str, *, waited: bool = False) -> TestResponse:
    """Send a ballot as a kiosk whose browser can encrypt: the same fields as `_form` sends, in an envelope.
    Ballots with the answer 3 are sent as rapid ones. With `waited`, the envelope says that it waited for the
    network."""
    key = place.store.public_key("r", "frida")
    form = f"listened={value}&feel_better={value}".encode()
    sealed = b64encode(seal(bytes.fromhex(key), form, is_rapid=value == "3")).decode()
    data = {"_envelope": sealed, "_letterbox": key, **({"_waited": "yes"} if waited else {})}
    return place.client.post("/", data=data, headers={"Kiosk-Script": "yes"})


WAYS: dict[str, Callable[[Place, str], TestResponse]] = {
    "form": _form,
    "envelope": _envelope,
    "stored envelope": partial(_envelope, waited=True),
}


def _responses(way: str, values: Sequence[str], *, is_leaky: bool = False) -> set[bytes]:
    """Return the distinct responses to guests who send these values, one after another. The guests' boxes
    grow past the sizes at which they are counted."""
    responses = set()
    with TemporaryDirectory() as folder:
        place = Place(Path(folder), rate_limit=RateLimit(0.0, 1))
        for value in values:
            sent = WAYS[way](place, value)
            leak = value.encode() if is_leaky else b""
            responses.add(f"{sent.status}\n{sent.headers}".encode() + sent.data + leak)
        place.store.close()
    return responses


def _responses_finding(scale: Scale) -> Finding:
    number = 500 if scale is Scale.FULL else 60
    random = Random(5)
    values = random.choices(["", "1", "2", "3", "4", "5", "dont_know", "prefer_not"], k=number)
    distinct = {way: len(_responses(way, values)) for way in WAYS}
    leaky = {way: len(_responses(way, values, is_leaky=True)) for way in WAYS}
    return Finding(
        f"responses: {number} guests by each of {', '.join(WAYS)}, with every kind of answer, across "
        "thresholds",
        f"{', '.join(map(str, distinct.values()))} distinct responses",
        "1 each",
        set(distinct.values()) == {1},
        f"a response that repeats the answer: {', '.join(map(str, leaky.values()))} distinct (must be > 1)",
        min(leaky.values()) > 1,
    )


LIKE_POSTED = Ballot((4, NoAnswer.SKIPPED, NoAnswer.SKIPPED, 2))
"""The ballot whose form `_latencies` sends."""


def _latencies(number: int, *, is_leaky: bool) -> tuple[list[float], list[float]]:
    """Return two lists of seconds, measured in turn: of POSTs that fill a box, and of POSTs of the ballot
    before that.

    The first ballots of a box are cast without HTTP, then three or four are sent by POST, in turn, and the
    third POST is measured. So it fills one box, and in the next box it is the last but one. It is the third
    in both, because a POST is faster after others.
    """
    crossing: list[float] = []
    before: list[float] = []
    with TemporaryDirectory() as folder:
        times = [datetime(2026, 3, 2, 12)]
        place = Place(Path(folder), rate_limit=RateLimit(0.0, 1), clock=lambda: times[0])
        lying, counted, from_last = 0, 0, 3
        while len(crossing) + len(before) < 2 * number:
            missing = full_at(counted, K) - lying
            is_crossing = missing == 1
            times[0] += timedelta(seconds=1)
            if missing > from_last:
                place.store.cast("r", "frida", LIKE_POSTED, times[0])
                lying += 1
                continue
            start = perf_counter()
            place.client.post("/", data={"listened": "4", "feel_better": "2"})
            if is_leaky and is_crossing:
                place.store.count(times[0])
            took = perf_counter() - start
            lying += 1
            if missing == from_last - 2:
                (crossing if is_crossing else before).append(took)
            if is_crossing:
                times[0] += timedelta(seconds=1)
                place.store.count(times[0])
                lying, counted, from_last = K, counted + lying - K, 7 - from_last
        place.store.close()
    return crossing, before


def _timing_finding(scale: Scale) -> Finding:
    number = 1_000 if scale is Scale.FULL else 60
    p = float(ks_2samp(*_latencies(number, is_leaky=False)).pvalue)
    if p <= LEAST_P:
        # Chance alone does this once in a hundred trials, so a second trial decides.
        p = float(ks_2samp(*_latencies(number, is_leaky=False)).pvalue)
    leaky = float(ks_2samp(*_latencies(min(number, 200), is_leaky=True)).pvalue)
    return Finding(
        f"timing: {2 * number} POSTs, half of which fill a box",
        f"Kolmogorov-Smirnov p = {p:.3f}",
        f"p > {LEAST_P:g}, in one of two trials",
        p > LEAST_P,
        f"counting in the request: p = {leaky:.1g} (must be < {LEAST_P:g})",
        leaky < LEAST_P,
    )


def run(scale: Scale) -> list[Finding]:
    return [_releases_finding(scale), _responses_finding(scale), _timing_finding(scale)]
