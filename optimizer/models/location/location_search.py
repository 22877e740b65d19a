"""Good choices of places: swaps with the two best open places of every cell, and restarts.

The swap of the place in slot `out` for place `into` is worth `added[into] - lost[out] +
shared[out, into]`, and a swap changes these sums only through cells for which one of the two
places is among the two best (Resende and Werneck 2007). When no swap pays, some open places near
each other give way to others nearby and the swaps start again; the best choice found is kept
(iterated local search).
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.models.location.location import CLOSED, FREE, Location
from optimizer.models.location.location_covering import Covering, covering_of

TOLERANCE = 1e-9
"""A swap must be worth more than this share of the value."""

HOT, COLD = 0.05, 0.005
"""First and last temperature of the search, in shares of what an average open place is worth."""

MOST_FEW_MOVES = 20_000
FEW_MOVES_WORK = 50_000_000.0
"""Entries that a search beside a bound may touch."""

LONG_SEARCH = 100
"""Moves of a long search for one beside a bound."""

MOST_COVERING_MOVES = 8_000_000
COVERING_WORK = 600_000_000.0
"""Entries that a long search may touch where reach alone counts."""

LEAST_NEAR = 30
"""A place is replaced by one that serves one of at least so many cells near it."""


@dataclass(frozen=True)
class Swaps:
    """A location problem with its reach by place as well, ready for swaps.

    Place p is worth `worth[j]` to cell `cell[j]` for `j` in `first[p]:first[p + 1]`. `covering` is
    the same problem where a cell is worth as much at one place as at another.
    """

    location: Location
    first: NDArray[np.int64]
    cell: NDArray[np.int64]
    worth: NDArray[np.float64]
    covering: Covering | None

    def search(self, opened: NDArray[np.bool_], moves: int = 0, seed: int = 0) -> NDArray[np.bool_]:
        """A choice of places at least as good as `opened`, after that many offered moves."""
        location = self.location
        sites = np.flatnonzero(opened)
        if not len(location.place) or not len(sites):
            return opened.copy()
        if self.covering is not None and moves:
            sites = np.flatnonzero(self.covering.anneal(opened, moves, seed))
            moves = 0
        found = np.zeros(location.n_places, dtype=np.bool_)
        state = swap_state(location.start, location.place, location.worth, sites, len(found))
        best = anneal(
            location.start,
            location.place,
            location.worth,
            self.first,
            self.cell,
            self.worth,
            location.fate,
            *state,
            moves,
            HOT,
            COLD,
            np.random.default_rng(seed),
        )
        found[best] = True
        return found

    @property
    def few_moves(self) -> int:
        """Moves that take about as long as a bound, fewer where a move touches more entries."""
        location = self.location
        sites = max(location.sites, 1)
        row = len(self.cell) / max(location.n_cells, 1)
        beyond = min(row, 2.0 * location.n_places / sites)
        touched = location.n_cells / location.n_places * beyond
        return int(min(MOST_FEW_MOVES, FEW_MOVES_WORK / max(touched * beyond, 1.0)))

    @property
    def long_moves(self) -> int:
        """Moves that take some seconds."""
        if self.covering is None:
            return LONG_SEARCH * self.few_moves
        reaching = max(int((np.diff(self.first) > 0).sum()), 1)
        return int(min(MOST_COVERING_MOVES, COVERING_WORK / max(len(self.cell) / reaching, 1.0)))


def swaps_of(location: Location) -> Swaps:
    """Turn the rows of cells into rows of places."""
    rank = np.arange(len(location.place)) - np.repeat(location.start[:-1], np.diff(location.start))
    by_place = np.lexsort((rank, location.place))
    cell = np.repeat(np.arange(location.n_cells, dtype=np.int64), np.diff(location.start))
    first = np.searchsorted(location.place[by_place], np.arange(location.n_places + 1))
    first, cell = first.astype(np.int64), cell[by_place]
    covering = covering_of(location, first, cell)
    return Swaps(location, first, cell, location.worth[by_place], covering)


@njit(cache=True, nogil=True)
def count_cell(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    slot: NDArray[np.int64],
    cell: int,
    sign: float,
    second: NDArray[np.float64],
    added: NDArray[np.float64],
    lost: NDArray[np.float64],
    shared: NDArray[np.float64],
) -> float:
    """Add (`sign` 1) or take out (-1) what a cell contributes to the worth of all swaps.

    Returns what the cell is worth and writes the worth of its second open place.
    """
    best, most, next_most = -1, 0.0, 0.0
    for k in range(start[cell], start[cell + 1]):
        if slot[place[k]] >= 0:
            if best >= 0:
                next_most = worth[k]
                break
            best, most = slot[place[k]], worth[k]
    second[cell] = next_most
    if best >= 0:
        lost[best] += sign * (most - next_most)
    for k in range(start[cell], start[cell + 1]):
        here = worth[k]
        if here <= next_most:
            break
        if here > most:
            added[place[k]] += sign * (here - most)
        if best >= 0:
            shared[best, place[k]] += sign * (min(here, most) - next_most)
    return most


@njit(cache=True, nogil=True)
def swap_state(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    opened: NDArray[np.int64],
    places: int,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    float,
]:
    """`sites[slot]`, `slot[place]` (-1: closed), `second[cell]`, the three sums and the value."""
    sites = opened.copy()
    slot = np.full(places, -1, np.int64)
    for at in range(len(sites)):
        slot[sites[at]] = at
    second = np.zeros(len(start) - 1)
    added = np.zeros(places)
    lost = np.zeros(len(sites))
    shared = np.zeros((len(sites), places))
    value = 0.0
    for cell in range(len(start) - 1):
        value += count_cell(start, place, worth, slot, cell, 1.0, second, added, lost, shared)
    return sites, slot, second, added, lost, shared, value


@njit(cache=True, nogil=True)
def replace_place(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    first: NDArray[np.int64],
    cell_of: NDArray[np.int64],
    worth_of: NDArray[np.float64],
    sites: NDArray[np.int64],
    slot: NDArray[np.int64],
    second: NDArray[np.float64],
    added: NDArray[np.float64],
    lost: NDArray[np.float64],
    shared: NDArray[np.float64],
    touched: NDArray[np.int64],
    marked: NDArray[np.bool_],
    at: int,
    into: int,
) -> None:
    """Close the place in slot `at`, open place `into` there and bring the sums up to date.

    Either may be missing: nothing stands in the slot, or `into` is -1. `touched` and `marked`
    are scratch space, one for each cell.
    """
    out = sites[at]
    count = 0
    for turn in range(2):
        which = out if turn == 0 else into
        if which < 0:
            continue
        for j in range(first[which], first[which + 1]):
            cell = cell_of[j]
            if worth_of[j] >= second[cell] and not marked[cell]:
                marked[cell] = True
                touched[count] = cell
                count += 1
    for number in range(count):
        count_cell(start, place, worth, slot, touched[number], -1.0, second, added, lost, shared)
    if out >= 0:
        slot[out] = -1
    if into >= 0:
        slot[into] = at
    sites[at] = into
    for number in range(count):
        count_cell(start, place, worth, slot, touched[number], 1.0, second, added, lost, shared)
        marked[touched[number]] = False


@njit(cache=True, nogil=True)
def best_swap(
    fate: NDArray[np.int8],
    sites: NDArray[np.int64],
    slot: NDArray[np.int64],
    added: NDArray[np.float64],
    lost: NDArray[np.float64],
    shared: NDArray[np.float64],
) -> tuple[int, int, float]:
    """Slot to close, place to open and worth of the best swap."""
    best_at, best_into, best = -1, -1, 0.0
    for at in range(len(sites)):
        if fate[sites[at]] != FREE:
            continue
        for p in range(len(slot)):
            value = added[p] + shared[at, p] - lost[at]
            if value > best and slot[p] < 0 and fate[p] != CLOSED:
                best_at, best_into, best = at, p, value
    return best_at, best_into, best


@njit(cache=True, nogil=True)
def near_replacement(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    first: NDArray[np.int64],
    cell_of: NDArray[np.int64],
    second: NDArray[np.float64],
    out: int,
    near_cells: int,
    random: np.random.Generator,
) -> int:
    """A random place that would be one of the two best of a random cell near place `out`."""
    span = min(first[out + 1] - first[out], near_cells)
    cell = cell_of[first[out] + random.integers(0, span)]
    low, high = start[cell], start[cell + 1]
    while low < high:
        middle = (low + high) // 2
        if worth[middle] > second[cell]:
            low = middle + 1
        else:
            high = middle
    if low == start[cell]:
        return out
    return int(place[random.integers(start[cell], low)])


@njit(cache=True, nogil=True)
def anneal(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    worth: NDArray[np.float64],
    first: NDArray[np.int64],
    cell_of: NDArray[np.int64],
    worth_of: NDArray[np.float64],
    fate: NDArray[np.int8],
    sites: NDArray[np.int64],
    slot: NDArray[np.int64],
    second: NDArray[np.float64],
    added: NDArray[np.float64],
    lost: NDArray[np.float64],
    shared: NDArray[np.float64],
    value: float,
    moves: int,
    hot: float,
    cold: float,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """The best places met in `moves` offered moves and the swaps after them.

    A place may move near by; a loss is accepted with a chance that falls with the temperature
    (simulated annealing, Kirkpatrick, Gelatt and Vecchi 1983), from `hot` to `cold` in shares of
    what the average open place is worth. Changes the state in place.
    """
    cells = len(second)
    touched = np.empty(cells, np.int64)
    marked = np.zeros(cells, np.bool_)
    near_cells = max(LEAST_NEAR, 3 * cells // len(sites))
    scale = lost.mean()
    best = value
    best_sites = sites.copy()
    for number in range(moves):
        at = int(random.integers(0, len(sites)))
        out = sites[at]
        if fate[out] != FREE or first[out] == first[out + 1]:
            continue
        into = near_replacement(
            start, place, worth, first, cell_of, second, out, near_cells, random
        )
        if slot[into] >= 0 or fate[into] == CLOSED:
            continue
        change = added[into] + shared[at, into] - lost[at]
        heat = scale * hot * (cold / hot) ** (number / moves)
        if change < 0.0 and random.random() >= np.exp(change / heat):
            continue
        replace_place(
            start, place, worth, first, cell_of, worth_of, sites, slot, second, added, lost,
            shared, touched, marked, at, into,
        )  # fmt: skip
        value += change
        if value > best:
            best = value
            best_sites[:] = sites
    least = TOLERANCE * value
    while True:
        at, into, change = best_swap(fate, sites, slot, added, lost, shared)
        if change <= least:
            break
        replace_place(
            start, place, worth, first, cell_of, worth_of, sites, slot, second, added, lost,
            shared, touched, marked, at, into,
        )  # fmt: skip
        value += change
    return best_sites if best > value else sites
