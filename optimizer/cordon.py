"""A cordon: which unit seals which exit, how late the last one arrives, and why not sooner."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class Cordon:
    """One unit on each exit, or the exits that cannot all be sealed.

    Attributes
    ----------
    unit_of_exit
        The unit that seals each exit, `[exit]`; all -1 when no cordon is possible.
    latest_min, total_min
        Last arrival and the sum of all arrivals, minutes; infinite when no cordon is possible.
    bound_min
        No cordon is complete sooner than this; `latest_min` at an optimum.
    critical_exits
        The proof of the bound: fewer units than these exits reach any of them in less than
        `bound_min`.
    unreached_exits
        Exits that no unit reaches at all.
    units_short
        Units that would have to reach the critical exits besides, when no cordon is possible.
    """

    unit_of_exit: NDArray[np.int64]
    latest_min: float
    total_min: float
    bound_min: float
    critical_exits: tuple[int, ...]
    unreached_exits: tuple[int, ...]
    units_short: int

    def __post_init__(self) -> None:
        shape = np.shape(self.unit_of_exit)
        unit_of_exit = frozen_array(self.unit_of_exit, np.int64, shape, "unit_of_exit")
        object.__setattr__(self, "unit_of_exit", unit_of_exit)

    @property
    def sealed(self) -> bool:
        """Whether every exit has its unit."""
        return self.units_short == 0
