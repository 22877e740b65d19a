"""What a waiting line adds to the judge of busy units: who waits, and how long by grade.

As long as no call waits, a system with a line behaves as the one without (Larson 1974): a line
begins and ends with all units busy. So `busy_units` is taken as it is, and the line put on top:

* the work of each cell (services with the travel of calls that do not wait, or from anywhere in
  reach for those that do) is spread over the places in its reach until the loads are as even as
  they can be made. A load of 1 or more is one that no way of sharing brings below what the units
  can do: there the line grows without limit (unstable), and no figure is told;
* the units in reach of a cell, at this load, are its pool. `chance that a call waits = b / (1 -
  load (1 - b))`, Erlang's step from loss to waiting, where b is the chance that all of them are
  busy: what `busy_units` says, or Erlang's loss formula for the pool if that is more. The first
  sees hot spots but takes far units as independent, the second the reverse;
* the mean wait is that of the pool with priorities (M/M/c, Cobham 1954).

Where every cell reaches all units and services are alike, the waits are exact, and so is the
chance of waiting (Erlang C) but for what `busy_units` finds above Erlang's loss.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.frozen import frozen_array
from optimizer.calls import CallLoad
from optimizer.judges.erlang import erlang_b, waits_by_grade
from optimizer.judges.queueing import BusyUnits

EVEN = 1e-4
"""Change of all loads in a round below which work is spread evenly enough; loads that are less
than this from 1 count as 1."""

MAX_ROUNDS = 300

SETTLED_H = 1e-4
"""Change of the services of all cells in a round below which they have settled, hours."""

SERVICE_ROUNDS = 20
SHORTEST_H = 1e-6
"""Service where no time is taken at all: nobody calls from there."""


@dataclass(frozen=True)
class WaitingLines:
    """Steady state of one hour and unit type in which calls wait for a unit in reach.

    `stable[cell]`: the units in reach can do the work (never without units). NaN where not:
    `waits[cell]` chance that a request waits; `at_once[entry]` and `after_wait[entry]` chances
    that a request goes to the place of the entry (of `BusyUnits.reach`) without and after
    waiting; `wait_min[cell, grade]` mean wait of all requests of the grade, also told in cells
    that are not stable for the grades whose own line does not grow; `utilisation[place]` busy
    share of the units (0 without units), cut at 1 where cells are thought to call a place more
    than it is idle.
    """

    stable: NDArray[np.bool_]
    waits: NDArray[np.float64]
    wait_min: NDArray[np.float64]
    at_once: NDArray[np.float64]
    after_wait: NDArray[np.float64]
    utilisation: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            array = np.asarray(getattr(self, name))
            object.__setattr__(self, name, frozen_array(array, array.dtype, array.shape, name))


@dataclass(frozen=True)
class LocalPools:
    """The units in reach of each cell as one pool, at the load they share with other cells.

    `size[cell]` units, `load[cell, grade]` share of their time asked for, `service_h[cell]` mean
    service of the requests they get; `work_h[cell]` unit-hours an hour that the cell asks for and
    `share[entry]` the part of it that goes to the place.
    """

    size: NDArray[np.float64]
    load: NDArray[np.float64]
    service_h: NDArray[np.float64]
    work_h: NDArray[np.float64]
    share: NDArray[np.float64]

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether the units can do the work, `[cell]`."""
        return np.asarray((self.size > 0) & (self.load.sum(axis=1) < 1.0 - EVEN))

    def waits(self, lost: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
        """Chance that a call waits, `[cell]`; 1 where the line grows.

        Without a line all units are busy with chance `lost[cell]`, or with Erlang's loss of the
        pool if that is more.
        """
        load = np.where(self.stable, self.load.sum(axis=1), 0.0)
        all_busy = np.maximum(lost, pool_losses(self.size, load))
        return np.where(self.stable, all_busy / (1.0 - load * (1.0 - all_busy)), 1.0)

    def waits_h(self) -> NDArray[np.float64]:
        """Mean wait with priorities, hours `[cell, grade]` (Cobham 1954); NaN if the line grows."""
        next_free_h = self.waits() * self.service_h / np.maximum(self.size, 1.0)
        waits_h = next_free_h[:, None] * waits_by_grade(self.load)
        grows = np.cumsum(self.load, axis=1) >= 1.0 - EVEN
        return np.where(grows | (self.size == 0)[:, None], np.nan, waits_h)


def waiting_lines(
    state: BusyUnits,
    units: NDArray[np.int64],
    load: CallLoad,
    requests_by_grade: NDArray[np.float64],
) -> WaitingLines:
    """Waiting lines of one hour, from its steady state without (`busy_units`).

    `requests_by_grade[cell, grade]` an hour, the most urgent grade first.

    Raises
    ------
    ValueError
        When the grades do not add up to the requests of each cell.
    """
    if not np.allclose(requests_by_grade.sum(axis=1), load.requests_per_h, rtol=1e-6):
        raise ValueError("requests_by_grade must add up to requests_per_h in every cell")
    reach = state.reach
    cell = np.repeat(np.arange(reach.n_cells), np.diff(reach.indptr))
    service_h = np.maximum(load.scene_h[cell] + reach.travel_min / 60.0, SHORTEST_H)
    pools = settled_pools(state, units, cell, service_h, requests_by_grade)
    waits, stable = pools.waits(state.lost), pools.stable
    kept = np.divide(1.0 - waits, 1.0 - state.lost, out=np.zeros(len(waits)), where=state.lost < 1)
    at_once = state.first * kept[cell]
    after_wait = pools.share * (
        (waits * service_after_wait(pools, cell, service_h))[cell] / service_h
    )
    work_h = load.requests_per_h[cell] * service_h * (at_once + after_wait)
    crews = np.maximum(units, 1)
    busy = np.bincount(reach.place, work_h, len(units)) / crews
    asked = np.bincount(reach.place, pools.work_h[cell] * pools.share, len(units)) / crews
    return WaitingLines(
        stable=stable,
        waits=np.where(stable, waits, np.nan),
        wait_min=60.0 * pools.waits_h(),
        at_once=np.where(stable[cell], at_once, np.nan),
        after_wait=np.where(stable[cell], after_wait, np.nan),
        utilisation=np.where(asked < 1.0 - EVEN, np.minimum(busy, 1.0), np.nan),
    )


def settled_pools(
    state: BusyUnits,
    units: NDArray[np.int64],
    cell: NDArray[np.int64],
    service_h: NDArray[np.float64],
    requests_by_grade: NDArray[np.float64],
) -> LocalPools:
    """Pools whose services follow the line: calls that wait get a unit from anywhere in reach.

    `cell[entry]` and `service_h[entry]` belong to the lists of `state`. Longer ways make units
    busier, so that more calls wait: rounds from the ways of calls that do not.
    """
    near_h = mean_service_h(state, cell, service_h)
    found_h = near_h
    for _ in range(SERVICE_ROUNDS):
        pools = local_pools(state, units, cell, found_h, requests_by_grade)
        far_h = service_after_wait(pools, cell, service_h)
        before, found_h = found_h, near_h + pools.waits(state.lost) * (far_h - near_h)
        if np.abs(found_h - before).max(initial=0.0) < SETTLED_H:
            break
    return pools


def service_after_wait(
    pools: LocalPools, cell: NDArray[np.int64], service_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean service of each cell's requests that wait, hours `[cell]`; 0 without units.

    Each place does its share of the work, so that those with short ways serve more requests.
    """
    pace = np.bincount(cell, pools.share / service_h, len(pools.size))
    return np.divide(1.0, pace, out=np.zeros(len(pace)), where=pace > 0.0)


def mean_service_h(
    state: BusyUnits, cell: NDArray[np.int64], service_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean service of each cell's requests that find an idle unit, hours `[cell]`; 0 without units.

    That of the first choice where no place is likely to have an idle unit.
    """
    indptr = state.reach.indptr
    manned = np.diff(indptr) > 0
    likely = state.first.copy()
    likely[indptr[:-1][manned]] += 1e-12
    total = np.bincount(cell, likely, len(manned))
    work = np.bincount(cell, likely * service_h, len(manned))
    return np.divide(work, total, out=np.zeros(len(manned)), where=manned)


def local_pools(
    state: BusyUnits,
    units: NDArray[np.int64],
    cell: NDArray[np.int64],
    service_h: NDArray[np.float64],
    requests_by_grade: NDArray[np.float64],
) -> LocalPools:
    """Pool of each cell, whose requests take `service_h[cell]`."""
    reach = state.reach
    requests = requests_by_grade.sum(axis=1)
    share = even_shares(
        reach.indptr,
        reach.place,
        (requests * service_h)[cell],
        np.ascontiguousarray(units, dtype=np.int64),
        EVEN,
        MAX_ROUNDS,
    )
    crews = np.maximum(units, 1)

    def around(asked: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each unit around a cell is asked for, `asked[entry]` if it all went there."""
        at_place = np.bincount(reach.place, asked * share, len(units)) / crews
        around_cell = np.bincount(cell, share * at_place[reach.place], reach.n_cells)
        return np.asarray(around_cell, dtype=np.float64)

    load = np.stack(
        [around((by_grade * service_h)[cell]) for by_grade in requests_by_grade.T], axis=1
    )
    calls, total = around(requests[cell]), load.sum(axis=1)
    return LocalPools(
        size=np.bincount(cell, units[reach.place], reach.n_cells).astype(np.float64),
        load=load,
        service_h=np.divide(total, calls, out=np.zeros_like(total), where=calls > 0.0),
        work_h=requests * service_h,
        share=share,
    )


@njit(cache=True, nogil=True)
def pool_losses(size: NDArray[np.float64], load: NDArray[np.float64]) -> NDArray[np.float64]:
    """Erlang's loss of `size[cell]` units that are offered `load[cell]` each."""
    lost = np.empty(len(size))
    for cell in range(len(size)):
        lost[cell] = erlang_b(int(size[cell]), size[cell] * load[cell])
    return lost


@njit(cache=True, nogil=True)
def even_shares(
    indptr: NDArray[np.int64],
    place: NDArray[np.int32],
    work_h: NDArray[np.float64],
    units: NDArray[np.int64],
    even: float,
    rounds: int,
) -> NDArray[np.float64]:
    """Share of each cell's work for each place of its list, `[entry]`, for the evenest loads.

    `work_h[entry]` is the work if the place did it all. Starts in proportion to the units and
    moves shares from places of high load to those of low load (mirror descent on the sum of
    squared loads), until no load changes by more than `even`.
    """
    share = np.zeros(len(place))
    load = np.zeros(len(units))
    for cell in range(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[cell], indptr[cell + 1]):
            total += units[place[k]]
        for k in range(indptr[cell], indptr[cell + 1]):
            share[k] = units[place[k]] / total
            load[place[k]] += work_h[k] * share[k] / units[place[k]]
    for _ in range(rounds):
        most = load.max() if len(load) else 0.0
        if most <= 0.0:
            break
        factor = np.exp(-load / most)
        before = load.copy()
        load[:] = 0.0
        for cell in range(len(indptr) - 1):
            total = 0.0
            for k in range(indptr[cell], indptr[cell + 1]):
                share[k] *= factor[place[k]]
                total += share[k]
            for k in range(indptr[cell], indptr[cell + 1]):
                share[k] /= total
                load[place[k]] += work_h[k] * share[k] / units[place[k]]
        if np.abs(load - before).max() <= even:
            break
    return share
