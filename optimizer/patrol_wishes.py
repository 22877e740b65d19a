"""What a planner asks of the allocation beyond the staffed pools: pins, floors, calm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.situation import Situation
from optimizer.hour_problem import UNLIMITED


@dataclass(frozen=True)
class CoverFloor:
    """Share 0..1 of the calls of some cells that is to be answered within target in every hour.

    `cells[cell]` tells which; `name` is shown to the user, for example `zone hub`.
    """

    name: str
    cells: NDArray[np.bool_]
    share: float

    def __post_init__(self) -> None:
        cells = frozen_array(self.cells, np.bool_, np.shape(self.cells), "cells")
        object.__setattr__(self, "cells", cells)
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"{self.name}: the share {self.share} must lie in 0..1")


@dataclass(frozen=True)
class PatrolWishes:
    """Limits and wishes for the patrol units of every type; `no_wishes` asks for nothing.

    Attributes
    ----------
    place_min, place_cap
        Units of each type that a place has at least and at most, `[type, place, hour]`. Equal
        values fix (pin) a place, a cap of 0 forbids it.
    pool_of_place, pool_of_station
        Pool (command or station) that the places draw on and the stations give to.
    cross_pool_share
        Share of a pool's units that may stand at places of other pools in an hour, and that a
        pool may take in of others.
    floors
        Coverage that areas must reach; what is missing counts `floor_price` weighted
        call-minutes for each call beyond its target.
    backup_weight
        What the second unit on a call that needs several counts, beside the first, 0..1.
    min_stay_h
        Hours that a unit stays at a place before it moves on; 1 lets it move every hour.
    move_min
        Minutes that a unit is lost for calls when it moves between hours.
    given
        Units of a plan that is to be changed as little as possible, `[type, place, hour]`, or
        None.
    max_changes
        Unit-hours that may differ from `given`, or None when only the gain decides.
    """

    place_min: NDArray[np.int64]
    place_cap: NDArray[np.int64]
    pool_of_place: NDArray[np.int64]
    pool_of_station: NDArray[np.int64]
    cross_pool_share: float = 0.0
    floors: tuple[CoverFloor, ...] = ()
    floor_price: float = 0.0
    backup_weight: float = 0.0
    min_stay_h: int = 1
    move_min: float = 0.0
    given: NDArray[np.int64] | None = None
    max_changes: int | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.place_min)
        for name, size in (
            ("place_min", shape),
            ("place_cap", shape),
            ("pool_of_place", (shape[1],)),
            ("pool_of_station", np.shape(self.pool_of_station)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64, size, name))
        if self.given is not None:
            object.__setattr__(self, "given", frozen_array(self.given, np.int64, shape, "given"))
        if (self.place_min < 0).any() or (self.place_min > self.place_cap).any():
            raise ValueError("place minima must lie between 0 and the place caps")
        if not 0.0 <= self.cross_pool_share <= 1.0 or not 0.0 <= self.backup_weight <= 1.0:
            raise ValueError("shares and weights must lie in 0..1")
        if min(self.floor_price, self.move_min) < 0 or self.min_stay_h < 1:
            raise ValueError("prices and minutes must not be negative, a stay at least an hour")

    @property
    def n_pools(self) -> int:
        """Number of pools."""
        return int(self.pool_of_place.max(initial=-1)) + 1

    def pool_units(self, available: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum `available[station, hour]` over the stations of each pool, `[pool, hour]`."""
        total = np.zeros((self.n_pools, available.shape[1]), dtype=np.int64)
        np.add.at(total, self.pool_of_station, available)
        return total

    def pool_range(self, units: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fewest and most units at the places of each pool whose own units are `units[pool]`."""
        across = np.floor(self.cross_pool_share * units).astype(np.int64)
        return units - across, units + across


def no_wishes(situation: Situation, n_types: int) -> PatrolWishes:
    """Units of each command stand anywhere in it; nothing else is asked for."""
    shape = (n_types, len(situation.patrol_places), situation.horizon.hours)
    command = situation.place_command
    return PatrolWishes(
        np.zeros(shape, dtype=np.int64),
        np.full(shape, UNLIMITED),
        command,
        command[: len(situation.stations)],
    )


def binds_hours(wishes: PatrolWishes) -> bool:
    """Whether any wish binds one hour to another or to a given plan."""
    return wishes.min_stay_h > 1 or wishes.move_min > 0 or wishes.given is not None
