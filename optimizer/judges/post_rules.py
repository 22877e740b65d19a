"""Rules of the officers on the street: posts, visits and units, checked without model or solver."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.event_posts import LONGEST_POST_H
from optimizer.judges.loan_times import loan_times
from optimizer.judges.staffing_value import officers_at_home, officers_on_street
from optimizer.judges.violation import Violation
from optimizer.plan import PostFill
from optimizer.requirement import PostNeed
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult

EPSILON = 1e-6


def check_posts(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Posts are filled by forces that may do so, in whole crews, and not beyond what was asked."""
    found = []
    needs = {need.post_id: need for need in staffing.posts.needs}
    for fill in staffing.posts.fills:
        need = needs[fill.post_id]
        kind = problem.force.types[problem.force.index(fill.force_id)]
        fit = kind.post and (need.role == "support" or kind.sworn)
        fit = fit and (not need.force_ids or fill.force_id in need.force_ids)
        if not fit or fill.officers < 0 or fill.from_district != need.district:
            where = f"{fill.post_id}, {fill.force_id} of district {fill.from_district}"
            found.append(Violation("post role", where, _span(need), float(fill.officers), 0.0))
    for post_id, have in staffing.posts.have().items():
        if have > needs[post_id].required:
            need = needs[post_id]
            found.append(Violation("post head-count", post_id, _span(need), have, need.required))
        if have % needs[post_id].crew:
            need = needs[post_id]
            whole = float(have - have % need.crew)
            found.append(Violation("post crew", post_id, _span(need), have, whole))
    return found


def check_relief(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Nobody stands on posts for more than four hours without relief.

    No block is longer. In every hour in which the district has posts, those who stand, those who
    left a block within the last `post_relief_h` hours and did not go home, and those who are
    kept for their last block are different people on its street. Blocks with their relief are
    intervals, so it is enough to count.
    """
    tied, standing, manned = _tied_to_posts(problem, staffing)
    street = officers_on_street(problem, staffing.roster)
    broken = (tied > standing) & manned[:, None] & (tied > street + EPSILON)
    found = [
        Violation(
            "relief",
            f"district {district}, {problem.force.ids[force]}",
            f"hour {hour}",
            float(tied[district, force, hour]),
            float(street[district, force, hour]),
        )
        for district, force, hour in np.argwhere(broken)
    ]
    have = staffing.posts.have()
    for need in staffing.posts.needs:
        hours = need.to_hour - need.from_hour
        if have[need.post_id] and hours > LONGEST_POST_H:
            found.append(Violation("stand", need.post_id, _span(need), hours, LONGEST_POST_H))
    return found


def check_way_home(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Those who go home after a block stood in it, and their shift covers it and ends with it.

    Officers on loan leave with the block after which they travel back, if they came before it.
    """
    needs = {need.post_id: need for need in staffing.posts.needs}
    homeward = [fill for fill in staffing.posts.fills if fill.homeward]
    found = [
        Violation(
            "way home", fill.post_id, _span(needs[fill.post_id]), fill.homeward, fill.officers
        )
        for fill in homeward
        if not 0 <= fill.homeward <= fill.officers
    ]
    at_home = officers_at_home(problem, staffing.roster)
    for last in homeward:
        end, latest = needs[last.post_id].to_hour, needs[last.post_id].from_hour
        force = problem.force.index(last.force_id)
        going = sum(
            fill.homeward
            for fill in homeward
            if (fill.force_id, fill.from_district) == (last.force_id, last.from_district)
            and needs[fill.post_id].to_hour == end
            and needs[fill.post_id].from_hour <= latest
        )
        leaving = sum(
            one.shift.street_share * float(at_home[last.from_district, force, number])
            for number, one in enumerate(problem.instances)
            if one.end_h == end and one.start_h <= latest
        )
        leaving += _travelling_back(problem, staffing, last, end, latest)
        if going > math.floor(leaving + EPSILON):
            where = f"district {last.from_district}, {last.force_id}"
            found.append(Violation("way home", where, f"hour {end}", going, math.floor(leaving)))
    return found


def _travelling_back(
    problem: StaffingProblem, staffing: StaffingResult, fill: PostFill, end: int, latest: int
) -> float:
    """Borrowed officers of a fill's force whose way back begins at `end`, there since `latest`."""
    leaving = 0.0
    for loan in staffing.roster.loans:
        if (loan.force_id, loan.to_district) == (fill.force_id, fill.from_district):
            times = loan_times(problem, loan)
            if times.off_h == end and times.on_h <= latest:
                leaving += problem.instances[loan.instance].shift.street_share * loan.officers
    return leaving


def check_leaders(problem: StaffingProblem, staffing: StaffingResult) -> list[Violation]:
    """Supervisors on posts are among the leaders that their force has on the street."""
    needs = {need.post_id: need for need in staffing.posts.needs}
    led = tuple(f for f in staffing.posts.fills if needs[f.post_id].role == "supervisor")
    leading = _on_posts(problem, replace(staffing, posts=replace(staffing.posts, fills=led)))
    street = officers_on_street(problem, staffing.roster)
    found = []
    for district, force, hour in np.argwhere(leading > EPSILON):
        kind = problem.force.types[force]
        leaders = math.floor(kind.leader_share * street[district, force, hour] + EPSILON)
        count = float(leading[district, force, hour])
        if count > leaders + EPSILON:
            where = f"district {district}, {kind.force_id}"
            found.append(Violation("leaders", where, f"hour {hour}", count, leaders))
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
        crews = staffing.units_available[row] * kind.officers
        force = problem.force.index(kind.force_id)
        np.add.at(used[:, force], problem.station_district, crews)
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


def _tied_to_posts(
    problem: StaffingProblem, staffing: StaffingResult
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Officers tied to posts and standing, `[district, force, hour]`; manned `[district, hour]`."""
    standing = _on_posts(problem, staffing)
    tied = standing.copy()
    hour, relief_h = np.arange(problem.horizon_hours), problem.rules.post_relief_h
    manned = np.zeros((problem.n_districts, problem.horizon_hours), dtype=np.bool_)
    needs = {need.post_id: need for need in staffing.posts.needs}
    for need in needs.values():
        manned[need.district] |= (need.from_hour <= hour) & (hour < need.to_hour)
    for fill in staffing.posts.fills:
        need, force = needs[fill.post_id], problem.force.index(fill.force_id)
        relieved = (need.to_hour <= hour) & (hour < need.to_hour + relief_h)
        before = (need.from_hour - relief_h <= hour) & (hour < need.from_hour)
        tied[fill.from_district, force, relieved] += fill.officers - fill.homeward
        tied[fill.from_district, force, before] += fill.homeward
    return tied, standing, manned


def _span(need: PostNeed) -> str:
    return f"hours {need.from_hour} to {need.to_hour}"
