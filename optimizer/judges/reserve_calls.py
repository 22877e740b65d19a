"""What a reserve costs the calls: the plan judged once more with its units answering calls too.

Held, a unit waits for its site only. Released, it stands at the same place in the pool of a type
of unit that answers calls, and may be away when its site needs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from optimizer.calls import PatrolTerms, response_cutoff_min
from optimizer.force import Force
from optimizer.hours import side_by_side
from optimizer.judges.evaluation import (
    JudgedType,
    add_to_tally,
    empty_tally,
    judge_hour,
    judged_type,
    quantile_min,
)
from optimizer.judges.evaluation_result import Evaluation
from optimizer.plan import Deployment
from optimizer.reserve import ReserveBlock, ReservePlan, SiteMinutes, manned_units


@dataclass(frozen=True)
class CallService:
    """Coverage 0..1, mean and P90 response in minutes of the calls of some hours."""

    covered: float
    mean_min: float
    p90_min: float


@dataclass(frozen=True)
class ReserveCalls:
    """Calls in the hours in which a reserve is held, with its units held and released.

    Released units count as `unit_type`. `units` are the manned ones, `[hour of hours]`;
    `busy[block][unit, hour of the block]` is the busy share of a released unit, NaN where it is
    not manned.
    """

    unit_type: str
    hours: tuple[int, ...]
    units: NDArray[np.int64]
    held: CallService
    released: CallService
    busy: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class _HourSums:
    """Sums over the calls of one hour, and the busy share of the pool at each place."""

    calls: float
    covered: float
    minutes: float
    hist: NDArray[np.float64]
    busy: NDArray[np.float64]


def reserve_calls(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    evaluation: Evaluation,
    plan: ReservePlan,
    have: Mapping[str, int],
    unit_type: str,
    terms: PatrolTerms,
) -> ReserveCalls | None:
    """Service of the calls with the reserve held (the `evaluation`) and released.

    `have` are officers by post id; only whole crews are released. None where no unit is manned.
    """
    row = deployment.unit_types.index(unit_type)
    manned = [manned_units(block, have) for block in plan.blocks]
    there = np.zeros(deployment.units.shape[1:], dtype=np.int64)
    for block, crews in zip(plan.blocks, manned, strict=True):
        places = np.array([unit.place for unit in block.units], dtype=np.int64)[crews]
        np.add.at(there[:, block.from_hour : block.to_hour], places, 1)
    hours = np.flatnonzero(there.any(axis=0)).tolist()
    if not hours:
        return None
    units = deployment.units.copy()
    units[row] += there
    sums = _released(situation, force, replaced(deployment, units), evaluation, hours, row, terms)
    busy = {hour: one.busy for hour, one in zip(hours, sums, strict=True)}
    return ReserveCalls(
        unit_type,
        tuple(hours),
        there.sum(axis=0)[hours],
        _held(evaluation, hours),
        _service(
            sum(one.calls for one in sums),
            sum(one.covered for one in sums),
            sum(one.minutes for one in sums),
            np.sum([one.hist for one in sums], axis=0),
        ),
        tuple(
            _busy_units(block, crews, busy)
            for block, crews in zip(plan.blocks, manned, strict=True)
        ),
    )


def replaced(deployment: Deployment, units: NDArray[np.int64]) -> Deployment:
    """The same types of unit standing elsewhere."""
    return Deployment(deployment.unit_types, units, ())


def _held(evaluation: Evaluation, hours: list[int]) -> CallService:
    calls = evaluation.demand_per_h[:, hours]
    mean = evaluation.mean_min[:, hours]
    minutes = np.where(np.isinf(mean), evaluation.unserved_min, np.nan_to_num(mean))
    covered = np.nan_to_num(evaluation.covered[:, hours])
    hist = evaluation.district_hist[:, hours].sum(axis=(0, 1))
    return _service(calls.sum(), (calls * covered).sum(), (calls * minutes).sum(), hist)


def _service(
    calls: float, covered: float, minutes: float, hist: NDArray[np.float64]
) -> CallService:
    if calls <= 0.0:
        return CallService(np.nan, np.nan, np.nan)
    return CallService(float(covered / calls), float(minutes / calls), float(quantile_min(hist)))


def _released(
    situation: Situation,
    force: Force,
    deployment: Deployment,
    evaluation: Evaluation,
    hours: list[int],
    row: int,
    terms: PatrolTerms,
) -> list[_HourSums]:
    """Sums of each hour; the pool is that of type `row`."""
    by_name = {kind.unit_type: kind for kind in force.unit_types}
    judged = [
        judged_type(situation, by_name[name], deployment.units[number])
        for number, name in enumerate(deployment.unit_types)
    ]
    bins = evaluation.district_hist.shape[-1]

    def sums(number: int) -> _HourSums:
        return _hour_sums(situation, judged, hours[number], row, evaluation, bins, terms)

    return side_by_side(sums, len(hours))


def _hour_sums(
    situation: Situation,
    judged: list[JudgedType],
    hour: int,
    row: int,
    evaluation: Evaluation,
    bins: int,
    terms: PatrolTerms,
) -> _HourSums:
    tally = empty_tally(situation.grid.n_cells, len(situation.classes.ids), bins)
    busy = np.zeros(len(situation.patrol_places))
    for number, kind in enumerate(judged):
        state = judge_hour(situation, kind, hour, terms)
        if number == row:
            busy = state.utilisation
        unserved_min = response_cutoff_min(situation, kind.unit_type) + terms.penalty_min
        add_to_tally(tally, situation, kind, hour, state, unserved_min)
    lost = (tally.calls > 0) & (tally.served <= 0)
    minutes = np.where(lost, tally.calls * evaluation.unserved_min, tally.minutes)
    return _HourSums(
        float(tally.calls.sum()),
        float(tally.covered.sum()),
        float(minutes.sum()),
        tally.hist.sum(axis=0),
        busy,
    )


def _busy_units(
    block: ReserveBlock, manned: NDArray[np.bool_], busy: Mapping[int, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Busy share of each released unit, `[unit, hour of the block]`."""
    places = np.array([unit.place for unit in block.units], dtype=np.int64)
    found = np.full((len(places), block.to_hour - block.from_hour), np.nan)
    for column, hour in enumerate(range(block.from_hour, block.to_hour)):
        if hour in busy:
            found[manned, column] = np.minimum(busy[hour][places[manned]], 1.0)
    return found


def away_chances(
    block: ReserveBlock,
    manned: NDArray[np.bool_],
    busy: NDArray[np.float64],
    line: SiteMinutes,
) -> tuple[float, float]:
    """Chances that a site's own unit is on a call, and that every unit in time is.

    Units are taken as busy independently of each other. NaN for the own unit where there is
    none; the second chance is 1 where no unit is within `within_min`.
    """
    column = line.hour - block.from_hour
    near = manned & (block.minutes[:, line.site, column] <= block.kind.within_min)
    own = float(busy[line.own, column]) if line.own >= 0 else np.nan
    return own, float(np.prod(busy[near, column]))
