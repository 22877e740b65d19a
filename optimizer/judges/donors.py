"""What lending leaves at home: room under the donor limits, crews lent, service in some hours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.judges.evaluation import quantile_min
from optimizer.judges.evaluation_result import Evaluation
from optimizer.plan import Loan, Roster
from optimizer.staffing_input import StaffingProblem

WHOLE = 1e-6


@dataclass(frozen=True)
class Service:
    """Service of a command's calls in some hours, NaN without calls.

    `covered` 0..1 within target, `p90_min` minutes within which nine tenths are answered.
    """

    covered: float
    p90_min: float


def command_service(
    situation: Situation, evaluation: Evaluation, command: int, hours: NDArray[np.bool_]
) -> Service:
    """Pooled service of the calls of a command's cells in the marked `hours[hour]`."""
    area = situation.area
    cells = area.command_of[situation.grid.district] == command
    calls = evaluation.demand_per_h[cells][:, hours]
    covered = np.nan_to_num(evaluation.covered[cells][:, hours])
    total = float(calls.sum())
    pooled = evaluation.district_hist[area.command_of == command][:, hours].sum(axis=(0, 1))
    share = float((calls * covered).sum()) / total if total > 0.0 else float("nan")
    return Service(share, float(quantile_min(pooled)))


def lent_by_shift(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officers lent, `[district, force, instance]` of the lender."""
    lent = np.zeros((problem.n_districts, *roster.officers.shape[1:]), dtype=np.int64)
    for loan in roster.loans:
        lent[loan.from_district, problem.force.index(loan.force_id), loan.instance] += loan.officers
    return lent


def crews_lent(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Units that lent officers on the street could crew at home, `[type, district, hour]`.

    Of several types of unit with officers of the same force the first one takes them all.
    """
    hours = problem.horizon_hours
    share = np.stack([one.shift.street_share * one.on_duty(hours) for one in roster.instances])
    street = lent_by_shift(problem, roster) @ share
    found = np.zeros((len(problem.force.unit_types), problem.n_districts, hours), dtype=np.int64)
    for row, kind in enumerate(problem.force.unit_types):
        force = problem.force.index(kind.force_id)
        found[row] = np.floor(street[:, force] / kind.officers + WHOLE)
        street[:, force] = 0.0
    return found


def floor_room(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Responding officers that the donor floor would still let go, `[district, hour]`."""
    active = _active(problem, roster)
    respond = problem.may("respond")
    on_duty = (_own(problem, roster)[:, respond] @ active).sum(axis=1)
    lent = (lent_by_shift(problem, roster)[:, respond] @ active).sum(axis=1)
    may_leave = np.floor((1.0 - problem.donor_floor) * on_duty + WHOLE).astype(np.int64)
    return np.asarray(may_leave - lent)


def share_room(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officers that the donor share would still let go, `[district, force, hour]`."""
    absent = problem.in_force.figure(problem.levels, "absent_share")
    available = problem.district_headcount()[..., None] * (1.0 - absent[:, None])
    most = np.floor(problem.donor_max_share * available + WHOLE).astype(np.int64)
    return np.asarray(most - lent_by_shift(problem, roster) @ _active(problem, roster))


def home_of_loan(problem: StaffingProblem, roster: Roster, loan: Loan) -> int | None:
    """The home whose officers are lent, where only one of the lender's has any on the shift."""
    homes = problem.stations_of(loan.from_district)
    officers = roster.officers[homes, problem.force.index(loan.force_id), loan.instance]
    manned = homes[officers > 0]
    return int(manned[0]) if len(manned) == 1 else None


def _own(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Officers rostered in each district, `[district, force, instance]`."""
    own = np.zeros((problem.n_districts, *roster.officers.shape[1:]), dtype=np.int64)
    np.add.at(own, problem.station_district, roster.officers)
    return own


def _active(problem: StaffingProblem, roster: Roster) -> NDArray[np.int64]:
    """Hours of each shift, 0 or 1, `[instance, hour]`."""
    return np.stack([one.on_duty(problem.horizon_hours) for one in roster.instances]).astype(
        np.int64
    )
