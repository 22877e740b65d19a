"""The queueing judge after a few units come or go, worked out from its steady state before.

More units make all units near them less busy, fewer make them busier. The fixed point of
`optimizer.judges.queueing` is taken up where it ended: cells that ask a place whose units changed
are judged again, then the cells that ask a place whose busy share followed, until none changes
by more than `CLOSE` for each unit that moves. All other cells keep their figures, so that a
difference of two plans is not drowned in the tolerance of two separate fixed points.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.calls import CallLoad
from optimizer.judges.queueing import (
    ENOUGH_UNITS,
    busy_odds_table,
    places_with_units,
    pooled_fixed_point,
)
from optimizer.judges.relief_steps import (
    cells_that_ask,
    entry_figures,
    figures_of_cells,
    judge_every_cell,
    restart_pools,
    restore_cells,
    settle_nearby,
)
from optimizer.reach import CellReach

CLOSE = 1e-4
"""Change of busy shares, for each unit that moves, below which a cell is not judged again."""

TIGHT = 1e-5
"""Tolerance of the steady state that changes start from."""

SPARE_UNITS = 10
"""Units that may go near a cell before its list of places could end too early."""

START_BUSY = 0.3


@dataclass(frozen=True)
class Judged:
    """Mean response of some cells, and their calls an hour that are answered within target.

    All `[number]` like `cells`. A lost request counts the unserved minutes.
    """

    cells: NDArray[np.int64]
    response_min: NDArray[np.float64]
    calls_in_time: NDArray[np.float64]


@dataclass(frozen=True)
class HourState:
    """Steady state of one hour and unit type that changes are judged from.

    `reach` lists the manned places and those that units may come to. Of its entries, `work_h` is
    the unit-hours an hour that the cell would ask of the place, `in_time_per_h` the calls that
    would be within target, `first` the chance that the place is the first with an idle unit.
    `end[cell]` is where the cell's list was left because some unit is idle, `lost[cell]` the
    chance that none is; `utilisation`, `all_busy` and `carried_h`, unit-hours of work an hour,
    are `[place]`. The cells that ask a place are `asking[asked[place]:asked[place + 1]]`, of
    whose requests `asking_share` gets that far.
    """

    reach: CellReach
    units: NDArray[np.int64]
    load: CallLoad
    unserved_min: float
    work_h: NDArray[np.float64]
    in_time_per_h: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    all_busy: NDArray[np.float64]
    carried_h: NDArray[np.float64]
    first: NDArray[np.float64]
    end: NDArray[np.int64]
    lost: NDArray[np.float64]
    asked: NDArray[np.int64]
    asking: NDArray[np.int64]
    asking_share: NDArray[np.float64]

    def judged(self, cells: NDArray[np.int64] | None = None) -> Judged:
        """Figures of the cells in this state; of all cells unless `cells` are given."""
        if cells is None:
            cells = np.arange(self.reach.n_cells)
        response, in_time = figures_of_cells(
            cells,
            self.reach.indptr,
            self.reach.response_min,
            self.first,
            self.end,
            self.lost,
            self.in_time_per_h,
            self.unserved_min,
        )
        return Judged(cells, response, in_time)


def hour_state(
    reach: CellReach,
    units: NDArray[np.int64],
    load: CallLoad,
    rate_per_h: NDArray[np.float64],
    target_min: NDArray[np.float64],
    unserved_min: float,
    may_come: NDArray[np.bool_],
) -> HourState:
    """Steady state of `units[place]`; units may come to the places `may_come[place]` later.

    Changes that take units away start from `before_losses` of it.
    """
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
        TIGHT,
    )
    carried, first = np.zeros(len(crews)), np.zeros(len(near.place))
    end, lost = near.indptr[:-1].copy(), np.ones(near.n_cells)
    work_h, in_time = entry_figures(
        near.indptr,
        near.response_min,
        near.travel_min,
        load.requests_per_h,
        load.scene_h,
        rate_per_h,
        target_min,
    )
    lists = (near.indptr, near.place, work_h, crews)
    judge_every_cell(*lists, table, utilisation, all_busy, carried, first, end, lost)
    asked, asking, asking_share = cells_that_ask(near.indptr, near.place, first, end, len(crews))
    return HourState(
        near,
        crews,
        load,
        unserved_min,
        work_h,
        in_time,
        utilisation,
        all_busy,
        carried,
        first,
        end,
        lost,
        asked,
        asking,
        asking_share,
    )


def before_losses(state: HourState, may_go: NDArray[np.int64]) -> HourState:
    """The same state, in which cells ask as far as they would if `may_go[place]` units had gone."""
    near, fewest = state.reach, state.units - may_go
    places = len(fewest)
    busy, all_busy = state.utilisation.copy(), state.all_busy.copy()
    restart_pools(np.flatnonzero(may_go), state.units, fewest, state.carried_h, busy, all_busy)
    first, end = np.zeros(len(near.place)), near.indptr[:-1].copy()
    lists = (near.indptr, near.place, state.work_h, fewest)
    carried, lost = np.zeros(places), np.ones(near.n_cells)
    judge_every_cell(*lists, busy_odds_table(), busy, all_busy, carried, first, end, lost)
    asked, asking, share = cells_that_ask(near.indptr, near.place, first, end, places)
    return replace(state, asked=asked, asking=asking, asking_share=share)


def after_changes(
    state: HourState, work: HourState, changes: list[NDArray[np.int64]]
) -> list[Judged]:
    """Figures of the cells that notice each change, `[noticing cell]`, changes following on.

    Each of `changes` gives the units that stand then, `units[place]`; they come only to places
    that `hour_state` was told of, and go only from those that `before_losses` was told of. The
    more units move, the less closely they are followed, in proportion. `work` is a
    `working_copy` of the state, and equal to it again afterwards.
    """
    noticed = np.zeros(state.reach.n_cells, dtype=np.bool_)
    standing, found = state.units, []
    for units in changes:
        changed = np.flatnonzero(units != standing)
        restart_pools(changed, standing, units, work.carried_h, work.utilisation, work.all_busy)
        settle_nearby(
            state.reach.indptr,
            state.reach.place,
            state.work_h,
            units,
            busy_odds_table(),
            work.utilisation,
            work.all_busy,
            work.carried_h,
            work.first,
            work.end,
            work.lost,
            state.asked,
            state.asking,
            state.asking_share,
            changed,
            noticed,
            CLOSE * int(np.abs(units - standing).sum()),
        )
        found.append(work.judged(np.flatnonzero(noticed)))
        standing = units
    _restore(state, work, np.flatnonzero(noticed))
    return found


def working_copy(state: HourState) -> HourState:
    """The state with arrays of its own to work on."""
    return replace(
        state,
        utilisation=state.utilisation.copy(),
        all_busy=state.all_busy.copy(),
        carried_h=state.carried_h.copy(),
        first=state.first.copy(),
        end=state.end.copy(),
        lost=state.lost.copy(),
    )


def _restore(state: HourState, work: HourState, cells: NDArray[np.int64]) -> None:
    """Set the working copy back where cells noticed a change."""
    work.utilisation[:], work.all_busy[:] = state.utilisation, state.all_busy
    work.carried_h[:] = state.carried_h
    restore_cells(cells, state.reach.indptr, work.end, state.end, work.first, state.first)
    work.end[cells], work.lost[cells] = state.end[cells], state.lost[cells]
