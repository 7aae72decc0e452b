"""The rules of counting: when a box is counted, which ballots leave it, and how boxes are merged at closing.

Decisions depend on the number of ballots, never on their content: a refusal that depends on answers reveals
something about them (Kenthapadi, Mishra, Nissim 2005). The ballots that stay behind make a box a timed pool
mix (Serjantov, Dingledine, Syverson 2002): an attacker who adds k ballots cannot be sure to flush one guest's
ballot out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from kiosk.domain.tree import Tree

K_FLOOR = 5
"""The smallest k that a round may have. A constant and not a setting, on purpose."""

USUAL_K = 8
"""The k that is proposed: fewer, larger batches make protected figures less approximate (docs/noise.md)."""

FIRST_BATCH_FACTOR = 3
"""A box needs this many times k ballots before its first batch is drawn. With 2k, nine ballots of an attacker
at the end of the first day could push out the only guest so far; docs/attack.md has the figures."""

LARGEST_BOX_FACTOR = 6
"""A box with this many times k ballots is always counted."""

T = TypeVar("T")


def full_at(published: int, k: int) -> int:
    """Return the number of ballots from which on a box is counted; with fewer, no batch is drawn.

    `published` is the number of the unit's ballots that this round has published so far, in figures of the
    unit itself. The first batch needs 3k ballots, each later one 2k more than are published, and none needs
    more than 6k. If all batches were as small as the first, an insider's best guess would improve with each
    of them; docs/counting.md has the figures.
    """
    return min(max(published + 2 * k, FIRST_BATCH_FACTOR * k), LARGEST_BOX_FACTOR * k)


def draw_batch(ballots: Sequence[T], published: int, k: int, rng: Random) -> tuple[list[T], list[T]]:
    """Split a box's ballots into (batch, rest), both in the given order; the rest stays in the box. The batch
    is empty while the box has fewer than `full_at` ballots; otherwise it has all ballots but k.

    Every choice of ballots is equally likely. `published` is that of `full_at`: the unit's ballots that this
    round has published so far. `rng` must be `secrets.SystemRandom()` outside tests.
    """
    size = len(ballots) - k if len(ballots) >= full_at(published, k) else 0
    chosen = set(rng.sample(range(len(ballots)), size))
    batch = [ballot for at, ballot in enumerate(ballots) if at in chosen]
    rest = [ballot for at, ballot in enumerate(ballots) if at not in chosen]
    return batch, rest


@dataclass(frozen=True)
class Closing:
    """The plan for the remaining ballots when a round closes.

    Each item of `batches` is (id of the node that the batch is published for, ids of the units whose boxes
    form the batch). `destroyed` has the ids of units whose ballots are too few to publish at any level. A
    unit without ballots is in neither: `without_ballots` maps its id to the node of the batch that it would
    be in with a few, if there is one.
    """

    batches: tuple[tuple[str, tuple[str, ...]], ...]
    destroyed: tuple[str, ...]
    without_ballots: Mapping[str, str] = field(default_factory=dict, compare=False)


def plan_closing(
    tree: Tree,
    sizes: Mapping[str, int],
    units_with_figures: frozenset[str],
    k: int,
    steady: frozenset[str] | None = None,
) -> Closing:
    """Plan the last batches of a round, from the sizes of the boxes and their days with ballots alone.

    `sizes` maps each leaf to the number of ballots in its box. `units_with_figures` holds the leaves that had
    a batch before, and `steady` those with ballots on enough days (None: all leaves).

    - The ballots of a steady leaf with at least 2k of them, or with k and a batch before, are its last batch.
    - The other leaves are pooled under their parent. If they have ballots, the smallest last batch of a leaf
      there joins the pool. Otherwise a parent's figure minus its children's figures could reveal one small
      unit.
    - A pool with fewer than k ballots of steady leaves moves one level up. There the smallest last batch of a
      leaf anywhere below joins it or, if none is left, the smallest batch planned for a group below. At the
      root, a pool that is still too small is destroyed.
    - Ballots of leaves that are not steady are published with a pool but do not count towards its k: somebody
      may have filled those units around one guest in a day.
    """
    steady = frozenset(tree.leaves) if steady is None else steady
    rests = {
        leaf: sizes[leaf]
        for leaf in tree.leaves
        if leaf in steady and sizes[leaf] >= k and (leaf in units_with_figures or sizes[leaf] >= 2 * k)
    }

    def size(leaves: Sequence[str]) -> int:
        return sum(sizes[leaf] for leaf in leaves if leaf in steady)

    batches: list[tuple[str, tuple[str, ...]]] = []
    pools: dict[str, list[str]] = {}
    for node in tree.bottom_up():
        if node in tree.leaves:
            pool = [] if node in rests else [node]
        else:
            pool = [leaf for child in tree.children(node) for leaf in pools[child]]
            below = [leaf for leaf in rests if node in tree.upwards(leaf)]
            planned = [batch for batch in batches if node in tree.upwards(batch[0])]
            has_ballots = any(sizes[leaf] for leaf in pool)
            if has_ballots and below:
                joined = min(below, key=lambda leaf: rests[leaf])
                del rests[joined]
                pool = [*pool, joined]
            elif has_ballots and planned and size(pool) < k:
                lifted = min(planned, key=lambda batch: size(batch[1]))
                batches.remove(lifted)
                pool = [*pool, *lifted[1]]
        may_publish = node not in tree.leaves or node == tree.root.id
        if may_publish and pool and size(pool) >= k:
            batches.append((node, tuple(pool)))
            pool = []
        pools[node] = pool
    batches.extend((leaf, (leaf,)) for leaf in rests)
    return Closing(
        tuple((node, tuple(leaf for leaf in batch if sizes[leaf])) for node, batch in batches),
        tuple(leaf for leaf in pools[tree.root.id] if sizes[leaf]),
        {leaf: node for node, batch in batches for leaf in batch if not sizes[leaf]},
    )


def veil(counts: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Return (counts to publish, number of withheld answers) for one statement in one batch. The counts keep
    their order, and the number is 0 or 1.

    `counts` has every option, the kinds of no answer included, and sums to the batch's size n. If one option
    has n-1 or n answers, n-1 of them are published, 0 of every other, and one answer is withheld: both cases
    look alike, so no answer is certain. The result depends on the counts only, because any other input would
    reveal something (l-diversity: Machanavajjhala and others 2007).
    """
    n = sum(counts)
    if n == 0 or max(counts) < n - 1:
        return tuple(counts), 0
    top = max(range(len(counts)), key=lambda option: counts[option])
    return tuple(n - 1 if option == top else 0 for option in range(len(counts))), 1
