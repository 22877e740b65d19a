"""The force: who there is, where they belong and in what units they go out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

LEADER_SHARE = 0.12
"""Part of a sworn force that may lead a group where no table says otherwise (assumption)."""


@dataclass(frozen=True)
class ForceType:
    """One kind of personnel.

    `pool_from_level` is the service level from which the pool may be drawn on (`routine`: any
    time; `never`: protected, used only by an explicit relaxation). `respond`, `post` and
    `patrol` say what its people may do. `sworn` is False for auxiliaries, guards and volunteers.
    `leader_share` 0..1 is the part of its officers who may lead a group on posts; people who are
    not sworn lead nobody.
    """

    force_id: str
    name_en: str
    name_zh: str
    respond: bool
    post: bool
    patrol: bool
    sworn: bool
    pool_from_level: str
    leader_share: float = LEADER_SHARE


@dataclass(frozen=True)
class UnitType:
    """A unit that answers calls: `officers` of force `force_id` in one vehicle.

    `speed_factor` scales the car speeds of the road graph; `turnout_street_min` and
    `turnout_station_min` are the minutes from dispatch to moving off.
    """

    unit_type: str
    name_en: str
    name_zh: str
    force_id: str
    officers: int
    speed_factor: float
    turnout_street_min: float
    turnout_station_min: float


@dataclass(frozen=True)
class Force:
    """Head-counts by home and force type, `headcount[station, force]` officers.

    Stations are those of the situation (police stations and district branches).
    """

    types: tuple[ForceType, ...]
    unit_types: tuple[UnitType, ...]
    headcount: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = (np.shape(self.headcount)[0], len(self.types))
        count = frozen_array(self.headcount, np.int64, shape, "headcount")
        if count.size and count.min() < 0:
            raise ValueError("a head-count is negative")
        object.__setattr__(self, "headcount", count)

    @property
    def ids(self) -> tuple[str, ...]:
        """Force ids in array order."""
        return tuple(kind.force_id for kind in self.types)

    def index(self, force_id: str) -> int:
        """Position of a force type."""
        return self.ids.index(force_id)
