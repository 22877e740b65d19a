"""How many units change their place from hour to hour, and how far they go at least."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.hours import side_by_side
from optimizer.models.patrol.origins import BEYOND_REACH_M_PER_MIN, TENTHS, least_travel


@dataclass(frozen=True)
class Relocation:
    """Units that change their place before an hour, and their travel minutes in sum, `[hour]`.

    Nothing moves before the first hour.
    """

    moves: NDArray[np.int64]
    minutes: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = np.shape(self.moves)
        object.__setattr__(self, "moves", frozen_array(self.moves, np.int64, shape, "moves"))
        minutes = frozen_array(self.minutes, np.float64, shape, "minutes")
        object.__setattr__(self, "minutes", minutes)


def relocation(
    situation: Situation,
    unit_type: str,
    units: NDArray[np.int64],
    pool_of_place: NDArray[np.int64],
) -> Relocation:
    """The least travel that turns each hour's units `[place, hour]` into the next hour's.

    Within each pool, units that leave a place are sent to places where units arrive, by least
    total minutes; those without a partner begin or end their shift and do not count as moves.
    """

    def before(hour: int) -> tuple[int, float]:
        if hour == 0:
            return 0, 0.0
        change = units[:, hour] - units[:, hour - 1]
        found = [
            _of_pool(situation, unit_type, hour, np.where(pool_of_place == pool, change, 0))
            for pool in np.unique(pool_of_place[change != 0])
        ]
        return sum(moves for moves, _ in found), sum(minutes for _, minutes in found)

    found = side_by_side(before, units.shape[1])
    return Relocation(
        np.array([moves for moves, _ in found]), np.array([minutes for _, minutes in found])
    )


def _of_pool(
    situation: Situation, unit_type: str, hour: int, change: NDArray[np.int64]
) -> tuple[int, float]:
    """Moves and minutes of one pool whose places gain `change[place]` units."""
    leaving, arriving = np.flatnonzero(change < 0), np.flatnonzero(change > 0)
    gone, come = -change[leaving], change[arriving]
    if not len(leaving) or not len(arriving):
        return 0, 0.0
    travel = situation.travel[unit_type]
    reach = travel.reach[int(travel.profile_of_hour[hour])]
    tenths = _tenths_between(situation, reach, travel.cutoff_min, leaving, arriving)
    if gone.sum() < come.sum():
        flow = least_travel(tenths.T, come, gone)
        flow = None if flow is None else flow.T
    else:
        flow = least_travel(tenths, gone, come)
    if flow is None:
        raise RuntimeError(f"hour {hour}: no assignment of leaving to arriving units")
    return int(flow.sum()), float((flow * tenths).sum()) / TENTHS


def _tenths_between(
    situation: Situation,
    reach: ReachLists,
    cutoff_min: float,
    leaving: NDArray[np.int64],
    arriving: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Travel between places in tenths of a minute, `[leaving, arriving]`.

    A pair beyond the cut-off counts the cut-off or its straight line at a slow speed,
    whichever is longer.
    """
    places = situation.patrol_places
    line = np.hypot(
        places.x[leaving, np.newaxis] - places.x[arriving],
        places.y[leaving, np.newaxis] - places.y[arriving],
    )
    minutes = np.maximum(cutoff_min, line / BEYOND_REACH_M_PER_MIN)
    to_cell = np.full(situation.grid.n_cells, np.inf)
    for row, place in enumerate(leaving):
        entries = slice(reach.indptr[place], reach.indptr[place + 1])
        to_cell[reach.cell[entries]] = reach.minutes[entries]
        direct = to_cell[places.cell[arriving]]
        minutes[row] = np.where(np.isfinite(direct), direct, minutes[row])
        to_cell[reach.cell[entries]] = np.inf
    tenths: NDArray[np.int64] = np.rint(minutes * TENTHS).astype(np.int64)
    return tenths
