"""Staffing by district: how many officers of each force start each shift, and who lends."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import Index, LinearModel, SolverOptions, minimise
from optimizer.models.staffing.limits import ShiftLimits
from optimizer.models.staffing.street import add_street
from optimizer.models.staffing.value_curves import ValueCurve
from optimizer.staffing_input import StaffingProblem
from optimizer.unit_cuts import UnitCuts

KINDS = ("station", "branch")


@dataclass(frozen=True)
class DistrictStaffing:
    """Officers by district, possibly fractional, and a proven bound on the cost.

    `officers[district, kind, force, instance]` by home kind (station, branch);
    `lent` and `borrowed` are `[district, force, instance]`, `units[type, district, hour]` those
    on the street.
    """

    officers: NDArray[np.float64]
    lent: NDArray[np.float64]
    borrowed: NDArray[np.float64]
    units: NDArray[np.float64]
    cost_bound: float


@dataclass(frozen=True)
class _Columns:
    officers: Index
    lent: Index
    borrowed: Index


def staff_districts(
    problem: StaffingProblem,
    limits: ShiftLimits,
    curves: dict[str, ValueCurve],
    options: SolverOptions,
    *,
    integer: bool,
    cuts: Mapping[str, UnitCuts] | None = None,
) -> DistrictStaffing:
    """Best staffing of all districts together; whole officers only when `integer`.

    With `cuts` by unit type, units gain what these allow on top of their curves.
    """
    model = LinearModel()
    columns = _officer_columns(model, problem, limits, integer=integer)
    require_shares(model, problem, limits, columns.officers)
    require_donor_limits(model, problem, limits, columns)
    require_presence(model, problem, limits, columns.officers)
    count_order_short(model, problem, limits, columns.officers)
    count_overtime(model, problem, limits, columns.officers)
    units = _put_on_street(model, problem, limits, curves, columns, integer=integer)
    for row, kind in enumerate(problem.force.unit_types):
        if cuts is not None and kind.unit_type in cuts:
            gain_at_most(model, cuts[kind.unit_type], units[row])
    solution = minimise(model, options)
    return DistrictStaffing(
        solution.at(columns.officers),
        solution.at(columns.lent),
        solution.at(columns.borrowed),
        solution.at(units),
        solution.bound,
    )


def kind_headcount(problem: StaffingProblem) -> NDArray[np.int64]:
    """Officers by kind of home, `[district, kind, force]`."""
    found = np.zeros((problem.n_districts, len(KINDS), len(problem.force.types)), dtype=np.int64)
    branch = np.array([kind == "branch" for kind in problem.station_kind], dtype=np.int64)
    np.add.at(found, (problem.station_district, branch), problem.force.headcount)
    return found


def _officer_columns(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, *, integer: bool
) -> _Columns:
    """Officers that start each shift, and those of them lent to and borrowed from others."""
    useful = problem.may("respond") | problem.may("post") | problem.may("patrol")
    head = kind_headcount(problem)
    open_shift = limits.allowed & (limits.hours > 0)
    present = (head > 0)[..., None] & (open_shift & useful[:, None])
    lendable = np.zeros(present.shape[:1] + present.shape[2:], dtype=np.bool_)
    if problem.n_districts > 1:
        lendable[:] = present.any(axis=(0, 1))
    worked = limits.hours.astype(np.float64)
    most = np.broadcast_to(head[..., None], present.shape)
    return _Columns(
        _some_columns(model, present, most, problem.officer_hour_cost * worked, integer=integer),
        _some_columns(
            model,
            lendable & present.any(axis=1),
            np.inf,
            problem.loan_cost * worked,
            integer=integer,
        ),
        _some_columns(model, lendable, np.inf, 0.0, integer=integer),
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
    """Rest, on-duty share and team share of every district, and of its kinds of homes."""
    caps = limits.district_caps(problem.district_headcount())
    rows = model.add_rows(-np.inf, caps, caps.shape)
    both = limits.pattern[None, None, None]
    model.add_entries(rows[:, None, :, :, None], officers[:, :, :, None, :], both)
    kind_caps = np.zeros((*officers.shape[:3], len(limits.share)), dtype=np.int64)
    branch = np.array([kind == "branch" for kind in problem.station_kind], dtype=np.int64)
    station_caps = limits.station_caps(problem.force.headcount)
    np.add.at(kind_caps, (problem.station_district, branch), station_caps)
    mixed = np.broadcast_to((kind_caps > 0).all(axis=1, keepdims=True), kind_caps.shape)
    rows = np.full(kind_caps.shape, -1, dtype=np.int64)
    rows[mixed] = model.add_rows(-np.inf, kind_caps[mixed], (int(mixed.sum()),))
    kept = np.where(mixed[..., None], officers[:, :, :, None, :], -1)
    model.add_entries(rows[..., None], kept, both)


def require_donor_limits(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, columns: _Columns
) -> None:
    """Officers lent are borrowed by someone, rostered at home, and not too many at any time."""
    lent, own = columns.lent, columns.officers
    balance = model.add_rows(0.0, 0.0, lent.shape[1:])
    model.add_entries(balance, lent, 1.0)
    model.add_entries(balance, columns.borrowed, -1.0)
    rostered = model.add_rows(-np.inf, 0.0, lent.shape)
    model.add_entries(rostered, lent, 1.0)
    model.add_entries(rostered[:, None], own, -1.0)
    caps = donor_caps(problem, limits)
    at_most = model.add_rows(-np.inf, caps, caps.shape)
    active = limits.street.T
    model.add_entries(at_most[..., None], lent[:, :, None, :], active)
    respond = problem.may("respond").astype(np.float64)[:, None, None]
    stay = model.add_rows(-np.inf, 0.0, (problem.n_districts, problem.horizon_hours))
    model.add_entries(stay[:, None, :, None], lent[:, :, None, :], respond * active)
    share = (1.0 - problem.donor_floor) * respond * active
    model.add_entries(stay[:, None, None, :, None], own[:, :, :, None, :], -share)


def donor_caps(problem: StaffingProblem, limits: ShiftLimits) -> NDArray[np.int64]:
    """Most officers a district may lend at one time, `[district, force, hour]`."""
    available = problem.district_headcount()[..., None] * limits.available_share
    return np.floor(problem.donor_max_share * available + 1e-9).astype(np.int64)


def require_presence(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> None:
    """Enough responding officers on duty at the stations of each district, or counted short."""
    shape = (problem.n_districts, problem.horizon_hours)
    wanted = np.broadcast_to(reachable_presence(problem)[:, None], shape)
    short = model.add_columns(wanted, problem.presence_penalty, shape)
    rows = model.add_rows(wanted, np.inf, shape)
    model.add_entries(rows, short, 1.0)
    respond = problem.may("respond").astype(np.float64)[:, None, None]
    model.add_entries(rows[:, None, :, None], officers[:, 0, :, None, :], respond * limits.street.T)


def count_order_short(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> None:
    """Officers on duty below what the level orders, at a price."""
    wanted, price = problem.ordered(), problem.order_price()
    if price.any():
        short = model.add_columns(wanted, price, wanted.shape)
        rows = model.add_rows(wanted, np.inf, wanted.shape)
        model.add_entries(rows, short, 1.0)
        model.add_entries(rows[:, None, :, :, None], officers[:, :, :, None, :], limits.street.T)


def reachable_presence(problem: StaffingProblem) -> NDArray[np.int64]:
    """Minimum presence summed over a district's stations, as far as they have officers."""
    responding = problem.force.headcount[:, problem.may("respond")].sum(axis=1)
    station = np.array([kind == "station" for kind in problem.station_kind])
    reachable = np.where(station, np.minimum(responding, problem.rules.min_presence), 0)
    total = np.zeros(problem.n_districts, dtype=np.int64)
    np.add.at(total, problem.station_district, reachable)
    return total


def week_hours(problem: StaffingProblem) -> NDArray[np.float64]:
    """Officer-hours in the horizon that are no overtime, `[district, force]`; inf up to a day."""
    head = problem.district_headcount().astype(np.float64)
    if problem.horizon_hours <= 24:
        return np.full(head.shape, np.inf)
    return head * problem.rules.max_week_h / 168.0 * problem.horizon_hours


def count_overtime(
    model: LinearModel, problem: StaffingProblem, limits: ShiftLimits, officers: Index
) -> None:
    """Hours beyond the weekly average of a district's force, at a price."""
    if problem.horizon_hours > 24:
        normal = week_hours(problem)
        over = model.add_columns(np.inf, problem.overtime_cost, normal.shape)
        rows = model.add_rows(-np.inf, normal, normal.shape)
        model.add_entries(rows, over, -1.0)
        model.add_entries(rows[:, None, :, None], officers, limits.hours)


def street_shares(problem: StaffingProblem, limits: ShiftLimits) -> NDArray[np.float64]:
    """Part of a shift's officers on the street, `[instance, hour]`; 0 when it is over."""
    share = np.array([instance.shift.street_share for instance in problem.instances])
    return np.asarray(limits.street * share[:, None], dtype=np.float64)


def _put_on_street(
    model: LinearModel,
    problem: StaffingProblem,
    limits: ShiftLimits,
    curves: dict[str, ValueCurve],
    columns: _Columns,
    *,
    integer: bool,
) -> Index:
    """Officers on the street, home ones and borrowed ones, less those lent.

    Returns the columns of units, `[type, district, hour]`.
    """
    share = street_shares(problem, limits).T
    nobody = np.zeros((len(problem.force.types), problem.horizon_hours))
    units = []
    for district in range(problem.n_districts):
        street = add_street(model, problem, curves, district, nobody, integer=integer)
        units.append(street.units)
        use = street.use[..., None]
        model.add_entries(use, columns.officers[district][:, :, None, :], -share)
        model.add_entries(use, columns.lent[district][:, None, :], share)
        model.add_entries(use, columns.borrowed[district][:, None, :], -share)
    return np.stack(units, axis=1)


def gain_at_most(model: LinearModel, cuts: UnitCuts, units: Index) -> None:
    """What the units `[district, hour]` of a type gain in each hour: a column under all cuts."""
    gain = model.add_columns(np.inf, -1.0, units.shape[1:])
    rows = model.add_rows(-np.inf, cuts.level, cuts.level.shape)
    model.add_entries(rows, gain, 1.0)
    model.add_entries(rows[:, None], units, -cuts.slope)
