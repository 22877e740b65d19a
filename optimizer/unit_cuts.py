"""Straight lines above what the units of a type can gain in an hour."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class UnitCuts:
    """No units gain more in an hour than any of these lines says.

    With `units[district]` on the street in an hour, the gain is at most
    `level[cut, hour] + slope[cut, district, hour] @ units`, weighted call-minutes, for every cut
    and every number of units.

    Raises
    ------
    ValueError
        When arrays do not fit together, a slope is negative or a number is not finite.
    """

    level: NDArray[np.float64]
    slope: NDArray[np.float64]

    def __post_init__(self) -> None:
        level, slope = np.shape(self.level), np.shape(self.slope)
        if len(level) != 2 or len(slope) != 3 or (slope[0], slope[2]) != level:
            raise ValueError(f"levels {level} and slopes {slope} of cuts do not fit together")
        object.__setattr__(self, "level", frozen_array(self.level, np.float64, level, "level"))
        object.__setattr__(self, "slope", frozen_array(self.slope, np.float64, slope, "slope"))
        if not (np.isfinite(self.level).all() and np.isfinite(self.slope).all()):
            raise ValueError("levels and slopes of cuts must be finite")
        if (self.slope < 0).any():
            raise ValueError("a unit more never loses: slopes of cuts must not be negative")

    def joined(self, other: "UnitCuts") -> "UnitCuts":
        """These cuts and those of `other`."""
        return UnitCuts(
            np.concatenate([self.level, other.level]), np.concatenate([self.slope, other.slope])
        )

    def most(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """The most that `units[district, hour]` gain by these cuts, `[hour]`."""
        return np.asarray((self.level + (self.slope * units).sum(axis=1)).min(axis=0))
