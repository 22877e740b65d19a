"""Rules of a ring of checkpoints: the car is driven against it, and never gets out.

Nothing here knows how the ring was found. The car is followed through the graph with every
checkpoint closed from the minute it is manned on; later arrivals never help it, so its earliest
arrivals (Dijkstra 1959) decide. Units are followed to their checkpoints in the same way.
"""

import heapq
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optimizer.judges.claims import TOLERANCE
from optimizer.judges.violation import Violation
from optimizer.ring_cordon import Checkpoint, Pursuit, RingCordon, RingTrial

Ways = list[list[tuple[int, int]]]
"""Of each node the arcs that begin there, with the node at their other end."""

ALARM = "after the alarm"


def ring_violations(pursuit: Pursuit, cordon: RingCordon) -> tuple[Violation, ...]:
    """All rules that a ring breaks."""
    ways = _ways(pursuit)
    return tuple(
        check_units(pursuit, cordon)
        + check_manned(pursuit, cordon, ways)
        + check_held(pursuit, cordon, ways)
    )


def check_units(pursuit: Pursuit, cordon: RingCordon) -> list[Violation]:
    """No squad sends more units than it has, and no arc has two checkpoints."""
    sent = np.bincount([c.squad for c in cordon.checkpoints], minlength=len(pursuit.squads))
    at_arc = np.bincount([c.arc for c in cordon.checkpoints], minlength=1)
    found = [
        Violation("units of a squad", f"squad {s}", ALARM, float(sent[s]), float(most))
        for s, most in enumerate(pursuit.squads.units.tolist())
        if sent[s] > most
    ]
    return found + [
        Violation("one checkpoint an arc", f"arc {arc}", ALARM, float(at_arc[arc]), 1.0)
        for arc in np.flatnonzero(at_arc > 1).tolist()
    ]


def check_manned(pursuit: Pursuit, cordon: RingCordon, ways: Ways) -> list[Violation]:
    """Each unit is at its checkpoint when the plan says so."""
    minutes = _arc_min(pursuit, pursuit.unit_kmh)
    found = []
    for checkpoint in cordon.checkpoints:
        true = _arrival(pursuit, checkpoint, ways, minutes)
        if abs(true - checkpoint.manned_min) > TOLERANCE * max(1.0, true):
            where = f"arc {checkpoint.arc}"
            found.append(Violation("checkpoint manned", where, ALARM, checkpoint.manned_min, true))
    return found


def check_held(pursuit: Pursuit, cordon: RingCordon, ways: Ways) -> list[Violation]:
    """The car stays inside, and no place inside is further off than the ring says."""
    manned = {checkpoint.arc: checkpoint.manned_min for checkpoint in cordon.checkpoints}
    free, held = _driven(pursuit, ways, {}), _driven(pursuit, ways, manned)
    out = np.flatnonzero(np.isfinite(held) & ~cordon.inside).tolist()
    far = np.flatnonzero(cordon.inside & (free > cordon.ring_min)).tolist()
    start = pursuit.start
    return [
        *(Violation("car held", f"node {n}", ALARM, float(held[n]), np.inf) for n in out),
        *(
            Violation("inside the ring", f"node {n}", ALARM, float(free[n]), cordon.ring_min)
            for n in far
            if n != start
        ),
    ]


def late_violations(pursuit: Pursuit, trial: RingTrial) -> tuple[Violation, ...]:
    """A ring that fails by lateness does fail: a way out has no arc that a unit meets in time."""
    ways = _ways(pursuit)
    free = _driven(pursuit, ways, {})
    car_min = _middles(pursuit, free, pursuit.car_kmh)
    first_min = _first_unit(pursuit, ways)
    open_arc = first_min > car_min - TOLERANCE
    seen, stack = {pursuit.start}, [pursuit.start]
    while stack:
        for arc, other in ways[stack.pop()]:
            if open_arc[arc] and other not in seen:
                seen.add(other)
                stack.append(other)
    furthest = max(float(free[node]) for node in seen)
    found = []
    if furthest <= trial.ring_min:
        found.append(Violation("way out", "whole ring", ALARM, furthest, trial.ring_min))
    for late in trial.late:
        true = float(first_min[late.arc] - car_min[late.arc])
        if late.late_min != true and abs(late.late_min - true) > TOLERANCE * max(1.0, abs(true)):
            found.append(Violation("minutes late", f"arc {late.arc}", ALARM, late.late_min, true))
    return tuple(found)


def _ways(pursuit: Pursuit) -> Ways:
    graph = pursuit.graph
    ways: Ways = [[] for _ in range(graph.n_nodes)]
    ends = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    for arc, (tail, head) in enumerate(ends):
        ways[tail].append((arc, head))
        ways[head].append((arc, tail))
    return ways


def _arc_min(pursuit: Pursuit, speed_kmh: NDArray[np.float64]) -> list[float]:
    graph = pursuit.graph
    minutes: list[float] = (graph.length_m * 60.0 / (1000.0 * speed_kmh[graph.kind])).tolist()
    return minutes


def _driven(pursuit: Pursuit, ways: Ways, manned_min: Mapping[int, float]) -> NDArray[np.float64]:
    """Earliest minute of the car at each node; an arc is closed from `manned_min` on."""
    minutes = _arc_min(pursuit, pursuit.car_kmh)
    earliest = np.full(pursuit.graph.n_nodes, np.inf)
    earliest[pursuit.start] = -pursuit.head_start_min
    queue = [(-pursuit.head_start_min, pursuit.start)]
    while queue:
        now, node = heapq.heappop(queue)
        if now > earliest[node]:
            continue
        for arc, other in ways[node]:
            at_middle = now + minutes[arc] / 2.0
            closed = manned_min.get(arc, np.inf)
            stopped = at_middle >= closed - TOLERANCE * max(1.0, abs(closed))
            if not stopped and now + minutes[arc] < earliest[other]:
                earliest[other] = now + minutes[arc]
                heapq.heappush(queue, (now + minutes[arc], other))
    return earliest


def _middles(
    pursuit: Pursuit, at_node_min: NDArray[np.float64], speed_kmh: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Earliest minute in the middle of each arc."""
    graph = pursuit.graph
    half = np.array(_arc_min(pursuit, speed_kmh)) / 2.0
    return np.minimum(at_node_min[graph.tail], at_node_min[graph.head]) + half


def _arrival(pursuit: Pursuit, checkpoint: Checkpoint, ways: Ways, minutes: list[float]) -> float:
    """Minute at which the unit is at its checkpoint, found from the checkpoint outwards."""
    graph, squads = pursuit.graph, pursuit.squads
    goal, factor = int(squads.node[checkpoint.squad]), float(squads.speed_factor[checkpoint.squad])
    half = minutes[checkpoint.arc] / 2.0
    ends = (int(graph.tail[checkpoint.arc]), int(graph.head[checkpoint.arc]))
    nearest = dict.fromkeys(ends, half)
    queue = [(half, end) for end in ends]
    while queue:
        far, node = heapq.heappop(queue)
        if node == goal:
            return far / factor + float(squads.turnout_min[checkpoint.squad])
        if far > nearest[node]:
            continue
        for arc, other in ways[node]:
            if far + minutes[arc] < nearest.get(other, np.inf):
                nearest[other] = far + minutes[arc]
                heapq.heappush(queue, (nearest[other], other))
    return np.inf


def _first_unit(pursuit: Pursuit, ways: Ways) -> NDArray[np.float64]:
    """Minute of the first of all units in the middle of each arc."""
    squads = pursuit.squads
    first = np.full(len(pursuit.graph.tail), np.inf)
    for factor in np.unique(squads.speed_factor).tolist():
        speed_kmh = pursuit.unit_kmh * factor
        minutes = _arc_min(pursuit, speed_kmh)
        of_type = np.flatnonzero((squads.speed_factor == factor) & (squads.units > 0))
        earliest = np.full(pursuit.graph.n_nodes, np.inf)
        np.minimum.at(earliest, squads.node[of_type], squads.turnout_min[of_type])
        queue = [(float(earliest[n]), n) for n in np.unique(squads.node[of_type]).tolist()]
        heapq.heapify(queue)
        while queue:
            now, node = heapq.heappop(queue)
            if now > earliest[node]:
                continue
            for arc, other in ways[node]:
                if now + minutes[arc] < earliest[other]:
                    earliest[other] = now + minutes[arc]
                    heapq.heappush(queue, (now + minutes[arc], other))
        first = np.minimum(first, _middles(pursuit, earliest, speed_kmh))
    return first
