"""Numba kernels of the agenda: the next moment of each unit in an indexed binary heap."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True, forceinline=True)
def sooner(units: NDArray[np.void], one: int, other: int) -> bool:
    """Tell whether unit `one` comes before unit `other`: by moment, then by number."""
    here, there = units[one].moment, units[other].moment
    return here < there or (here == there and one < other)


@njit(cache=True, nogil=True, forceinline=True)
def set_moment(heap: NDArray[np.int64], units: NDArray[np.void], unit: int, minute: float) -> None:
    """Give a unit its next moment, inf for none. `heap[0]` is the unit that comes next.

    `units[unit].slot` is where the unit stands in the heap.
    """
    units[unit].moment = minute
    at = units[unit].slot
    while at > 0 and sooner(units, unit, heap[(at - 1) // 2]):
        heap[at] = heap[(at - 1) // 2]
        units[heap[at]].slot = at
        at = (at - 1) // 2
    while True:
        below = 2 * at + 1
        if below >= len(heap):
            break
        if below + 1 < len(heap) and sooner(units, heap[below + 1], heap[below]):
            below += 1
        if not sooner(units, heap[below], unit):
            break
        heap[at] = heap[below]
        units[heap[at]].slot = at
        at = below
    heap[at] = unit
    units[unit].slot = at
