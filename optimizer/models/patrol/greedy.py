"""Numba kernels of the patrol engine: gains of one unit more, and the lazy greedy.

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

SPENT = 1e-12
"""Share of what the first unit adds for a cell at which the rest of its slopes counts as zero."""

SHORTENED_AT = (0.15, 0.5)
"""Shares of the units placed at which the greedy takes spent entries out of its lists."""


@njit(cache=True, nogil=True)
def unit_steps(
    busy: NDArray[np.float64], backup: NDArray[np.float64], units: int
) -> NDArray[np.float64]:
    """What the next unit adds per gain where n units arrive already, `[cell, n]`, n to `units`.

    `(1 - q) q^n + w n (1 - q)^2 q^(n - 1)` with busy share q and weight w of the second unit;
    never increasing in n. Ends earlier where all are negligible; the last column is then zero
    and stands for the rest.
    """
    highest = busy.max() if len(busy) else 0.0
    backed = len(backup) > 0 and backup.max() > 0.0
    columns = 1
    left = 1.0
    while columns <= units and left > NEGLIGIBLE:
        left = (columns if backed else 1) * highest ** (columns - 1 if backed else columns)
        columns += 1
    step = np.zeros((len(busy), columns))
    for cell in range(len(busy)):
        idle = 1.0 - busy[cell]
        first = idle
        second = backup[cell] * idle * idle
        for n in range(columns):
            value = first + n * second
            if value <= NEGLIGIBLE:
                break
            step[cell, n] = value
            first *= busy[cell]
            if n > 0:
                second *= busy[cell]
    return step


@njit(cache=True, nogil=True)
def refresh_slope(
    slope: NDArray[np.float64],
    within: NDArray[np.int32],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    cell: int,
) -> None:
    """Recompute `slope[cell, :]` from the unit counts."""
    most = step.shape[1] - 1
    later = 0.0
    for b in range(gain.shape[1] - 1, -1, -1):
        later += gain[cell, b] * step[cell, min(within[cell, b], most)]
        slope[cell, b] = later


@njit(cache=True, nogil=True)
def place_gain(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    slope: NDArray[np.float64],
    place: int,
) -> float:
    """Value that one more unit at a place would add for the cells."""
    total = 0.0
    for k in range(indptr[place], indptr[place + 1]):
        total += slope[cells[k], bins[k]]
    return total


@njit(cache=True, nogil=True)
def slots_of(cells: NDArray[np.int32], bins: NDArray[np.int16], n_bins: int) -> NDArray[np.uint32]:
    """Where each entry's slope lies in the table read row by row; unsigned, for quick look-ups."""
    slot = np.empty(len(cells), np.uint32)
    for k in range(len(cells)):
        slot[k] = cells[k] * n_bins + bins[k]
    return slot


@njit(cache=True, nogil=True)
def listed_gain(slot: NDArray[np.uint32], flat: NDArray[np.float64], start: int, end: int) -> float:
    """Value that one more unit adds at the place whose entries are those from start to end."""
    total = 0.0
    for k in range(start, end):
        total += flat[slot[k]]
    return total


@njit(cache=True, nogil=True)
def shorten_lists(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    slot: NDArray[np.uint32],
    slope: NDArray[np.float64],
    spent: NDArray[np.float64],
) -> None:
    """Count slopes of at most `spent[cell]` as zero and take such entries out of the lists.

    Slopes only fall while units are added, so these never count again. Both in place.
    """
    for cell in range(slope.shape[0]):
        for b in range(slope.shape[1]):
            if slope[cell, b] <= spent[cell]:
                slope[cell, b] = 0.0
    flat = slope.ravel()
    for place in range(len(end)):
        kept = start[place]
        for k in range(start[place], end[place]):
            if flat[slot[k]] > 0.0:
                slot[kept] = slot[k]
                kept += 1
        end[place] = kept


@njit(cache=True, nogil=True)
def add_unit(
    slot: NDArray[np.uint32],
    busy: NDArray[np.float64],
    slope: NDArray[np.float64],
    start: int,
    end: int,
) -> None:
    """Bring the slopes up to date for one unit more at a place, without counting.

    A slope is a sum over later bins: those from the unit's bin on shrink by `busy`, the earlier
    ones lose what that bin lost. Quick, but rounding adds up; `shift_units` starts afresh.
    """
    n_bins = np.uint32(slope.shape[1])
    for k in range(start, end):
        cell = slot[k] // n_bins
        first = slot[k] - cell * n_bins
        row = slope[cell]
        left = busy[cell]
        lost = row[first] * (1.0 - left)
        for b in range(first):
            row[b] = max(row[b] - lost, 0.0)
        for b in range(first, n_bins):
            row[b] *= left


@njit(cache=True, nogil=True)
def slopes_of(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
    units: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Slopes and counts of an allocation."""
    within = np.zeros(gain.shape, np.int32)
    slope = np.zeros(gain.shape)
    for place in range(len(units)):
        if units[place] == 0:
            continue
        for k in range(indptr[place], indptr[place + 1]):
            within[cells[k], bins[k]] += units[place]
    for cell in range(gain.shape[0]):
        for b in range(1, gain.shape[1]):
            within[cell, b] += within[cell, b - 1]
        refresh_slope(slope, within, gain, step, cell)
    return slope, within


@njit(cache=True, nogil=True)
def first_slopes(gain: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the first unit of all adds for each cell when it is within every bin, `[cell]`."""
    total = np.zeros(gain.shape[0])
    for cell in range(gain.shape[0]):
        for b in range(gain.shape[1]):
            total[cell] += gain[cell, b] * step[cell, 0]
    return total


@njit(cache=True, nogil=True)
def shift_units(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    step: NDArray[np.float64],
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
        refresh_slope(slope, within, gain, step, cell)


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
def heap_of(key: NDArray[np.float64]) -> NDArray[np.int64]:
    """All places as a heap by their gains."""
    heap = np.arange(len(key))
    for at in range(len(heap) // 2 - 1, -1, -1):
        sift_down(heap, key, at, len(heap))
    return heap


@njit(cache=True, nogil=True)
def lazy_greedy(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    backup: NDArray[np.float64],
    group: NDArray[np.int64],
    group_min: NDArray[np.int64],
    group_max: NDArray[np.int64],
    place_min: NDArray[np.int64],
    place_cap: NDArray[np.int64],
    keep: NDArray[np.int64],
    move_cost: float,
    total: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Place units one by one where the gain is largest, within the limits.

    Starts from `place_min` and stops at `total` units or when every place is closed. As many
    units as the groups still lack of `group_min` are held back for them. Returns the units per
    place, and the place and gain of each addition in order.
    """
    places = len(group)
    units = place_min.copy()
    step = unit_steps(busy, backup, total)
    slope, within = slopes_of(indptr, cells, bins, gain, step, units)
    flat = slope.ravel()
    slot = slots_of(cells, bins, gain.shape[1])
    spent = SPENT * first_slopes(gain, step)
    end = indptr[1:].copy()
    backed = backup.max() > 0.0 if len(backup) else False
    used = np.zeros(len(group_min), np.int64)
    key = np.empty(places)
    for place in range(places):
        used[group[place]] += units[place]
        bonus = move_cost * (units[place] < keep[place])
        key[place] = listed_gain(slot, flat, indptr[place], end[place]) + bonus
    spare = total - units.sum() - np.maximum(group_min - used, 0).sum()
    heap = heap_of(key)
    size = places
    stamp = np.zeros(places, np.int64)
    chosen = np.empty(max(total - units.sum(), 0), np.int64)
    added = np.empty(len(chosen))
    done, shortened = 0, 0
    while done < len(chosen) and size > 0:
        place = heap[0]
        own = group[place]
        lacking = used[own] < group_min[own]
        full = used[own] >= group_max[own] or units[place] >= place_cap[place]
        if full or (spare <= 0 and not lacking):
            size -= 1
            heap[0] = heap[size]
        elif stamp[place] != done:
            bonus = move_cost * (units[place] < keep[place])
            key[place] = listed_gain(slot, flat, indptr[place], end[place]) + bonus
            stamp[place] = done
        else:
            if backed:
                shift_units(indptr, cells, bins, gain, step, slope, within, place, 1)
            else:
                add_unit(slot, busy, slope, indptr[place], end[place])
            units[place] += 1
            used[own] += 1
            spare -= not lacking
            chosen[done] = place
            added[done] = key[place]
            done += 1
            if shortened < len(SHORTENED_AT) and done >= SHORTENED_AT[shortened] * len(chosen):
                shorten_lists(indptr, end, slot, slope, spent)
                shortened += 1
        sift_down(heap, key, 0, size)
    return units, chosen[:done], added[:done]
