"""One type of patrol unit in the form the models need: binned reach, calls, hour problems."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.calls import CallLoad, PatrolTerms, call_load, response_cutoff_min
from optimizer.force import UnitType
from optimizer.hour_problem import UNLIMITED, HourProblem
from optimizer.reach import CellReach, cell_lists, response_bins, turnout_min

BUSY_RANGE = (0.02, 0.95)
GUESSED_TRAVEL_MIN = 5.0


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

    def gain(self, load: CallLoad) -> NDArray[np.float64]:
        """Weighted call-minutes an hour that a unit within each bin saves, `[cell, bin]`.

        With T the response rounded to bins and capped at the cut-off, E[T] is the bin width
        times the sum over b of P(T > b), so every bin before the last gains the cell's weight
        times the bin width. The last bin stands for the penalty of a call nobody can take.
        """
        gain = np.repeat(load.weight[:, np.newaxis] * self.terms.bin_min, self.n_bins, axis=1)
        gain[:, -1] = load.weight * self.terms.penalty_min
        return gain


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
    """The response problem of one hour with exactly `limit[command]` units in each command."""
    reach, bins, _ = model.reach_of(hour)
    places = reach.n_places
    return HourProblem(
        indptr=reach.indptr,
        cell=reach.cell,
        bin=bins,
        gain=model.gain(load),
        busy=busy,
        group=model.situation.place_command,
        group_min=limit,
        group_max=limit,
        total=int(limit.sum()),
        place_min=np.zeros(places, dtype=np.int64) if place_min is None else place_min,
        place_cap=np.full(places, UNLIMITED) if place_cap is None else place_cap,
    )


def guessed_busy(load: CallLoad, units: int) -> NDArray[np.float64]:
    """Busy share to start from: the city's work, at a guessed travel time, over its units."""
    hours = load.scene_h + GUESSED_TRAVEL_MIN / 60.0
    work = float((load.requests_per_h * hours).sum())
    share = np.clip(work / max(units, 1), *BUSY_RANGE)
    return np.full(len(load.weight), share)
