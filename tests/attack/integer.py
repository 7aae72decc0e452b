"""A second attack, independent of the first: can the guest have given that answer?

Solves an integer programme over all assignments of ballots to batches and answers (HiGHS, through scipy). It
shares no code with `insider`, and takes ballots with known answers, such as the attacker's own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

from tests.attack.insider import Batch


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
    cells = guests * steps * options
    fixed = {**(known or {}), guest: option}

    def cell(of_guest: int, step: int, of_option: int) -> int:
        return (of_guest * steps + step) * options + of_option

    def withheld(step: int, of_option: int) -> int:
        return cells + step * options + of_option

    upper = np.ones(cells + steps * options)
    for of_guest, at in enumerate(arrivals):
        for step, batch in enumerate(published):
            for of_option in range(options):
                is_allowed = batch.at > at and fixed.get(of_guest, of_option) == of_option
                upper[cell(of_guest, step, of_option)] = float(is_allowed)
    rows = lil_matrix((guests + steps * options + steps, len(upper)))
    sides: list[float] = []
    for of_guest in range(guests):
        rows[of_guest, of_guest * steps * options : (of_guest + 1) * steps * options] = 1
        sides.append(1)
    for step, batch in enumerate(published):
        for of_option in range(options):
            row = len(sides)
            for of_guest in range(guests):
                rows[row, cell(of_guest, step, of_option)] = 1
            rows[row, withheld(step, of_option)] = -1
            sides.append(batch.counts[statement][of_option])
    for step, batch in enumerate(published):
        rows[len(sides), [withheld(step, of_option) for of_option in range(options)]] = 1
        sides.append(batch.withheld[statement])
    answer = milp(
        np.zeros(len(upper)),
        integrality=np.ones(len(upper)),
        bounds=Bounds(np.zeros(len(upper)), upper),
        constraints=LinearConstraint(rows.tocsr(), sides, sides),
    )
    if answer.status not in (0, 2):
        raise RuntimeError(f"the solver gave up: {answer.message}")
    return bool(answer.status == 0)
