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
    units that go, so none is negative; NaN where so many units cannot come or go, and in means
    and shares where no call is expected.

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

    `change` indexes `CHANGES`. `predicted` leaves all other units and the busy shares as they
    are. `resolved` solves the hour again, so that every unit may move, at the same busy shares;
    `moved` is what that buys with as many units as now. `judged` puts the same units as
    `predicted` before the queueing judge, who lets the busy shares follow. All are gains of more
    and losses of fewer units against the standing plan.
    """

    command: int
    hour: int
    change: int
    predicted: float
    resolved: float
    moved: float
    judged: float

    @property
    def net(self) -> float:
        """Gain or loss between two plans solved alike: what moving alone would buy deducted."""
        return (
            self.resolved - self.moved if CHANGES[self.change] > 0 else self.resolved + self.moved
        )

    @property
    def difference(self) -> float:
        """Share of the larger of the two by which `net` exceeds `predicted`."""
        scale = max(abs(self.predicted), abs(self.net))
        return (self.net - self.predicted) / scale if scale > 0.0 else 0.0


@dataclass(frozen=True)
class MarginalValue:
    """Values of one type of unit: by district command, by zone tier, and a sample checked."""

    unit_type: str
    district: AreaValues
    zone: AreaValues
    checked: tuple[Checked, ...]
