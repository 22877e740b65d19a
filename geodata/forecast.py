"""The demand forecast: expected calls per cell, hour and incident class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class DemandForecast:
    """Expected calls, `rate_per_h[cell, hour, class]` (float32, calls an hour).

    Raises
    ------
    ValueError
        When the shape differs from (cells, hours, classes) or a rate is negative or not finite.
    """

    rate_per_h: NDArray[np.float32]
    n_cells: int
    n_hours: int
    class_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (self.n_cells, self.n_hours, len(self.class_ids))
        rate = frozen_array(self.rate_per_h, np.float32, shape, "rate_per_h")
        bad = ~np.isfinite(rate) | (rate < 0)
        if bad.any():
            cell, hour, kind = (int(i[0]) for i in np.nonzero(bad))
            raise ValueError(
                f"{int(bad.sum())} rates are negative or not finite, the first "
                f"{rate[cell, hour, kind]} at cell {cell}, hour {hour}, {self.class_ids[kind]}"
            )
        object.__setattr__(self, "rate_per_h", rate)

    def calls(self) -> float:
        """Expected calls over the whole horizon."""
        return float(self.rate_per_h.sum(dtype=np.float64))
