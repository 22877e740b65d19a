"""Reach structures derived from travel times: binned for models, sorted for judges."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from geodata.places import Places
from geodata.situation import Situation
from geodata.travel import ReachLists
from optimizer.force import UnitType

STATION_KINDS: tuple[str, ...] = ("station", "branch")
"""Kinds of places where a crew has to leave a building first."""


@dataclass(frozen=True)
class CellReach:
    """For each cell the places that reach it, the quickest first (compressed sparse rows).

    The places of cell `i` are `place[indptr[i]:indptr[i + 1]]` with `response_min`, minutes
    from dispatch to arrival (turnout and travel), ascending; equal minutes by place index.
    """

    indptr: NDArray[np.int64]
    place: NDArray[np.int32]
    response_min: NDArray[np.float64]
    travel_min: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.place)
        for name, dtype, shape in (
            ("indptr", np.int64, np.shape(self.indptr)),
            ("place", np.int32, (n,)),
            ("response_min", np.float64, (n,)),
            ("travel_min", np.float64, (n,)),
        ):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype, shape, name))
        if self.indptr[0] != 0 or self.indptr[-1] != n or (np.diff(self.indptr) < 0).any():
            raise ValueError("indptr does not partition the reach lists of the cells")

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.indptr) - 1


def turnout_min(places: Places, unit_type: UnitType) -> NDArray[np.float64]:
    """Minutes from dispatch to moving off at each place, `[place]`.

    A unit in a station or branch needs the station turnout, one on the street the shorter one.
    """
    inside = np.array([kind in STATION_KINDS for kind in places.kind], dtype=bool)
    return np.where(inside, unit_type.turnout_station_min, unit_type.turnout_street_min)


def place_of_entry(reach: ReachLists) -> NDArray[np.int64]:
    """Place of each entry of the reach lists, `[entry]`."""
    return np.repeat(np.arange(reach.n_places), np.diff(reach.indptr))


def response_bins(
    reach: ReachLists, turnout: NDArray[np.float64], bin_min: float, last_bin: int
) -> NDArray[np.int16]:
    """Response time of each entry rounded to whole bins, at most `last_bin`, `[entry]`.

    `turnout[place]` minutes are added to the travel minutes; halves round to the even bin.
    """
    minutes = reach.minutes.astype(np.float64) + turnout[place_of_entry(reach)]
    bins = np.minimum(np.rint(minutes / bin_min), last_bin)
    return bins.astype(np.int16)


def cell_reach(reach: ReachLists, turnout: NDArray[np.float64], n_cells: int) -> CellReach:
    """Turn places -> cells into cells -> places, the quickest response first."""
    place = place_of_entry(reach)
    travel = reach.minutes.astype(np.float64)
    response = travel + turnout[place]
    order = np.lexsort((place, response, reach.cell))
    counts = np.bincount(reach.cell, minlength=n_cells)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return CellReach(indptr, place[order].astype(np.int32), response[order], travel[order])


@lru_cache(maxsize=8)
def cell_lists(situation: Situation, unit_type: UnitType) -> tuple[CellReach, ...]:
    """Cells -> places of one type of unit, one list per speed profile, made once."""
    turnout = turnout_min(situation.patrol_places, unit_type)
    travel = situation.travel[unit_type.unit_type]
    return tuple(cell_reach(reach, turnout, situation.grid.n_cells) for reach in travel.reach)
