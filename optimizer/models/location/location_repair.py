"""Large-neighbourhood repair of a choice of places: choose those around one place anew.

All open places but those of a region stand; what the cells of the region can still gain is a
location problem of its own, small enough to be solved nearly or wholly to proof.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.location.location import (
    CLOSED,
    FREE,
    OPEN,
    Location,
    best_worth,
    opened_by,
    without_dominated,
)
from optimizer.models.location.location_search import LEAST_NEAR, Swaps, swaps_of
from optimizer.models.location.location_tree import prove_places

REGION_NODES = 10
"""Nodes of the tree of a region."""

STRIDES = 12
"""Cells of a place, and places of a cell, over which a region spreads at each step, about."""


@dataclass(frozen=True)
class Region:
    """A part of a location problem: `places[k]` is the place that `part` calls k."""

    part: Location
    places: NDArray[np.int64]


def repair(
    swaps: Swaps, opened: NDArray[np.bool_], around: int, sites: int, seconds: float, *, whole: bool
) -> NDArray[np.bool_]:
    """A choice at least as good as `opened`, `sites` open places near one chosen anew."""
    leaving = region_around(
        swaps.location.start,
        swaps.location.place,
        swaps.first,
        swaps.cell,
        opened & (swaps.location.fate != OPEN),
        around,
        sites,
    )
    if not leaving.any():
        return opened
    standing = opened & ~leaving
    region = region_without(swaps.location, standing, leaving)
    part = without_dominated(region.part)
    start = opened_by(part, leaving[region.places])
    proof = prove_places(swaps_of(part), start, seconds=seconds, nodes=REGION_NODES, whole=whole)
    changed = standing.copy()
    changed[region.places[proof.opened]] = True
    return changed


def region_without(
    location: Location, standing: NDArray[np.bool_], leaving: NDArray[np.bool_]
) -> Region:
    """What can be gained beside the places `standing`, by places that may replace `leaving`."""
    start, place, worth = location.start, location.place, location.worth
    sure = best_worth(start, place, worth, standing)
    losing = best_worth(start, place, worth, standing | leaving) > sure
    cell = np.repeat(np.arange(location.n_cells), np.diff(start))
    gaining = worth > sure[cell]
    may = leaving.copy()
    may[place[gaining & losing[cell]]] = True
    may &= (location.fate != CLOSED) & ~standing
    kept = gaining & may[place]
    places = np.flatnonzero(may)
    number = np.full(location.n_places, -1)
    number[places] = np.arange(len(places))
    cells, row = np.unique(cell[kept], return_inverse=True)
    first = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(cells)))])
    part = Location(
        first.astype(np.int64),
        number[place[kept]],
        worth[kept] - sure[cell[kept]],
        np.full(len(places), FREE, dtype=np.int8),
        int(leaving.sum()),
    )
    return Region(part, places)


@njit(cache=True, nogil=True)
def region_around(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    first: NDArray[np.int64],
    cell_of: NDArray[np.int64],
    opened: NDArray[np.bool_],
    around: int,
    sites: int,
) -> NDArray[np.bool_]:
    """The first `sites` open places met on the way from one place over cells to places."""
    found = np.zeros(len(opened), np.bool_)
    seen = np.zeros(len(opened), np.bool_)
    queue = np.empty(len(opened), np.int64)
    queue[0] = around
    seen[around] = True
    head, tail, count = 0, 1, 0
    near_cells = max(LEAST_NEAR, 3 * (len(start) - 1) // opened.sum())
    near_places = max(LEAST_NEAR, 3 * len(opened) // opened.sum())
    while head < tail and count < sites:
        p = queue[head]
        head += 1
        if opened[p]:
            found[p] = True
            count += 1
        cells = min(first[p + 1] - first[p], near_cells)
        for j in range(first[p], first[p] + cells, max(cells // STRIDES, 1)):
            cell = cell_of[j]
            row = min(start[cell + 1] - start[cell], near_places)
            for k in range(start[cell], start[cell] + row, max(row // STRIDES, 1)):
                q = place[k]
                if not seen[q]:
                    seen[q] = True
                    queue[tail] = q
                    tail += 1
    return found
