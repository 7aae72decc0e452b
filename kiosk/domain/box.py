"""When a box is counted, which ballots leave it, and what is counted with what at closing.

Decisions read the number of ballots, never their content: a refusal that depended on answers would
tell something about them (Kenthapadi, Mishra, Nissim 2005). The pool that stays behind makes this a
timed pool mix (Serjantov, Dingledine, Syverson 2002): whoever stuffs k ballots cannot be sure to flush
one guest's out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from kiosk.domain.tree import Tree

K_FLOOR = 5
"""No round may count fewer ballots together than this; a constant on purpose, not a setting."""

FIRST_BATCH_FACTOR = 3
"""Times k: ballots a box holds before the first figures. From 2k on, nine of an attacker's own at the end of
the first day could crowd out the only guest so far; docs/attack.md has the figures."""

LARGEST_BOX_FACTOR = 6
"""Times k: no box waits for more ballots than this."""

T = TypeVar("T")


def full_at(counted: int, k: int) -> int:
    """Ballots from which on a box gives up a batch, where so many of its unit's are counted.

    3k for the first figures; then 2k more than are shown, up to 6k. Batches all as small as the first
    would let an insider's best guess gain with every one of them; docs/counting.md has the figures.
    """
    return min(max(counted + 2 * k, FIRST_BATCH_FACTOR * k), LARGEST_BOX_FACTOR * k)


def draw_batch(ballots: Sequence[T], counted: int, k: int, rng: Random) -> tuple[list[T], list[T]]:
    """Split the box into (batch, rest): nothing until it is full, else all but k, each choice as likely.

    `counted` is how many ballots of the unit's own are published. `rng` must be `secrets.SystemRandom()`
    outside tests.
    """
    size = len(ballots) - k if len(ballots) >= full_at(counted, k) else 0
    chosen = set(rng.sample(range(len(ballots)), size))
    batch = [ballot for at, ballot in enumerate(ballots) if at in chosen]
    rest = [ballot for at, ballot in enumerate(ballots) if at not in chosen]
    return batch, rest


@dataclass(frozen=True)
class Closing:
    """What becomes of the boxes when a round closes.

    `batches` pairs the node a batch is published for with the units whose boxes make it up;
    `destroyed` are the units whose ballots are too few to be published anywhere.
    """

    batches: tuple[tuple[str, tuple[str, ...]], ...]
    destroyed: tuple[str, ...]


def plan_closing(tree: Tree, sizes: Mapping[str, int], counted: frozenset[str], k: int) -> Closing:
    """Decide from the boxes' sizes alone how a round's last ballots are published.

    `sizes` maps each leaf to its number of ballots; `counted` are the leaves that had a batch
    before. A leaf that reached 2k, or was counted, has at least k left: they are its last batch. The
    others are pooled under their parent, together with the smallest last batch there, so that subtracting
    the published children from the parent never leaves one small unit alone. A pool still under k climbs
    a level, where it may take the smallest batch planned below with it; at the root it is destroyed.
    """
    rests = {
        leaf: sizes[leaf]
        for leaf in tree.leaves
        if sizes[leaf] >= k and (leaf in counted or sizes[leaf] >= 2 * k)
    }

    def size(leaves: Sequence[str]) -> int:
        return sum(sizes[leaf] for leaf in leaves)

    batches: list[tuple[str, tuple[str, ...]]] = []
    pools: dict[str, list[str]] = {}
    for node in tree.bottom_up():
        if node in tree.leaves:
            is_small = node not in rests and sizes[node] > 0
            pool = [node] if is_small else []
        else:
            pool = [leaf for child in tree.children(node) for leaf in pools[child]]
            below = [leaf for leaf in rests if node in tree.upwards(leaf)]
            planned = [batch for batch in batches if node in tree.upwards(batch[0])]
            if pool and below:
                joined = min(below, key=lambda leaf: rests[leaf])
                del rests[joined]
                pool = [*pool, joined]
            elif pool and planned and size(pool) < k:
                lifted = min(planned, key=lambda batch: size(batch[1]))
                batches.remove(lifted)
                pool = [*pool, *lifted[1]]
        may_publish = node not in tree.leaves or node == tree.root.id
        if may_publish and pool and size(pool) >= k:
            batches.append((node, tuple(pool)))
            pool = []
        pools[node] = pool
    batches.extend((leaf, (leaf,)) for leaf in rests)
    return Closing(tuple(batches), tuple(pools[tree.root.id]))


def veil(counts: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """(counts to publish, number withheld) for one statement in one batch.

    `counts` has every option, the kinds of no answer included, and adds up to the batch's size n.
    Where one option has n-1 or n answers, only n-1 of them are published and one answer is withheld:
    both cases look alike, so nobody's answer is certain. A fixed function of the tally, because a
    rule that depended on anything else would tell something by acting (l-diversity: Machanavajjhala
    and others 2007).
    """
    n = sum(counts)
    if n == 0 or max(counts) < n - 1:
        return tuple(counts), 0
    top = max(range(len(counts)), key=lambda option: counts[option])
    return tuple(n - 1 if option == top else 0 for option in range(len(counts))), 1
