"""What staffing decided and what it could not give."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.plan import PostAssignment, Roster


@dataclass(frozen=True)
class StaffingResult:
    """The roster, what its officers on the street do, and what is short.

    `units_available[type, station, hour]` are whole units that may go on patrol, types in the
    order of `force.unit_types`. Units that need officers of several homes, or borrowed ones,
    are counted at the branch of the district they work in. `visit_officers[district, force,
    hour]` are the officers on must-visit rounds and `visit_short[district, hour]` those
    missing there. `overtime_hours[district, force]` exceed the weekly hours; both are
    officer-hours. `protected_half_days` are the half-days (4 h) taken from protected pools.

    `value` is in weighted call-minutes: minutes saved less all prices. `bound` is a proven
    upper bound on the value of any staffing under the same rules, `idle_value` what nobody on
    duty would be worth (all shortages priced, never above 0).
    """

    roster: Roster
    posts: PostAssignment
    units_available: NDArray[np.int64]
    visit_officers: NDArray[np.float64]
    visit_short: NDArray[np.float64]
    overtime_hours: NDArray[np.float64]
    protected_half_days: int
    value: float
    bound: float
    idle_value: float

    def __post_init__(self) -> None:
        units = self.units_available
        frozen = frozen_array(units, np.int64, np.shape(units), "units_available")
        object.__setattr__(self, "units_available", frozen)
        for name in ("visit_officers", "visit_short", "overtime_hours"):
            array = getattr(self, name)
            frozen = frozen_array(array, np.float64, np.shape(array), name)
            object.__setattr__(self, name, frozen)

    @property
    def gap(self) -> float:
        """Weighted call-minutes that a better staffing might still save, at most."""
        return max(0.0, self.bound - self.value)

    @property
    def relative_gap(self) -> float:
        """The gap as a share of what the best staffing can add to nobody on duty."""
        return self.gap / max(1.0, self.bound - self.idle_value)
