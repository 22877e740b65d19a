"""Numba kernels of the patrol engine: lazy greedy and swaps over sparse reach lists.

State of a partial allocation: `within[cell, bin]`, the units that reach a cell in at most that
bin, and `slope[cell, bin]`, what one more unit arriving in that bin would add for the cell. The
gain of a place is then one slope per cell it reaches. The value is submodular, so a gain
computed earlier bounds the gain now: that is what makes the greedy lazy (Minoux 1978).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

NEGLIGIBLE = 1e-18
"""Probabilities below this count as zero."""


@njit(cache=True, nogil=True)
def busy_powers(busy: NDArray[np.float64], units: int) -> NDArray[np.float64]:
    """`busy[cell] ** n` for n = 0 to `units`, `[cell, n]`.

    Ends earlier where all are negligible; the last column is then zero and stands for the rest.
    """
    highest = busy.max() if len(busy) else 0.0
    columns = 1
    left = 1.0
    while columns <= units and left > 0.0:
        left = left * highest if left * highest > NEGLIGIBLE else 0.0
        columns += 1
    power = np.ones((len(busy), columns))
    for cell in range(len(busy)):
        for n in range(1, columns):
            value = power[cell, n - 1] * busy[cell]
            power[cell, n] = value if value > NEGLIGIBLE else 0.0
    return power


@njit(cache=True, nogil=True)
def refresh_slope(
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    power: NDArray[np.float64],
    cell: int,
) -> None:
    """Recompute `slope[cell, :]` from the unit counts."""
    idle = 1.0 - busy[cell]
    most = power.shape[1] - 1
    later = 0.0
    for b in range(gain.shape[1] - 1, -1, -1):
        later += gain[cell, b] * power[cell, min(within[cell, b], most)] * idle
        slope[cell, b] = later


@njit(cache=True, nogil=True)
def place_gain(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    slope: NDArray[np.float64],
    place: int,
) -> float:
    """Value that one more unit at a place would add."""
    total = 0.0
    for k in range(indptr[place], indptr[place + 1]):
        total += slope[cells[k], bins[k]]
    return total


@njit(cache=True, nogil=True)
def add_unit(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    busy: NDArray[np.float64],
    slope: NDArray[np.float64],
    place: int,
) -> None:
    """Bring the slopes up to date for one unit more at a place, without counting.

    A slope is a sum over later bins: those from the unit's bin on shrink by `busy`, the earlier
    ones lose what that bin lost. Quick, but rounding adds up; `shift_units` starts afresh.
    """
    last = slope.shape[1]
    for k in range(indptr[place], indptr[place + 1]):
        cell = cells[k]
        first = bins[k]
        lost = slope[cell, first] * (1.0 - busy[cell])
        for b in range(first):
            slope[cell, b] = max(slope[cell, b] - lost, 0.0)
        for b in range(first, last):
            slope[cell, b] *= busy[cell]


@njit(cache=True, nogil=True)
def slopes_of(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    power: NDArray[np.float64],
    units: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Slopes and counts of an allocation."""
    within = np.zeros(gain.shape, np.int32)
    slope = np.zeros(gain.shape)
    for place in range(len(units)):
        for k in range(indptr[place], indptr[place + 1]):
            within[cells[k], bins[k]] += units[place]
    for cell in range(len(busy)):
        for b in range(1, gain.shape[1]):
            within[cell, b] += within[cell, b - 1]
        refresh_slope(slope, within, gain, busy, power, cell)
    return slope, within


@njit(cache=True, nogil=True)
def shift_units(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    power: NDArray[np.float64],
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    place: int,
    units: int,
) -> None:
    """Add `units` (negative: take away) at a place and bring the slopes up to date."""
    for k in range(indptr[place], indptr[place + 1]):
        cell = cells[k]
        for b in range(bins[k], gain.shape[1]):
            within[cell, b] += units
        refresh_slope(slope, within, gain, busy, power, cell)


@njit(cache=True, nogil=True)
def ranks_before(key: NDArray[np.float64], first: int, second: int) -> bool:
    """Order of the heap: larger gain first, equal gains by place index."""
    return key[first] > key[second] or (key[first] == key[second] and first < second)


@njit(cache=True, nogil=True)
def sift_down(heap: NDArray[np.int64], key: NDArray[np.float64], at: int, size: int) -> None:
    """Restore the heap below position `at`."""
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and ranks_before(key, heap[child + 1], heap[child]):
            child += 1
        if not ranks_before(key, heap[child], heap[at]):
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child


@njit(cache=True, nogil=True)
def lazy_greedy(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    group: NDArray[np.int64],
    group_limit: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    total: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Place units one by one where the gain is largest, within the limits.

    Starts from `place_min` and stops at `total` units or when every place is closed. Returns
    the units per place, and the place and gain of each addition in order.
    """
    places = len(group)
    units = place_min.copy()
    power = busy_powers(busy, units.sum())
    slope, _ = slopes_of(indptr, cells, bins, gain, busy, power, units)
    used = np.zeros(len(group_limit), np.int64)
    key = np.empty(places)
    for place in range(places):
        used[group[place]] += units[place]
        key[place] = place_gain(indptr, cells, bins, slope, place)
    heap = np.arange(places)
    size = places
    for at in range(size // 2 - 1, -1, -1):
        sift_down(heap, key, at, size)
    stamp = np.zeros(places, np.int64)
    chosen = np.empty(max(total - units.sum(), 0), np.int64)
    added = np.empty(len(chosen))
    done = 0
    while done < len(chosen) and size > 0:
        place = heap[0]
        if used[group[place]] >= group_limit[group[place]] or units[place] >= place_cap[place]:
            size -= 1
            heap[0] = heap[size]
        elif stamp[place] != done:
            key[place] = place_gain(indptr, cells, bins, slope, place)
            stamp[place] = done
        else:
            add_unit(indptr, cells, bins, busy, slope, place)
            units[place] += 1
            used[group[place]] += 1
            chosen[done] = place
            added[done] = key[place]
            done += 1
        sift_down(heap, key, 0, size)
    return units, chosen[:done], added[:done]


@njit(cache=True, nogil=True)
def swap_pass(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    power: NDArray[np.float64],
    group: NDArray[np.int64],
    members: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    units: NDArray[np.int64],
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    tolerance: float,
) -> int:
    """Move one unit of each occupied place to the best place of its group, if that pays.

    `members[group]` lists the places of a group, -1 where there are fewer. Changes `units`,
    `slope` and `within` in place; returns how many units moved. A move must pay more than
    `tolerance` times the gain it gives up.
    """
    moved = 0
    for place in range(len(units)):
        if units[place] <= place_min[place]:
            continue
        reached = cells[indptr[place] : indptr[place + 1]]
        slope_before = slope[reached]
        within_before = within[reached]
        shift_units(indptr, cells, bins, gain, busy, power, slope, within, place, -1)
        best = place
        best_gain = place_gain(indptr, cells, bins, slope, place) * (1.0 + tolerance)
        for other in members[group[place]]:
            if other >= 0 and other != place and units[other] < place_cap[other]:
                value = place_gain(indptr, cells, bins, slope, other)
                if value > best_gain:
                    best = other
                    best_gain = value
        if best == place:
            for k in range(len(reached)):
                slope[reached[k]] = slope_before[k]
                within[reached[k]] = within_before[k]
        else:
            shift_units(indptr, cells, bins, gain, busy, power, slope, within, best, 1)
            units[place] -= 1
            units[best] += 1
            moved += 1
    return moved
