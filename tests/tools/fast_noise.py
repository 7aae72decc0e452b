"""The noise of protected rounds for many tables at once, with numpy.

For simulations only: it uses floating point.
"""

import numpy as np

Tables = np.ndarray[tuple[int, int], np.dtype[np.int64]]
"""One row per table, one column per option and kind of no answer."""


def geometric(ratio: float, shape: tuple[int, ...], rng: np.random.Generator) -> Tables:
    """Return integers z, each drawn with a probability proportional to ratio^|z|."""
    return rng.geometric(1 - ratio, shape) - rng.geometric(1 - ratio, shape)


def zero_sum(epsilon: float, tables: int, rng: np.random.Generator, cells: int = 8) -> Tables:
    """Return the noise of `kiosk.domain.noise.zero_sum_noise` for many tables, one row each."""
    ratio, noise = np.exp(-epsilon / 2), np.empty((0, cells), dtype=np.int64)
    while len(noise) < tables:
        drawn = geometric(ratio, (4 * tables + 100, cells - 1), rng)
        last = -drawn.sum(axis=1)
        accepted = rng.random(len(last)) < ratio ** abs(last)
        noise = np.concatenate([noise, np.column_stack([drawn, last])[accepted]])
    return noise[:tables]


def nearest(noisy: Tables) -> Tables:
    """Return the result of `kiosk.domain.noise.nearest_table` for each row."""
    table = np.maximum(noisy, 0)
    while (over := table.sum(axis=1) > noisy.sum(axis=1)).any():
        lost = np.where(table > 0, noisy - table, np.iinfo(np.int64).max // 4096)
        # The cell that lost least; of these, that with the smallest noisy count; of these, the lowest option.
        cell = (lost * 2048 + noisy).argmin(axis=1)
        table[np.flatnonzero(over), cell[over]] -= 1
    return table
