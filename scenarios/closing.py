"""One crossing of a barrier closed: which one, and the travel times without it."""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geodata.context_file import metric_points
from geodata.faults import FaultLog
from geodata.roads import RoadGraph
from geodata.routing import SpeedProfiles, travel_times
from geodata.situation import ContextLine, Situation
from scenarios.ground import road_graph
from scenarios.scenario import LoadedScenario
from scenarios.tables import read_tables
from scenarios.world import World, hourly_speeds

NEAR_CROSSING_M = 3000.0
"""Calls this near to a crossing, by straight line, are the ones that may need it (assumption)."""


@dataclass(frozen=True)
class Closed:
    """The situation without a crossing; `names` of all bridges and tunnels that are one there."""

    names: tuple[str, ...]
    situation: Situation


@dataclass(frozen=True)
class _Crossing:
    """An arc that leads over a barrier, and the numbers of the crossings that open it."""

    arc: int
    members: NDArray[np.int64]


def without_a_crossing(loaded: LoadedScenario, world: World) -> Closed | None:
    """Close the crossing that hurts most; None where the scenario has none over a barrier.

    That is the one with the largest product of the expected calls near it and the minutes of
    detour between its two ends, at the speeds of the first hour. Crossings that are so near to
    each other that the grid has one street for them close together.
    """
    situation = world.situation
    lines = [line for line in situation.context if line.kind == "crossing"]
    graph = _graph(loaded, situation, situation.context)
    bare = _graph(loaded, situation, _all_but(situation.context, lines))
    crossings = _crossings(situation, graph, bare)
    if not crossings:
        return None
    speeds = _speeds(loaded, situation)
    detour = _detour_min(graph, crossings, speeds, loaded.scenario.patrol.cutoff_min)
    worst = int(np.argmax(detour * _calls_near(situation, graph, crossings)))
    closed = [lines[member] for member in crossings[worst].members]
    roads = _graph(loaded, situation, _all_but(situation.context, closed))
    travel = travel_times(
        roads,
        situation.zone,
        situation.patrol_places,
        speeds,
        speed_factors={unit.unit_type: unit.speed_factor for unit in world.force.unit_types},
        cutoff_min=loaded.scenario.patrol.cutoff_min,
    )
    names = tuple(line.name_en or line.name for line in closed)
    return Closed(names, replace(situation, travel=MappingProxyType(travel)))


def _graph(
    loaded: LoadedScenario, situation: Situation, context: tuple[ContextLine, ...]
) -> RoadGraph:
    return road_graph(loaded, situation.area, situation.grid, situation.zone, context)


def _all_but(
    context: tuple[ContextLine, ...], closed: list[ContextLine]
) -> tuple[ContextLine, ...]:
    gone = {id(line) for line in closed}
    return tuple(line for line in context if id(line) not in gone)


def _speeds(loaded: LoadedScenario, situation: Situation) -> SpeedProfiles:
    """The scenario's speeds, read again: the world keeps the travel times only."""
    faults = FaultLog()
    season = read_tables(loaded, faults).season
    speeds = hourly_speeds(loaded, situation.horizon, season, faults)
    faults.raise_if_any()
    return speeds


def _crossings(situation: Situation, graph: RoadGraph, bare: RoadGraph) -> list[_Crossing]:
    """Arcs that are there because of a crossing, each with the crossings nearest to it."""
    known = bare.tail * bare.n_nodes + bare.head
    arcs = np.flatnonzero(~np.isin(graph.tail * graph.n_nodes + graph.head, known))
    if not len(arcs):
        return []
    middle = _middle(situation, graph, arcs)
    at = metric_points(situation.area, situation.context, "crossing")
    offset = np.hypot(*(at[:, np.newaxis] - middle).transpose(2, 0, 1))
    nearest = offset.argmin(axis=1)
    members = [np.flatnonzero(nearest == number) for number in range(len(arcs))]
    return [_Crossing(int(arc), own) for arc, own in zip(arcs, members, strict=True) if len(own)]


def _middle(situation: Situation, graph: RoadGraph, arcs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Middle points of arcs, `[arc, 2]` metres."""
    xy = np.stack([situation.grid.x, situation.grid.y], axis=1)
    return np.asarray((xy[graph.tail[arcs]] + xy[graph.head[arcs]]) / 2.0)


def _detour_min(
    graph: RoadGraph, crossings: list[_Crossing], speeds: SpeedProfiles, cutoff_min: float
) -> NDArray[np.float64]:
    """Minutes more between the ends of each crossing once it is closed, at most the cut-off."""
    speed_kmh = speeds.speed_kmh[speeds.profile_of_hour[0]]
    found = np.zeros(len(crossings))
    for number, crossing in enumerate(crossings):
        tail, head = int(graph.tail[crossing.arc]), int(graph.head[crossing.arc])
        minutes = [
            dijkstra(roads.minutes_matrix(speed_kmh), indices=tail, limit=cutoff_min)[head]
            for roads in (graph, _without_arc(graph, crossing.arc))
        ]
        found[number] = min(minutes[1], cutoff_min) - min(minutes[0], cutoff_min)
    return found


def _without_arc(graph: RoadGraph, arc: int) -> RoadGraph:
    return RoadGraph(
        graph.n_nodes,
        np.delete(graph.tail, arc),
        np.delete(graph.head, arc),
        np.delete(graph.length_m, arc),
        np.delete(graph.kind, arc),
        graph.own_cell_m,
    )


def _calls_near(
    situation: Situation, graph: RoadGraph, crossings: list[_Crossing]
) -> NDArray[np.float64]:
    """Expected calls of the horizon within `NEAR_CROSSING_M` of each crossing."""
    calls = situation.forecast.rate_per_h.sum(axis=(1, 2), dtype=np.float64)
    arcs = np.array([crossing.arc for crossing in crossings])
    x, y = situation.grid.x, situation.grid.y
    return np.array(
        [
            calls[np.hypot(x - px, y - py) <= NEAR_CROSSING_M].sum()
            for px, py in _middle(situation, graph, arcs).tolist()
        ]
    )
