"""Rules of who works which shift: rest, turns, leave, nights, free days, shares and pools.

Each `check_*` states one rule and returns what breaks it. Shares of a head-count bind a
district rounded down and a single home rounded up to whole officers (a quarter of 27 may be 7
at one station, with the hours and nights of 7, as long as the district keeps to a quarter).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from optimizer.duty_lines import days_touched, nights_of
from optimizer.judges.violation import Violation
from optimizer.plan import Roster
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

EPSILON = 1e-6


@dataclass(frozen=True)
class _Group:
    """Members (teams or forces) of a home or a whole district.

    `headcount[member]`, `officers[member, instance]`, `resting[member, hour]`; what a share of
    the head-count may do, so much each, is `rounded` for the group.
    """

    name: str
    district: int
    members: tuple[str, ...]
    headcount: NDArray[np.int64]
    officers: NDArray[np.int64]
    resting: NDArray[np.int64]
    rounded: Callable[[float, float], float]


def check_headcount(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """No number is negative, and no shift has more officers of a team than the home has."""
    found = []
    officers, head = staffing.roster.by_team, problem.teams.headcount[..., None]
    names = _team_names(problem)
    for station, team, number in np.argwhere((officers < 0) | (officers > head)):
        found.append(
            Violation(
                "headcount",
                f"station {station}, {names[team]}",
                staffing.roster.instances[number].label,
                float(officers[station, team, number]),
                float(head[station, team, 0]),
            )
        )
    return found


def check_teams_add_up(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """The officers of a force are those of its teams."""
    roster = staffing.roster
    total = np.zeros_like(roster.officers)
    for team, force in enumerate(problem.teams.force):
        total[:, force] += roster.by_team[:, team]
    return [
        Violation(
            "teams add up",
            f"station {station}, {problem.force.ids[force]}",
            roster.instances[number].label,
            float(roster.officers[station, force, number]),
            float(total[station, force, number]),
        )
        for station, force, number in np.argwhere(total != roster.officers)
    ]


def check_turns(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """A shift of a rotation is worked by the team whose turn it is."""
    found = []
    names = _team_names(problem)
    for rotation in problem.rotations:
        for row, team in enumerate(problem.teams.teams):
            if problem.force.ids[team.force] not in rotation.force_ids:
                continue
            for number, duty in enumerate(staffing.roster.instances):
                day = problem.horizon.at(duty.start_h).date()
                wrong = duty.shift.shift_id in rotation.cycle and (
                    rotation.shift_on(team.number, day) != duty.shift.shift_id
                )
                count = int(staffing.roster.by_team[:, row, number].sum())
                if wrong and count:
                    where = f"{names[row]} of {rotation.rotation_id}"
                    found.append(Violation("turn", where, duty.label, float(count), 0.0))
    return found


def check_rest(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Officers of a team on duty or resting after one never outnumber those available.

    Duties with their rests are intervals, so this is what lets every duty be given to an
    officer who has rested: it is enough to look at the moments when a duty starts or the
    level changes.
    """
    found = []
    instances = staffing.roster.instances
    starts = {instance.start_h for instance in instances}
    moments = sorted(starts | set(range(problem.horizon_hours)))
    tied = np.array(
        [[i.start_h <= m < i.rests_until(problem.rules) for m in moments] for i in instances],
        dtype=np.int64,
    )
    for group in _team_groups(problem, staffing.roster):
        levels = problem.in_force.by_command[group.district]
        busy = group.officers @ tied
        for column, moment in enumerate(moments):
            hour = min(max(moment, 0), problem.horizon_hours - 1)
            present = 1.0 - problem.levels[levels[hour]].absent_share
            count, away = busy[:, column], group.resting[:, hour]
            found += _above("rest", group, f"hour {moment}", count, present, away)
    return found


def check_leave(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """A leave quota keeps its share of every team at home for all its hours."""
    found = []
    forces = problem.teams.force
    for quota in problem.leave:
        duties = np.array([quota.touches(duty) for duty in staffing.roster.instances], dtype=int)
        named = np.isin(forces, quota.forces) if quota.forces else np.full(len(forces), True)
        for group in _team_groups(problem, staffing.roster):
            if quota.commands and group.district not in quota.commands:
                continue
            count = np.where(named, group.officers @ duties, 0)
            when = f"hours {quota.from_h} to {quota.to_h}"
            found += _above("leave", group, when, count, 1.0 - quota.share)
    return found


def check_nights(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Over any run of nights one longer than allowed, a team's officers average the allowed."""
    rules = problem.rules
    return _check_runs("nights in a row", problem, staffing, nights_of, rules.max_nights_in_row)


def check_free_days(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Over any run of days one longer than allowed, a team's officers have a free one."""
    return _check_runs("free day", problem, staffing, days_touched, problem.rules.max_days_in_row)


def check_on_duty(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """The level's on-duty share holds in every hour."""
    found = []
    duty = np.array(
        [
            [i.start_h <= hour < i.end_h for hour in range(problem.horizon_hours)]
            for i in staffing.roster.instances
        ],
        dtype=np.int64,
    )
    for group in _force_groups(problem, staffing.roster):
        count = group.officers @ duty
        for hour, level in enumerate(problem.in_force.by_command[group.district]):
            share = problem.levels[level].on_duty_share
            found += _above("on-duty share", group, f"hour {hour}", count[:, hour], share)
    return found


def check_week_hours(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Hours worked, overtime included, on average over the officers who are not absent."""
    most = problem.rules.most_hours(problem.horizon_hours)
    found: list[Violation] = []
    if math.isinf(most):
        return found
    worked = np.array([one.worked_h(problem.horizon_hours) for one in problem.instances])
    for group in _force_groups(problem, staffing.roster):
        levels = set(problem.in_force.by_command[group.district])
        present = max(1.0 - problem.levels[level].absent_share for level in levels)
        count = group.officers @ worked
        found += _above("week hours", group, "horizon", count, present, each=most)
    return found


def check_team_share(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """No more than its team share works a shift on one day."""
    found = []
    for group in _force_groups(problem, staffing.roster):
        for number, instance in enumerate(staffing.roster.instances):
            share = instance.shift.team_share
            count = group.officers[:, number]
            found += _above("team share", group, instance.label, count, share)
    return found


def check_pools(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """A pool works only shifts during which its level is in force throughout at its home.

    Protected pools need the explicit relaxation.
    """
    found = []
    for force, kind in enumerate(problem.force.types):
        if kind.pool_from_level == "never" and problem.protected_relaxed:
            continue
        closed = ~problem.in_force.is_open(kind.pool_from_level)[problem.station_district]
        for number, instance in enumerate(staffing.roster.instances):
            shut = closed[:, max(instance.start_h, 0) : max(instance.end_h, 0)]
            at_work = staffing.roster.officers[:, force, number]
            count = int(at_work[shut.any(axis=1)].sum())
            if count:
                hour = max(instance.start_h, 0) + int(np.flatnonzero(shut[at_work > 0].any(0))[0])
                where = f"{kind.force_id}, closed in hour {hour}"
                found.append(Violation("pool", where, instance.label, float(count), 0.0))
    return found


def _check_runs(
    rule: str,
    problem: StaffingProblem,
    staffing: StaffingResult,
    dates_of: Callable[..., tuple[date, ...]],
    most: int,
) -> list[Violation]:
    """Duties counted by date over every run of `most + 1` dates."""
    counts = [Counter(dates_of(problem.horizon, duty)) for duty in staffing.roster.instances]
    dates = sorted({day for one in counts for day in one})
    found = []
    for group in _team_groups(problem, staffing.roster):
        levels = problem.in_force.by_command[group.district]
        present = max(1.0 - problem.levels[level].absent_share for level in set(levels))
        for first in dates[: max(len(dates) - most, 0)]:
            run = [first + timedelta(days=day) for day in range(most + 1)]
            worked = np.array([sum(one[day] for day in run) for one in counts], dtype=int)
            count = group.officers @ worked
            found += _above(rule, group, f"from {first.isoformat()}", count, present, each=most)
    return found


def _team_groups(problem: StaffingProblem, roster: Roster) -> Iterator[_Group]:
    """Homes, then districts, by team."""
    teams = problem.teams
    return _groups(problem, _team_names(problem), teams.headcount, roster.by_team, teams.resting)


def _force_groups(problem: StaffingProblem, roster: Roster) -> Iterator[_Group]:
    """Homes, then districts, by force."""
    head = problem.force.headcount
    nobody = np.zeros((*head.shape, problem.horizon_hours), dtype=np.int64)
    return _groups(problem, problem.force.ids, head, roster.officers, nobody)


def _groups(
    problem: StaffingProblem,
    members: tuple[str, ...],
    headcount: NDArray[np.int64],
    officers: NDArray[np.int64],
    resting: NDArray[np.int64],
) -> Iterator[_Group]:
    for station, district in enumerate(problem.station_district.tolist()):
        yield _Group(
            f"station {station}",
            district,
            members,
            headcount[station],
            officers[station],
            resting[station],
            _rounded_up,
        )
    for district in range(problem.n_districts):
        homes = problem.stations_of(district)
        yield _Group(
            f"district {district}",
            district,
            members,
            headcount[homes].sum(axis=0),
            officers[homes].sum(axis=0),
            resting[homes].sum(axis=0),
            _rounded_down,
        )


def _team_names(problem: StaffingProblem) -> tuple[str, ...]:
    return tuple(
        problem.force.ids[team.force] + (f" team {team.label}" if team.label else "")
        for team in problem.teams.teams
    )


def _rounded_up(officers: float, each: float) -> float:
    return math.ceil(officers - EPSILON) * each


def _rounded_down(officers: float, each: float) -> float:
    return math.floor(officers * each + EPSILON)


def _above(
    rule: str,
    group: _Group,
    when: str,
    count: NDArray[np.int64] | NDArray[np.float64],
    share: float,
    away: NDArray[np.int64] | None = None,
    *,
    each: float = 1.0,
) -> list[Violation]:
    """Violations of `count[member] <= share x head-count x each - away`, rounded for the group."""
    missing = np.zeros_like(group.headcount) if away is None else away
    found = []
    for member in np.nonzero(count > np.maximum(share * each * group.headcount - missing, 0.0))[0]:
        allowed = group.rounded(share * float(group.headcount[member]), each)
        most = max(allowed - int(missing[member]), 0.0)
        if count[member] > most + EPSILON:
            where = f"{group.name}, {group.members[member]}"
            found.append(Violation(rule, where, when, float(count[member]), most))
    return found
