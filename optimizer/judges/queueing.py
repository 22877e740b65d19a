"""The analytic judge of busy units: a site-pooled approximation of the hypercube.

An hour is taken as a steady state. Units at one place form a pool. A request goes to the first
place of the cell's list (quickest response first) that has an idle unit; when none in reach is
idle it is lost to the system, the zero-line case of Larson (1974, 1975); `judges.waiting` puts a
waiting line on top. The approximation:

* a pool of x units that is offered A unit-hours of work an hour is all busy with probability
  `erlang_b(x, A)`; what is carried fixes A (the reduced-load fixed point);
* pools near each other are busy together more often than independent ones: once the pools before
  it are found busy, the odds that a pool is all busy rise by the factor that holds in a
  symmetric loss system of the cell's nearest units (at most `LOCAL_UNITS`). There the
  probability that n given units of N are all busy is `erlang_b(N, a) / erlang_b(N - n, a)`
  (Palm-Jacobaeus). This stands in for Larson's Q factor and its extension to several units a
  place by Budge, Ingolfsson and Erkut (2009); odds keep every probability below one.

One pool alone gives Erlang B exactly. A service takes scene and closing time plus travel.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.calls import CallLoad
from optimizer.judges.erlang import erlang_b
from optimizer.reach import CellReach

LOCAL_UNITS = 12
"""Units of the symmetric system around a cell; chosen against simulation of small cities."""

ENOUGH_UNITS = 60
"""Units at which the list of places of a cell ends."""

TOLERANCE = 1e-4
MAX_ROUNDS = 300
SMALLEST_STEP = 0.05
SURVIVAL_FLOOR = 1e-6
LOAD_STEP = 0.02
LOWEST_LOAD = 1e-3
HIGHEST_LOAD = 0.98


@dataclass(frozen=True)
class BusyUnits:
    """Steady state of one hour and unit type.

    `utilisation[place]` busy share of the units (0 without units), `all_busy[place]` chance
    that none of them is idle (1 without units), `lost[cell]` chance that no unit in reach is
    idle, `near_busy[cell]` busy share of the units a request of the cell meets. `reach` lists
    the places with units only and `first[entry]` the probability that the place of the entry is
    the first with an idle unit. `change` is the last change of the fixed point.
    """

    reach: CellReach
    first: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    all_busy: NDArray[np.float64]
    lost: NDArray[np.float64]
    near_busy: NDArray[np.float64]
    rounds: int
    change: float

    def __post_init__(self) -> None:
        for name in ("first", "utilisation", "all_busy", "lost", "near_busy"):
            array = getattr(self, name)
            object.__setattr__(self, name, frozen_array(array, np.float64, np.shape(array), name))

    @property
    def converged(self) -> bool:
        """Whether the fixed point was reached within the tolerance."""
        return self.change <= TOLERANCE

    def capped_response_min(self, unserved_min: float) -> NDArray[np.float64]:
        """Mean response of each cell, `[cell]`; a lost request counts `unserved_min`."""
        cells = self.reach.n_cells
        cell = np.repeat(np.arange(cells), np.diff(self.reach.indptr))
        arrived = np.bincount(cell, self.first * self.reach.response_min, cells)
        return arrived + self.lost * unserved_min


def busy_units(
    reach: CellReach,
    units: NDArray[np.int64],
    load: CallLoad,
    *,
    start_busy: float = 0.3,
    tolerance: float = TOLERANCE,
) -> BusyUnits:
    """Busy units of one hour, for `units[place]` and the calls of each cell.

    The fixed point takes shorter steps whenever a round changes more than the one before, and
    ends when no pool's chance of being all busy would change by more than `tolerance`, or after
    `MAX_ROUNDS`.
    """
    manned = places_with_units(reach, units)
    crews = np.ascontiguousarray(units, dtype=np.int64)
    utilisation, all_busy, rounds, change = pooled_fixed_point(
        manned.indptr,
        manned.place,
        manned.travel_min,
        crews,
        load.requests_per_h,
        load.scene_h,
        busy_odds_table(),
        start_busy,
        tolerance,
    )
    first, lost, near = first_idle(
        manned.indptr, manned.place, crews, utilisation, all_busy, busy_odds_table()
    )
    return BusyUnits(manned, first, utilisation, all_busy, lost, near, rounds, change)


def places_with_units(
    reach: CellReach,
    units: NDArray[np.int64],
    *,
    also: NDArray[np.bool_] | None = None,
    enough: int = ENOUGH_UNITS,
) -> CellReach:
    """Reach lists of the cells without the places where nobody stands, unless `also[place]`.

    A cell's list ends with the place that brings it to `enough` units: that 60 of them are busy
    at once has a chance below 1 in 10,000 up to a utilisation of 0.85.
    """
    crews = np.ascontiguousarray(units, dtype=np.int64)
    listed = crews > 0 if also is None else (crews > 0) | also
    indptr, entry = listed_entries(reach.indptr, reach.place, crews, listed, enough)
    return CellReach(indptr, reach.place[entry], reach.response_min[entry], reach.travel_min[entry])


@njit(cache=True, nogil=True)
def listed_entries(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    units: NDArray[np.int64],
    listed: NDArray[np.bool_],
    enough: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row pointers and entries of the places `listed[place]`, each row up to `enough` units."""
    cells = len(indptr) - 1
    found = np.zeros(cells + 1, dtype=np.int64)
    entry = np.empty(len(place), dtype=np.int64)
    total = 0
    for cell in range(cells):
        reached = 0
        for number in range(indptr[cell], indptr[cell + 1]):
            if listed[place[number]]:
                entry[total] = number
                total += 1
                reached += units[place[number]]
                if reached >= enough:
                    break
        found[cell + 1] = total
    return found, entry[:total].copy()


@cache
def busy_odds_table() -> NDArray[np.float64]:
    """Factor on the odds that x more units are all busy once n units are known to be.

    `[N, load step, n, x]` for N symmetric units in a loss system, n + x <= N; load step s
    stands for a utilisation of s * `LOAD_STEP` (the first one for nearly none).
    """
    steps = round(HIGHEST_LOAD / LOAD_STEP) + 1
    table = np.ones((LOCAL_UNITS + 1, steps, LOCAL_UNITS + 1, LOCAL_UNITS + 1))
    for total in range(2, LOCAL_UNITS + 1):
        for step in range(steps):
            offered = offered_for(total, max(step * LOAD_STEP, LOWEST_LOAD))
            lost = np.array([erlang_b(servers, offered) for servers in range(total + 1)])
            all_busy = lost[-1] / lost[::-1]
            for given in range(1, total):
                for more in range(1, total - given + 1):
                    known = all_busy[given + more] / all_busy[given]
                    table[total, step, given, more] = odds(known) / odds(all_busy[more])
    table.flags.writeable = False
    return table


def odds(probability: float) -> float:
    """Odds of a probability below one."""
    return probability / (1.0 - probability)


@njit(cache=True, nogil=True)
def offered_for(servers: int, utilisation: float) -> float:
    """Erlangs to offer to a loss system for its units to be busy `utilisation` of the time."""
    low, high = 0.0, servers / (1.0 - utilisation) + servers
    for _ in range(60):
        middle = 0.5 * (low + high)
        if middle * (1.0 - erlang_b(servers, middle)) > servers * utilisation:
            high = middle
        else:
            low = middle
    return low


@njit(cache=True, nogil=True)
def local_system(
    start: int,
    end: int,
    place: NDArray[np.int32],
    units: NDArray[np.int64],
    utilisation: NDArray[np.float64],
) -> tuple[int, float]:
    """Units of the nearest pools that make up the symmetric system, and their busy share."""
    local, work = 0, 0.0
    for k in range(start, end):
        here = place[k]
        if local + units[here] > LOCAL_UNITS:
            break
        local += units[here]
        work += utilisation[here] * units[here]
    return local, min(work / max(local, 1), HIGHEST_LOAD)


@njit(cache=True, nogil=True)
def cell_chain(
    start: int,
    end: int,
    place: NDArray[np.int32],
    units: NDArray[np.int64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    table: NDArray[np.float64],
    first: NDArray[np.float64],
) -> tuple[float, int]:
    """Fill `first[k - start]` for one cell's entries; return what is lost and where it ended."""
    local, load = local_system(start, end, place, units, utilisation)
    step = min(int(load / LOAD_STEP), table.shape[1] - 2)
    share = load / LOAD_STEP - step
    passed = 0
    survival = 1.0
    for k in range(start, end):
        here = place[k]
        busy = all_busy[here]
        if passed + units[here] <= local:
            lower = table[local, step, passed, units[here]]
            upper = table[local, step + 1, passed, units[here]]
            raised = busy * (lower + share * (upper - lower))
            busy = raised / (1.0 - busy + raised)
            passed += units[here]
        first[k - start] = survival * (1.0 - busy)
        survival *= busy
        if survival < SURVIVAL_FLOOR:
            return survival, k + 1
    return survival, end


@njit(cache=True, nogil=True)
def pooled_fixed_point(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    travel_min: NDArray[np.float64],
    units: NDArray[np.int64],
    requests_per_h: NDArray[np.float64],
    scene_h: NDArray[np.float64],
    table: NDArray[np.float64],
    start_busy: float,
    tolerance: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, float]:
    """Utilisation and all-busy probability of each place, rounds made and the last change."""
    places = len(units)
    utilisation = np.zeros(places)
    all_busy = np.ones(places)
    for p in range(places):
        if units[p] > 0:
            utilisation[p] = start_busy
            all_busy[p] = erlang_b(units[p], start_busy * units[p])
    first = np.empty(np.diff(indptr).max() if len(indptr) > 1 else 0)
    change, step = 1.0, 1.0
    rounds = 0
    while change > tolerance and rounds < MAX_ROUNDS:
        carried = np.zeros(places)
        for cell in range(len(requests_per_h)):
            if requests_per_h[cell] <= 0.0:
                continue
            start = indptr[cell]
            _, end = cell_chain(
                start, indptr[cell + 1], place, units, utilisation, all_busy, table, first
            )
            for k in range(start, end):
                hours = scene_h[cell] + travel_min[k] / 60.0
                carried[place[k]] += requests_per_h[cell] * hours * first[k - start]
        before, change = change, 0.0
        for p in range(places):
            if units[p] > 0:
                blocked = erlang_b(units[p], carried[p] / max(1.0 - all_busy[p], 1e-12))
                change = max(change, abs(blocked - all_busy[p]))
                all_busy[p] += step * (blocked - all_busy[p])
                busy = min(carried[p] / units[p], 1.0)
                utilisation[p] += step * (busy - utilisation[p])
        if change > before:
            step = max(0.8 * step, SMALLEST_STEP)
        rounds += 1
    return utilisation, all_busy, rounds, change


@njit(cache=True, nogil=True)
def first_idle(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    units: NDArray[np.int64],
    utilisation: NDArray[np.float64],
    all_busy: NDArray[np.float64],
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """First-idle probability of each entry; lost share and busy share near each cell.

    The busy share averages the units of the cell's list, each weighted by the probability that
    a request gets as far as its place.
    """
    cells = len(indptr) - 1
    first = np.zeros(len(place))
    lost = np.ones(cells)
    near = np.zeros(cells)
    for cell in range(cells):
        start = indptr[cell]
        lost[cell], end = cell_chain(
            start, indptr[cell + 1], place, units, utilisation, all_busy, table, first[start:]
        )
        asked, busy, survival = 0.0, 0.0, 1.0
        for k in range(start, end):
            asked += survival * units[place[k]]
            busy += survival * units[place[k]] * utilisation[place[k]]
            survival -= first[k]
        if asked > 0.0:
            near[cell] = busy / asked
    return first, lost, near
