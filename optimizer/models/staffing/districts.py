"""Staffing by district: how many officers of each force start each shift, and who lends."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from optimizer.models.first_order import minimise_among, minimise_roughly
from optimizer.models.parts import minimise_with
from optimizer.models.solver import (
    SIMPLEX_UP_TO,
    Index,
    LinearModel,
    Solution,
    SolverOptions,
    minimise,
)
from optimizer.models.staffing.aid import AidColumns, aid_on_street, offer_aid
from optimizer.models.staffing.limits import HeadcountRows, ShiftLimits
from optimizer.models.staffing.loan_columns import (
    LoanColumns,
    borrowed_shares,
    offer_loans,
    require_donor_limits,
    want_agreed_loans,
)
from optimizer.models.staffing.street import (
    StreetColumns,
    SupplyRows,
    add_street,
    leaving_shares,
)
from optimizer.models.staffing.value_curves import ValueCurve
from optimizer.mutual_aid import AidCall
from optimizer.staffing_input import StaffingProblem
from optimizer.unit_cuts import UnitCuts

KINDS = ("station", "branch")

DRAFT = 1e-4
"""Tolerance at which a first-order method says which shifts and loans are worth having."""

ROUGH = 1e-5
"""Tolerance at which it proves a bound."""

USED = 1e-6
"""Officers above which a shift is worked or a loan made in a rough solution."""


class Effort(Enum):
    """How a model is solved that is too large for the simplex method; others are solved exactly.

    `EXACT` by interior point; for a `PLAN` exactly in the shifts and loans that a first-order
    method picks; for a `DRAFT` and for a `BOUND` by that method alone, whose officers nearly keep
    the rules.
    """

    EXACT = "exact"
    PLAN = "plan"
    DRAFT = "draft"
    BOUND = "bound"


@dataclass(frozen=True)
class DistrictStaffing:
    """Officers by district, possibly fractional, and a proven bound on the cost.

    `officers[district, kind, team, instance]` by home kind (station, branch);
    `loans[lender, borrower, force, instance]` are officers lent, `units[type, district, hour]`
    those on the street, `calls` the groups of mutual aid, `groups[call]` of each.
    `worth[district, force, instance]` is what one officer more on a shift adds to the value;
    `duals[row]` of the model's rows are empty where officers are whole.
    """

    officers: NDArray[np.float64]
    loans: NDArray[np.float64]
    calls: tuple[AidCall, ...]
    groups: NDArray[np.float64]
    units: NDArray[np.float64]
    worth: NDArray[np.float64]
    cost_bound: float
    duals: NDArray[np.float64]


@dataclass(frozen=True)
class Exchange:
    """Whole officers that pass between districts, and whole groups that come to their aid.

    `loans[lender, borrower, force, instance]` and `groups[call]`.
    """

    loans: NDArray[np.int64]
    groups: NDArray[np.int64]


@dataclass(frozen=True)
class _Columns:
    officers: Index
    loans: LoanColumns
    aid: AidColumns


def staff_districts(
    problem: StaffingProblem,
    limits: ShiftLimits,
    curves: dict[str, ValueCurve],
    options: SolverOptions,
    *,
    integer: bool,
    effort: Effort = Effort.EXACT,
    cuts: Mapping[str, UnitCuts] | None = None,
    exchange: Exchange | None = None,
    earlier: DistrictStaffing | None = None,
) -> DistrictStaffing:
    """Best staffing of all districts together; whole officers only when `integer`.

    With `cuts` by unit type, units gain what these allow on top of their curves. The bound holds
    for every `effort`; an `earlier` staffing with other curves saves that search. With an
    `exchange` it is the best staffing of each district by itself, and the bound is one of staffings
    that exchange just that.
    """
    model = LinearModel()
    columns = _officer_columns(
        model, problem, limits, integer=integer, settled=exchange is not None
    )
    require_shares(model, problem, limits, columns.officers)
    require_donor_limits(model, problem, limits, columns.officers, columns.loans)
    want_agreed_loans(model, problem, limits, columns.loans)
    require_presence(model, problem, limits, columns.officers)
    orders = count_order_short(model, problem, limits, columns.officers)
    count_overtime(model, problem, limits, columns.officers)
    streets = _put_on_street(model, problem, limits, curves, columns, integer=integer)
    units = np.stack([street.units for street in streets], axis=1)
    for row, kind in enumerate(problem.force.unit_types):
        if cuts is not None and kind.unit_type in cuts:
            gain_at_most(model, cuts[kind.unit_type], units[row])
    solution = _solved(model, columns, exchange, options, effort, earlier, integer=integer)
    return DistrictStaffing(
        solution.at(columns.officers),
        solution.at(columns.loans.pairs),
        columns.aid.calls,
        solution.at(columns.aid.columns),
        solution.at(units),
        shift_worth(problem, limits, streets, orders, solution.prices),
        solution.bound,
        solution.duals,
    )


def _solved(
    model: LinearModel,
    columns: _Columns,
    exchange: Exchange | None,
    options: SolverOptions,
    effort: Effort,
    earlier: DistrictStaffing | None,
    *,
    integer: bool,
) -> Solution:
    """The model's solution, by the method that suits its size and what is known of it."""
    offered = columns.loans.pairs >= 0
    if exchange is not None:
        known = np.concatenate([columns.loans.pairs[offered], columns.aid.columns])
        values = np.concatenate([exchange.loans[offered], exchange.groups])
        return minimise_with(model, known, values.astype(np.float64), options)
    if integer or model.n_rows <= SIMPLEX_UP_TO or effort is Effort.EXACT:
        return minimise(model, options, duals=not integer)
    if effort is Effort.BOUND:
        return minimise_roughly(model, ROUGH)
    choices = np.concatenate(
        [columns.officers[columns.officers >= 0], columns.loans.pairs[offered]]
    )
    if effort is Effort.PLAN and earlier is not None:
        officers, loans = earlier.officers[columns.officers >= 0], earlier.loans[offered]
        used, duals = np.concatenate([officers, loans]), earlier.duals
    else:
        rough = minimise_roughly(model, DRAFT)
        if effort is Effort.DRAFT:
            return rough
        used, duals = rough.at(choices), rough.duals
    return minimise_among(model, choices[used <= USED], duals)


def kind_headcount(problem: StaffingProblem) -> NDArray[np.int64]:
    """Officers by kind of home, `[district, kind, team]`."""
    headcount = problem.teams.headcount
    found = np.zeros((problem.n_districts, len(KINDS), headcount.shape[1]), dtype=np.int64)
    branch = np.array([kind == "branch" for kind in problem.station_kind], dtype=np.int64)
    np.add.at(found, (problem.station_district, branch), headcount)
    return found


def _officer_columns(
    model: LinearModel,
    problem: StaffingProblem,
    limits: ShiftLimits,
    *,
    integer: bool,
    settled: bool,
) -> _Columns:
    """Officers that start each shift, and those of them lent to and borrowed from others."""
    useful = problem.may("respond") | problem.may("post") | problem.may("patrol")
    head = kind_headcount(problem)
    open_shift = limits.allowed & (limits.hours > 0) & useful[limits.force][:, None]
    present = (head > 0)[..., None] & open_shift[:, None]
    by_force = limits.any_team(np.asarray(np.any(present, axis=1)))
    worked = limits.hours.astype(np.float64)
    most = np.broadcast_to(head[..., None], present.shape)
    return _Columns(
        _some_columns(model, present, most, problem.officer_hour_cost * worked, integer=integer),
        offer_loans(model, problem, limits, by_force, integer=integer, settled=settled),
        offer_aid(model, problem, integer=integer),
    )


def _some_columns(
    model: LinearModel,
    present: NDArray[np.bool_],
    upper: float | NDArray[np.int64],
    cost: float | NDArray[np.float64],
    *,
    integer: bool,
) -> Index:
    """Columns where `present`, -1 elsewhere."""
    columns = np.full(present.shape, -1, dtype=np.int64)
    most = np.broadcast_to(upper, present.shape)[present]
    price = np.broadcast_to(cost, present.shape)[present]
    columns[present] = model.add_columns(most, price, (int(present.sum()),), integer=integer)
    return columns


def require_shares(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> None:
    """Every rule of teams and forces, for every district and its kinds of homes."""
    _require_rows(model, problem, limits.teams, officers, np.arange(officers.shape[2]))
    _require_rows(model, problem, limits.forces, officers, limits.force)


def _require_rows(
    model: LinearModel,
    problem: StaffingProblem,
    limits: HeadcountRows,
    officers: Index,
    member: NDArray[np.int64],
) -> None:
    """Rows of all members; `member[team]` is the one whose officers a team's are."""
    caps = limits.district_caps()
    rows = np.full(caps.shape, -1, dtype=np.int64)
    holds = np.isfinite(caps)
    rows[holds] = model.add_rows(-np.inf, caps[holds], (int(holds.sum()),))
    _count(model, rows[:, None], officers, member, limits.pattern)
    kind_caps = np.zeros((caps.shape[0], len(KINDS), *caps.shape[1:]))
    branch = np.array([kind == "branch" for kind in problem.station_kind], dtype=np.int64)
    np.add.at(kind_caps, (problem.station_district, branch), limits.station_caps())
    manned = np.zeros(kind_caps.shape[:3], dtype=np.int64)
    np.add.at(manned, (problem.station_district, branch), limits.headcount)
    both = np.all(manned > 0, axis=1, keepdims=True)
    mixed = np.asarray(both)[..., None] & np.isfinite(kind_caps)
    kind_rows = np.full(kind_caps.shape, -1, dtype=np.int64)
    kind_rows[mixed] = model.add_rows(-np.inf, kind_caps[mixed], (int(mixed.sum()),))
    _count(model, kind_rows, officers, member, limits.pattern)


def _count(
    model: LinearModel,
    rows: Index,
    officers: Index,
    member: NDArray[np.int64],
    pattern: NDArray[np.float64],
) -> None:
    """Entries of `officers[district, kind, team, instance]` in `rows[district, kind, member, row]`.

    Absent rows (-1) take none.
    """
    row, instance = np.nonzero(pattern)
    of_team = rows[:, :, member][..., row]
    columns = np.where(of_team >= 0, officers[..., instance], -1)
    model.add_entries(of_team, columns, pattern[row, instance])


def require_presence(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> None:
    """Enough responding officers on duty at the stations of each district, or counted short."""
    shape = (problem.n_districts, problem.horizon_hours)
    wanted = np.broadcast_to(reachable_presence(problem)[:, None], shape)
    short = model.add_columns(wanted, problem.presence_penalty, shape)
    rows = model.add_rows(wanted, np.inf, shape)
    model.add_entries(rows, short, 1.0)
    respond = problem.may("respond").astype(np.float64)[limits.force][:, None, None]
    model.add_entries(rows[:, None, :, None], officers[:, 0, :, None, :], respond * limits.street.T)


def count_order_short(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> Index:
    """Officers on duty below what the level orders, at a price.

    Returns the rows, `[district, force, hour]`; -1 where nothing is ordered.
    """
    wanted, price = problem.ordered(), problem.order_price()
    rows = np.full(wanted.shape, -1, dtype=np.int64)
    if price.any():
        short = model.add_columns(wanted, price[:, None], wanted.shape)
        rows = model.add_rows(wanted, np.inf, wanted.shape)
        model.add_entries(rows, short, 1.0)
        of_team = rows[:, None, limits.force, :, None]
        model.add_entries(of_team, officers[:, :, :, None, :], limits.street.T)
    return rows


def reachable_presence(problem: StaffingProblem) -> NDArray[np.int64]:
    """Minimum presence summed over a district's stations, as far as they have officers."""
    responding = problem.force.headcount[:, problem.may("respond")].sum(axis=1)
    station = np.array([kind == "station" for kind in problem.station_kind])
    reachable = np.where(station, np.minimum(responding, problem.rules.min_presence), 0)
    total = np.zeros(problem.n_districts, dtype=np.int64)
    np.add.at(total, problem.station_district, reachable)
    return total


def week_hours(problem: StaffingProblem) -> NDArray[np.float64]:
    """Officer-hours in the horizon that are no overtime, `[district, force]`; inf up to a day.

    The average goes over those who are not absent at the level with the fewest absent.
    """
    head = problem.district_headcount().astype(np.float64)
    if problem.horizon_hours <= 24:
        return np.full(head.shape, np.inf)
    absent = problem.in_force.figure(problem.levels, "absent_share").min(axis=1, keepdims=True)
    normal = problem.rules.max_week_h / 168.0 * problem.horizon_hours
    return np.asarray(head * (1.0 - absent) * normal)


def count_overtime(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> None:
    """Hours beyond the weekly average of a district's force, at a price."""
    if problem.horizon_hours > 24:
        normal = week_hours(problem)
        over = model.add_columns(np.inf, problem.overtime_cost, normal.shape)
        rows = model.add_rows(-np.inf, normal, normal.shape)
        model.add_entries(rows, over, -1.0)
        worked = np.array([one.worked_h(problem.horizon_hours) for one in problem.instances])
        model.add_entries(rows[:, None, limits.force, None], officers, worked)


def street_shares(problem: StaffingProblem, limits: ShiftLimits) -> NDArray[np.float64]:
    """Part of a shift's officers in the supply of `add_street`, `[instance, column]`."""
    share = np.array([instance.shift.street_share for instance in problem.instances])
    return np.hstack([limits.street * share[:, None], leaving_shares(problem)])


def _put_on_street(
    model: LinearModel,
    problem: StaffingProblem,
    limits: ShiftLimits,
    curves: dict[str, ValueCurve],
    columns: _Columns,
    *,
    integer: bool,
) -> tuple[StreetColumns, ...]:
    """Officers on the street by district, home ones and borrowed ones, less those lent."""
    share = street_shares(problem, limits).T
    on_loan = borrowed_shares(problem, columns.loans.classes)
    nobody = np.zeros((len(problem.force.types), len(share)))
    windows = len(share) - problem.horizon_hours
    streets = []
    for district in range(problem.n_districts):
        street = add_street(model, problem, curves, district, nobody, integer=integer)
        streets.append(street)
        present = aid_on_street(problem, columns.aid.calls, district)
        present = np.pad(present, ((0, 0), (0, 0), (0, windows)))
        for supply in street.supplied:
            _fill(model, limits, columns, district, supply, share, present)
            _fill_borrowed(model, columns.loans, district, supply, on_loan)
    return tuple(streets)


def shift_worth(
    problem: StaffingProblem,
    limits: ShiftLimits,
    streets: tuple[StreetColumns, ...],
    orders: Index,
    prices: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What an officer more on a shift adds on the street and to orders, from the rows' prices.

    `[district, force, instance]`; without prices every hour of a shift counts 1.
    """
    shape = (problem.n_districts, len(problem.force.types), len(problem.instances))
    if not len(prices):
        return np.broadcast_to(limits.hours.astype(np.float64), shape)
    on_street = np.stack([street.price(prices) for street in streets])
    ordered = np.where(orders >= 0, prices[orders], 0.0)
    return np.asarray(on_street @ street_shares(problem, limits).T + ordered @ limits.street.T)


def _fill(
    model: LinearModel,
    limits: ShiftLimits,
    columns: _Columns,
    district: int,
    supply: SupplyRows,
    share: NDArray[np.float64],
    aid: NDArray[np.int64],
) -> None:
    """Officers of a district who are not lent, and groups that come to its aid, in their rows.

    `share[column, instance]` and `aid[force, call, column]` are the parts of them there.
    """
    rows = supply.rows[..., None]
    part = supply.share[:, None, None] * share
    own, lent = columns.officers[district], columns.loans.lent
    for found, people, counted in (
        (rows[limits.force], own[:, :, None, :], -part[limits.force]),
        (rows, lent[district][:, None, :], part),
        (supply.rows[:, None], columns.aid.columns[:, None], -supply.share[:, None, None] * aid),
    ):
        model.add_entries(found, np.where(found >= 0, people, -1), counted)


def _fill_borrowed(
    model: LinearModel,
    loans: LoanColumns,
    district: int,
    supply: SupplyRows,
    share: NDArray[np.float64],
) -> None:
    """Officers on loan to a district, `share[instance, class, column]` of them there."""
    instance, of_class, column = np.nonzero(share)
    people = loans.borrowed[district][:, instance, of_class]
    rows = supply.rows[:, column]
    part = supply.share[:, None] * share[instance, of_class, column]
    model.add_entries(rows, np.where(rows >= 0, people, -1), -part)


def gain_at_most(model: LinearModel, cuts: UnitCuts, units: Index) -> None:
    """What the units `[district, hour]` of a type gain in each hour: a column under all cuts."""
    gain = model.add_columns(np.inf, -1.0, units.shape[1:])
    rows = model.add_rows(-np.inf, cuts.level, cuts.level.shape)
    model.add_entries(rows, gain, 1.0)
    model.add_entries(rows[:, None], units, -cuts.slope)
