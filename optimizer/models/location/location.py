"""Location problems: which places to open when no unit is ever busy.

Without busy units a cell is worth what its nearest open place is worth, a second unit at a place
adds nothing, and an hour problem with one group and free moves comes down to opening a number of
places (p-median, maximal covering). Such problems are solved by other means than the rest: one
price per cell instead of one per cell and bin, and swaps that look at the two best places of
each cell only.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem

OPEN, FREE, CLOSED = 1, 0, -1
"""What is decided about a place."""


@dataclass(frozen=True)
class Location:
    """Open `sites` of the places so that the cells' best open places are worth most.

    Attributes
    ----------
    start, place, worth
        Compressed sparse rows: cell `i` is worth `worth[k]` at place `place[k]` for `k` in
        `start[i]:start[i + 1]`, the best place first; worthless places are left out.
    fate
        `OPEN`, `FREE` or `CLOSED` of each place.
    sites
        Places to open in all, those with fate `OPEN` included.
    """

    start: NDArray[np.int64]
    place: NDArray[np.int64]
    worth: NDArray[np.float64]
    fate: NDArray[np.int8]
    sites: int

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.fate)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.start) - 1

    @property
    def most_worth(self) -> NDArray[np.float64]:
        """What each cell is worth at its best place, `[cell]`."""
        return best_worth(self.start, self.place, self.worth, self.fate != CLOSED)


def is_location(problem: HourProblem) -> bool:
    """Tell whether an hour problem only asks which places to open."""
    idle = not problem.busy.any() and not problem.backup.any()
    rooted = problem.move_cost > 0 and bool(problem.keep.any())
    return idle and problem.n_groups == 1 and not rooted


def location_of(problem: HourProblem) -> Location:
    """The places to open, for a problem that `is_location`.

    Units that are pinned beyond the first at a place stand idle there; if there are more units
    than places, all places open.
    """
    fate = np.zeros(problem.n_places, dtype=np.int8)
    fate[problem.place_cap < 1] = CLOSED
    fate[problem.place_min > 0] = OPEN
    idle = int(np.maximum(problem.place_min - 1, 0).sum())
    sites = min(problem.total - idle, int((fate != CLOSED).sum()))
    later = problem.gain[:, ::-1].cumsum(axis=1)[:, ::-1]
    worth = later[problem.cell, problem.bin]
    place = np.repeat(np.arange(problem.n_places, dtype=np.int64), np.diff(problem.indptr))
    kept = np.flatnonzero((worth > 0) & (fate[place] != CLOSED))
    order = kept[np.lexsort((place[kept], problem.bin[kept], problem.cell[kept]))]
    start = np.searchsorted(problem.cell[order], np.arange(problem.n_cells + 1))
    return Location(start.astype(np.int64), place[order], worth[order], fate, sites)


def opened_by(
    location: Location, units: NDArray[np.int64] | NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The places that these units open, filled up with the first free ones."""
    opened: NDArray[np.bool_] = (units > 0) & (location.fate != CLOSED)
    opened |= location.fate == OPEN
    free = np.flatnonzero((location.fate == FREE) & ~opened)
    opened[free[: location.sites - int(opened.sum())]] = True
    return opened


def units_of(problem: HourProblem, opened: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Units per place that open these places; what is left over stands where there is room."""
    units = np.maximum(problem.place_min, opened)
    room = problem.place_cap - units
    left = problem.total - int(units.sum())
    before = np.minimum(room.cumsum() - room, left)
    added: NDArray[np.int64] = np.minimum(room, left - before)
    return units + added


def opened_value(location: Location, opened: NDArray[np.bool_]) -> float:
    """What the cells are worth with these places open."""
    return float(best_worth(location.start, location.place, location.worth, opened).sum())


@njit(cache=True, nogil=True)
def best_worth(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    opened: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """What each cell is worth at its best open place, `[cell]`."""
    best = np.zeros(len(start) - 1)
    for cell in range(len(best)):
        for k in range(start[cell], start[cell + 1]):
            if opened[place[k]]:
                best[cell] = worth[k]
                break
    return best


def narrowed(location: Location, fate: NDArray[np.int8]) -> Location:
    """The same problem with more places decided; rows of closed places are dropped.

    What lies behind the best place that is open for certain can serve nobody and goes too.
    """
    keep = useful_entries(location.start, location.place, fate)
    count = np.add.reduceat(np.append(keep, False), location.start[:-1], dtype=np.int64)
    count[np.diff(location.start) == 0] = 0
    start = np.concatenate([[0], np.cumsum(count)])
    return Location(start, location.place[keep], location.worth[keep], fate, location.sites)


@njit(cache=True, nogil=True)
def useful_entries(
    start: NDArray[np.int64], place: NDArray[np.int64], fate: NDArray[np.int8]
) -> NDArray[np.bool_]:
    """Entries of places that are not closed, up to the first open one of each row."""
    keep = np.zeros(len(place), np.bool_)
    for cell in range(len(start) - 1):
        for k in range(start[cell], start[cell + 1]):
            keep[k] = fate[place[k]] != CLOSED
            if fate[place[k]] == OPEN:
                break
    return keep


def without_dominated(location: Location) -> Location:
    """Close places that another place beats in every cell, if enough places stay.

    Of two places that are worth the same everywhere the later one closes.
    """
    by_place = np.argsort(location.place, kind="stable")
    cell = np.repeat(np.arange(location.n_cells, dtype=np.int64), np.diff(location.start))
    first = np.searchsorted(location.place[by_place], np.arange(location.n_places + 1))
    beaten = beaten_places(
        location.start,
        location.place,
        location.worth,
        first.astype(np.int64),
        by_place,
        cell,
        location.fate,
    )
    fate = location.fate.copy()
    fate[beaten] = CLOSED
    if (fate != CLOSED).sum() < location.sites:
        return location
    return narrowed(location, fate)


@njit(cache=True, nogil=True)
def beaten_places(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    first: NDArray[np.int64],
    by_place: NDArray[np.int64],
    cell_of: NDArray[np.int64],
    fate: NDArray[np.int8],
) -> NDArray[np.bool_]:
    """Free places that another place, itself not beaten, beats in every cell.

    Entries of place p are `by_place[first[p]:first[p + 1]]`. Whoever beats p stands before it
    or level with it in every row of p: the row in which p stands first names the candidates.
    """
    beaten = np.zeros(len(fate), np.bool_)
    here = np.zeros(len(start) - 1)
    for p in range(len(fate)):
        if fate[p] != FREE:
            continue
        own = by_place[first[p] : first[p + 1]]
        row, fewest = -1, len(place)
        for entry in own:
            here[cell_of[entry]] = worth[entry]
            if entry - start[cell_of[entry]] < fewest:
                row, fewest = cell_of[entry], entry - start[cell_of[entry]]
        beaten[p] = row < 0
        for k in range(start[max(row, 0)], start[row + 1]):
            q = place[k]
            if worth[k] < here[row] or beaten[p]:
                break
            if q != p and not beaten[q]:
                other = by_place[first[q] : first[q + 1]]
                beaten[p] = beats(worth, cell_of, other, len(own), here, q < p)
        for entry in own:
            here[cell_of[entry]] = 0.0
    return beaten


@njit(cache=True, nogil=True)
def beats(
    worth: NDArray[np.float64],
    cell_of: NDArray[np.int64],
    entries: NDArray[np.int64],
    cells: int,
    here: NDArray[np.float64],
    earlier: bool,
) -> bool:
    """Tell whether these entries are worth at least `here[cell]` in all `cells` where it counts.

    Of two places that are level everywhere the earlier one wins.
    """
    matched, better = 0, earlier
    for entry in entries:
        bar = here[cell_of[entry]]
        matched += 0.0 < bar <= worth[entry]
        better |= worth[entry] > bar
    return matched == cells and better
