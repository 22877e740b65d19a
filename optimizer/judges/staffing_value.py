"""What a staffing is worth, counted again from the roster alone."""

import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.loan_times import loan_times
from optimizer.plan import Loan, Roster
from optimizer.requirement import PostNeed
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

WHOLE = 1e-6


def officers_at_home(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officers of each district who are not lent, `[district, force, instance]`."""
    shape = (problem.n_districts, *roster.officers.shape[1:])
    found = np.zeros(shape, dtype=np.int64)
    np.add.at(found, problem.station_district, roster.officers)
    for loan in roster.loans:
        found[loan.from_district, problem.force.index(loan.force_id), loan.instance] -= (
            loan.officers
        )
    return found


def officers_on_street(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Whole officers on the street, `[district, force, hour]`.

    Borrowed ones, once they have come and until they travel back, and the groups called from
    outside are among them. Lent ones are on no street of their own for the whole shift.
    """
    at_work = officers_at_home(problem, roster).astype(np.float64)
    street = np.zeros((*at_work.shape[:2], problem.horizon_hours))
    for number, instance in enumerate(roster.instances):
        hours = instance.on_duty(problem.horizon_hours)
        street[:, :, hours] += (instance.shift.street_share * at_work[:, :, number])[..., None]
    for loan in roster.loans:
        force = problem.force.index(loan.force_id)
        hours = loan_times(problem, loan).on_street(problem.horizon_hours)
        share = roster.instances[loan.instance].shift.street_share
        street[loan.to_district, force, hours] += share * loan.officers
    people = {group.group_id: group for group in problem.aid}
    for call in roster.aid:
        force = problem.force.index(people[call.group_id].force_id)
        called = call.groups * people[call.group_id].officers
        street[call.district, force, call.from_h : call.to_h] += called
    return np.floor(street + WHOLE).astype(np.int64)


def presence_short(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Responding officers missing from the minimum presence of stations, `[station, hour]`.

    Officers count at their home, also when they are lent; branches need no presence.
    """
    on_duty = roster.on_duty(problem.horizon_hours)[:, problem.may("respond")].sum(axis=1)
    station = np.array([kind == "station" for kind in problem.station_kind])
    wanted = np.where(station, problem.rules.min_presence, 0)[:, None]
    return np.asarray(np.maximum(wanted - on_duty, 0), dtype=np.int64)


def order_short(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officers on duty below what the level orders, `[district, force, hour]`.

    Officers count in their own district, also when they are lent.
    """
    ordered = problem.ordered()
    on_duty = np.zeros_like(ordered)
    np.add.at(on_duty, problem.station_district, roster.on_duty(problem.horizon_hours))
    return np.asarray(np.maximum(ordered - on_duty, 0), dtype=np.int64)


def hours_worked(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officer-hours on duty within the horizon, `[station, force]`."""
    return np.asarray(roster.on_duty(problem.horizon_hours).sum(axis=2), dtype=np.int64)


def overtime_hours(problem: StaffingProblem, roster: Roster) -> NDArray[np.float64]:
    """Officer-hours beyond the weekly average, `[district, force]`; none up to one day.

    The average goes over those who are not absent at the level with the fewest absent; the
    hand-over counts.
    """
    head = problem.district_headcount()
    if problem.horizon_hours <= 24:
        return np.zeros(head.shape)
    worked = np.zeros(head.shape)
    np.add.at(worked, problem.station_district, hours_worked(problem, roster))
    for number, instance in enumerate(roster.instances):
        if 0 < instance.end_h <= problem.horizon_hours:
            extra = roster.officers[:, :, number] * (instance.shift.handover_min / 60.0)
            np.add.at(worked, problem.station_district, extra)
    absent = problem.in_force.figure(problem.levels, "absent_share").min(axis=1)
    present = head * (1.0 - absent[:, None])
    normal = present * problem.rules.max_week_h * problem.horizon_hours / 168.0
    return np.asarray(np.maximum(worked - normal, 0.0))


def protected_half_days(problem: StaffingProblem, roster: Roster) -> int:
    """Half-days of 4 h, begun ones counted whole, taken from pools that are never drawn on."""
    protected = [kind.pool_from_level == "never" for kind in problem.force.types]
    total = 0
    for number, instance in enumerate(roster.instances):
        half_days = math.ceil(int(instance.on_duty(problem.horizon_hours).sum()) / 4)
        total += half_days * int(roster.officers[:, protected, number].sum())
    return total


def post_hours(need: PostNeed, horizon_hours: int) -> int:
    """Hours of a block of posts that lie in the horizon."""
    return max(0, min(need.to_hour, horizon_hours) - max(need.from_hour, 0))


def loan_hours(problem: StaffingProblem, roster: Roster, loan: Loan) -> float:
    """Officer-hours that a loan is priced by: its shift within the horizon, and both ways again."""
    hours = int(roster.instances[loan.instance].on_duty(problem.horizon_hours).sum())
    return (hours + loan_times(problem, loan).under_way_h) * loan.officers


def aid_hours(problem: StaffingProblem, roster: Roster) -> int:
    """Officer-hours of the groups called from outside."""
    officers = {group.group_id: group.officers for group in problem.aid}
    return sum(
        call.groups * officers[call.group_id] * (call.to_h - call.from_h) for call in roster.aid
    )


def agreed_short(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officers missing from each of the agreed loans, `[loan]`; equal ones share what was lent."""
    lent = Counter[tuple[str, int, int, int]]()
    for loan in roster.loans:
        lent[_ways(loan)] += loan.officers
    short = []
    for loan in problem.agreed:
        given = min(loan.officers, lent[_ways(loan)])
        lent[_ways(loan)] -= given
        short.append(loan.officers - given)
    return np.array(short, dtype=np.int64)


def _ways(loan: Loan) -> tuple[str, int, int, int]:
    return loan.force_id, loan.from_district, loan.to_district, loan.instance


def agreed_short_hours(problem: StaffingProblem, roster: Roster) -> float:
    """Officer-hours missing from the agreed loans."""
    hours = [
        int(roster.instances[loan.instance].on_duty(problem.horizon_hours).sum())
        for loan in problem.agreed
    ]
    return float(agreed_short(problem, roster) @ np.array(hours, dtype=np.int64))


def staffing_value(problem: StaffingProblem, staffing: StaffingResult) -> float:
    """Weighted call-minutes saved less all prices, from the staffing's own numbers."""
    roster = staffing.roster
    costs = [
        problem.officer_hour_cost * float(hours_worked(problem, roster).sum()),
        problem.loan_cost * sum(loan_hours(problem, roster, loan) for loan in roster.loans),
        problem.aid_cost * aid_hours(problem, roster),
        problem.agreed_penalty * agreed_short_hours(problem, roster),
        problem.overtime_cost * float(overtime_hours(problem, roster).sum()),
        problem.presence_penalty * float(presence_short(problem, roster).sum()),
        float((order_short(problem, roster) * problem.order_price()[:, None]).sum()),
        problem.visit_penalty * float(staffing.visit_short.sum()),
        _post_shortage(problem, staffing),
    ]
    return _minutes_saved(problem, staffing) - math.fsum(costs)


def idle_value(problem: StaffingProblem) -> float:
    """Value of a night with nobody on duty: every post, visit and presence short."""
    stations = problem.station_kind.count("station")
    present = problem.rules.min_presence * stations * problem.horizon_hours
    empty = [
        problem.post_penalty[need.priority]
        * need.required
        * post_hours(need, problem.horizon_hours)
        for need in problem.requirement.posts
    ]
    visits = problem.visit_penalty * float(problem.requirement.visit_officers.sum())
    ordered = float((problem.ordered() * problem.order_price()[:, None]).sum())
    prices = [visits, ordered, agreed_price(problem), problem.presence_penalty * present]
    return -math.fsum([*empty, *prices])


def agreed_price(problem: StaffingProblem) -> float:
    """What the agreed loans count when none of them is made."""
    return problem.agreed_penalty * sum(
        loan.officers * int(problem.instances[loan.instance].on_duty(problem.horizon_hours).sum())
        for loan in problem.agreed
    )


def _post_shortage(problem: StaffingProblem, staffing: StaffingResult) -> float:
    have = staffing.posts.have()
    return math.fsum(
        problem.post_penalty[need.priority]
        * max(0, need.required - have[need.post_id])
        * post_hours(need, problem.horizon_hours)
        for need in staffing.posts.needs
    )


def _minutes_saved(problem: StaffingProblem, staffing: StaffingResult) -> float:
    """Gain of the units of each district and hour, the first unit first."""
    total = 0.0
    for row, kind in enumerate(problem.force.unit_types):
        if kind.unit_type not in problem.unit_gain:
            continue
        gain = problem.unit_gain[kind.unit_type]
        units = np.zeros((problem.n_districts, problem.horizon_hours), dtype=np.int64)
        np.add.at(units, problem.station_district, staffing.units_available[row])
        counted = np.arange(gain.shape[2]) < units[..., None]
        total += float(np.where(counted, gain, 0.0).sum())
    return total
