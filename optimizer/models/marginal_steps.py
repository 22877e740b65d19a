"""Numba kernels of marginal values: units that come or go one by one, all others standing.

State: `tail[cell, bin]`, what a call of the cell still misses from a bin on, the sum over these
bins of `gain * busy ** n` with n the units that arrive by then. A unit more in bin b saves the
share `1 - busy` of `tail[cell, b]`; one fewer loses `1 / busy - 1` of it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

EFFECTS = 5
"""Weighted minutes, minutes of the area's and of all calls, covered calls of both; an hour."""


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
def effects_of(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    levels: NDArray[np.int16],
    share: NDArray[np.float64],
    weight: NDArray[np.float64],
    calls: NDArray[np.float64],
    own: NDArray[np.bool_],
    minutes: NDArray[np.float64],
    uncovered: NDArray[np.float64],
    place: int,
    effect: NDArray[np.float64],
) -> None:
    """Write to `effect` what one unit more or fewer at a place changes; see `EFFECTS`.

    `share[cell]` is the part of the tails that the unit changes.
    """
    effect[:] = 0.0
    for k in range(indptr[place], indptr[place + 1]):
        cell = cells[k]
        if calls[cell] <= 0.0:
            continue
        per_call = share[cell] * minutes[cell, bins[k]]
        covered = share[cell] * uncovered[cell, levels[k]]
        effect[0] += weight[cell] * per_call
        effect[2] += calls[cell] * per_call
        effect[4] += covered
        if own[cell]:
            effect[1] += calls[cell] * per_call
            effect[3] += covered


@njit(cache=True, nogil=True)
def unit_steps_of_area(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    levels: NDArray[np.int16],
    busy: NDArray[np.float64],
    weight: NDArray[np.float64],
    calls: NDArray[np.float64],
    own: NDArray[np.bool_],
    standing_minutes: NDArray[np.float64],
    standing_uncovered: NDArray[np.float64],
    minutes: NDArray[np.float64],
    uncovered: NDArray[np.float64],
    places: NDArray[np.int64],
    room: NDArray[np.int64],
    steps: int,
    more: bool,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Add (`more`) or take away up to `steps` units one by one among `places`.

    Each comes where it gains most in weighted minutes, or goes where it is missed least; ties go
    to the earlier place. `room[number]` units can come to or go from `places[number]`.
    `weight[cell]` is 0 where calls do not count. `minutes` and `uncovered` are working copies of
    the standing tails and equal to them again afterwards. Returns the place of each step and its
    effects `[step, effect]`; fewer steps where there is no room.

    A gain only falls while units come and a loss only grows while units go, so in both
    directions a score computed earlier is an upper bound of the score now: lazy greedy (Minoux
    1978).
    """
    share = np.empty(len(busy))
    worth = np.empty(len(busy))
    for cell in range(len(busy)):
        share[cell] = 1.0 - busy[cell] if more else 1.0 / busy[cell] - 1.0
        worth[cell] = weight[cell] * share[cell]
    sign = 1.0 if more else -1.0
    score = np.empty(len(places))
    stamp = np.zeros(len(places), np.int64)
    for number in range(len(places)):
        score[number] = -np.inf
        if room[number] > 0:
            score[number] = sign * place_value(indptr, cells, bins, worth, minutes, places[number])
    left = room.copy()
    chosen = np.empty(steps, np.int64)
    effects = np.zeros((steps, EFFECTS))
    done = 0
    while done < steps and len(places) > 0:
        best = np.argmax(score)
        place = places[best]
        if score[best] == -np.inf:
            break
        if stamp[best] != done:
            score[best] = sign * place_value(indptr, cells, bins, worth, minutes, place)
            stamp[best] = done
            continue
        effects_of(
            indptr,
            cells,
            bins,
            levels,
            share,
            weight,
            calls,
            own,
            minutes,
            uncovered,
            place,
            effects[done],
        )
        shift_tail(indptr, cells, bins, busy, minutes, place, more)
        shift_tail(indptr, cells, levels, busy, uncovered, place, more)
        chosen[done] = place
        done += 1
        left[best] -= 1
        if left[best] == 0:
            score[best] = -np.inf
    for step in range(done):
        restore_tail(indptr, cells, minutes, standing_minutes, chosen[step])
        restore_tail(indptr, cells, uncovered, standing_uncovered, chosen[step])
    return chosen[:done], effects[:done]
