"""Numba kernels of the judge after a change: cells judged again until the pools have settled."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.judges.erlang import erlang_b
from optimizer.judges.queueing import MAX_ROUNDS, SMALLEST_STEP, cell_chain

RARELY = 1e-4
"""Share of a cell's requests that get as far as a place below which its changes do not matter."""


@njit(cache=True, nogil=True)
def entry_figures(
    indptr: NDArray[np.int64],
    response_min: NDArray[np.float64],
    travel_min: NDArray[np.float64],
    requests_per_h: NDArray[np.float64],
    scene_h: NDArray[np.float64],
    rate_per_h: NDArray[np.float64],
    target_min: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Work and calls within target, both an hour, if the place answered all calls of the cell."""
    work_h, in_time = np.empty(len(response_min)), np.zeros(len(response_min))
    for cell in range(len(requests_per_h)):
        for k in range(indptr[cell], indptr[cell + 1]):
            work_h[k] = requests_per_h[cell] * (scene_h[cell] + travel_min[k] / 60.0)
            for kind in range(rate_per_h.shape[1]):
                if response_min[k] <= target_min[cell, kind]:
                    in_time[k] += rate_per_h[cell, kind]
    return work_h, in_time


@njit(cache=True, nogil=True)
def judge_cell(
    cell: int,
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    work_h: NDArray[np.float64],
    units: NDArray[np.int64],
    table: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    carried_h: NDArray[np.float64],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    lost: NDArray[np.float64],
) -> None:
    """Judge a cell again and hand its work from the places of before to those of now."""
    start = indptr[cell]
    for k in range(start, end[cell]):
        carried_h[place[k]] -= work_h[k] * first[k]
        first[k] = 0.0
    lost[cell], end[cell] = cell_chain(
        start, indptr[cell + 1], place, units, utilisation, all_busy, table, first[start:]
    )
    for k in range(start, end[cell]):
        carried_h[place[k]] += work_h[k] * first[k]


@njit(cache=True, nogil=True)
def judge_every_cell(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    work_h: NDArray[np.float64],
    units: NDArray[np.int64],
    table: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    carried_h: NDArray[np.float64],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    lost: NDArray[np.float64],
) -> None:
    """Fill `carried_h`, `first`, `end` and `lost` of a state."""
    for cell in range(len(end)):
        judge_cell(
            cell,
            indptr,
            place,
            work_h,
            units,
            table,
            utilisation,
            all_busy,
            carried_h,
            first,
            end,
            lost,
        )


@njit(cache=True, nogil=True)
def cells_that_ask(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    places: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """For each place the cells that ask it more than `RARELY` (compressed sparse rows).

    Row pointers, cells, and the share of the cell's requests that gets there.
    """
    asked = np.zeros(places + 1, np.int64)
    for cell in range(len(end)):
        left = 1.0
        for k in range(indptr[cell], end[cell]):
            if left < RARELY:
                break
            asked[place[k] + 1] += 1
            left -= first[k]
    asked = np.cumsum(asked)
    free = asked[:-1].copy()
    asking = np.empty(asked[-1], np.int64)
    share = np.empty(asked[-1])
    for cell in range(len(end)):
        left = 1.0
        for k in range(indptr[cell], end[cell]):
            if left < RARELY:
                break
            asking[free[place[k]]] = cell
            share[free[place[k]]] = left
            free[place[k]] += 1
            left -= first[k]
    return asked, asking, share


@njit(cache=True, nogil=True)
def restart_pools(
    changed: NDArray[np.int64],
    units_before: NDArray[np.int64],
    units: NDArray[np.int64],
    carried_h: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
) -> None:
    """Let the changed pools begin with the work they were offered before."""
    for here in changed:
        if units[here] == 0:
            utilisation[here], all_busy[here] = 0.0, 1.0
        elif units_before[here] == 0:
            utilisation[here], all_busy[here] = 0.0, 0.0
        else:
            offered = carried_h[here] / max(1.0 - all_busy[here], 1e-12)
            utilisation[here] = min(carried_h[here] / units[here], 1.0)
            all_busy[here] = erlang_b(units[here], offered)


@njit(cache=True, nogil=True)
def update_pools(
    touched: NDArray[np.int64],
    units: NDArray[np.int64],
    carried_h: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    told: NDArray[np.float64],
    news: NDArray[np.float64],
    front: NDArray[np.int64],
    step: float,
    close: float,
) -> tuple[int, float]:
    """Let the touched pools follow the work they carry, as far as `step`.

    Those with news of at least `close` since they last `told` the cells are written to `front`.
    Returns their number and the largest gap of a chance of being all busy.
    """
    fronts, change = 0, 0.0
    for here in touched:
        work = max(carried_h[here], 0.0)
        blocked = erlang_b(units[here], work / max(1.0 - all_busy[here], 1e-12))
        busy = min(work / units[here], 1.0)
        gap = abs(blocked - all_busy[here])
        change = max(change, gap)
        gap = max(gap, abs(busy - utilisation[here]))
        all_busy[here] += step * (blocked - all_busy[here])
        utilisation[here] += step * (busy - utilisation[here])
        news[here] = max(gap, abs(all_busy[here] - told[here]))
        if news[here] > close:
            told[here] = all_busy[here]
            front[fronts] = here
            fronts += 1
    return fronts, change


@njit(cache=True, nogil=True)
def settle_nearby(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    work_h: NDArray[np.float64],
    units: NDArray[np.int64],
    table: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    carried_h: NDArray[np.float64],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    lost: NDArray[np.float64],
    asked: NDArray[np.int64],
    asking: NDArray[np.int64],
    asking_share: NDArray[np.float64],
    changed: NDArray[np.int64],
    noticed: NDArray[np.bool_],
    close: float,
) -> None:
    """Bring the state up to date for the pools `changed` and mark all cells that notice.

    Rounds and step lengths are those of `pooled_fixed_point`. A cell is judged again when the
    changes of the places it asks, each times the share of its requests that gets there, add up
    to `close`.
    """
    judged_in = np.full(len(end), -1)
    touched_in = np.full(len(units), -1)
    touched = np.empty(len(units), np.int64)
    front = np.empty(len(units), np.int64)
    news = np.zeros(len(units))
    told = all_busy.copy()
    unheard = np.zeros(len(end))
    fronts = len(changed)
    front[:fronts] = changed
    news[changed] = 1.0
    change, step, rounds = 1.0, 1.0, 0
    while fronts > 0 and rounds < MAX_ROUNDS:
        many = 0
        for number in range(fronts):
            here = front[number]
            for a in range(asked[here], asked[here + 1]):
                cell = asking[a]
                if judged_in[cell] == rounds:
                    continue
                unheard[cell] += news[here] * asking_share[a]
                if unheard[cell] < close:
                    continue
                unheard[cell] = 0.0
                noticed[cell] = True
                judged_in[cell] = rounds
                before_end = end[cell]
                judge_cell(
                    cell,
                    indptr,
                    place,
                    work_h,
                    units,
                    table,
                    utilisation,
                    all_busy,
                    carried_h,
                    first,
                    end,
                    lost,
                )
                for k in range(indptr[cell], max(before_end, end[cell])):
                    if touched_in[place[k]] < rounds and units[place[k]] > 0:
                        touched_in[place[k]] = rounds
                        touched[many] = place[k]
                        many += 1
        before = change
        fronts, change = update_pools(
            touched[:many], units, carried_h, utilisation, all_busy, told, news, front, step, close
        )
        if change > before:
            step = max(0.8 * step, SMALLEST_STEP)
        rounds += 1


@njit(cache=True, nogil=True)
def restore_cells(
    cells: NDArray[np.int64],
    indptr: NDArray[np.int64],
    end: NDArray[np.int64],
    end_before: NDArray[np.int64],
    first: NDArray[np.float64],
    first_before: NDArray[np.float64],
) -> None:
    """Set `first` of the cells back to what it was before a change."""
    for cell in cells:
        for k in range(indptr[cell], max(end[cell], end_before[cell])):
            first[k] = first_before[k]


@njit(cache=True, nogil=True)
def figures_of_cells(
    cells: NDArray[np.int64],
    indptr: NDArray[np.int64],
    response_min: NDArray[np.float64],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    lost: NDArray[np.float64],
    in_time_per_h: NDArray[np.float64],
    unserved_min: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean response and calls an hour answered within target, of some cells."""
    response = np.empty(len(cells))
    in_time = np.zeros(len(cells))
    for number in range(len(cells)):
        cell = cells[number]
        response[number] = lost[cell] * unserved_min
        for k in range(indptr[cell], end[cell]):
            response[number] += first[k] * response_min[k]
            in_time[number] += first[k] * in_time_per_h[k]
    return response, in_time
