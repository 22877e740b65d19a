"""A bound on staffing and patrol together: cuts of the hours in the staffing model, repeated.

For fixed busy shares the best gain of an hour is bounded, for every number of units, by the
line that any prices prove (`optimizer.models.patrol.cuts`). The staffing model with such lines
instead of value curves is a relaxation of all staffings with all their deployments at once; its
bound is a joint bound. New prices give new lines (Kelley 1960; Benders 1962), drawn between the
plan and where the staffing model would send its units: at that point itself lines cut off little
(in-out separation, Ben-Ameur and Neto 2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.hours import side_by_side
from optimizer.judges.objective import hour_objective, hour_shortfall
from optimizer.models.patrol.allocation import PatrolAllocation
from optimizer.models.patrol.cuts import UnitCut, unit_cut
from optimizer.models.patrol.dual import dual_bound
from optimizer.models.patrol.hour_rounds import HourAsk, ask_of_hour
from optimizer.models.patrol.patrol_model import PatrolModel
from optimizer.models.patrol.placing import allocate_hour
from optimizer.models.staffing.districts import Effort
from optimizer.models.staffing.staffing import bound_under_cuts
from optimizer.patrol_wishes import PatrolWishes
from optimizer.staffing_input import StaffingProblem
from optimizer.unit_cuts import UnitCuts

PRICE_ROUNDS = 100
GOOD_GAP = 0.003
"""Rounds of the search for prices, and the share of the missed minutes at which it ends."""

FIRST_STEP = 0.25
"""Part of the way from the plan's units to the staffing model's at which lines are first drawn;
doubled from one solve to the next, so that lines are drawn at the model's own units in the end."""


@dataclass(frozen=True)
class StaffedType:
    """One unit type of a plan whose bound is asked for: its model, and where its units stand.

    `pool_units[pool, hour]` are the staffed units, `kind` the row of the type in the wishes.
    """

    model: PatrolModel
    wishes: PatrolWishes
    kind: int
    pool_units: NDArray[np.int64]
    allocation: PatrolAllocation

    @property
    def name(self) -> str:
        """Id of the unit type."""
        return self.model.unit_type.unit_type

    @property
    def floor_worth(self) -> NDArray[np.float64]:
        """What missing every call that floors ask for would cost, `[hour]`."""
        if not self.wishes.floors:
            return np.zeros(self.hours)
        asks = [self.ask(hour, self.pool_units[:, hour]) for hour in range(self.hours)]
        return np.array([ask.floors.price * ask.floors.asked.sum() for ask in asks])

    @property
    def hours(self) -> int:
        """Hours of the horizon."""
        return int(self.pool_units.shape[1])

    def ask(self, hour: int, units: NDArray[np.int64]) -> HourAsk:
        """What an hour asks of `units[pool]`."""
        return ask_of_hour(self.model, hour, self.wishes, self.kind, units)


@dataclass(frozen=True)
class JointBound:
    """What no staffing with any deployment can fall below, at the busy shares of one plan.

    `cost` weighted call-minutes over the horizon: missed beyond bin zero, and the prices of
    staffing. `solves` staffing models were solved for it.
    """

    cost: float
    solves: int


def joint_bound(
    problem: StaffingProblem,
    types: Sequence[StaffedType],
    *,
    solves: int,
    good_enough: float = np.inf,
) -> JointBound:
    """Bound the missed minutes and prices of every staffing and deployment together.

    Ends once the bound is at least `good_enough` or after so many `solves` of the staffing
    model. The bound never falls from one solve to the next.
    """
    cuts = {staffed.name: plan_cuts(problem, staffed) for staffed in types}
    shift = sum(float(staffed.floor_worth.sum()) for staffed in types)
    top = sum(float(staffed.allocation.top.sum()) for staffed in types)
    best, done, step = -np.inf, 0, FIRST_STEP
    while done < solves and best < good_enough:
        solved = bound_under_cuts(problem, cuts, effort=Effort.BOUND)
        best, done = max(best, top + shift - solved.value), done + 1
        if best < good_enough and done < solves:
            for staffed in types:
                there = pool_units_near(problem, staffed, solved.units[staffed.kind])
                between = step * there + (1.0 - step) * staffed.pool_units
                more = cuts_at(problem, staffed, between)
                cuts[staffed.name] = cuts[staffed.name].joined(more)
            step = min(1.0, 2.0 * step)
    return JointBound(best, done)


def plan_cuts(problem: StaffingProblem, staffed: StaffedType) -> UnitCuts:
    """The lines that the plan's own bounds prove."""
    found = staffed.allocation
    level = found.cut_level + staffed.floor_worth
    slope = district_slope(problem, staffed.wishes, found.cut_slope)
    return UnitCuts(level[np.newaxis], slope[np.newaxis])


def cuts_at(
    problem: StaffingProblem, staffed: StaffedType, wanted: NDArray[np.float64]
) -> UnitCuts:
    """Lines near `wanted[pool, hour]` units, at the plan's busy shares and tolls."""
    lines = side_by_side(lambda hour: _line(staffed, hour, wanted[:, hour]), staffed.hours)
    level = np.array([line.level for line in lines]) + staffed.floor_worth
    slope = np.stack([line.slope for line in lines], axis=1)
    return UnitCuts(level[np.newaxis], district_slope(problem, staffed.wishes, slope)[np.newaxis])


def _line(staffed: StaffedType, hour: int, wanted: NDArray[np.float64]) -> UnitCut:
    """One hour's line near `wanted[pool]` units, as far as limits of places let them stand."""
    plain = staffed.ask(hour, staffed.pool_units[:, hour])
    pool, pools = staffed.wishes.pool_of_place, len(wanted)
    least = np.bincount(pool, plain.place_min, pools)
    most = np.bincount(pool, plain.place_cap, pools)
    units = np.clip(np.rint(wanted), least, most).astype(np.int64)
    ask = staffed.ask(hour, units)
    toll = np.minimum(staffed.allocation.floor_toll[:, hour], ask.floors.price)
    problem = ask.problem(staffed.allocation.busy[:, hour], toll)
    placed = allocate_hour(problem, swap_passes=0)
    near_enough = hour_objective(problem, placed) + GOOD_GAP * hour_shortfall(problem, placed)
    bound = dual_bound(problem, placed, rounds=PRICE_ROUNDS, good_enough=near_enough)
    line = unit_cut(bound, units, cross_share=staffed.wishes.cross_pool_share)
    return UnitCut(line.level - float(toll @ ask.floors.asked), line.slope)


def pool_units_near(
    problem: StaffingProblem, staffed: StaffedType, units: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`units[district, hour]` over the pools as the plan shares its own out, `[pool, hour]`."""
    district = district_of_pool(problem, staffed.wishes)
    planned = np.zeros(units.shape)
    np.add.at(planned, district, staffed.pool_units.astype(np.float64))
    members = np.bincount(district, minlength=len(units))[district][:, np.newaxis]
    even = np.broadcast_to(1.0 / members, staffed.pool_units.shape)
    total = planned[district]
    share = np.divide(staffed.pool_units, total, out=even.copy(), where=total > 0)
    return np.asarray(units[district] * share)


def district_slope(
    problem: StaffingProblem, wishes: PatrolWishes, slope: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slopes `[pool, hour]` as those of districts, whose units may go to their best pool."""
    found = np.zeros((problem.n_districts, slope.shape[1]))
    np.maximum.at(found, district_of_pool(problem, wishes), slope)
    return found


def district_of_pool(problem: StaffingProblem, wishes: PatrolWishes) -> NDArray[np.int64]:
    """District whose stations give to each pool, `[pool]`."""
    found = np.zeros(wishes.n_pools, dtype=np.int64)
    found[wishes.pool_of_station] = problem.station_district
    return found
