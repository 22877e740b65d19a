"""The second unit: when it arrives at a call that needs several."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.judges.queueing import BusyUnits


def second_response_min(
    state: BusyUnits, units: NDArray[np.int64], unserved_min: float
) -> NDArray[np.float64]:
    """Mean minutes until a second idle unit would arrive, `[cell]`.

    `units[place]` are those of the steady state. Units are taken as busy independently of each
    other, each with the share of its place; where no second unit in reach is idle the call
    counts `unserved_min`.
    """
    reach = state.reach
    return second_idle(
        reach.indptr,
        reach.place,
        reach.response_min,
        np.ascontiguousarray(units, dtype=np.int64),
        state.utilisation,
        unserved_min,
    )


@njit(cache=True, nogil=True)
def second_idle(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    response_min: NDArray[np.float64],
    units: NDArray[np.int64],
    utilisation: NDArray[np.float64],
    unserved_min: float,
) -> NDArray[np.float64]:
    """Expected arrival of the second idle unit over each cell's list, nearest first."""
    minutes = np.zeros(len(indptr) - 1)
    for cell in range(len(minutes)):
        none, one = 1.0, 0.0
        for k in range(indptr[cell], indptr[cell + 1]):
            here = place[k]
            busy = min(utilisation[here], 1.0)
            all_busy = busy ** units[here]
            one_idle = units[here] * (1.0 - busy) * busy ** (units[here] - 1)
            second = none * (1.0 - all_busy - one_idle) + one * (1.0 - all_busy)
            minutes[cell] += second * response_min[k]
            one = one * all_busy + none * one_idle
            none *= all_busy
        minutes[cell] += (none + one) * unserved_min
    return minutes
