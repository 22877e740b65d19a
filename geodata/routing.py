"""Travel times over the road graph: shortest paths with a cut-off, per speed profile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geodata.places import Places
from geodata.roads import RoadGraph
from geodata.travel import ReachLists, TravelTimes


@dataclass(frozen=True)
class SpeedProfiles:
    """Car speeds `speed_kmh[profile, road kind]` and the profile of each hour."""

    profiles: tuple[str, ...]
    speed_kmh: NDArray[np.float64]
    profile_of_hour: NDArray[np.int64]


def travel_times(
    graph: RoadGraph,
    zone: NDArray[np.int64],
    places: Places,
    speeds: SpeedProfiles,
    *,
    speed_factors: dict[str, float],
    cutoff_min: float,
) -> dict[str, TravelTimes]:
    """Travel times of each unit type from all places, at most `cutoff_min` minutes.

    `speed_factors` scales the car speeds per unit type: a factor of 1.15 reaches in a given
    time what a car reaches in 1.15 times that time. Only profiles used in the horizon are
    computed.
    """
    used = np.unique(speeds.profile_of_hour)
    longest = cutoff_min * max(speed_factors.values())
    base = [_reach(graph, zone, places, speeds.speed_kmh[p], longest) for p in used]
    profile_of_hour = np.searchsorted(used, speeds.profile_of_hour)
    names = tuple(speeds.profiles[p] for p in used)
    return {
        unit_type: TravelTimes(
            names,
            tuple(_scaled(reach, factor, cutoff_min) for reach in base),
            profile_of_hour,
            cutoff_min,
        )
        for unit_type, factor in speed_factors.items()
    }


def _reach(
    graph: RoadGraph,
    zone: NDArray[np.int64],
    places: Places,
    speed_kmh: NDArray[np.float64],
    limit_min: float,
) -> ReachLists:
    matrix = graph.minutes_matrix(speed_kmh)
    sources, of_place = np.unique(places.cell, return_inverse=True)
    own_min = graph.own_cell_m / (speed_kmh[zone] * 1000.0 / 60.0)
    cells: list[NDArray[np.int32]] = []
    minutes: list[NDArray[np.float32]] = []
    for chunk in np.array_split(sources, max(1, len(sources) // 128)):
        distance = dijkstra(matrix, directed=True, indices=chunk, limit=limit_min)
        distance[np.arange(len(chunk)), chunk] = own_min[chunk]
        np.maximum(distance, own_min[None, :], out=distance)
        for row in distance:
            within = np.flatnonzero(row <= limit_min)
            cells.append(within.astype(np.int32))
            minutes.append(row[within].astype(np.float32))
    counts = np.array([len(cells[source]) for source in of_place], dtype=np.int64)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    all_cells = np.concatenate([cells[source] for source in of_place])
    all_minutes = np.concatenate([minutes[source] for source in of_place])
    return ReachLists(indptr, all_cells, all_minutes)


def _scaled(reach: ReachLists, factor: float, cutoff_min: float) -> ReachLists:
    minutes = reach.minutes / np.float32(factor)
    kept = minutes <= cutoff_min
    owner = np.repeat(np.arange(reach.n_places), np.diff(reach.indptr))
    counts = np.bincount(owner[kept], minlength=reach.n_places)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return ReachLists(indptr, reach.cell[kept], minutes[kept])
