"""A valid upper bound on any allocation of an hour: prices for units near cells.

For prices `y[cell, bin] >= 0` of one unit within a bin of a cell, no allocation x is worth more
than

    sum_ib max_n (gain[i, b] f_i(n) - y[i, b] n)  +  max_x sum_p x_p G_p(y)

with `G_p` the prices that a unit at place p earns over its reach list, because the value of any
x is at most that: put n = N_i(b) in the first term and the prices cancel. The second maximum
runs over all limits of the problem and is found by sorting. Whatever the prices, the bound
holds; good prices make it tight. They come from the primal-dual hybrid gradient method
(Chambolle and Pock 2011) with diagonal steps (Pock and Chambolle 2011) on the relaxation with
fractional units, without any matrix: started from the slopes of a given allocation, restarted
from averages, and with the balance of both kinds of steps set anew at each restart (Applegate
and others 2021).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.greedy import slopes_of, unit_steps
from optimizer.models.patrol.near import near_problem
from optimizer.models.patrol.price_kernels import (
    best_places,
    cell_surplus,
    earnings,
    later_sums,
    price_rounds,
    step_sizes,
    used_bins,
    value_of_steps,
)

ROUNDING = 1e-11
"""Relative allowance for rounding in the sums of a bound."""

PRICE_FLOOR = 1e-6
IDLE_PRICE_FLOOR = 1e-2
"""Smallest scale of a price, as a share of the gain of a first idle unit: where units are busy,
and where they never are and a second unit adds nothing."""

LOOK_EVERY = 20
"""Rounds between two looks at the bound."""

LOOKS_PER_START = 2
"""Looks after which the averages start afresh."""


@dataclass(frozen=True)
class DualBound:
    """No allocation of the problem is worth more than `value`, found in so many rounds.

    `prices[cell, bin]` prove it for `near`, the part of the problem that matters; `earned` is
    what that part leaves out.
    """

    value: float
    rounds: int
    near: HourProblem = field(compare=False, repr=False)
    earned: float = field(compare=False)
    prices: NDArray[np.float64] = field(compare=False, repr=False)


@dataclass
class _Search:
    """Where the method stands: its point, the sums since the last start, and that start."""

    placed: NDArray[np.float64]
    prices: NDArray[np.float64]
    sum_placed: NDArray[np.float64]
    sum_prices: NDArray[np.float64]
    from_placed: NDArray[np.float64]
    from_prices: NDArray[np.float64]
    stride: float
    since: int = 0


def dual_bound(
    problem: HourProblem,
    units: NDArray[np.int64],
    *,
    rounds: int = 200,
    good_enough: float = -np.inf,
) -> DualBound:
    """Bound the value of every allocation, starting from an allocation `units[place]`.

    Stops after `rounds`, or as soon as the bound is at most `good_enough`.
    """
    near, earned = near_problem(problem, units)
    step = unit_steps(near.busy, near.backup, near.total)
    start = slope_prices(near, step, units)
    best, proof = price_bound(near, start, step=step), start
    floor = np.where(near.busy > 0, PRICE_FLOOR, IDLE_PRICE_FLOOR)[:, np.newaxis]
    scale = np.maximum(start, floor * near.gain * step[:, :1])
    sizes = step_sizes(near.indptr, near.cell, near.bin, scale, used_bins(near.gain))
    search = _begin(near, units, start)
    done, looks = 0, 0
    while done < rounds and best + earned > good_enough:
        now = min(LOOK_EVERY, rounds - done)
        _run(near, step, sizes, search, now)
        done, looks = done + now, looks + 1
        bound = _look(near, step, search)
        if bound < best:
            best, proof = bound, search.prices.copy()
        if looks % LOOKS_PER_START == 0:
            _start_afresh(search, sizes)
    return DualBound(best + earned * (1.0 + ROUNDING), done, near, earned, proof)


def _begin(problem: HourProblem, units: NDArray[np.int64], prices: NDArray[np.float64]) -> _Search:
    placed = np.asarray(units, dtype=np.float64)
    return _Search(
        placed.copy(),
        prices.copy(),
        np.zeros_like(placed),
        np.zeros_like(prices),
        placed,
        prices,
        max(problem.total, 1) / max(problem.n_places, 1),
    )


def _run(
    problem: HourProblem,
    step: NDArray[np.float64],
    sizes: tuple[NDArray[np.float64], NDArray[np.float64]],
    search: _Search,
    rounds: int,
) -> None:
    price_rounds(
        problem.indptr,
        problem.cell,
        problem.bin,
        problem.gain,
        step,
        problem.group,
        problem.group_min,
        problem.group_max,
        problem.place_min,
        problem.place_cap,
        problem.keep,
        problem.move_cost,
        problem.total,
        sizes[0] * search.stride,
        sizes[1] / search.stride,
        rounds,
        search.placed,
        search.prices,
        search.sum_placed,
        search.sum_prices,
    )
    search.since += rounds


def _look(problem: HourProblem, step: NDArray[np.float64], search: _Search) -> float:
    """Better bound of the last prices and their average; the search goes on from that one."""
    average = search.sum_prices / search.since
    at_last = price_bound(problem, search.prices, step=step)
    at_average = price_bound(problem, average, step=step)
    if at_average < at_last:
        search.prices[:] = average
        search.placed[:] = search.sum_placed / search.since
    return min(at_last, at_average)


def _start_afresh(search: _Search, sizes: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    """Forget the sums; balance the steps by how far units and prices have moved."""
    moved = _length(search.placed - search.from_placed, sizes[0])
    paid = _length(search.prices - search.from_prices, sizes[1])
    if moved > 0.0 and paid > 0.0:
        search.stride = float(np.sqrt(search.stride * moved / paid))
    search.from_placed, search.from_prices = search.placed.copy(), search.prices.copy()
    search.sum_placed[:] = 0.0
    search.sum_prices[:] = 0.0
    search.since = 0


def _length(moved: NDArray[np.float64], size: NDArray[np.float64]) -> float:
    """Length of a move measured in its own steps."""
    used = size > 0.0
    return float(np.sqrt((moved[used] ** 2 / size[used]).sum()))


def slope_prices(
    problem: HourProblem, step: NDArray[np.float64], units: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Prices half way between what the last and the next unit add, `[cell, bin]`.

    Both are slopes of the value at the allocation, so all between them are; the middle starts
    the search two to four times nearer than either end.
    """
    _, within = slopes_of(
        problem.indptr, problem.cell, problem.bin, problem.gain, step, np.asarray(units)
    )
    following = np.minimum(within, step.shape[1] - 1)
    last = np.maximum(following - 1, 0)
    both = np.take_along_axis(step, following, axis=1) + np.take_along_axis(step, last, axis=1)
    return np.asarray(0.5 * problem.gain * both)


def price_bound(
    problem: HourProblem,
    prices: NDArray[np.float64],
    *,
    step: NDArray[np.float64] | None = None,
) -> float:
    """The upper bound that these prices `[cell, bin]` prove, whatever they are.

    Prices of bins after the last gain of a cell count as zero.

    Raises
    ------
    ValueError
        When a price is negative or not finite.
    """
    if not np.isfinite(prices).all() or (prices < 0).any():
        raise ValueError("prices must be finite and not negative")
    if step is None:
        step = unit_steps(problem.busy, problem.backup, problem.total)
    used = used_bins(problem.gain)
    later = np.zeros(prices.shape)
    later_sums(prices, used, later)
    surplus = cell_surplus(problem.gain, step, value_of_steps(step), prices, used)
    earned = earnings(problem.indptr, problem.cell, problem.bin, later)
    placed = best_places(
        earned,
        problem.group,
        problem.group_min,
        problem.group_max,
        problem.place_min,
        problem.place_cap,
        problem.keep,
        problem.move_cost,
        problem.total,
    )
    left = problem.move_cost * float(problem.keep.sum())
    return float(surplus + placed - left + ROUNDING * (surplus + placed + left))
