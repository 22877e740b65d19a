"""Staffing: who is on duty where and when, and what those on the street do.

The officers of all districts are decided first (`districts`), by a linear model whose value
curves come from patrol. Loans are made whole (`loans`), districts staffed again under them, their
officers made whole (`totals`) and split over the stations (`stations`). With whole officers fixed,
each district's use of them (units, posts, visits) is a small model of its own, solved to the gap.
The first model's bound holds for every roster under the same rules, so the result carries a proven
gap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.hours import side_by_side
from optimizer.judges.staffing_value import (
    agreed_price,
    idle_value,
    overtime_hours,
    presence_short,
    protected_half_days,
    staffing_value,
)
from optimizer.models.solver import LinearModel, Solution, SolverOptions, minimise
from optimizer.models.staffing.aid import made_calls, whole_groups
from optimizer.models.staffing.districts import (
    DistrictStaffing,
    Effort,
    Exchange,
    kind_headcount,
    reachable_presence,
    staff_districts,
)
from optimizer.models.staffing.limits import shift_limits
from optimizer.models.staffing.loans import agree_loans, whole_loans
from optimizer.models.staffing.stations import split_over_stations
from optimizer.models.staffing.street import StreetColumns, add_street, street_supply
from optimizer.models.staffing.units_at_home import units_at_home
from optimizer.models.staffing.value_curves import ValueCurve, value_curve
from optimizer.mutual_aid import AidCall
from optimizer.plan import Loan, PostAssignment, PostFill, Roster
from optimizer.staffing_input import StaffingProblem
from optimizer.staffing_result import StaffingResult
from optimizer.unit_cuts import UnitCuts

EXACT_UP_TO = 60
"""Officer numbers (district, team, shift) up to which whole ones are solved for."""

SWORN_ON_SUPPORT = 0.5
"""Weighted call-minutes an officer-hour that keep sworn officers free where others may stand.

Only a preference among people who are on the street anyway: no part of the value."""


@dataclass(frozen=True)
class Staffed:
    """A staffing, and the city's linear model from which one with other curves can start."""

    result: StaffingResult
    city: DistrictStaffing


def staff(problem: StaffingProblem, options: SolverOptions | None = None) -> StaffingResult:
    """Best staffing of a problem, with a proven bound.

    Small problems are solved in whole officers to the gap of `options`; larger ones as a
    linear model that is then rounded within the rules, and `relative_gap` of the result
    tells what that may have cost.
    """
    return staff_again(problem, options).result


def staff_again(
    problem: StaffingProblem,
    options: SolverOptions | None = None,
    *,
    effort: Effort = Effort.PLAN,
    earlier: Staffed | None = None,
) -> Staffed:
    """As `staff`; starts from an `earlier` staffing of the same problem with other curves.

    The `effort` says how good the loans of a very large problem are to be.
    """
    options = options or SolverOptions()
    limits = shift_limits(problem)
    curves = _value_curves(problem)
    integer = _is_small(problem)
    city = staff_districts(
        problem,
        limits,
        curves,
        options,
        integer=integer,
        effort=effort,
        earlier=earlier.city if earlier else None,
    )
    by_force = problem.teams.by_force(city.officers.sum(axis=1), len(problem.force.types), axis=1)
    exchange = Exchange(
        whole_loans(problem, limits, by_force, city.loans),
        whole_groups(problem, city.calls, city.groups),
    )
    apart = city
    if not integer:
        apart = staff_districts(problem, limits, curves, options, integer=False, exchange=exchange)
    by_team = split_over_stations(
        problem, limits, apart.officers, apart.worth, exchange.loans.sum(axis=1)
    )
    officers = problem.teams.by_force(by_team, len(problem.force.types), axis=1)
    loans = agree_loans(problem, limits, officers, exchange.loans)
    calls = made_calls(city.calls, exchange.groups)
    roster = _roster(problem, officers, by_team, loans, calls)
    units, visits, fills = _use_street(problem, curves, roster, options)
    draft = StaffingResult(
        roster=roster,
        posts=PostAssignment(problem.requirement.posts, fills),
        units_available=units_at_home(problem, roster, units),
        visit_officers=visits,
        visit_short=np.maximum(problem.requirement.visit_officers - visits.sum(axis=1), 0.0),
        overtime_hours=overtime_hours(problem, roster),
        protected_half_days=protected_half_days(problem, roster),
        value=0.0,
        bound=_value_bound(problem, curves, city),
        idle_value=idle_value(problem),
    )
    return Staffed(replace(draft, value=staffing_value(problem, draft)), city)


def value_bound(problem: StaffingProblem) -> float:
    """The bound of a staffing's value, solved to the end whatever the size of the problem.

    Differences of such bounds are what a change of the problem is worth at most.
    """
    limits, curves = shift_limits(problem), _value_curves(problem)
    whole = _is_small(problem)
    city = staff_districts(problem, limits, curves, SolverOptions(), integer=whole)
    return _value_bound(problem, curves, city)


def _is_small(problem: StaffingProblem) -> bool:
    """Whether whole officers are solved for."""
    members = int(np.count_nonzero(kind_headcount(problem).sum(axis=1)))
    return members * len(problem.instances) <= EXACT_UP_TO


@dataclass(frozen=True)
class CutBound:
    """No staffing with its best patrol is worth more than `value`, weighted call-minutes.

    `units[type, district, hour]` are those of the staffing that the cuts take for the best one.
    """

    value: float
    units: NDArray[np.float64]


def bound_under_cuts(
    problem: StaffingProblem,
    cuts: Mapping[str, UnitCuts],
    *,
    effort: Effort = Effort.EXACT,
) -> CutBound:
    """The most that any staffing is worth when cuts bound what its units gain.

    Every unit type needs cuts whose levels are not negative; `problem.unit_gain` plays no part.
    The rows are those of every roster that keeps the rules of all stations, officers may be
    fractions: a relaxation.
    """
    flat = {}
    for kind in problem.force.unit_types:
        crews = int(problem.force.headcount[:, problem.force.index(kind.force_id)].sum())
        shape = (problem.n_districts, problem.horizon_hours)
        length = np.array([crews // kind.officers], dtype=np.int64)
        flat[kind.unit_type] = ValueCurve(length, np.zeros((*shape, 1)), np.zeros(shape))
    districts = staff_districts(
        problem,
        shift_limits(problem),
        flat,
        SolverOptions(),
        integer=False,
        effort=effort,
        cuts=cuts,
    )
    return CutBound(_value_bound(problem, flat, districts), districts.units)


def _value_curves(problem: StaffingProblem) -> dict[str, ValueCurve]:
    """Curves by unit type, cut off where the whole force has no crew left."""
    found = {}
    for kind in problem.force.unit_types:
        if kind.unit_type in problem.unit_gain:
            head = int(problem.force.headcount[:, problem.force.index(kind.force_id)].sum())
            gain = problem.unit_gain[kind.unit_type][:, :, : head // kind.officers]
            found[kind.unit_type] = value_curve(gain)
    return found


def _roster(
    problem: StaffingProblem,
    officers: NDArray[np.int64],
    by_team: NDArray[np.int64],
    loans: tuple[Loan, ...],
    calls: tuple[AidCall, ...],
) -> Roster:
    nobody = np.zeros((problem.n_stations, problem.horizon_hours), dtype=np.int64)
    draft = Roster(problem.instances, officers, loans, nobody, by_team, calls)
    return replace(draft, presence_short=presence_short(problem, draft))


def _use_street(
    problem: StaffingProblem,
    curves: dict[str, ValueCurve],
    roster: Roster,
    options: SolverOptions,
) -> tuple[NDArray[np.int64], NDArray[np.float64], tuple[PostFill, ...]]:
    """Units `[type, district, hour]`, visits `[district, force, hour]` and fills, by district."""
    hours = problem.horizon_hours
    supply = street_supply(problem, roster)
    units = np.zeros((len(problem.force.unit_types), problem.n_districts, hours), dtype=np.int64)
    visits = np.zeros((problem.n_districts, len(problem.force.types), hours))
    fills: dict[int, list[PostFill]] = {}

    def solved(district: int) -> tuple[StreetColumns, Solution]:
        model = LinearModel()
        columns = add_street(
            model,
            problem,
            curves,
            district,
            supply[district],
            integer=True,
            sworn_on_support=SWORN_ON_SUPPORT,
        )
        return columns, minimise(model, options)

    for district, (columns, solution) in enumerate(side_by_side(solved, problem.n_districts)):
        units[:, district] = solution.whole(columns.units)
        visits[district] = np.maximum(solution.at(columns.visits), 0.0)
        for row, post in enumerate(columns.posts):
            need = problem.requirement.posts[post]
            counts = solution.whole(columns.fills[row])
            homeward = solution.whole(columns.homeward[row])
            fills[post] = [
                PostFill(
                    need.post_id,
                    problem.force.ids[force],
                    district,
                    int(counts[force]),
                    int(homeward[force]),
                )
                for force in np.nonzero(counts)[0]
            ]
    return units, visits, tuple(fill for post in sorted(fills) for fill in fills[post])


def _value_bound(
    problem: StaffingProblem, curves: dict[str, ValueCurve], districts: DistrictStaffing
) -> float:
    """The model's bound as a value; what the thinned curves leave out is granted.

    The model counts what is gained over nobody on duty, except for presence and orders, which
    it counts as what is short; presence that no roster can give is short in both.
    """
    left_out = sum(float(curve.largest_error.sum()) for curve in curves.values())
    wanted = float(reachable_presence(problem).sum()) * problem.horizon_hours
    ordered = float((problem.ordered() * problem.order_price()[:, None]).sum())
    short = problem.presence_penalty * wanted + ordered + agreed_price(problem)
    gained = short - districts.cost_bound
    return idle_value(problem) + gained + left_out
