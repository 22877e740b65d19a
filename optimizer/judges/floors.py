"""Floors of coverage: what areas get of what they were to get, and which floors nobody reaches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.force import UnitType
from optimizer.judges.evaluation_result import Evaluation
from optimizer.patrol_wishes import CoverFloor
from optimizer.reach import place_of_entry, turnout_min


@dataclass(frozen=True)
class FloorService:
    """Coverage of the areas with a floor; a floor is a wish, so a shortfall breaks no rule.

    `names` and `asked[floor]` (share 0..1) are those of the floors. `calls[floor, hour]` are
    expected calls an hour that ask for a unit, `covered[floor, hour]` the share of them answered
    within target, NaN without calls, and `short_calls[floor, hour]` the calls an hour beyond
    their target that the floor asks to be within it.
    """

    names: tuple[str, ...]
    asked: NDArray[np.float64]
    calls: NDArray[np.float64]
    covered: NDArray[np.float64]
    short_calls: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("asked", "calls", "covered", "short_calls"):
            array = getattr(self, name)
            frozen = frozen_array(array, np.float64, np.shape(array), name)
            object.__setattr__(self, name, frozen)


def floor_service(floors: tuple[CoverFloor, ...], evaluation: Evaluation) -> FloorService:
    """What each floor's area gets in every hour, from the evaluation alone."""
    calls = evaluation.demand_per_h
    within = np.nan_to_num(evaluation.covered) * calls
    return _service(floors, calls, within)


def reachable_service(
    situation: Situation, unit_types: tuple[UnitType, ...], floors: tuple[CoverFloor, ...]
) -> FloorService:
    """What each floor's area could get at best, with an idle unit at every place at all times.

    A floor that is short here is out of reach for any number of units.
    """
    cells, hours = situation.grid.n_cells, situation.horizon.hours
    calls, within = np.zeros((cells, hours)), np.zeros((cells, hours))
    for kind in unit_types:
        travel = situation.travel[kind.unit_type]
        answered = situation.classes.answered_by(kind.unit_type)
        target = situation.target_min()[:, answered]
        turnout = turnout_min(situation.patrol_places, kind)
        best = [_quickest_min(reach, turnout, cells) for reach in travel.reach]
        reached = np.stack([minutes[:, None] <= target for minutes in best])
        for hour in range(hours):
            rate = situation.forecast.rate_per_h[:, hour, answered].astype(np.float64)
            calls[:, hour] += rate.sum(axis=1)
            within[:, hour] += (rate * reached[travel.profile_of_hour[hour]]).sum(axis=1)
    return _service(floors, calls, within)


def _quickest_min(
    reach: ReachLists, turnout: NDArray[np.float64], cells: int
) -> NDArray[np.float64]:
    """Response from the quickest place of each cell, inf where none reaches it, `[cell]`."""
    minutes = np.full(cells, np.inf)
    np.minimum.at(minutes, reach.cell, reach.minutes + turnout[place_of_entry(reach)])
    return minutes


def _service(
    floors: tuple[CoverFloor, ...], calls: NDArray[np.float64], within: NDArray[np.float64]
) -> FloorService:
    hours = calls.shape[1]
    asked = np.array([floor.share for floor in floors])
    inside = np.array([floor.cells for floor in floors], dtype=np.float64)
    inside = inside.reshape(len(floors), len(calls))
    of_floor, kept = inside @ calls, inside @ within
    covered = np.full((len(floors), hours), np.nan)
    np.divide(kept, of_floor, out=covered, where=of_floor > 0)
    short = np.maximum(asked[:, None] * of_floor - kept, 0.0)
    return FloorService(tuple(floor.name for floor in floors), asked, of_floor, covered, short)
