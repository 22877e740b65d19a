"""Good choices of places where reach alone counts: annealing with counts of covers.

When a cell is worth the same at every place that reaches it (maximal covering, Church and ReVelle
1974), a choice is described by how many open places cover each cell. Closing one place and opening
another changes the value by what cells without cover gain and by what only the closed one covered;
both are summed over one reach list, and the counts are brought up to date over two. A step looks
at some hundred entries, where the sums of all swaps of the general search touch thousands.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.location.location import FREE, Location

NOBODY, SEVERAL = -1, -2
"""Who covers a cell alone, where no place or more than one does."""

HOT, COLD = 0.04, 0.002
"""First and last temperature, in shares of what the average open place is worth."""

STAGES = 200
"""Temperatures between the first and the last."""

FAR = 0.2
"""Share of moves that open a place at a random cell without cover instead of a place near by."""


class Reach(NamedTuple):
    """Cell `i` is covered by `place[start[i]:start[i + 1]]`, place p covers `cell[first[p]:...]`.

    Narrow integers: the lists are to stay in the cache of a processor.
    """

    start: NDArray[np.int32]
    place: NDArray[np.int32]
    first: NDArray[np.int32]
    cell: NDArray[np.int32]
    demand: NDArray[np.float64]


class Counts(NamedTuple):
    """Covers of a choice of places.

    `covers[cell]` open places cover a cell, their numbers add up to `total[cell]`, and `only[cell]`
    is the one that covers it alone (`NOBODY`, `SEVERAL`). `alone[place]` is the demand that an open
    place covers alone, `idle[place]` tells which places may be opened.
    """

    covers: NDArray[np.int32]
    total: NDArray[np.int64]
    only: NDArray[np.int32]
    alone: NDArray[np.float64]
    idle: NDArray[np.bool_]


@dataclass(frozen=True)
class Covering:
    """A location problem in which a cell is worth `reach.demand` at every place of its row."""

    location: Location
    reach: Reach

    def anneal(self, opened: NDArray[np.bool_], moves: int, seed: int) -> NDArray[np.bool_]:
        """The best choice met in that many offered moves from `opened`.

        A place moves near by or to a cell without cover; a loss is accepted with a chance that
        falls with the temperature (simulated annealing, Kirkpatrick, Gelatt and Vecchi 1983).
        """
        fate = self.location.fate
        sites = np.flatnonzero(opened & (fate == FREE)).astype(np.int32)
        counts = counts_of(self.reach, opened, fate == FREE)
        value = float(self.reach.demand[counts.covers > 0].sum())
        if not len(sites) or value <= 0.0:
            return opened.copy()
        best, best_sites = value, sites.copy()
        scale = value / self.location.sites
        random = np.random.default_rng(seed)
        for number, heat in enumerate(np.geomspace(scale * HOT, scale * COLD, STAGES)):
            share = moves * (number + 1) // STAGES - moves * number // STAGES
            value, best = move_places(
                self.reach, counts, sites, best_sites, value, best, share, heat, random
            )
        found: NDArray[np.bool_] = opened & (fate != FREE)
        found[best_sites] = True
        return found


def covering_of(
    location: Location, first: NDArray[np.int64], cell: NDArray[np.int64]
) -> Covering | None:
    """The problem with its reach by place, or None when some cell prefers one place to another."""
    rows = np.diff(location.start)
    demand = np.zeros(location.n_cells)
    reached = rows > 0
    demand[reached] = location.worth[location.start[:-1][reached]]
    if not (location.worth == np.repeat(demand, rows)).all():
        return None
    lists = (location.start, location.place, first, cell)
    start, place, first_of, cell_of = (values.astype(np.int32) for values in lists)
    return Covering(location, Reach(start, place, first_of, cell_of, demand))


def counts_of(reach: Reach, opened: NDArray[np.bool_], free: NDArray[np.bool_]) -> Counts:
    """Covers of the open places; those `free` and not open may be opened."""
    cells, places = len(reach.demand), len(opened)
    counts = Counts(
        np.zeros(cells, dtype=np.int32),
        np.zeros(cells, dtype=np.int64),
        np.full(cells, NOBODY, dtype=np.int32),
        np.zeros(places),
        free & ~opened,
    )
    for place in np.flatnonzero(opened).tolist():
        add_covers(reach, counts, place)
    return counts


@njit(cache=True, nogil=True)
def add_covers(reach: Reach, counts: Counts, place: int) -> None:
    """Bring the covers up to date after opening a place."""
    alone = 0.0
    for j in range(reach.first[place], reach.first[place + 1]):
        cell = reach.cell[j]
        counts.covers[cell] += 1
        counts.total[cell] += place
        if counts.covers[cell] == 1:
            counts.only[cell] = place
            alone += reach.demand[cell]
        elif counts.covers[cell] == 2:
            counts.alone[counts.only[cell]] -= reach.demand[cell]
            counts.only[cell] = SEVERAL
    counts.alone[place] = alone


@njit(cache=True, nogil=True)
def drop_covers(reach: Reach, counts: Counts, place: int) -> None:
    """Bring the covers up to date after closing a place."""
    for j in range(reach.first[place], reach.first[place + 1]):
        cell = reach.cell[j]
        counts.covers[cell] -= 1
        counts.total[cell] -= place
        if counts.covers[cell] == 0:
            counts.only[cell] = NOBODY
        elif counts.covers[cell] == 1:
            counts.only[cell] = counts.total[cell]
            counts.alone[counts.only[cell]] += reach.demand[cell]
    counts.alone[place] = 0.0


@njit(cache=True, nogil=True)
def covered_anew(reach: Reach, counts: Counts, out: int, into: int) -> float:
    """Demand that place `into` covers and no open place but `out` does."""
    gain = 0.0
    for j in range(reach.first[into], reach.first[into + 1]):
        cell = reach.cell[j]
        if counts.only[cell] == NOBODY or counts.only[cell] == out:
            gain += reach.demand[cell]
    return gain


@njit(cache=True, nogil=True)
def place_to_open(reach: Reach, counts: Counts, out: int, random: np.random.Generator) -> int:
    """A random place at a random cell of place `out` or at one without cover, -1 for none."""
    low, high = reach.first[out], reach.first[out + 1]
    if low == high or random.random() < FAR:
        cell = int(random.random() * len(counts.only))
        if counts.only[cell] != NOBODY:
            return -1
    else:
        cell = reach.cell[low + int(random.random() * (high - low))]
    start, end = reach.start[cell], reach.start[cell + 1]
    if start == end:
        return -1
    into = reach.place[start + int(random.random() * (end - start))]
    return into if counts.idle[into] else -1


@njit(cache=True, nogil=True)
def move_places(
    reach: Reach,
    counts: Counts,
    sites: NDArray[np.int32],
    best_sites: NDArray[np.int32],
    value: float,
    best: float,
    moves: int,
    heat: float,
    random: np.random.Generator,
) -> tuple[float, float]:
    """Offer moves at one temperature; returns the value and the best value so far.

    Changes `counts` and `sites[slot]` in place, and `best_sites` whenever the best is beaten.
    """
    for _ in range(moves):
        slot = int(random.random() * len(sites))
        out = sites[slot]
        into = place_to_open(reach, counts, out, random)
        if into < 0:
            continue
        change = covered_anew(reach, counts, out, into) - counts.alone[out]
        if change < heat * np.log(1.0 - random.random()):
            continue
        drop_covers(reach, counts, out)
        add_covers(reach, counts, into)
        counts.idle[out], counts.idle[into] = True, False
        sites[slot] = into
        value += change
        if value > best:
            best = value
            best_sites[:] = sites
    return value, best
