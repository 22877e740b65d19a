"""Every rule of a staffing and a deployment, checked without model or solver.

Each `check_*` states one rule and returns what breaks it. Shares of a head-count bind a
district rounded down and a single home rounded up (a quarter of 27 may be 7 at one station
as long as the district keeps to a quarter).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.deployment_rules import check_origins, check_units_at_places
from optimizer.judges.staffing_value import officers_on_street, presence_short
from optimizer.judges.violation import Violation
from optimizer.levels import pool_is_open
from optimizer.plan import Plan
from optimizer.requirement import PostNeed
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

EPSILON = 1e-6


@dataclass(frozen=True)
class _Group:
    """A home or a whole district that a share of the head-count binds."""

    name: str
    headcount: NDArray[np.int64]
    officers: NDArray[np.int64]
    rounded: Callable[[float], int]


def violations(
    problem: StaffingProblem, plan: Plan, staffing: StaffingResult
) -> tuple[Violation, ...]:
    """All rules that a whole plan breaks: its roster, posts and deployment."""
    planned = replace(staffing, roster=plan.roster, posts=plan.posts)
    found = list(staffing_violations(problem, planned))
    found += check_units_at_places(problem, planned, plan.deployment)
    found += check_origins(plan.deployment)
    return tuple(found)


def staffing_violations(
    problem: StaffingProblem, staffing: StaffingResult
) -> tuple[Violation, ...]:
    """All rules that a staffing breaks, in the order of the checks."""
    checks = (
        check_headcount,
        check_rest,
        check_on_duty,
        check_team,
        check_pools,
        check_loans,
        check_presence,
        check_posts,
        check_pairs,
        check_visits,
        check_street,
    )
    return tuple(fault for check in checks for fault in check(problem, staffing))


def check_headcount(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """No number is negative, and no shift has more officers than the home's head-count."""
    found = []
    officers = staffing.roster.officers
    head = problem.force.headcount[..., None]
    for station, force, number in np.argwhere((officers < 0) | (officers > head)):
        found.append(
            Violation(
                "headcount",
                f"station {station}, {problem.force.ids[force]}",
                staffing.roster.instances[number].label,
                float(officers[station, force, number]),
                float(head[station, force, 0]),
            )
        )
    return found


def check_rest(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Officers on duty or resting after one never outnumber those available.

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
    for group in _groups(problem, staffing):
        busy = group.officers @ tied
        for column, moment in enumerate(moments):
            hour = min(max(moment, 0), problem.horizon_hours - 1)
            present = 1.0 - problem.levels[problem.level_of_hour[hour]].absent_share
            found += _above("rest", problem, group, f"hour {moment}", busy[:, column], present)
    return found


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
    for group in _groups(problem, staffing):
        count = group.officers @ duty
        for hour, level in enumerate(problem.level_of_hour):
            share = problem.levels[level].on_duty_share
            found += _above("on-duty share", problem, group, f"hour {hour}", count[:, hour], share)
    return found


def check_team(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """No more than its team share works a shift on one day."""
    found = []
    for group in _groups(problem, staffing):
        for number, instance in enumerate(staffing.roster.instances):
            share = instance.shift.team_share
            count = group.officers[:, number]
            found += _above("team share", problem, group, instance.label, count, share)
    return found


def check_pools(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """A pool works only shifts during which its level is in force throughout.

    Protected pools need the explicit relaxation.
    """
    found = []
    for force, kind in enumerate(problem.force.types):
        if kind.pool_from_level == "never" and problem.protected_relaxed:
            continue
        for number, instance in enumerate(staffing.roster.instances):
            count = int(staffing.roster.officers[:, force, number].sum())
            hours = range(max(instance.start_h, 0), min(instance.end_h, problem.horizon_hours))
            closed = [
                hour
                for hour in hours
                if not pool_is_open(kind.pool_from_level, problem.level_of_hour[hour])
            ]
            if count and closed:
                where = f"{kind.force_id}, closed in hour {closed[0]}"
                found.append(Violation("pool", where, instance.label, float(count), 0.0))
    return found


def check_loans(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Loans move rostered officers between two districts, within the donor limits."""
    found = []
    own = _by_district(problem, staffing.roster.officers)
    lent = np.zeros_like(own)
    for loan in staffing.roster.loans:
        lent[loan.from_district, problem.force.index(loan.force_id), loan.instance] += loan.officers
        if loan.from_district == loan.to_district or loan.officers < 1:
            where = f"district {loan.from_district} to {loan.to_district}, {loan.force_id}"
            when = staffing.roster.instances[loan.instance].label
            found.append(Violation("loan", where, when, float(loan.officers), 0.0))
    for district, force, number in np.argwhere(lent > own):
        where = f"district {district}, {problem.force.ids[force]}"
        when = staffing.roster.instances[number].label
        count, allowed = lent[district, force, number], own[district, force, number]
        found.append(Violation("loan of rostered officers", where, when, count, allowed))
    for hour, level in enumerate(problem.level_of_hour):
        found += _lent_too_many(problem, staffing, lent, own, hour, level)
    return found


def check_presence(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """The reported shortage of presence is the true one."""
    true = presence_short(problem, staffing.roster)
    told = staffing.roster.presence_short
    return [
        Violation(
            "presence counted",
            f"station {station}",
            f"hour {hour}",
            float(told[station, hour]),
            float(true[station, hour]),
        )
        for station, hour in np.argwhere(true != told)
    ]


def check_posts(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Posts are filled by forces that may do so, and not beyond what was asked."""
    found = []
    needs = {need.post_id: need for need in staffing.posts.needs}
    for fill in staffing.posts.fills:
        need = needs[fill.post_id]
        kind = problem.force.types[problem.force.index(fill.force_id)]
        fit = kind.post and (need.role == "support" or kind.sworn)
        if not fit or fill.officers < 0 or fill.from_district != need.district:
            where = f"{fill.post_id}, {fill.force_id} of district {fill.from_district}"
            found.append(Violation("post role", where, _span(need), float(fill.officers), 0.0))
    for post_id, have in staffing.posts.have().items():
        if have > needs[post_id].required:
            need = needs[post_id]
            found.append(Violation("post head-count", post_id, _span(need), have, need.required))
    return found


def check_pairs(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """On posts and visits, officers without police powers never outnumber sworn ones."""
    used = staffing.visit_officers + _on_posts(problem, staffing)
    sworn = problem.may("sworn")
    with_powers, without = used[:, sworn].sum(axis=1), used[:, ~sworn].sum(axis=1)
    return [
        Violation(
            "never alone",
            f"district {district}",
            f"hour {hour}",
            float(without[district, hour]),
            float(with_powers[district, hour]),
        )
        for district, hour in np.argwhere(without > with_powers + EPSILON)
    ]


def check_visits(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Only patrolling forces make visits, and what is missing is told."""
    patrol = problem.may("patrol")
    found = []
    strangers = np.abs(staffing.visit_officers[:, ~patrol]).sum(axis=1)
    told = staffing.visit_officers.sum(axis=1) + staffing.visit_short
    asked = problem.requirement.visit_officers
    for district, hour in np.argwhere((strangers > EPSILON) | (told < asked - EPSILON)):
        where, when = f"district {district}", f"hour {hour}"
        if strangers[district, hour] > EPSILON:
            found.append(Violation("visit role", where, when, strangers[district, hour], 0.0))
        else:
            found.append(
                Violation("visits told", where, when, told[district, hour], asked[district, hour])
            )
    return found


def check_street(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Nobody does two things at once: units, posts and visits fit the officers on the street."""
    used = staffing.visit_officers + _on_posts(problem, staffing)
    for row, kind in enumerate(problem.force.unit_types):
        crews = _by_district(problem, staffing.units_available[row]) * kind.officers
        used[:, problem.force.index(kind.force_id)] += crews
    street = officers_on_street(problem, staffing.roster)
    return [
        Violation(
            "filled once",
            f"district {district}, {problem.force.ids[force]}",
            f"hour {hour}",
            float(used[district, force, hour]),
            float(street[district, force, hour]),
        )
        for district, force, hour in np.argwhere(used > street + EPSILON)
    ]


def _groups(problem: StaffingProblem, staffing: StaffingResult) -> Iterator[_Group]:
    """Homes, then districts."""
    head, officers = problem.force.headcount, staffing.roster.officers
    for station in range(problem.n_stations):
        yield _Group(f"station {station}", head[station], officers[station], _rounded_up)
    by_district = _by_district(problem, officers)
    for district, total in enumerate(problem.district_headcount()):
        yield _Group(f"district {district}", total, by_district[district], _rounded_down)


def _rounded_up(value: float) -> int:
    return math.ceil(value - EPSILON)


def _rounded_down(value: float) -> int:
    return math.floor(value + EPSILON)


def _above(
    rule: str,
    problem: StaffingProblem,
    group: _Group,
    when: str,
    count: NDArray[np.int64],
    share: float,
) -> list[Violation]:
    """Violations of `count[force] <= share x head-count`, rounded for the group."""
    found = []
    for force in np.nonzero(count > share * group.headcount)[0]:
        allowed = group.rounded(share * float(group.headcount[force]))
        if count[force] > allowed:
            where = f"{group.name}, {problem.force.ids[force]}"
            found.append(Violation(rule, where, when, float(count[force]), float(allowed)))
    return found


def _lent_too_many(
    problem: StaffingProblem,
    staffing: StaffingResult,
    lent: NDArray[np.int64],
    own: NDArray[np.int64],
    hour: int,
    level: str,
) -> list[Violation]:
    """Donor limits in one hour, `lent` and `own` `[district, force, instance]`."""
    duty = np.array([i.start_h <= hour < i.end_h for i in staffing.roster.instances], dtype=int)
    away, at_home = lent @ duty, own @ duty
    available = problem.district_headcount() * (1.0 - problem.levels[level].absent_share)
    found = []
    for district, force in np.argwhere(away > problem.donor_max_share * available + EPSILON):
        where = f"district {district}, {problem.force.ids[force]}"
        allowed = problem.donor_max_share * available[district, force]
        found.append(
            Violation("donor share", where, f"hour {hour}", away[district, force], allowed)
        )
    respond = problem.may("respond")
    gone, duty_total = away[:, respond].sum(axis=1), at_home[:, respond].sum(axis=1)
    staying = problem.donor_floor * duty_total
    for district in np.nonzero(duty_total - gone < staying - EPSILON)[0]:
        stay = float(duty_total[district] - gone[district])
        where = f"district {district}"
        found.append(Violation("donor floor", where, f"hour {hour}", stay, staying[district]))
    return found


def _by_district(problem: StaffingProblem, by_station: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum of `[station, ...]` over each district's homes."""
    total = np.zeros((problem.n_districts, *by_station.shape[1:]), dtype=np.int64)
    np.add.at(total, problem.station_district, by_station)
    return total


def _on_posts(problem: StaffingProblem, staffing: StaffingResult) -> NDArray[np.float64]:
    """Officers on posts, `[district, force, hour]`."""
    needs = {need.post_id: need for need in staffing.posts.needs}
    used = np.zeros((problem.n_districts, len(problem.force.types), problem.horizon_hours))
    for fill in staffing.posts.fills:
        need = needs[fill.post_id]
        force = problem.force.index(fill.force_id)
        for hour in range(max(need.from_hour, 0), min(need.to_hour, problem.horizon_hours)):
            used[fill.from_district, force, hour] += fill.officers
    return used


def _span(need: PostNeed) -> str:
    return f"hours {need.from_hour} to {need.to_hour}"
