"""Sealing a set of exits: one unit to each, the last arrival as early as it can be.

A bottleneck assignment (Gross 1959): the least time by which a matching of exits and units
exists is found by halving the list of travel times, and among the cordons complete by then the
one with the least total (Kuhn 1955) is taken. That none is complete sooner is proved by exits
that too few units reach before (Hall 1935).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from optimizer.cordon import Cordon


def seal(minutes: NDArray[np.float64]) -> Cordon:
    """Send one unit to each exit: the latest arrival least, then the sum of arrivals.

    `minutes[unit, exit]` are travel times, infinite where a unit does not reach an exit.

    Raises
    ------
    ValueError
        When the times are not a table, or one is negative or not a number.
    """
    minutes = np.asarray(minutes, dtype=np.float64)
    if minutes.ndim != 2 or not (minutes >= 0).all():
        raise ValueError("travel times must be a table [unit, exit] of minutes, none negative")
    reached = np.isfinite(minutes)
    if (_matching(reached) < 0).any():
        return _not_sealed(reached)
    latest_min = _least_latest(minutes)
    in_time = np.where(minutes <= latest_min, minutes, np.inf)
    exits, units = linear_sum_assignment(in_time.T)
    return Cordon(
        unit_of_exit=units,
        latest_min=latest_min,
        total_min=float(minutes[units, exits].sum()),
        bound_min=latest_min,
        critical_exits=_critical_exits(minutes < latest_min),
        unreached_exits=(),
        units_short=0,
    )


def _least_latest(minutes: NDArray[np.float64]) -> float:
    """Earliest time by which every exit can have a unit of its own; some time must do."""
    times = np.unique(minutes[np.isfinite(minutes)])
    low, high = 0, len(times) - 1
    while low < high:
        middle = (low + high) // 2
        if (_matching(minutes <= times[middle]) < 0).any():
            low = middle + 1
        else:
            high = middle
    return float(times[low]) if len(times) else 0.0


def _matching(near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Unit of each exit in a largest matching of `near[unit, exit]`, -1 where it has none."""
    pairs = csr_matrix(near.T)
    return np.asarray(maximum_bipartite_matching(pairs, perm_type="column"), dtype=np.int64)


def _critical_exits(near: NDArray[np.bool_]) -> tuple[int, ...]:
    """Exits that fewer units than they are come near to; empty when a matching covers all.

    Those without a unit in a largest matching, and again and again those whose units come near
    one of them: every such unit is taken, or the matching could be enlarged.
    """
    unit_of_exit = _matching(near)
    critical = unit_of_exit < 0
    while True:
        near_critical = np.append(near[:, critical].any(axis=1), False)
        grown = critical | near_critical[unit_of_exit]
        if (grown == critical).all():
            return tuple(np.flatnonzero(critical).tolist())
        critical = grown


def _not_sealed(reached: NDArray[np.bool_]) -> Cordon:
    critical = _critical_exits(reached)
    reaching = int(reached[:, critical].any(axis=1).sum())
    return Cordon(
        unit_of_exit=np.full(reached.shape[1], -1),
        latest_min=np.inf,
        total_min=np.inf,
        bound_min=np.inf,
        critical_exits=critical,
        unreached_exits=tuple(np.flatnonzero(~reached.any(axis=0)).tolist()),
        units_short=len(critical) - reaching,
    )
