"""Patrol allocation over the horizon: allocate, see who is busy, allocate again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.calls import CallLoad, PatrolTerms, call_load, response_cutoff_min
from optimizer.force import UnitType
from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.hours import each_hour
from optimizer.judges.baselines import demand_points_baseline
from optimizer.judges.queueing import busy_units
from optimizer.models.patrol import allocate_hour, marginal_gains
from optimizer.reach import CellReach, cell_lists, response_bins, turnout_min

BUSY_RANGE = (0.02, 0.95)
GUESSED_TRAVEL_MIN = 5.0
DAMPING = 0.5


@dataclass(frozen=True)
class PatrolAllocation:
    """Where the units of one type wait, and how the judge sees it.

    `units[place, hour]`; `busy[cell, hour]` the busy probabilities the last allocation used;
    `response_sum[hour]` the judge's weighted response in call-minutes an hour, and
    `practice_sum[hour]` the same for the demand-proportional baseline; `kept_practice[hour]`
    is True where that baseline was better and stands; `converged[hour]` tells whether the
    judge's fixed point of the chosen units was reached.
    """

    units: NDArray[np.int64]
    busy: NDArray[np.float64]
    response_sum: NDArray[np.float64]
    practice_sum: NDArray[np.float64]
    kept_practice: NDArray[np.bool_]
    converged: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name, dtype in (
            ("units", np.int64),
            ("busy", np.float64),
            ("response_sum", np.float64),
            ("practice_sum", np.float64),
            ("kept_practice", np.bool_),
            ("converged", np.bool_),
        ):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, dtype, np.shape(array), name))


@dataclass(frozen=True)
class PatrolModel:
    """One type of unit with its reach in the form the model and the judge need."""

    situation: Situation
    unit_type: UnitType
    terms: PatrolTerms
    bins: tuple[NDArray[np.int16], ...]
    lists: tuple[CellReach, ...]
    unserved_min: float
    n_bins: int

    def reach_of(self, hour: int) -> tuple[ReachLists, NDArray[np.int16], CellReach]:
        """Reach lists of an hour: places to cells, their response bins, cells to places."""
        travel = self.situation.travel[self.unit_type.unit_type]
        profile = int(travel.profile_of_hour[hour])
        return travel.reach[profile], self.bins[profile], self.lists[profile]

    def load(self, hour: int) -> CallLoad:
        """Calls of one hour."""
        return call_load(self.situation, self.unit_type, hour, self.terms)


def patrol_model(situation: Situation, unit_type: UnitType, terms: PatrolTerms) -> PatrolModel:
    """Derive the reach structures of one type of unit, once for all hours."""
    travel = situation.travel[unit_type.unit_type]
    turnout = turnout_min(situation.patrol_places, unit_type)
    cutoff = response_cutoff_min(situation, unit_type)
    last = int(np.ceil(cutoff / terms.bin_min))
    return PatrolModel(
        situation,
        unit_type,
        terms,
        tuple(response_bins(reach, turnout, terms.bin_min, last) for reach in travel.reach),
        cell_lists(situation, unit_type),
        cutoff + terms.penalty_min,
        last + 1,
    )


def hour_problem(
    model: PatrolModel,
    hour: int,
    load: CallLoad,
    busy: NDArray[np.float64],
    limit: NDArray[np.int64],
    place_min: NDArray[np.int64] | None = None,
    place_cap: NDArray[np.int64] | None = None,
) -> HourProblem:
    """The response problem of one hour: gains in weighted call-minutes saved an hour.

    With T the response rounded to bins and capped at the cut-off, E[T] is the bin width times
    the sum over b of P(T > b), so every bin before the last gains the cell's weight times the
    bin width. The last bin stands for the penalty of a call nobody can take.
    """
    reach, bins, _ = model.reach_of(hour)
    gain = np.repeat(load.weight[:, np.newaxis] * model.terms.bin_min, model.n_bins, axis=1)
    gain[:, -1] = load.weight * model.terms.penalty_min
    places = reach.n_places
    return HourProblem(
        reach.indptr,
        reach.cell,
        bins,
        gain,
        busy,
        model.situation.place_command,
        limit,
        limit,
        int(limit.sum()),
        np.zeros(places, dtype=np.int64) if place_min is None else place_min,
        np.full(places, UNLIMITED) if place_cap is None else place_cap,
    )


def guessed_busy(load: CallLoad, units: int) -> NDArray[np.float64]:
    """Busy share to start from: the city's work, at a guessed travel time, over its units."""
    hours = load.scene_h + GUESSED_TRAVEL_MIN / 60.0
    work = float((load.requests_per_h * hours).sum())
    share = np.clip(work / max(units, 1), *BUSY_RANGE)
    return np.full(len(load.weight), share)


def allocate(
    situation: Situation,
    unit_type: UnitType,
    limits: NDArray[np.int64],
    terms: PatrolTerms,
    *,
    rounds: int = 3,
    place_min: NDArray[np.int64] | None = None,
    place_cap: NDArray[np.int64] | None = None,
) -> PatrolAllocation:
    """Place `limits[command, hour]` units of one type so that weighted response is least.

    Every hour stands alone: allocate with a guessed busy share, let the queueing judge say how
    busy units near each cell would be, allocate again, `rounds` times (the last time with
    swaps), and keep the allocation the judge likes best. The demand-proportional baseline is
    a candidate too, unless pins or caps on places (`[place]`) rule it out.
    """
    model = patrol_model(situation, unit_type, terms)
    practice = demand_points_baseline(situation, unit_type, limits, terms)
    hours = each_hour(
        lambda hour: _allocate_hour(
            model, hour, limits[:, hour], practice[:, hour], rounds, place_min, place_cap
        ),
        situation.horizon.hours,
    )
    return PatrolAllocation(
        np.stack([best.units for best in hours], axis=1),
        np.stack([best.busy for best in hours], axis=1),
        np.array([best.response_sum for best in hours]),
        np.array([best.practice_sum for best in hours]),
        np.array([best.kept_practice for best in hours]),
        np.array([best.converged for best in hours]),
    )


@dataclass(frozen=True)
class _Hour:
    units: NDArray[np.int64]
    busy: NDArray[np.float64]
    response_sum: float
    practice_sum: float
    kept_practice: bool
    converged: bool


@dataclass(frozen=True)
class _Judged:
    units: NDArray[np.int64]
    response_sum: float
    near_busy: NDArray[np.float64]
    converged: bool


def _judge(
    model: PatrolModel, reach: CellReach, load: CallLoad, units: NDArray[np.int64]
) -> _Judged:
    state = busy_units(reach, units, load)
    response = state.capped_response_min(model.unserved_min)
    near = np.clip(state.near_busy, *BUSY_RANGE)
    return _Judged(units, float(load.weight @ response), near, state.converged)


def _allocate_hour(
    model: PatrolModel,
    hour: int,
    limit: NDArray[np.int64],
    practice_units: NDArray[np.int64],
    rounds: int,
    place_min: NDArray[np.int64] | None,
    place_cap: NDArray[np.int64] | None,
) -> _Hour:
    """Rounds of one hour; the baseline stands only where it is strictly better."""
    load = model.load(hour)
    _, _, reach = model.reach_of(hour)
    busy = guessed_busy(load, int(limit.sum()))
    best: _Judged | None = None
    for number in range(rounds):
        problem = hour_problem(model, hour, load, busy, limit, place_min, place_cap)
        units = allocate_hour(problem, swap_passes=1 if number == rounds - 1 else 0)
        found = _judge(model, reach, load, units)
        if best is None or found.response_sum < best.response_sum:
            best = found
        used, busy = busy, (1.0 - DAMPING) * busy + DAMPING * found.near_busy
    if best is None:
        raise ValueError(f"{rounds} rounds; at least 1 is needed")
    practice = _judge(model, reach, load, practice_units)
    free = place_min is None and place_cap is None
    keep = free and practice.response_sum < best.response_sum
    chosen = practice if keep else best
    return _Hour(
        chosen.units, used, chosen.response_sum, practice.response_sum, keep, chosen.converged
    )


def unit_value_curves(
    situation: Situation,
    unit_type: UnitType,
    total_units: NDArray[np.int64],
    terms: PatrolTerms,
    busy: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weighted call-minutes saved an hour by the k-th unit of a command, `[command, hour, k]`.

    `total_units[hour]` units are put wherever in the city they save most. `busy[cell, hour]`
    comes from an earlier allocation; without it the busy share is guessed. Curves never
    increase in k and end in zeros.
    """
    model = patrol_model(situation, unit_type, terms)
    commands = len(situation.area.commands)
    nobody = np.zeros(commands, dtype=np.int64)

    def curve(hour: int) -> NDArray[np.float64]:
        load = model.load(hour)
        total = int(total_units[hour])
        share = guessed_busy(load, total) if busy is None else busy[:, hour]
        return marginal_gains(hour_problem(model, hour, load, share, nobody), total)

    curves = each_hour(curve, situation.horizon.hours)
    width = max(curve.shape[1] for curve in curves)
    padded = [np.pad(curve, ((0, 0), (0, width - curve.shape[1]))) for curve in curves]
    return np.stack(padded, axis=1)
