"""Travel times from places to cells, as sparse reach lists per speed profile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array


@dataclass(frozen=True)
class ReachLists:
    """For each place the cells it reaches within the cut-off (compressed sparse rows).

    The cells of place `p` are `cell[indptr[p]:indptr[p + 1]]`, ascending, with travel times
    `minutes` in the same positions; a cell that is not listed is out of reach.
    """

    indptr: NDArray[np.int64]
    cell: NDArray[np.int32]
    minutes: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.cell)
        for name, dtype, shape in (
            ("indptr", np.int64, np.shape(self.indptr)),
            ("cell", np.int32, (n,)),
            ("minutes", np.float32, (n,)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))
        if self.indptr[0] != 0 or self.indptr[-1] != n or (np.diff(self.indptr) < 0).any():
            raise ValueError("indptr does not partition the reach lists")
        if n and not (np.isfinite(self.minutes).all() and self.minutes.min() >= 0):
            raise ValueError("travel minutes must be finite and not negative")

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.indptr) - 1


@dataclass(frozen=True)
class TravelTimes:
    """Reach lists of every speed profile and the profile that holds in each hour.

    `reach[p]` belongs to `profiles[p]`; `profile_of_hour[hour]` indexes it. No pair takes
    longer than `cutoff_min` minutes. Turnout time is not included.
    """

    profiles: tuple[str, ...]
    reach: tuple[ReachLists, ...]
    profile_of_hour: NDArray[np.int64]
    cutoff_min: float

    def __post_init__(self) -> None:
        if len(self.reach) != len(self.profiles):
            raise ValueError("one set of reach lists per speed profile is needed")
        shape = np.shape(self.profile_of_hour)
        hours = frozen_array(self.profile_of_hour, np.int64, shape, "profile_of_hour")
        object.__setattr__(self, "profile_of_hour", hours)

    def at(self, hour: int) -> ReachLists:
        """Reach lists in force in an hour of the horizon."""
        return self.reach[int(self.profile_of_hour[hour])]
