"""The queueing judge after a few units come or go, worked out from its steady state before.

More units make all units near them less busy, fewer make them busier. The fixed point of
`optimizer.judges.queueing` is taken up where it ended: cells that ask a place whose units changed
are judged again, then the cells that ask a place whose busy share followed, until none changes
by more than `CLOSE`. All other cells keep their figures, so that a difference of two plans is
not drowned in the tolerance of two separate fixed points.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.calls import CallLoad
from optimizer.judges.queueing import (
    ENOUGH_UNITS,
    MAX_ROUNDS,
    SMALLEST_STEP,
    busy_odds_table,
    cell_chain,
    erlang_b,
    places_with_units,
    pooled_fixed_point,
)
from optimizer.reach import CellReach

CLOSE = 1e-6
"""Change of a busy share below which the cells that ask the place are not judged again."""

SPARE_UNITS = 10
"""Units that may go near a cell before its list of places could end too early."""

START_BUSY = 0.3


@dataclass(frozen=True)
class Judged:
    """Cells with their mean response (a lost request counts the unserved minutes) and the calls
    an hour that are answered within target, each `[cell]`."""

    cells: NDArray[np.int64]
    response_min: NDArray[np.float64]
    calls_in_time: NDArray[np.float64]


@dataclass(frozen=True)
class HourState:
    """Steady state of one hour and unit type that changes are judged from.

    `reach` lists the manned places and those that units may come to. `first[entry]` is the
    chance that the place of the entry is the first with an idle unit, `end[cell]` where the
    cell's list was left because some unit is idle, `lost[cell]`; `utilisation`, `all_busy` and
    `carried_h`, unit-hours of work an hour, are `[place]`. The cells that ask a place are
    `asking[asked[place]:asked[place + 1]]`. `rate_per_h` and `target_min` are `[cell, class]`.
    """

    reach: CellReach
    units: NDArray[np.int64]
    load: CallLoad
    rate_per_h: NDArray[np.float64]
    target_min: NDArray[np.float64]
    unserved_min: float
    utilisation: NDArray[np.float64]
    all_busy: NDArray[np.float64]
    carried_h: NDArray[np.float64]
    first: NDArray[np.float64]
    end: NDArray[np.int64]
    lost: NDArray[np.float64]
    asked: NDArray[np.int64]
    asking: NDArray[np.int64]

    def judged(self, cells: NDArray[np.int64] | None = None) -> Judged:
        """Figures of the cells as the units stand; of all cells unless `cells` are given."""
        every = np.arange(self.reach.n_cells)
        return _figures(self, every if cells is None else cells, self.first, self.end, self.lost)


def hour_state(
    reach: CellReach,
    units: NDArray[np.int64],
    load: CallLoad,
    rate_per_h: NDArray[np.float64],
    target_min: NDArray[np.float64],
    unserved_min: float,
    may_come: NDArray[np.bool_],
) -> HourState:
    """Steady state of `units[place]`; units may come to the places `may_come[place]` later."""
    crews = np.ascontiguousarray(units, dtype=np.int64)
    near = places_with_units(reach, crews, also=may_come, enough=ENOUGH_UNITS + SPARE_UNITS)
    table = busy_odds_table()
    utilisation, all_busy, _, _ = pooled_fixed_point(
        near.indptr,
        near.place,
        near.travel_min,
        crews,
        load.requests_per_h,
        load.scene_h,
        table,
        START_BUSY,
        CLOSE,
    )
    carried, first = np.zeros(len(crews)), np.zeros(len(near.place))
    end, lost = near.indptr[:-1].copy(), np.ones(near.n_cells)
    for_all = (near.indptr, near.place, near.travel_min, crews, load.requests_per_h, load.scene_h)
    judge_every_cell(*for_all, table, utilisation, all_busy, carried, first, end, lost)
    asked, asking = cells_that_ask(near.indptr, near.place, end, len(crews))
    return HourState(
        near,
        crews,
        load,
        rate_per_h,
        target_min,
        unserved_min,
        utilisation,
        all_busy,
        carried,
        first,
        end,
        lost,
        asked,
        asking,
    )


class Relief:
    """Judges changes of one hour's units, one after the other, each from the same state."""

    def __init__(self, state: HourState) -> None:
        self._state = state
        self._first = state.first.copy()
        self._end = state.end.copy()
        self._lost = state.lost.copy()

    def after(self, units: NDArray[np.int64]) -> Judged:
        """Figures of the cells that notice that `units[place]` stand, `[noticing cell]`.

        Units come only to places that were manned or that `hour_state` was told of.
        """
        state = self._state
        carried = state.carried_h.copy()
        utilisation, all_busy = state.utilisation.copy(), state.all_busy.copy()
        changed = np.flatnonzero(units != state.units)
        restart_pools(changed, state.units, units, carried, utilisation, all_busy)
        cells = settle_nearby(
            state.reach.indptr,
            state.reach.place,
            state.reach.travel_min,
            units,
            state.load.requests_per_h,
            state.load.scene_h,
            busy_odds_table(),
            utilisation,
            all_busy,
            carried,
            self._first,
            self._end,
            self._lost,
            state.asked,
            state.asking,
            changed,
        )
        found = _figures(state, cells, self._first, self._end, self._lost)
        restore_cells(cells, state.reach.indptr, self._end, state.end, self._first, state.first)
        self._end[cells], self._lost[cells] = state.end[cells], state.lost[cells]
        return found


def _figures(
    state: HourState,
    cells: NDArray[np.int64],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    lost: NDArray[np.float64],
) -> Judged:
    response, in_time = figures_of_cells(
        cells,
        state.reach.indptr,
        state.reach.response_min,
        first,
        end,
        lost,
        state.rate_per_h,
        state.target_min,
        state.unserved_min,
    )
    return Judged(cells, response, in_time)


@njit(cache=True, nogil=True)
def judge_cell(
    cell: int,
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    travel_min: NDArray[np.float64],
    units: NDArray[np.int64],
    requests_per_h: NDArray[np.float64],
    scene_h: NDArray[np.float64],
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
        hours = scene_h[cell] + travel_min[k] / 60.0
        carried_h[place[k]] -= requests_per_h[cell] * hours * first[k]
        first[k] = 0.0
    lost[cell], end[cell] = cell_chain(
        start, indptr[cell + 1], place, units, utilisation, all_busy, table, first[start:]
    )
    for k in range(start, end[cell]):
        hours = scene_h[cell] + travel_min[k] / 60.0
        carried_h[place[k]] += requests_per_h[cell] * hours * first[k]


@njit(cache=True, nogil=True)
def judge_every_cell(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    travel_min: NDArray[np.float64],
    units: NDArray[np.int64],
    requests_per_h: NDArray[np.float64],
    scene_h: NDArray[np.float64],
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
            travel_min,
            units,
            requests_per_h,
            scene_h,
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
    indptr: NDArray[np.int64], place: NDArray[np.int32], end: NDArray[np.int64], places: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each place the cells whose requests get as far as it (compressed sparse rows)."""
    asked = np.zeros(places + 1, np.int64)
    for cell in range(len(end)):
        for k in range(indptr[cell], end[cell]):
            asked[place[k] + 1] += 1
    asked = np.cumsum(asked)
    free = asked[:-1].copy()
    asking = np.empty(asked[-1], np.int64)
    for cell in range(len(end)):
        for k in range(indptr[cell], end[cell]):
            asking[free[place[k]]] = cell
            free[place[k]] += 1
    return asked, asking


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
def settle_nearby(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    travel_min: NDArray[np.float64],
    units: NDArray[np.int64],
    requests_per_h: NDArray[np.float64],
    scene_h: NDArray[np.float64],
    table: NDArray[np.float64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    carried_h: NDArray[np.float64],
    first: NDArray[np.float64],
    end: NDArray[np.int64],
    lost: NDArray[np.float64],
    asked: NDArray[np.int64],
    asking: NDArray[np.int64],
    changed: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Bring the state up to date for the pools `changed` and all who notice; return the cells.

    Rounds and step lengths are those of `pooled_fixed_point`.
    """
    noticing = np.empty(len(end), np.int64)
    judged_in = np.full(len(end), -1)
    touched_in = np.full(len(units), -1)
    touched = np.empty(len(units), np.int64)
    front = np.empty(len(units), np.int64)
    told = all_busy.copy()
    fronts, cells = len(changed), 0
    front[:fronts] = changed
    change, step, rounds = 1.0, 1.0, 0
    while fronts > 0 and rounds < MAX_ROUNDS:
        many = 0
        for number in range(fronts):
            for a in range(asked[front[number]], asked[front[number] + 1]):
                cell = asking[a]
                if judged_in[cell] == rounds:
                    continue
                if judged_in[cell] < 0:
                    noticing[cells] = cell
                    cells += 1
                judged_in[cell] = rounds
                before_end = end[cell]
                judge_cell(
                    cell,
                    indptr,
                    place,
                    travel_min,
                    units,
                    requests_per_h,
                    scene_h,
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
        before, change, fronts = change, 0.0, 0
        for number in range(many):
            here = touched[number]
            work = max(carried_h[here], 0.0)
            blocked = erlang_b(units[here], work / max(1.0 - all_busy[here], 1e-12))
            busy = min(work / units[here], 1.0)
            gap = abs(blocked - all_busy[here])
            change = max(change, gap)
            gap = max(gap, abs(busy - utilisation[here]))
            all_busy[here] += step * (blocked - all_busy[here])
            utilisation[here] += step * (busy - utilisation[here])
            if max(gap, abs(all_busy[here] - told[here])) > CLOSE:
                told[here] = all_busy[here]
                front[fronts] = here
                fronts += 1
        if change > before:
            step = max(0.8 * step, SMALLEST_STEP)
        rounds += 1
    return noticing[:cells]


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
    rate_per_h: NDArray[np.float64],
    target_min: NDArray[np.float64],
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
            for kind in range(rate_per_h.shape[1]):
                if response_min[k] <= target_min[cell, kind]:
                    in_time[number] += first[k] * rate_per_h[cell, kind]
    return response, in_time
