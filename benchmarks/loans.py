"""Loans on the Shanghai night: what travel and notice cost, and what planning with them saves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.location import timed
from benchmarks.record import Record, peak_mb, refuse_unknown
from optimizer.calls import PatrolTerms
from optimizer.judges.loan_times import loan_times
from optimizer.judges.rules import staffing_violations
from optimizer.judges.staffing_value import staffing_value
from optimizer.models.staffing.officer_worth import around
from optimizer.models.staffing.staffing import staff
from optimizer.plan import PostAssignment, Roster
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from scenarios.joint_plan import unit_gains
from scenarios.pipeline import staffing_problem
from scenarios.scenario import LoadedScenario, load_scenario
from scenarios.world import build_world

SCENARIO = "shanghai-chuxi-2027"
NIGHT = "night"


@dataclass(frozen=True)
class LoansRecord(Record):
    """A line of this family, in weighted call-minutes; the night is staffed once.

    `street_value` is that of the same roster when the streets are used in parts of crews, which
    `value` (in whole ones; None for a roster that was made for other ways) is compared with.
    `asked_h` officer-hours of posts, `short_h` those that nobody can fill, in whole people where
    there is a value. `lent` officer-shifts, `way_min` there on average by road. `gap_share` is
    the gap as a share of what the best staffing adds to nobody on duty; `broken` rules.
    """

    street_value: float
    asked_h: int
    short_h: float
    lent: int
    way_min: float
    gap_share: float | None
    broken: int | None


def run(names: Sequence[str]) -> Iterator[LoansRecord]:
    """Lines of the night.

    Raises
    ------
    BadInput
        When another instance is named.
    """
    refuse_unknown("loans", "instance", names, (NIGHT,))
    yield from measure(NIGHT, load_scenario(SCENARIO))


def measure(name: str, loaded: LoadedScenario) -> Iterator[LoansRecord]:
    """Staffings with and without travel, notice and loans, each judged by road.

    The plan that takes ways for nothing is told twice: as it believes to be, and with the same
    roster and loans by road.
    """
    world, build_s = timed(lambda: build_world(loaded))
    terms = PatrolTerms(loaded.scenario.patrol.closing_min, loaded.scenario.patrol.grade_weight)
    asked = staffing_problem(loaded, world, unit_gains(world, terms))
    by_road = replace(asked, loan_notice_h=0.0)
    for_nothing = replace(by_road, loan_minutes=np.zeros(by_road.loan_minutes.shape))
    blind, seconds = timed(lambda: staff(for_nothing))
    times = build_s, seconds
    yield _record(name, "ways take no time", by_road, for_nothing, blind, times)
    roster = blind.roster
    yield _roster_record(name, "the same loans by road", by_road, roster, times)
    for plan, problem in (
        ("by road", by_road),
        (f"by road;notice_h={asked.loan_notice_h:g}", asked),
        ("no loans", replace(asked, loan_max_min=0.0)),
    ):
        found, seconds = timed(partial(staff, problem))
        yield _record(name, plan, by_road, problem, found, (build_s, seconds))


def _record(
    name: str,
    plan: str,
    by_road: StaffingProblem,
    problem: StaffingProblem,
    found: StaffingResult,
    times: tuple[float, float],
) -> LoansRecord:
    """A staffing under its own problem."""
    told = _roster_record(name, plan, problem, found.roster, times)
    have = found.posts.have()
    short = sum(
        (need.required - have[need.post_id]) * (need.to_hour - need.from_hour)
        for need in problem.requirement.posts
    )
    return replace(
        told,
        value=round(found.value, 2),
        bound=round(found.bound, 2),
        short_h=float(short),
        way_min=_way_min(by_road, found.roster),
        gap_share=round(found.relative_gap, 6),
        broken=len(staffing_violations(problem, found)),
    )


def _roster_record(
    name: str, plan: str, problem: StaffingProblem, roster: Roster, times: tuple[float, float]
) -> LoansRecord:
    """What a roster is worth when its loans travel as the problem says."""
    use = around(problem, roster).use
    needs = problem.requirement.posts
    asked = sum(need.required * (need.to_hour - need.from_hour) for need in needs)
    return LoansRecord(
        family="loans",
        instance=name,
        params=f"plan={plan}",
        value=None,
        bound=None,
        known=None,
        status="judged",
        build_s=times[0],
        solve_s=times[1],
        peak_mb=peak_mb(),
        street_value=round(_unused(problem, roster) + sum(one.value for one in use), 2),
        asked_h=asked,
        short_h=round(asked - sum(one.post_hours for one in use), 1),
        lent=sum(loan.officers for loan in roster.loans),
        way_min=_way_min(problem, roster),
        gap_share=None,
        broken=None,
    )


def _unused(problem: StaffingProblem, roster: Roster) -> float:
    """Value of a roster whose officers on the street do nothing."""
    visits = np.zeros((problem.n_districts, len(problem.force.types), problem.horizon_hours))
    units = (len(problem.force.unit_types), problem.n_stations, problem.horizon_hours)
    return staffing_value(
        problem,
        StaffingResult(
            roster=roster,
            posts=PostAssignment(problem.requirement.posts, ()),
            units_available=np.zeros(units, dtype=np.int64),
            visit_officers=visits,
            visit_short=problem.requirement.visit_officers,
            overtime_hours=np.zeros((problem.n_districts, len(problem.force.types))),
            protected_half_days=0,
            value=0.0,
            bound=0.0,
            idle_value=0.0,
        ),
    )


def _way_min(problem: StaffingProblem, roster: Roster) -> float:
    """Mean minutes of the way there over the officers lent; 0 without loans."""
    lent = sum(loan.officers for loan in roster.loans)
    ways = sum(loan.officers * loan_times(problem, loan).there_min for loan in roster.loans)
    return round(ways / lent, 2) if lent else 0.0
