"""What practice would do with the same units: shares of demand, without a model."""

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms, call_load
from optimizer.force import UnitType
from optimizer.judges.queueing import places_with_units
from optimizer.reach import STATION_KINDS, CellReach, cell_lists


def proportional_units(demand: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Split `total` units in proportion to `demand` by largest remainder.

    Equal remainders go to the lower index; without any demand the shares are equal.

    Raises
    ------
    ValueError
        When there are units but no place to put them.
    """
    if len(demand) == 0:
        if total:
            raise ValueError(f"{total} units and no place to put them")
        return np.zeros(0, dtype=np.int64)
    weights = demand if demand.sum() > 0 else np.ones(len(demand))
    quota = weights / weights.sum() * total
    units: NDArray[np.int64] = np.floor(quota).astype(np.int64)
    missing = total - int(units.sum())
    order = np.argsort(-(quota - units), kind="stable")
    units[order[:missing]] += 1
    return units


def demand_of_places(
    reach: CellReach, calls_per_h: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Calls an hour of the cells that each allowed place is the quickest to reach, `[place]`."""
    lists = places_with_units(reach, allowed.astype(np.int64))
    reached = np.diff(lists.indptr) > 0
    nearest = lists.place[lists.indptr[:-1][reached]]
    demand = np.zeros(len(allowed))
    np.add.at(demand, nearest, calls_per_h[reached])
    return demand


def station_baseline(
    situation: Situation,
    unit_type: UnitType,
    total_units: NDArray[np.int64],
    terms: PatrolTerms,
) -> NDArray[np.int64]:
    """Units wait in the stations, in proportion to the station's calls, `[place, hour]`.

    `total_units[hour]` is the city's number of units.
    """
    kinds = np.array(situation.patrol_places.kind)
    allowed = np.isin(kinds, STATION_KINDS)
    everywhere = np.zeros(len(kinds), dtype=np.int64)
    limits = np.asarray(total_units)[np.newaxis, :]
    return _spread(situation, unit_type, limits, everywhere, allowed, terms)


def demand_points_baseline(
    situation: Situation,
    unit_type: UnitType,
    limits: NDArray[np.int64],
    terms: PatrolTerms,
) -> NDArray[np.int64]:
    """Units wait at standby points in proportion to their calls, `[place, hour]`.

    `limits[command, hour]` units stay in their command; one without standby points uses its
    stations.
    """
    places = situation.patrol_places
    allowed = np.array([kind not in STATION_KINDS for kind in places.kind], dtype=bool)
    command = situation.place_command
    allowed |= ~np.isin(command, np.unique(command[allowed]))
    return _spread(situation, unit_type, limits, command, allowed, terms)


def station_pools_baseline(
    situation: Situation,
    unit_type: UnitType,
    limits: NDArray[np.int64],
    terms: PatrolTerms,
) -> NDArray[np.int64]:
    """Units wait in the stations of their own command in proportion to calls, `[place, hour]`.

    `limits[command, hour]` units stay in their command; one without stations uses its standby
    points.
    """
    allowed = np.isin(np.array(situation.patrol_places.kind), STATION_KINDS)
    command = situation.place_command
    allowed |= ~np.isin(command, np.unique(command[allowed]))
    return _spread(situation, unit_type, limits, command, allowed, terms)


def _spread(
    situation: Situation,
    unit_type: UnitType,
    limits: NDArray[np.int64],
    group: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    terms: PatrolTerms,
) -> NDArray[np.int64]:
    """Units of each group over its allowed places in proportion to their calls."""
    travel = situation.travel[unit_type.unit_type]
    lists = cell_lists(situation, unit_type)
    units = np.zeros((len(group), situation.horizon.hours), dtype=np.int64)
    members = [np.flatnonzero(allowed & (group == g)) for g in range(len(limits))]
    for hour in range(situation.horizon.hours):
        reach = lists[int(travel.profile_of_hour[hour])]
        calls = call_load(situation, unit_type, hour, terms).calls_per_h
        demand = demand_of_places(reach, calls, allowed)
        for inside, limit in zip(members, limits[:, hour].tolist(), strict=True):
            units[inside, hour] = proportional_units(demand[inside], limit)
    return units
