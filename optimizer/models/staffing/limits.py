"""Labour rules as rows over shifts: `pattern @ officers <= share x head-count`.

Rest, on-duty share and team share all have this form. Duties with the rest that follows them
are intervals in time; interval graphs are perfect, so officers of one home can be given to
duties one by one (in order of start, to whoever is free) if and only if at no moment more
duties and rests overlap than there are officers available. That is why anonymous counts
suffice and no officer needs a variable of their own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.levels import pool_is_open
from optimizer.models.staffing.apportion import ROUNDING
from optimizer.staffing_input import StaffingProblem


@dataclass(frozen=True)
class ShiftLimits:
    """The rules that tie shifts together, for every force alike.

    `pattern[row, instance]` is 0 or 1 and `share[row]` the part of a head-count that may
    work the marked shifts. `allowed[force, instance]` says whether a pool is open for a
    shift; `active[instance, hour]` which hours it covers and `hours[instance]` how many of
    them lie in the horizon. `available_share[hour]` is the part of a head-count not absent.
    """

    pattern: NDArray[np.int64]
    share: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    active: NDArray[np.bool_]
    available_share: NDArray[np.float64]

    @property
    def hours(self) -> NDArray[np.int64]:
        """Hours of each shift inside the horizon, `[instance]`."""
        return np.asarray(self.active.sum(axis=1), dtype=np.int64)

    @property
    def street(self) -> NDArray[np.float64]:
        """Active hours as numbers, `[instance, hour]`."""
        return self.active.astype(np.float64)

    def district_caps(self, headcount: NDArray[np.int64]) -> NDArray[np.int64]:
        """Most officers of a district in each row, rounded down: `[..., row]`."""
        return np.floor(headcount[..., None] * self.share + ROUNDING).astype(np.int64)

    def station_caps(self, headcount: NDArray[np.int64]) -> NDArray[np.int64]:
        """Most officers of one home in each row, rounded up: `[..., row]`.

        A quarter of a home of 27 may be 7 as long as its district keeps to a quarter.
        """
        return np.ceil(headcount[..., None] * self.share - ROUNDING).astype(np.int64)


def shift_limits(problem: StaffingProblem) -> ShiftLimits:
    """Limits of a problem, identical rows merged to the tightest."""
    active = np.stack([instance.on_duty(problem.horizon_hours) for instance in problem.instances])
    on_duty, absent = _hourly_shares(problem)
    rest_pattern, rest_share = _rest_rows(problem, 1.0 - absent)
    pattern = np.concatenate([rest_pattern, active.T, np.eye(len(active), dtype=np.bool_)])
    team = np.array([instance.shift.team_share for instance in problem.instances])
    share = np.concatenate([rest_share, on_duty, team])
    merged, row = np.unique(pattern, axis=0, return_inverse=True)
    tightest = np.full(len(merged), np.inf)
    np.minimum.at(tightest, row, share)
    return ShiftLimits(
        merged.astype(np.int64), tightest, _allowed(problem, active), active, 1.0 - absent
    )


def _hourly_shares(problem: StaffingProblem) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """On-duty and absent share of each hour's level, `[hour]`."""
    levels = [problem.levels[level] for level in problem.level_of_hour]
    on_duty = np.array([level.on_duty_share for level in levels])
    return on_duty, np.array([level.absent_share for level in levels])


def _rest_rows(
    problem: StaffingProblem, available: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Who is on duty or resting at each full hour since the first duty began.

    Before the horizon the first hour's level counts. Duties begin on the hour, so no overlap
    between full hours is larger than the one at the hour before.
    """
    starts = np.array([instance.start_h for instance in problem.instances])
    free_again = np.array([instance.rests_until(problem.rules) for instance in problem.instances])
    moments = np.arange(min(int(starts.min()), 0), problem.horizon_hours)
    busy = (starts <= moments[:, None]) & (moments[:, None] < free_again)
    return busy, available[np.maximum(moments, 0)]


def _allowed(problem: StaffingProblem, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pools open during every hour of a shift that lies in the horizon, `[force, instance]`."""
    found = np.zeros((len(problem.force.types), len(active)), dtype=np.bool_)
    for row, kind in enumerate(problem.force.types):
        protected = kind.pool_from_level == "never"
        closed = np.array(
            [
                not (pool_is_open(kind.pool_from_level, level))
                and not (protected and problem.protected_relaxed)
                for level in problem.level_of_hour
            ]
        )
        found[row] = ~(active & closed).any(axis=1)
    return found
