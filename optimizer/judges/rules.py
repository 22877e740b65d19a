"""Every rule of a staffing and a deployment, checked without model or solver.

Each `check_*` states one rule and returns what breaks it; the rules of shifts, posts and
deployments have modules of their own.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.deployment_rules import check_origins, check_units_at_places
from optimizer.judges.duty_rules import (
    check_free_days,
    check_headcount,
    check_leave,
    check_nights,
    check_on_duty,
    check_pools,
    check_rest,
    check_team_share,
    check_teams_add_up,
    check_turns,
    check_week_hours,
)
from optimizer.judges.loan_rules import (
    check_loan_lenders,
    check_loan_notice,
    check_loan_travel,
)
from optimizer.judges.post_rules import (
    check_leaders,
    check_pairs,
    check_posts,
    check_relief,
    check_street,
    check_visits,
    check_way_home,
)
from optimizer.judges.staffing_value import presence_short
from optimizer.judges.violation import Violation
from optimizer.plan import Plan
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

EPSILON = 1e-6


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
        check_teams_add_up,
        check_turns,
        check_rest,
        check_leave,
        check_nights,
        check_free_days,
        check_on_duty,
        check_team_share,
        check_week_hours,
        check_pools,
        check_loans,
        check_loan_travel,
        check_loan_notice,
        check_loan_lenders,
        check_aid,
        check_presence,
        check_posts,
        check_relief,
        check_way_home,
        check_leaders,
        check_pairs,
        check_visits,
        check_street,
    )
    return tuple(fault for check in checks for fault in check(problem, staffing))


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
    for hour in range(problem.horizon_hours):
        found += _lent_too_many(problem, staffing, lent, own, hour)
    return found


def check_aid(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Groups come whole, no more than there are, after notice and travel, and leave in time."""
    known = {group.group_id: group for group in problem.aid}
    found, called = [], Counter[str]()
    for call in staffing.roster.aid:
        where = f"{call.group_id} to district {call.district}"
        when = f"hours {call.from_h} to {call.to_h}"
        group = known.get(call.group_id)
        if group is None or call.groups < 1:
            found.append(Violation("aid group", where, when, float(call.groups), 0.0))
            continue
        called[call.group_id] += call.groups
        leaves = max(group.notice_h, group.available_from_h)
        earliest = leaves + float(group.travel_min[call.district]) / 60.0
        if call.from_h < earliest - EPSILON:
            found.append(Violation("aid notice", where, when, float(call.from_h), earliest))
        latest = min(group.available_to_h, call.from_h + group.max_hours, problem.horizon_hours)
        if call.to_h > latest + EPSILON or call.to_h <= call.from_h:
            found.append(Violation("aid duty", where, when, float(call.to_h), float(latest)))
    for group_id, count in called.items():
        if count > known[group_id].groups:
            most = float(known[group_id].groups)
            found.append(Violation("aid groups", group_id, "horizon", float(count), most))
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


def _lent_too_many(
    problem: StaffingProblem,
    staffing: StaffingResult,
    lent: NDArray[np.int64],
    own: NDArray[np.int64],
    hour: int,
) -> list[Violation]:
    """Donor limits in one hour, `lent` and `own` `[district, force, instance]`."""
    duty = np.array([i.start_h <= hour < i.end_h for i in staffing.roster.instances], dtype=int)
    away, at_home = lent @ duty, own @ duty
    absent = problem.in_force.figure(problem.levels, "absent_share")[:, hour]
    available = problem.district_headcount() * (1.0 - absent[:, None])
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
