"""What a scenario asks of the patrol units: its limits, pools, caps and floors as arrays."""

import numpy as np
from numpy.typing import NDArray

from geodata.places import Places
from geodata.situation import Situation
from optimizer.hour_problem import UNLIMITED
from optimizer.limit_file import limit_arrays
from optimizer.patrol_wishes import PatrolWishes
from optimizer.pools import command_pools, station_pools
from scenarios.floors import cover_floors
from scenarios.scenario import LoadedScenario
from scenarios.world import World

CELLS_AT_ONCE = 1000
"""Cells whose distances to all places are held in memory together."""


def patrol_wishes(loaded: LoadedScenario, world: World) -> PatrolWishes:
    """The limits and wishes of a scenario, proved to fit its world.

    A maximum of the limits file goes before the cap by residents, and so does a minimum.
    """
    part, situation = loaded.scenario.patrol, world.situation
    places, hours = len(situation.patrol_places), situation.horizon.hours
    least, most = limit_arrays(world.limits, (len(world.force.unit_types), places, hours))
    cap = resident_caps(situation, part.max_minutes_per_resident)
    by_residents = np.maximum(cap[np.newaxis, :, np.newaxis], least)
    pools = station_pools if part.pool == "station" else command_pools
    pool_of_place, pool_of_station = pools(situation)
    return PatrolWishes(
        place_min=least,
        place_cap=np.where(most < UNLIMITED, most, by_residents),
        pool_of_place=pool_of_place,
        pool_of_station=pool_of_station,
        cross_pool_share=part.cross_pool_share,
        floors=cover_floors(situation, part.floors),
        floor_price=part.floors.price,
        backup_weight=part.backup_weight,
        min_stay_h=part.min_stay_h,
        move_min=part.move_min,
    )


def resident_caps(
    situation: Situation, max_minutes_per_resident: float | None
) -> NDArray[np.int64]:
    """Most units of a type at each place so that patrol stays in proportion to residents.

    A unit patrols 60 minutes an hour; near a place live the residents of the cells it is the
    nearest place of. At least 1, `UNLIMITED` without such a limit, `[place]`.
    """
    places = situation.patrol_places
    if max_minutes_per_resident is None:
        return np.full(len(places), UNLIMITED)
    nearest = nearest_place(places, situation.grid.x, situation.grid.y)
    residents = np.bincount(nearest, situation.population, len(places))
    units = np.floor(residents * max_minutes_per_resident / 60.0 + 1e-9)
    caps: NDArray[np.int64] = np.clip(units, 1, UNLIMITED).astype(np.int64)
    return caps


def nearest_place(
    places: Places, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The place nearest to each point by straight line, the first of equals."""
    found = np.empty(len(x), dtype=np.int64)
    for begin in range(0, len(x), CELLS_AT_ONCE):
        part = slice(begin, begin + CELLS_AT_ONCE)
        dx, dy = x[part, None] - places.x, y[part, None] - places.y
        found[part] = (dx * dx + dy * dy).argmin(axis=1)
    return found
