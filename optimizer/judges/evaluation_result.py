"""What the analytic judge says of a plan."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array

WITHIN_MIN: tuple[float, ...] = (1.0, 3.0, 5.0)
"""The 1-3-5-minute circles."""

HISTOGRAM_MIN: float = 0.1
"""Width of a histogram bin, minutes."""


def no_histogram() -> NDArray[np.float64]:
    """Histogram of nothing."""
    return np.zeros((0, 0, 0))


def no_cells() -> NDArray[np.float64]:
    """Figures of no cell."""
    return np.zeros((0, 0))


@dataclass(frozen=True)
class Evaluation:
    """Expected service of a deployment, given that units are busy.

    Response runs from dispatch to the arrival of the first unit (turnout and travel). Arrays
    `[cell, hour]` are weighted over the classes that ask for a unit; NaN where no such call is
    expected. `served[cell, hour]` is the probability that an idle unit in reach exists;
    `mean_min` and `p90_min` are inf where none is in reach. `covered` is the share of calls
    answered within the target of their class and zone; `within[3, cell, hour]` the probability
    of arrival within 1, 3 and 5 minutes. `utilisation[type, place, hour]` is the busy share of
    the units at a place, NaN without units. `class_covered[class, hour]` and
    `class_mean_min[class, hour]` are demand-weighted. A call that no idle unit in reach can take
    counts its type's cut-off and penalty in every mean where some unit is in reach;
    `unserved_min` is the largest of these, what a cell out of reach counts in sums.

    `cell_utilisation[cell, hour]` is the busy share of the units that answer a cell: that of each
    place weighted by the calls it answers first; NaN without calls, inf where none is answered.

    `district_hist[district, hour, bin]`, `zone_hist[zone, hour, bin]` and
    `class_hist[class, hour, bin]` hold calls an hour by response: bin b those that take at most
    b times `HISTOGRAM_MIN` minutes and more than b - 1 times, the last bin the unserved ones.
    """

    demand_per_h: NDArray[np.float64]
    mean_min: NDArray[np.float64]
    p90_min: NDArray[np.float64]
    covered: NDArray[np.float64]
    within: NDArray[np.float64]
    served: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    class_covered: NDArray[np.float64]
    class_mean_min: NDArray[np.float64]
    district_hist: NDArray[np.float64] = field(default_factory=no_histogram)
    zone_hist: NDArray[np.float64] = field(default_factory=no_histogram)
    class_hist: NDArray[np.float64] = field(default_factory=no_histogram)
    cell_utilisation: NDArray[np.float64] = field(default_factory=no_cells)
    unserved_min: float = float("inf")

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if name == "unserved_min":
                continue
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.float64, np.shape(array), name))
