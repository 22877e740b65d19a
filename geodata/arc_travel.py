"""Travel over the road graph to its nodes and to the middle of its arcs, both ways of each."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geodata.roads import RoadGraph
from geodata.routing import SpeedProfiles

SOURCES_AT_ONCE = 128
"""Sources of one call of the search; bounds its memory."""


def fastest_kmh(speeds: SpeedProfiles, factor: float) -> NDArray[np.float64]:
    """Highest speed of each road kind in any profile, times `factor`: km/h `[kind]`."""
    return np.asarray(speeds.speed_kmh.max(axis=0) * factor, dtype=np.float64)


def arc_minutes(graph: RoadGraph, speed_kmh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minutes from end to end of each arc, `[arc]`."""
    return np.asarray(graph.length_m / (speed_kmh[graph.kind] * 1000.0 / 60.0), dtype=np.float64)


def node_minutes(
    graph: RoadGraph,
    speed_kmh: NDArray[np.float64],
    sources: NDArray[np.int64],
    limit_min: float = np.inf,
) -> NDArray[np.float64]:
    """Least minutes from each source to every node, `[source, node]`.

    Infinite out of reach and beyond `limit_min`.
    """
    matrix = graph.minutes_matrix(speed_kmh)
    found = np.empty((len(sources), graph.n_nodes))
    for first in range(0, len(sources), SOURCES_AT_ONCE):
        chunk = slice(first, first + SOURCES_AT_ONCE)
        found[chunk] = dijkstra(matrix, indices=sources[chunk], limit=limit_min)
    return found


def first_minutes(
    graph: RoadGraph,
    speed_kmh: NDArray[np.float64],
    sources: NDArray[np.int64],
    ready_min: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minute at which the first of all sources is at each node, `[node]`.

    A source sets off at `ready_min[source]`, 0 or later; infinite where none comes.
    """
    ready = np.full(graph.n_nodes, np.inf)
    np.minimum.at(ready, sources, ready_min)
    standing = np.flatnonzero(np.isfinite(ready))
    roads = graph.minutes_matrix(speed_kmh).tocoo()
    rows = np.concatenate([roads.row, np.full(len(standing), graph.n_nodes)])
    columns = np.concatenate([roads.col, standing])
    # a minute more for all, because an arc of no length would count as no arc
    minutes = np.concatenate([roads.data, ready[standing] + 1.0])
    size = graph.n_nodes + 1
    every = csr_matrix((minutes, (rows, columns)), shape=(size, size))
    return np.asarray(dijkstra(every, indices=graph.n_nodes)[:-1] - 1.0, dtype=np.float64)


def middle_minutes(
    graph: RoadGraph,
    speed_kmh: NDArray[np.float64],
    to_node_min: NDArray[np.float64],
    arcs: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Least minutes to the middle of the arcs, over either end; `[..., arc]`.

    `to_node_min[..., node]` are those to the nodes, at the same speeds.
    """
    nearer = np.minimum(to_node_min[..., graph.tail[arcs]], to_node_min[..., graph.head[arcs]])
    return np.asarray(nearer + arc_minutes(graph, speed_kmh)[arcs] / 2.0, dtype=np.float64)
