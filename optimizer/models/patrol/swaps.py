"""Numba kernels of the patrol engine: moves of single units over sparse reach lists.

A unit that is taken away changes the slopes of the cells near it, and through them the gain of
every place that reaches such a cell. Those gains are carried along from move to move, so that a
unit costs one look at the places near it, not at every place that it might go to.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.patrol.greedy import place_gain, shift_units

KEY_SLACK = 1e-7
"""Share of the largest gain by which a gain that is carried along may be wrong; the rounding
errors of the hundred million additions of a large pass stay below it."""


@njit(cache=True, nogil=True)
def places_of_cells(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    n_cells: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int16]]:
    """Turn the reach lists round: row pointers, places and bins by cell."""
    start = np.zeros(n_cells + 1, np.int64)
    for k in range(len(cells)):
        start[cells[k] + 1] += 1
    for cell in range(n_cells):
        start[cell + 1] += start[cell]
    at = start[:-1].copy()
    place_of = np.empty(len(cells), np.int32)
    bin_of = np.empty(len(cells), np.int16)
    for place in range(len(indptr) - 1):
        for k in range(indptr[place], indptr[place + 1]):
            place_of[at[cells[k]]] = place
            bin_of[at[cells[k]]] = bins[k]
            at[cells[k]] += 1
    return start, place_of, bin_of


@njit(cache=True, nogil=True)
def pass_on(
    start: NDArray[np.int64],
    place_of: NDArray[np.int32],
    bin_of: NDArray[np.int16],
    reached: NDArray[np.int32],
    slope_before: NDArray[np.float64],
    slope: NDArray[np.float64],
    key: NDArray[np.float64],
) -> None:
    """Add what the slopes of the cells `reached` have changed to the gain `key` of each place."""
    change = np.empty(slope.shape[1])
    for k in range(len(reached)):
        cell = reached[k]
        for b in range(len(change)):
            change[b] = slope[cell, b] - slope_before[k, b]
        for entry in range(start[cell], start[cell + 1]):
            key[place_of[entry]] += change[bin_of[entry]]


@njit(cache=True, nogil=True)
def best_place(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    members: NDArray[np.int64],
    open_group: NDArray[np.bool_],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    units: NDArray[np.int64],
    slope: NDArray[np.float64],
    key: NDArray[np.float64],
    slack: float,
    place: int,
    least_gain: float,
) -> int:
    """The place where one more unit adds most, if more than `least_gain`, else `place`.

    `key` are the gains up to rounding errors within `slack`: only a place that they do not rule
    out has its gain summed up.
    """
    best = place
    best_gain = least_gain
    for there in range(len(open_group)):
        if not open_group[there]:
            continue
        for other in members[there]:
            if other < 0 or other == place or units[other] >= place_cap[other]:
                continue
            bonus = move_cost if units[other] < keep[other] else 0.0
            if key[other] + bonus + slack <= best_gain:
                continue
            value = place_gain(indptr, cells, bins, slope, other) + bonus
            if value > best_gain:
                best = other
                best_gain = value
    return best


@njit(cache=True, nogil=True)
def swap_pass(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    start: NDArray[np.int64],
    place_of: NDArray[np.int32],
    bin_of: NDArray[np.int16],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    group: NDArray[np.int64],
    members: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    units: NDArray[np.int64],
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    tolerance: float,
) -> int:
    """Move one unit of each occupied place to the best place open to it, if that pays.

    Open are the places of its own group and, where both groups' limits allow it, of others.
    `members[group]` lists the places of a group, -1 where there are fewer; `start`, `place_of`
    and `bin_of` are the reach lists by cell. Changes `units`, `slope` and `within` in place;
    returns how many units moved. A move must pay more than `tolerance` times the gain it gives
    up.
    """
    used = np.zeros(len(group_min), np.int64)
    key = np.empty(len(units))
    for place in range(len(units)):
        used[group[place]] += units[place]
        key[place] = place_gain(indptr, cells, bins, slope, place)
    largest = key.max() if len(key) else 0.0
    moved = 0
    for place in range(len(units)):
        if units[place] <= place_min[place]:
            continue
        reached = cells[indptr[place] : indptr[place + 1]]
        slope_before = slope[reached]
        within_before = within[reached]
        key_before = key.copy()
        shift_units(indptr, cells, bins, gain, step, slope, within, place, -1)
        pass_on(start, place_of, bin_of, reached, slope_before, slope, key)
        own = group[place]
        stay_gain = place_gain(indptr, cells, bins, slope, place)
        largest = max(largest, stay_gain)
        least_gain = stay_gain * (1.0 + tolerance)
        if units[place] <= keep[place]:
            least_gain += move_cost
        open_group = (used[own] > group_min[own]) & (used < group_max)
        open_group[own] = True
        best = best_place(
            indptr,
            cells,
            bins,
            members,
            open_group,
            place_cap,
            keep,
            move_cost,
            units,
            slope,
            key,
            KEY_SLACK * largest,
            place,
            least_gain,
        )
        if best == place:
            for k in range(len(reached)):
                slope[reached[k]] = slope_before[k]
                within[reached[k]] = within_before[k]
            key = key_before
        else:
            changed = cells[indptr[best] : indptr[best + 1]]
            slope_before = slope[changed]
            shift_units(indptr, cells, bins, gain, step, slope, within, best, 1)
            pass_on(start, place_of, bin_of, changed, slope_before, slope, key)
            units[place] -= 1
            units[best] += 1
            used[own] -= 1
            used[group[best]] += 1
            moved += 1
    return moved
