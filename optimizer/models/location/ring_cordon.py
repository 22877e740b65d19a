"""The smallest ring of checkpoints that a car cannot leave, with the units as they stand.

A ring of T minutes holds when checkpoints in the middle of arcs separate the start from every
node that the car reaches later than T minutes after the alarm, and each of them has a unit of
its own that is there before the car can be. The fewest such checkpoints are a minimum cut (Ford
and Fulkerson 1956) of the arcs that some unit reaches in time. Where a cut has too few units for
its checkpoints (Hall 1935), the units that all of them need become dearer and the cut is made
again: prices of a Lagrangian relaxation of the units, which also prove that no cut can be manned
once the least cut is worth more than all the units.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geodata.arc_travel import first_minutes, middle_minutes, node_minutes
from optimizer.models.location.cordon import seal
from optimizer.models.location.least_cut import NEVER, least_cut
from optimizer.ring_cordon import (
    Checkpoint,
    LateCheckpoint,
    Pursuit,
    RingCordon,
    RingSearch,
    RingTrial,
    Verdict,
    WiderRing,
)

RING_STEP_MIN = 5.0
"""Rings are tried at multiples of this travel time."""

IDLE_ROUNDS = 5
"""A ring is given up when as many cuts in a row were short of no fewer units."""

FIRST_PRICE = 100
DEARER = 1.3
"""What the first price of a unit that too many checkpoints need is multiplied by."""

TIE_MIN = 1e-9
"""A unit that is less than this before the car is not in time: times found in two ways differ."""

LATE_WEIGHT = 1000
"""A late checkpoint counts as many as these in a cut, so the fewest late ones are shown."""


@dataclass(frozen=True)
class _Times:
    """Minutes after the alarm at which a place is reached first, whatever stands in the way.

    `car_node_min[node]`, `car_min[arc]` and `first_unit_min[arc]`, arcs in their middle.
    """

    car_node_min: NDArray[np.float64]
    car_min: NDArray[np.float64]
    first_unit_min: NDArray[np.float64]


@dataclass(frozen=True)
class _Ring:
    """The arcs that touch a ring's inside, its nodes numbered anew; the last one is outside.

    `car_min` and `first_unit_min` are those of `_Times`.
    """

    ring_min: float
    node: NDArray[np.int64]
    arc: NDArray[np.int64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    start: int
    car_min: NDArray[np.float64]
    first_unit_min: NDArray[np.float64]

    @property
    def outside(self) -> int:
        """Number of the node that stands for all nodes outside."""
        return len(self.node)

    @property
    def open(self) -> NDArray[np.bool_]:
        """Arcs that no unit reaches in time, `[arc]`."""
        return np.asarray(self.first_unit_min > self.car_min - TIE_MIN, dtype=np.bool_)

    def cut(self, weight: NDArray[np.int64]) -> tuple[int, NDArray[np.bool_]]:
        """Weight of the least cut and its source side, `[node or outside]`."""
        return least_cut(self.outside + 1, self.tail, self.head, weight, self.start, self.outside)

    def over(self, side: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Positions of the arcs that lead from one side to the other."""
        return np.flatnonzero(side[self.tail] != side[self.head])


@dataclass(frozen=True)
class _Arrivals:
    """Squads that reach some arc of the ring in time and when, `minutes[arc, squad]`.

    Only the arcs at the positions `arc` of the ring, those that some unit reaches in time.
    """

    arc: NDArray[np.int64]
    squad: NDArray[np.int64]
    units: NDArray[np.int64]
    minutes: NDArray[np.float64]
    in_time: NDArray[np.bool_]


def smallest_ring(
    pursuit: Pursuit, *, first_min: float = RING_STEP_MIN, step_min: float = RING_STEP_MIN
) -> RingSearch:
    """Rings of `first_min`, `step_min` more and so on, up to the first that holds.

    They end where the car gets nowhere later.
    """
    times = _times(pursuit)
    furthest_min = times.car_node_min[np.isfinite(times.car_node_min)].max()
    rings_min: list[float] = np.arange(first_min, furthest_min, step_min).tolist()
    trials: list[RingTrial] = []
    for number, ring_min in enumerate(rings_min):
        ring = _ring(pursuit, times, ring_min)
        if _leaks(ring, ring.open):
            trials.append(_late(ring))
            continue
        trial, cordon = _manned(pursuit, ring, _arrivals(pursuit, ring))
        trials.append(trial)
        if cordon is not None:
            beyond = [_ring(pursuit, times, minutes) for minutes in rings_min[number + 1 :]]
            return RingSearch(tuple(trials), cordon, _wider(beyond, trial.checkpoints))
    return RingSearch(tuple(trials), None)


def _wider(rings: list[_Ring], fewest: int) -> tuple[WiderRing, ...]:
    """Rings that may do with fewer checkpoints; whether units can man them is not asked."""
    found = []
    for ring in rings:
        checkpoints, _ = ring.cut(np.where(ring.open, NEVER, 1))
        if checkpoints < fewest:
            fewest = checkpoints
            found.append(WiderRing(ring.ring_min, fewest))
    return tuple(found)


def _times(pursuit: Pursuit) -> _Times:
    graph = pursuit.graph
    every = np.arange(len(graph.tail))
    car = node_minutes(graph, pursuit.car_kmh, np.array([pursuit.start]))[0]
    return _Times(
        car - pursuit.head_start_min,
        middle_minutes(graph, pursuit.car_kmh, car, every) - pursuit.head_start_min,
        _first_unit(pursuit, every),
    )


def _first_unit(pursuit: Pursuit, arcs: NDArray[np.int64]) -> NDArray[np.float64]:
    graph, squads = pursuit.graph, pursuit.squads
    first = np.full(len(arcs), np.inf)
    for factor in np.unique(squads.speed_factor):
        alike = (squads.speed_factor == factor) & (squads.units > 0)
        speed_kmh = pursuit.unit_kmh * factor
        at = first_minutes(graph, speed_kmh, squads.node[alike], squads.turnout_min[alike])
        first = np.minimum(first, middle_minutes(graph, speed_kmh, at, arcs))
    return first


def _ring(pursuit: Pursuit, times: _Times, ring_min: float) -> _Ring:
    graph = pursuit.graph
    inside = times.car_node_min <= ring_min
    node = np.flatnonzero(inside)
    number = np.full(graph.n_nodes, len(node))
    number[node] = np.arange(len(node))
    arc = np.flatnonzero(inside[graph.tail] | inside[graph.head])
    return _Ring(
        ring_min,
        node,
        arc,
        number[graph.tail[arc]],
        number[graph.head[arc]],
        int(number[pursuit.start]),
        times.car_min[arc],
        times.first_unit_min[arc],
    )


def _arrivals(pursuit: Pursuit, ring: _Ring) -> _Arrivals:
    graph, squads = pursuit.graph, pursuit.squads
    met = np.flatnonzero(~ring.open)
    arc, car_min = ring.arc[met], ring.car_min[met]
    squad = _near_enough(pursuit, arc, car_min.max(initial=0.0))
    where, of_squad = np.unique(squads.node[squad], return_inverse=True)
    limit_min = _drive_min(pursuit, car_min.max(initial=0.0))
    drive = node_minutes(graph, pursuit.unit_kmh, where, limit_min)
    middle = middle_minutes(graph, pursuit.unit_kmh, drive, arc).T
    minutes = middle[:, of_squad] / squads.speed_factor[squad] + squads.turnout_min[squad]
    in_time = minutes <= car_min[:, None] - TIE_MIN / 2.0
    useful = in_time.any(axis=0)
    return _Arrivals(
        met,
        squad[useful],
        squads.units[squad[useful]],
        minutes[:, useful],
        in_time[:, useful],
    )


def _drive_min(pursuit: Pursuit, latest_min: float) -> float:
    """No unit that is there by `latest_min` has driven longer at the speeds of the roads."""
    return float(latest_min * pursuit.squads.speed_factor.max(initial=0.0))


def _near_enough(pursuit: Pursuit, arcs: NDArray[np.int64], latest_min: float) -> NDArray[np.int64]:
    """Squads with units that could be at an end of some of the arcs by `latest_min`."""
    graph, squads = pursuit.graph, pursuit.squads
    ends = np.unique(np.concatenate([graph.tail[arcs], graph.head[arcs]]))
    away = first_minutes(graph, pursuit.unit_kmh, ends, np.zeros(len(ends)))[squads.node]
    soonest = away / squads.speed_factor + squads.turnout_min
    return np.flatnonzero((squads.units > 0) & (soonest <= latest_min))


def _leaks(ring: _Ring, open_arcs: NDArray[np.bool_]) -> bool:
    """Whether a way out leads over open arcs alone."""
    ends = (ring.tail[open_arcs], ring.head[open_arcs])
    size = ring.outside + 1
    ways = coo_matrix((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(size, size))
    part = connected_components(ways, directed=False)[1]
    return bool(part[ring.start] == part[ring.outside])


def _late(ring: _Ring) -> RingTrial:
    """Checkpoints of which the worst is late by the least that can be."""
    late_min = np.maximum(ring.first_unit_min - ring.car_min, 0.0)
    steps = np.unique(late_min)
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        if _leaks(ring, late_min > steps[middle]):
            low = middle + 1
        else:
            high = middle
    weight = np.where(late_min > 0.0, LATE_WEIGHT, 1)
    weight = np.where(late_min <= steps[low], weight, NEVER)
    arcs = ring.over(ring.cut(weight)[1])
    late = [
        LateCheckpoint(int(ring.arc[at]), float(ring.first_unit_min[at]), float(ring.car_min[at]))
        for at in arcs[np.argsort(-late_min[arcs], kind="stable")].tolist()
        if late_min[at] > 0.0
    ]
    return RingTrial(ring.ring_min, Verdict.LATE, len(arcs), tuple(late))


def _manned(
    pursuit: Pursuit, ring: _Ring, arrivals: _Arrivals
) -> tuple[RingTrial, RingCordon | None]:
    """Cuts at rising prices until one can be manned, or the least is worth all the units."""
    price = np.full(len(arrivals.squad), FIRST_PRICE, dtype=np.int64)
    best: RingTrial | None = None
    idle_rounds = 0
    while idle_rounds < IDLE_ROUNDS:
        weight = np.full(len(ring.arc), NEVER)
        weight[arrivals.arc] = np.where(arrivals.in_time, price, NEVER).min(axis=1, initial=NEVER)
        value, side = ring.cut(weight)
        if best is not None and value >= NEVER:
            break
        trial, cordon = _assigned(pursuit, ring, arrivals, side)
        if cordon is not None:
            return trial, cordon
        better = best is None or trial.units_short < best.units_short
        best, idle_rounds = (trial, 0) if better else (best, idle_rounds + 1)
        if best is not None and value > int((price * arrivals.units).sum()):
            return replace(best, proven=True), None
        critical = np.isin(ring.arc[arrivals.arc], trial.critical_arcs)
        wanted = arrivals.in_time[critical].any(axis=0)
        price[wanted] = np.ceil(price[wanted] * DEARER).astype(np.int64)
    assert best is not None
    return best, None


def _assigned(
    pursuit: Pursuit, ring: _Ring, arrivals: _Arrivals, side: NDArray[np.bool_]
) -> tuple[RingTrial, RingCordon | None]:
    """A cut with a unit for each arc, the least slack as large as it can be."""
    cut = ring.over(side)
    row = np.searchsorted(arrivals.arc, cut)
    in_time, minutes = arrivals.in_time[row].T, arrivals.minutes[row].T
    sent = np.where(in_time.any(axis=1), np.minimum(arrivals.units, len(cut)), 0)
    who = np.repeat(np.arange(len(sent)), sent)
    car_min = ring.car_min[cut]
    behind_car = minutes[who] - car_min + car_min.max()
    sealed = seal(np.where(in_time[who], behind_car, np.inf))
    if not sealed.sealed:
        critical = tuple(ring.arc[cut[list(sealed.critical_exits)]].tolist())
        short = RingTrial(
            ring.ring_min,
            Verdict.SHORT,
            len(cut),
            critical_arcs=critical,
            units_short=sealed.units_short,
            proven=False,
        )
        return short, None
    squad = who[sealed.unit_of_exit]
    checkpoints = tuple(
        Checkpoint(int(ring.arc[at]), int(arrivals.squad[s]), float(minutes[s, n]), float(car))
        for n, (at, s, car) in enumerate(zip(cut, squad, car_min, strict=True))
    )
    inside = np.zeros(pursuit.graph.n_nodes, dtype=bool)
    inside[ring.node[side[:-1]]] = True
    holds = RingTrial(ring.ring_min, Verdict.HOLDS, len(cut))
    return holds, RingCordon(ring.ring_min, inside, checkpoints)
