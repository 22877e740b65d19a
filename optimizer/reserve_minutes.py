"""Minutes of a reserve from patrol places to sites, from the travel times of other units."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.force import UnitType
from optimizer.reach import place_of_entry
from optimizer.reserve import BEYOND_REACH_MIN, ReserveKind


def measured_by(unit_types: tuple[UnitType, ...]) -> UnitType:
    """Type of unit whose travel times reach farthest: the one with the largest speed factor."""
    return max(unit_types, key=lambda unit: unit.speed_factor)


def reach_min(unit_type: UnitType, cutoff_min: float, kind: ReserveKind) -> float:
    """Longest response that is known: the travel cut-off at the reserve's speed, and turnout."""
    return cutoff_min * unit_type.speed_factor / kind.speed_factor + kind.turnout_min


def far_min(situation: Situation, unit_type: UnitType, kind: ReserveKind) -> float:
    """Minutes that a site without any unit counts: beyond the longest response."""
    cutoff = situation.travel[unit_type.unit_type].cutoff_min
    return reach_min(unit_type, cutoff, kind) + BEYOND_REACH_MIN


def minutes_to_cells(
    situation: Situation,
    unit_type: UnitType,
    kind: ReserveKind,
    hours: range,
    cells: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Minutes from dispatch to arrival, `[place, cell, hour]`, infinite out of reach.

    Travel times of `unit_type` at the hour's speeds, scaled by the speed factors.
    """
    travel = situation.travel[unit_type.unit_type]
    factor = unit_type.speed_factor / kind.speed_factor
    profiles = travel.profile_of_hour[hours.start : hours.stop]
    tables = {
        int(profile): _table(travel.reach[int(profile)], cells, situation.grid.n_cells)
        for profile in np.unique(profiles)
    }
    by_hour = [tables[int(profile)] * factor + kind.turnout_min for profile in profiles]
    return np.stack(by_hour, axis=-1)


def _table(reach: ReachLists, cells: NDArray[np.int64], n_cells: int) -> NDArray[np.float64]:
    """Travel minutes `[place, cell]` of some cells, which may repeat."""
    wanted = np.zeros(n_cells, dtype=np.bool_)
    wanted[cells] = True
    entry = np.flatnonzero(wanted[reach.cell])
    distinct, column = np.unique(cells, return_inverse=True)
    table = np.full((reach.n_places, len(distinct)), np.inf)
    row = place_of_entry(reach)[entry]
    table[row, np.searchsorted(distinct, reach.cell[entry])] = reach.minutes[entry]
    return table[:, column]
