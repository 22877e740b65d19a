"""What the prices of one hour's bound say of every number of units: a straight line above it.

The dual bound of an hour (`optimizer.models.patrol.dual`) splits into what cells keep, which
does not depend on the units there are, and what places earn. With a toll t on each unit of a
pool, the units of its places earn at most

    t N  +  sum_p ( min_p (E_p - t)  +  (cap_p - min_p) max(E_p - t, 0) )

whatever their number N, because N units pay t N and each place is filled as far as it pays. So
one set of prices bounds the value of an hour for every staffing at once: a Benders (1962) cut.
The toll is what the last unit of the pool earns, at which the line touches.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.models.patrol.dual import ROUNDING, DualBound
from optimizer.models.patrol.greedy import unit_steps
from optimizer.models.patrol.price_kernels import (
    cell_surplus,
    earnings,
    later_sums,
    used_bins,
    value_of_steps,
)


@dataclass(frozen=True)
class UnitCut:
    """With `units[pool]`, no allocation of the hour gains more than `level + slope @ units`."""

    level: float
    slope: NDArray[np.float64]


def unit_cut(bound: DualBound, units: NDArray[np.int64], *, cross_share: float = 0.0) -> UnitCut:
    """The line that the prices of a bound prove; it touches the bound at `units[pool]`.

    `cross_share` of a pool's units may stand at places of other pools. Moves cost nothing here,
    which only raises the line.
    """
    near = bound.near
    step = unit_steps(near.busy, near.backup, UNLIMITED)
    used = used_bins(near.gain)
    later = np.zeros(bound.prices.shape)
    later_sums(bound.prices, used, later)
    kept = cell_surplus(near.gain, step, value_of_steps(step), bound.prices, used)
    earned = earnings(near.indptr, near.cell, near.bin, later)
    toll = np.array([_toll(near, earned, pool, int(n)) for pool, n in enumerate(units)])
    margin = earned - toll[near.group]
    extra = near.place_min * margin + (near.place_cap - near.place_min) * np.maximum(margin, 0.0)
    level = kept + float(extra.sum()) + bound.earned
    size = kept + float(np.abs(extra).sum()) + bound.earned + float(toll @ units)
    return UnitCut(level + ROUNDING * size, _crossing(toll, cross_share))


def _toll(near: HourProblem, earned: NDArray[np.float64], pool: int, units: int) -> float:
    """What the last of a pool's units earns when the best places are filled first."""
    places = np.flatnonzero(near.group == pool)
    if not len(places):
        return 0.0
    order = places[np.argsort(-earned[places], kind="stable")]
    room = np.cumsum((near.place_cap - near.place_min)[order])
    free = units - int(near.place_min[places].sum())
    last = int(np.searchsorted(room, max(free, 1)))
    return float(earned[order[min(last, len(order) - 1)]])


def _crossing(toll: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Worth of a pool's unit where a share of it may stand where tolls are higher.

    The places of a pool hold its N units and up to `share N` more or fewer, the city in all the
    same number; with any level m, `sum t held <= sum (t + share |t - m|) N`.
    """
    if not len(toll):
        return toll
    return np.asarray(toll + share * np.abs(toll - np.median(toll)))
