"""Numba kernels of marginal values: which units come or go one by one, all others standing.

State: `tail[cell, bin]`, what the calls of the cell still miss from a bin on, the sum over these
bins of `gain * busy ** n` with n the units that arrive by then. A unit more in bin b saves the
share `1 - busy` of `tail[cell, b]`; one fewer loses `1 / busy - 1` of it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def near_places(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    response_min: NDArray[np.float64],
    units: NDArray[np.int64],
    enough: NDArray[np.int64],
    bin_min: float,
    last_bin: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int16]]:
    """Places to cells with response bins, without the places behind `enough[cell]` units.

    `indptr`, `place` and `response_min` list the places of each cell, the quickest first.
    """
    end = indptr[:-1].copy()
    start = np.zeros(len(units) + 1, np.int64)
    for cell in range(len(end)):
        reached = 0
        while end[cell] < indptr[cell + 1] and reached < enough[cell]:
            reached += units[place[end[cell]]]
            start[place[end[cell]] + 1] += 1
            end[cell] += 1
    start = np.cumsum(start)
    free = start[:-1].copy()
    cells = np.empty(start[-1], np.int32)
    bins = np.empty(start[-1], np.int16)
    for cell in range(len(end)):
        for k in range(indptr[cell], end[cell]):
            entry = free[place[k]]
            free[place[k]] += 1
            cells[entry] = cell
            bins[entry] = min(int(np.rint(response_min[k] / bin_min)), last_bin)
    return start, cells, bins


@njit(cache=True, nogil=True)
def tails_of(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    gain: NDArray[np.float64],
    busy: NDArray[np.float64],
    units: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What is missed from each bin on with `units[place]`, `[cell, bin]`."""
    arriving = np.zeros(gain.shape, np.int64)
    for place in range(len(units)):
        if units[place] > 0:
            for k in range(indptr[place], indptr[place + 1]):
                arriving[cells[k], bins[k]] += units[place]
    tail = np.empty(gain.shape)
    last = gain.shape[1] - 1
    for cell in range(gain.shape[0]):
        near = arriving[cell].sum()
        all_busy = busy[cell] ** near
        later = 0.0
        for b in range(last, -1, -1):
            later += gain[cell, b] * all_busy
            tail[cell, b] = later
            if arriving[cell, b] > 0:
                near -= arriving[cell, b]
                all_busy = busy[cell] ** near
    return tail


@njit(cache=True, nogil=True)
def place_value(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    worth: NDArray[np.float64],
    tail: NDArray[np.float64],
    place: int,
) -> float:
    """Sum of `worth[cell]` times the tail that a unit at the place changes."""
    total = 0.0
    for k in range(indptr[place], indptr[place + 1]):
        cell = cells[k]
        if worth[cell] > 0.0:
            total += worth[cell] * tail[cell, bins[k]]
    return total


@njit(cache=True, nogil=True)
def shift_tail(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    busy: NDArray[np.float64],
    tail: NDArray[np.float64],
    place: int,
    more: bool,
) -> None:
    """Bring the tails up to date for one unit more or fewer at a place."""
    for k in range(indptr[place], indptr[place + 1]):
        cell = cells[k]
        first = bins[k]
        factor = busy[cell] if more else 1.0 / busy[cell]
        saved = (1.0 - factor) * tail[cell, first]
        for b in range(first):
            tail[cell, b] = max(tail[cell, b] - saved, 0.0)
        for b in range(first, tail.shape[1]):
            tail[cell, b] *= factor


@njit(cache=True, nogil=True)
def restore_tail(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    tail: NDArray[np.float64],
    standing: NDArray[np.float64],
    place: int,
) -> None:
    """Set the tails of the cells that a place reaches back to those of the standing units."""
    for k in range(indptr[place], indptr[place + 1]):
        cell = cells[k]
        for b in range(tail.shape[1]):
            tail[cell, b] = standing[cell, b]


@njit(cache=True, nogil=True)
def unit_steps_of_area(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    busy: NDArray[np.float64],
    counted: NDArray[np.bool_],
    standing: NDArray[np.float64],
    tail: NDArray[np.float64],
    places: NDArray[np.int64],
    room: NDArray[np.int64],
    steps: int,
    more: bool,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Add (`more`) or take away up to `steps` units one by one among `places`.

    Each comes where it gains most for the `counted` cells, or goes where it is missed least;
    ties go to the earlier place. `room[number]` units can come to or go from `places[number]`.
    `tail` is a working copy of the `standing` tails and equal to them again afterwards. Returns
    the place of each step and its gain or loss; fewer steps where there is no room.

    A gain only falls while units come and a loss only grows while units go, so in both
    directions a score computed earlier is an upper bound of the score now: lazy greedy (Minoux
    1978).
    """
    worth = np.zeros(len(busy))
    for cell in range(len(busy)):
        if counted[cell]:
            worth[cell] = 1.0 - busy[cell] if more else 1.0 / busy[cell] - 1.0
    sign = 1.0 if more else -1.0
    score = np.empty(len(places))
    stamp = np.zeros(len(places), np.int64)
    for number in range(len(places)):
        score[number] = -np.inf
        if room[number] > 0:
            score[number] = sign * place_value(indptr, cells, bins, worth, tail, places[number])
    left = room.copy()
    chosen = np.empty(steps, np.int64)
    changes = np.zeros(steps)
    done = 0
    while done < steps and len(places) > 0:
        best = np.argmax(score)
        place = places[best]
        if score[best] == -np.inf:
            break
        if stamp[best] != done:
            score[best] = sign * place_value(indptr, cells, bins, worth, tail, place)
            stamp[best] = done
            continue
        shift_tail(indptr, cells, bins, busy, tail, place, more)
        chosen[done], changes[done] = place, sign * score[best]
        done += 1
        left[best] -= 1
        if left[best] == 0:
            score[best] = -np.inf
    for step in range(done):
        restore_tail(indptr, cells, tail, standing, chosen[step])
    return chosen[:done], changes[:done]
