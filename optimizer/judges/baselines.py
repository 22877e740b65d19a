"""What practice would do with the same units: shares of calls and chance, without a model."""

from heapq import heapify, heapreplace

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


def flat_units(
    units: NDArray[np.int64], officers: int, elsewhere: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The same unit-hours, so that people on the street are as even as can be, `[command, hour]`.

    `units[command, hour]` of `officers` people each, beside `elsewhere[command, hour]` people on
    posts and visits, who stay there. Unit by unit the hour with fewest people on the street gets
    the next one, the earliest of equal ones.
    """
    flat = np.zeros_like(units)
    for command, total in enumerate(units.sum(axis=1).tolist()):
        street = [(people, hour) for hour, people in enumerate(elsewhere[command].tolist())]
        heapify(street)
        for _ in range(total):
            people, hour = street[0]
            flat[command, hour] += 1
            heapreplace(street, (people + officers, hour))
    return flat


def demand_of_places(
    reach: CellReach, calls_per_h: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Calls an hour of the cells that each allowed place is the quickest to reach, `[place]`."""
    lists = places_with_units(reach, allowed.astype(np.int64), enough=1)
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


def equal_stations_baseline(
    situation: Situation,
    unit_type: UnitType,
    total_units: NDArray[np.int64],
    terms: PatrolTerms,
) -> NDArray[np.int64]:
    """Commands get units in proportion to their calls, their stations alike, `[place, hour]`.

    `total_units[hour]` is the city's number of units. Units wait in police stations; a command
    without one uses all its places. What cannot be shared evenly goes to the first stations.
    """
    allowed = _or_all_of_command(situation, ("station",))
    command, commands = situation.place_command, len(situation.area.commands)
    cell_command = situation.area.command_of[situation.grid.district]
    members = [np.flatnonzero(allowed & (command == number)) for number in range(commands)]
    units = np.zeros((len(allowed), situation.horizon.hours), dtype=np.int64)
    for hour in range(situation.horizon.hours):
        calls = call_load(situation, unit_type, hour, terms).calls_per_h
        of_command = np.bincount(cell_command, calls, commands).astype(np.float64)
        limits = proportional_units(of_command, int(total_units[hour]))
        for inside, limit in zip(members, limits.tolist(), strict=True):
            units[inside, hour] = proportional_units(np.ones(len(inside)), limit)
    return units


def random_patrol_baseline(
    situation: Situation, limits: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Units drive about at random: one draw of places for every hour, `[place, hour]`.

    Each of the `limits[command, hour]` units is at any standby point of its command with the
    same chance, whatever the others do; a command without standby points uses its stations.
    """
    allowed = _or_all_of_command(situation, ("standby",))
    command = situation.place_command
    units = np.zeros((len(allowed), limits.shape[1]), dtype=np.int64)
    for number in range(len(limits)):
        inside = np.flatnonzero(allowed & (command == number))
        if len(inside):
            chance = np.full(len(inside), 1.0 / len(inside))
            units[inside] = rng.multinomial(limits[number], chance).T
    return units


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
    allowed = _or_all_of_command(situation, ("standby",))
    return _spread(situation, unit_type, limits, situation.place_command, allowed, terms)


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
    allowed = _or_all_of_command(situation, STATION_KINDS)
    return _spread(situation, unit_type, limits, situation.place_command, allowed, terms)


def _or_all_of_command(situation: Situation, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """Places of the given kinds, and all places of the commands that have none, `[place]`."""
    allowed = np.isin(np.array(situation.patrol_places.kind), kinds)
    command = situation.place_command
    return np.asarray(allowed | ~np.isin(command, np.unique(command[allowed])))


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
