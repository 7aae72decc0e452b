"""A second attack, independent of the first: can the guest have given that answer?

Solves an integer programme over all assignments of ballots to batches and answers (HiGHS, through scipy). It
shares no code with `insider`, and takes ballots with known answers, such as the attacker's own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csc_array, eye_array, kron

from tests.attack.insider import Batch


@lru_cache(maxsize=16)
def _rows(guests: int, steps: int, options: int) -> csc_array:
    """Return the matrix of the constraints, one row each: every guest is in one batch with one answer; the
    table of every batch; its number of withheld answers.

    The variables are the cells (guest, step, option), then the withheld answers (step, option).
    """
    counted, one_batch = eye_array(steps * options), np.ones((1, steps * options))
    return block_array(
        [
            [kron(eye_array(guests), one_batch), None],
            [kron(np.ones((1, guests)), counted), -counted],
            [None, kron(eye_array(steps), np.ones((1, options)))],
        ],
        format="csc",
    )


def is_possible(
    arrivals: Sequence[datetime],
    published: Sequence[Batch],
    statement: int,
    guest: int,
    option: int,
    known: Mapping[int, int] | None = None,
) -> bool:
    """Return whether `guest` (an index of `arrivals`) can have chosen the option with the index `option`,
    given all figures.

    `known` maps the attacker's own ballots, as indices of `arrivals`, to their options. Every ballot is in
    exactly one batch after its arrival; every batch has its size and its published table; withheld answers
    are free variables. Raises RuntimeError if the solver finds no result.
    """
    options = len(published[0].counts[statement])
    guests, steps = len(arrivals), len(published)
    fixed = {**(known or {}), guest: option}
    allowed = np.zeros((guests, steps, options))
    for of_guest, at in enumerate(arrivals):
        chosen = [fixed[of_guest]] if of_guest in fixed else range(options)
        for step, batch in enumerate(published):
            allowed[of_guest, step, chosen] = float(batch.at > at)
    upper = np.append(allowed.ravel(), np.ones(steps * options))
    sides = [
        *[1] * guests,
        *(n for batch in published for n in batch.counts[statement]),
        *(batch.withheld[statement] for batch in published),
    ]
    # The solver need not see the cells that must be 0.
    free = np.flatnonzero(upper)
    answer = milp(
        np.zeros(len(free)),
        integrality=np.ones(len(free)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(_rows(guests, steps, options)[:, free], sides, sides),
    )
    if answer.status not in (0, 2):
        raise RuntimeError(f"the solver gave up: {answer.message}")
    return bool(answer.status == 0)
