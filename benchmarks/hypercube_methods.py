"""One small system, judged by the exact hypercube, the judge of busy units and Q factors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.q_factor import ROUNDS, larson, pooled
from optimizer.calls import CallLoad
from optimizer.judges.hypercube import HypercubeState, HypercubeSystem, hypercube
from optimizer.judges.queueing import busy_units
from optimizer.judges.waiting import waiting_lines
from optimizer.reach import CellReach


@dataclass(frozen=True)
class SmallSystem:
    """Atoms that call any of a few places.

    `calls_per_h[atom]`, `order[atom, rank]` places, `units[place]`, `services_per_h[place]` of
    each unit, `travel[place, atom]`, `travel_after_wait` of calls that waited; `line` or none.
    """

    calls_per_h: NDArray[np.float64]
    order: NDArray[np.int64]
    units: NDArray[np.int64]
    services_per_h: NDArray[np.float64]
    travel: NDArray[np.float64]
    travel_after_wait: float
    line: bool

    @property
    def place_of_unit(self) -> NDArray[np.int64]:
        """Units place by place, `[unit]`."""
        return np.repeat(np.arange(len(self.units)), self.units)

    def by_unit(self) -> HypercubeSystem:
        """The same with each unit by itself; those of a place follow each other in every list."""
        first = np.concatenate([[0], np.cumsum(self.units)])
        lists = [
            np.concatenate([np.arange(first[p], first[p + 1]) for p in row]) for row in self.order
        ]
        services = self.services_per_h[self.place_of_unit]
        return HypercubeSystem(self.calls_per_h, services, np.array(lists), self.line)


@dataclass(frozen=True)
class Judged:
    """`workload[place]` busy share of its units, share of calls `[place, atom]`, all busy, travel.

    `dispatched` is a share of all calls served; `all_busy` the chance that a call finds no idle
    unit (what a Q factor takes as given is not told: NaN); `mean_travel` of the calls served.
    """

    workload: NDArray[np.float64]
    dispatched: NDArray[np.float64]
    all_busy: float
    mean_travel: float


def exact(system: SmallSystem) -> tuple[Judged, HypercubeState]:
    """The exact hypercube, by place, and its state."""
    state = hypercube(system.by_unit())
    place = system.place_of_unit
    workload = np.bincount(place, state.workload, len(system.units)) / system.units
    travel = state.mean_travel(system.travel[place], system.travel_after_wait)
    dispatched = _by_place(system, state.dispatched)
    return Judged(workload, dispatched, state.all_busy, travel), state


def of_busy_units(system: SmallSystem) -> Judged:
    """The judge of the product: `busy_units`, and `waiting_lines` on top with a line."""
    atoms, places = system.order.shape
    service_h = 1.0 / system.services_per_h
    shortest_h = float(service_h.min())
    rank = np.tile(np.arange(places, dtype=np.float64), atoms)
    extra_min = 60.0 * (service_h - shortest_h)[system.order].ravel()
    order = system.order.ravel().astype(np.int32)
    reach = CellReach(np.arange(atoms + 1) * places, order, rank, extra_min)
    calls = system.calls_per_h
    load = CallLoad(calls, calls, calls, np.full(atoms, shortest_h))
    state = busy_units(reach, system.units, load)
    entries = state.reach
    atom = np.repeat(np.arange(atoms), np.diff(entries.indptr))
    at_once, after_wait, lost = state.first, np.zeros(len(state.first)), state.lost
    workload = state.utilisation
    if system.line:
        lines = waiting_lines(state, system.units, load, calls[:, None])
        at_once, after_wait, lost = lines.at_once, lines.after_wait, lines.waits
        workload = lines.utilisation
    served = float(calls.sum() if system.line else calls @ (1.0 - lost))
    dispatched = np.zeros((places, atoms))
    dispatched[entries.place, atom] = calls[atom] * (at_once + after_wait) / served
    travel = calls[atom] * at_once * system.travel[entries.place, atom]
    waited = calls[atom] * after_wait * system.travel_after_wait
    return Judged(
        workload=workload,
        dispatched=dispatched,
        all_busy=float(calls @ lost / calls.sum()),
        mean_travel=float((travel + waited).sum() / served),
    )


def of_larson(system: SmallSystem, rounds: int = ROUNDS) -> Judged:
    """Larson's Q factors; all units serve alike."""
    single = system.by_unit()
    services = float(single.services_per_h[0])
    workload, found, waits = larson(
        single.calls_per_h, services, single.preference, line=system.line, rounds=rounds
    )
    workload = np.bincount(system.place_of_unit, workload, len(system.units)) / system.units
    at_once = _by_place(system, found)
    waited = np.outer(system.units / system.units.sum(), waits * system.calls_per_h)
    travel = float((at_once * system.travel).sum()) + waits * system.travel_after_wait
    return Judged(workload, at_once + waited / system.calls_per_h.sum(), np.nan, travel)


def of_pools(system: SmallSystem) -> Judged:
    """Q factors for pools, without a line; all units serve alike."""
    workload, dispatched = pooled(
        system.calls_per_h, float(system.services_per_h[0]), system.order, system.units
    )
    return Judged(workload, dispatched, np.nan, float((dispatched * system.travel).sum()))


def _by_place(system: SmallSystem, by_unit: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros((len(system.units), by_unit.shape[1]))
    np.add.at(total, system.place_of_unit, by_unit)
    return total
