"""What the next units buy and which are least missed, by area and hour."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

CHANGES: tuple[int, ...] = (1, 5, 10, -1, -5, -10)
"""Units more or fewer that are asked about."""


@dataclass(frozen=True)
class AreaValues:
    """What a change of units gives or takes in each area, `[area, hour, change]`.

    Changes follow `CHANGES`. All figures are gains of the units that come and losses by the
    units that go, as the queueing judge sees them, so that more units make all less busy. A
    figure can lie a little below zero: the quickest idle unit is not always the one that the
    city misses least. NaN where so many units cannot come or go, and in means and shares where
    no call is expected.

    Attributes
    ----------
    weighted_min_per_h
        Weighted call-minutes an hour: over all calls for districts, over the calls of its own
        cells for a zone.
    area_mean_min, city_mean_min
        Minutes of the mean response, of the area's calls and of all calls.
    area_coverage_points, city_coverage_points
        Percentage points of the calls answered within target, likewise.
    """

    weighted_min_per_h: NDArray[np.float64]
    area_mean_min: NDArray[np.float64]
    city_mean_min: NDArray[np.float64]
    area_coverage_points: NDArray[np.float64]
    city_coverage_points: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = np.shape(self.weighted_min_per_h)
        for name in self.__dataclass_fields__:
            array = frozen_array(getattr(self, name), np.float64, shape, name)
            object.__setattr__(self, name, array)


@dataclass(frozen=True)
class Checked:
    """One figure of a district checked in two ways, weighted call-minutes an hour.

    `change` indexes `CHANGES`; `told` is the figure of the table. `judged` is the same for the
    same units, when the queueing judge starts from nothing.

    The others hold the busy shares as they are: `unrelieved` of the same units, all others
    standing; `resolved` of the hour solved again, so that every unit may move; `moved` is what
    solving again buys with as many units as now. All are gains of more and losses of fewer units
    against the standing plan.
    """

    command: int
    hour: int
    change: int
    told: float
    judged: float
    unrelieved: float
    resolved: float
    moved: float

    @property
    def net(self) -> float:
        """Gain or loss between two plans solved alike: what moving alone would buy deducted."""
        return (
            self.resolved - self.moved if CHANGES[self.change] > 0 else self.resolved + self.moved
        )


@dataclass(frozen=True)
class MarginalValue:
    """Values of one type of unit: by district command, by zone tier, and a sample checked."""

    unit_type: str
    district: AreaValues
    zone: AreaValues
    checked: tuple[Checked, ...]
