"""Labour rules as rows over shifts: `pattern @ officers <= share x head-count - away`.

Rest, leave, nights, free days, on-duty share and team share all have this form. Duties with the
rest that follows them are intervals in time; interval graphs are perfect, so officers of one
team can be given to duties one by one (in order of start, to whoever is free) if and only if at
no moment more duties and rests overlap than there are officers available. That is why anonymous
counts suffice and no officer needs a variable of their own. Nights in a row and free days are
rules of single lines: their rows are what every set of lines that keeps them keeps on average.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from optimizer.duty_lines import days_touched, nights_of
from optimizer.models.staffing.apportion import ROUNDING
from optimizer.staffing_input import StaffingProblem


@dataclass(frozen=True)
class HeadcountRows:
    """Rows that bind teams, or whole forces: members of a kind.

    `pattern[row, instance]` says how much a shift counts in a row and `share[district,
    member, row]` the part of a head-count that may work the counted shifts (infinite where the
    row does not hold), `each[row]` of them per officer; `away[station, member, row]` are officers
    taken off that. `headcount[station, member]`.
    """

    pattern: NDArray[np.float64]
    share: NDArray[np.float64]
    each: NDArray[np.float64]
    away: NDArray[np.int64]
    headcount: NDArray[np.int64]
    station_district: NDArray[np.int64]

    def district_caps(self) -> NDArray[np.float64]:
        """Most officers of a district in each row, rounded down: `[district, member, row]`."""
        districts = len(self.share)
        head = np.zeros((districts, self.headcount.shape[1]), dtype=np.int64)
        away = np.zeros((*head.shape, len(self.pattern)), dtype=np.int64)
        np.add.at(head, self.station_district, self.headcount)
        np.add.at(away, self.station_district, self.away)
        most = np.floor(_times(head, self.share * self.each) + ROUNDING)
        return np.asarray(np.maximum(most - away, 0.0))

    def station_caps(self) -> NDArray[np.float64]:
        """Most of one home in each row, for its officers rounded up: `[station, member, row]`.

        A quarter of a home of 27 may be 7 as long as its district keeps to a quarter, and these
        7 may have the hours and nights of 7.
        """
        exact = _times(self.headcount, self.share[self.station_district])
        return np.asarray(np.maximum(np.ceil(exact - ROUNDING) * self.each - self.away, 0.0))


@dataclass(frozen=True)
class ShiftLimits:
    """The rules that tie shifts together.

    `teams` bind every team and `forces` whole forces. `force[team]` is the force of a team;
    `allowed[district, team, instance]` says whether a pool is open for a shift and whose turn it
    is; `active[instance, hour]` which hours it covers and `hours[instance]` how many of them lie
    in the horizon. `available_share[district, hour]` is the part of a head-count not absent.
    """

    teams: HeadcountRows
    forces: HeadcountRows
    force: NDArray[np.int64]
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

    def force_allowed(self) -> NDArray[np.bool_]:
        """Shifts that some team of a force may work, `[district, force, instance]`."""
        return self.any_team(self.allowed)

    def any_team(self, by_team: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where some team of a force has it: `[district, force, instance]` from the teams'."""
        forces = self.forces.headcount.shape[1]
        found = np.zeros((len(by_team), forces, by_team.shape[2]), dtype=np.bool_)
        for row, force in enumerate(self.force):
            found[:, force] |= by_team[:, row]
        return found


def shift_limits(problem: StaffingProblem) -> ShiftLimits:
    """Limits of a problem, identical rows merged to the tightest."""
    active = np.stack([instance.on_duty(problem.horizon_hours) for instance in problem.instances])
    available = 1.0 - problem.in_force.figure(problem.levels, "absent_share")
    return ShiftLimits(
        _team_rows(problem, available),
        _force_rows(problem, active),
        problem.teams.force,
        _allowed(problem, active),
        active,
        available,
    )


def _times(headcount: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Head-count times share, infinite shares kept also for nobody."""
    head = np.broadcast_to(headcount[..., None], share.shape)
    return np.where(np.isinf(share), np.inf, head * np.where(np.isinf(share), 0.0, share))


def _merged(
    problem: StaffingProblem,
    pattern: NDArray[np.float64],
    share: NDArray[np.float64],
    each: NDArray[np.float64],
    away: NDArray[np.int64],
    headcount: NDArray[np.int64],
) -> HeadcountRows:
    """Rows that count the same, and the same people away, as one, with the smallest share.

    Rows that bind nobody are left out.
    """
    key = np.concatenate([pattern, each[:, None], away.reshape(-1, len(pattern)).T], axis=1)
    _, first, row = np.unique(key, axis=0, return_index=True, return_inverse=True)
    tightest = np.full((*share.shape[:2], len(first)), np.inf)
    for number, merged in enumerate(row.ravel()):
        tightest[..., merged] = np.minimum(tightest[..., merged], share[..., number])
    binding = np.isfinite(tightest).any(axis=(0, 1))
    kept = first[binding]
    return HeadcountRows(
        pattern[kept],
        tightest[..., binding],
        each[kept],
        away[..., kept],
        headcount,
        problem.station_district,
    )


def _force_rows(problem: StaffingProblem, active: NDArray[np.bool_]) -> HeadcountRows:
    """The level's on-duty share in every hour, each shift's team share, and hours worked."""
    hours = problem.horizon_hours
    worked = np.array([instance.worked_h(hours) for instance in problem.instances])
    pattern = np.concatenate([active.T, np.eye(len(active)), worked[None]])
    districts, forces = problem.n_districts, len(problem.force.types)
    on_duty = problem.in_force.figure(problem.levels, "on_duty_share")
    absent = problem.in_force.figure(problem.levels, "absent_share").min(axis=1, keepdims=True)
    team = np.array([instance.shift.team_share for instance in problem.instances])
    most = problem.rules.most_hours(hours)
    present = 1.0 - absent if np.isfinite(most) else np.full(absent.shape, np.inf)
    every_team = np.broadcast_to(team, (districts, len(team)))
    share = np.concatenate([on_duty, every_team, present], axis=1)
    every = np.repeat(share[:, None], forces, axis=1)
    each = np.append(np.ones(len(pattern) - 1), most)
    nobody = np.zeros((problem.n_stations, forces, len(pattern)), dtype=np.int64)
    return _merged(problem, pattern, every, each, nobody, problem.force.headcount)


def _team_rows(problem: StaffingProblem, available: NDArray[np.float64]) -> HeadcountRows:
    """Rest at every moment, leave, nights in a row and free days."""
    rest, moments = _rest_rows(problem)
    hours = np.maximum(moments, 0)
    teams = len(problem.teams.teams)
    shape = (problem.n_districts, teams)
    share = [np.repeat(available[:, None, hours], teams, axis=1)]
    away = [problem.teams.resting[:, :, hours]]
    pattern = [rest]
    each = [np.ones(len(rest))]
    most = available.max(axis=1)[:, None]
    for counted, allowed in (*_night_rows(problem), *_day_rows(problem)):
        pattern.append(counted[None])
        share.append(np.broadcast_to(most[..., None], (*shape, 1)))
        each.append(np.array([allowed]))
    for quota in problem.leave:
        counted = np.array([quota.touches(duty) for duty in problem.instances], dtype=np.int64)
        pattern.append(counted[None])
        each.append(np.ones(1))
        share.append(_leave_share(problem, quota.share, quota.forces, quota.commands)[..., None])
    rows = sum(len(part) for part in pattern)
    none = np.zeros((problem.n_stations, teams, rows - len(moments)), dtype=np.int64)
    return _merged(
        problem,
        np.concatenate(pattern).astype(np.float64),
        np.concatenate(share, axis=2),
        np.concatenate(each),
        np.concatenate([*away, none], axis=2),
        problem.teams.headcount,
    )


def _leave_share(
    problem: StaffingProblem, share: float, forces: tuple[int, ...], commands: tuple[int, ...]
) -> NDArray[np.float64]:
    """Part of every team that may be on duty during a leave, `[district, team]`."""
    found = np.full((problem.n_districts, len(problem.teams.teams)), np.inf)
    rows = np.array(commands or range(problem.n_districts), dtype=np.int64)
    of = problem.teams.force
    teams = np.flatnonzero(np.isin(of, forces)) if forces else np.arange(len(of))
    found[np.ix_(rows, teams)] = 1.0 - share
    return found


def _rest_rows(problem: StaffingProblem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Who is on duty or resting at each full hour since the first duty began, and these hours.

    Before the horizon the first hour's level counts. Duties begin on the hour, so no overlap
    between full hours is larger than the one at the hour before.
    """
    starts = np.array([instance.start_h for instance in problem.instances])
    free_again = np.array([instance.rests_until(problem.rules) for instance in problem.instances])
    moments = np.arange(min(int(starts.min()), 0), problem.horizon_hours)
    busy = (starts <= moments[:, None]) & (moments[:, None] < free_again)
    return busy.astype(np.int64), moments


def _night_rows(problem: StaffingProblem) -> list[tuple[NDArray[np.int64], float]]:
    """Night duties in every run of nights that is one longer than a line may work."""
    nights = [nights_of(problem.horizon, duty) for duty in problem.instances]
    dates = sorted({night for one in nights for night in one})
    return _runs(nights, dates, problem.rules.max_nights_in_row)


def _day_rows(problem: StaffingProblem) -> list[tuple[NDArray[np.int64], float]]:
    """Duty days in every run of days that is one longer than a line may work."""
    days = [days_touched(problem.horizon, duty) for duty in problem.instances]
    dates = sorted({day for one in days for day in one})
    return _runs(days, dates, problem.rules.max_days_in_row)


def _runs(
    dates_of: list[tuple[date, ...]], dates: list[date], most: int
) -> list[tuple[NDArray[np.int64], float]]:
    """Shifts counted in every run of `most + 1` dates, of which a line may have `most`."""
    found = []
    for first in dates[: max(len(dates) - most, 0)]:
        run = {first + timedelta(days=day) for day in range(most + 1)}
        counted = np.array([sum(day in run for day in one) for one in dates_of], dtype=np.int64)
        found.append((counted, float(most)))
    return found


def _allowed(problem: StaffingProblem, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whose turn it is, with the pool open in every hour of a shift that lies in the horizon."""
    found = np.zeros((problem.n_districts, *problem.teams.may_work.shape), dtype=np.bool_)
    for row, force in enumerate(problem.teams.force):
        pool = problem.force.types[force].pool_from_level
        if pool == "never" and problem.protected_relaxed:
            found[:, row] = problem.teams.may_work[row]
        else:
            closed = ~problem.in_force.is_open(pool)
            shut = (active[None] & closed[:, None]).any(axis=2)
            found[:, row] = problem.teams.may_work[row] & ~shut
    return found
