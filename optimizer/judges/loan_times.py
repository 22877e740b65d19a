"""When the officers of one loan travel and are on the borrower's street, counted from the loan."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.plan import Loan
from optimizer.staffing_input import StaffingProblem

EPSILON = 1e-9


@dataclass(frozen=True)
class LoanTimes:
    """Minutes of the two ways, and the hours (half open) on the borrower's street.

    The officers leave their homes when the shift begins at `leaves_h` and are back by `home_h`,
    when it ends. There is no hour on the street where `off_h` is not after `on_h`.
    """

    leaves_h: int
    there_min: float
    on_h: int
    off_h: int
    back_min: float
    home_h: int

    @property
    def under_way_h(self) -> float:
        """Hours of both ways."""
        return (self.there_min + self.back_min) / 60.0

    def on_street(self, hours: int) -> NDArray[np.bool_]:
        """Which hours of the horizon the officers are on the borrower's street."""
        index = np.arange(hours)
        return (index >= self.on_h) & (index < self.off_h)


def loan_times(problem: StaffingProblem, loan: Loan) -> LoanTimes:
    """Times of a loan; the way back begins at the last full hour from which it ends in time."""
    duty, last = problem.instances[loan.instance], problem.horizon_hours - 1
    minutes = problem.loan_minutes[loan.from_district, loan.to_district]

    def way(hour: int) -> float:
        return float(minutes[min(max(hour, 0), last)])

    there = way(duty.start_h)
    on = math.ceil(duty.start_h + there / 60.0 - EPSILON) if math.isfinite(there) else duty.end_h
    for off in range(duty.end_h, duty.start_h, -1):
        if off + way(off) / 60.0 <= duty.end_h + EPSILON:
            return LoanTimes(duty.start_h, there, on, off, way(off), duty.end_h)
    return LoanTimes(duty.start_h, there, on, duty.start_h, way(duty.start_h), duty.end_h)
