"""Ways of patrols between must-visit points: on foot and over the road graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.arc_travel import node_minutes
from geodata.grid import Grid
from geodata.places import VisitPoints
from geodata.roads import DETOUR, RoadGraph
from geodata.routing import SpeedProfiles

WALK_KMH = 4.5
"""Pace on foot from point to point (assumption)."""

LONGEST_WALK_MIN = 90.0
"""Ways on foot that take longer are not walked."""

_M_PER_MIN = 1000.0 / 60.0


@dataclass(frozen=True, eq=False)
class VisitRoads:
    """The road graph as patrols on visits use it, its nodes being the cells of the grid.

    `zone[cell]` is the kind of its streets; ways by road take at most `cutoff_min`.
    """

    graph: RoadGraph
    speeds: SpeedProfiles
    grid: Grid
    zone: NDArray[np.int64]
    cutoff_min: float


@dataclass(frozen=True, eq=False)
class Spots:
    """Places with an entry and an exit, metres and cells: arrays `[place]`."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cell: NDArray[np.int64]
    end_x: NDArray[np.float64]
    end_y: NDArray[np.float64]
    end_cell: NDArray[np.int64]


def spots_of(
    points: VisitPoints,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    cell: NDArray[np.int64],
) -> Spots:
    """The must-visit points, then starts of patrols at `x`, `y` and `cell`."""
    places, end = points.places, points.end
    return Spots(
        np.concatenate([places.x, x]),
        np.concatenate([places.y, y]),
        np.concatenate([places.cell, cell]),
        np.concatenate([end.x, x]),
        np.concatenate([end.y, y]),
        np.concatenate([end.cell, cell]),
    )


def walking_min(roads: VisitRoads, spots: Spots) -> NDArray[np.float64]:
    """Minutes on foot from the exit of each place to the entry of each, `[from, to]`.

    The straight way, as much longer as the road between the two cells is than the straight way
    between their centres, so that nobody walks through a river; at least the detour of streets.
    Infinite where it takes longer than `LONGEST_WALK_MIN`.
    """
    m_per_min = WALK_KMH * _M_PER_MIN
    every_kind = np.full(roads.speeds.speed_kmh.shape[1], WALK_KMH)
    walked = _between_cells(roads, spots, every_kind, 2.0 * LONGEST_WALK_MIN)
    grid = roads.grid
    centres = np.hypot(
        grid.x[spots.end_cell][:, None] - grid.x[spots.cell],
        grid.y[spots.end_cell][:, None] - grid.y[spots.cell],
    )
    apart = centres > 0.0
    longer = np.full(centres.shape, DETOUR)
    longer[apart] = np.maximum(walked[apart] * m_per_min / centres[apart], DETOUR)
    minutes = np.where(np.isfinite(longer), _straight_m(spots) * longer / m_per_min, np.inf)
    return np.where(minutes <= LONGEST_WALK_MIN, minutes, np.inf)


def driving_min(
    roads: VisitRoads, spots: Spots, profile: int, factor: float, walking: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minutes of a unit from the exit of each place to the entry of each, `[from, to]`.

    By road at `factor` times the car speeds of a profile, or `walking` where that is quicker;
    infinite beyond the cut-off.
    """
    speed = roads.speeds.speed_kmh[profile] * factor
    driven = _between_cells(roads, spots, speed, roads.cutoff_min)
    street = speed[roads.zone[spots.end_cell]][:, None] * _M_PER_MIN
    within = _straight_m(spots) * DETOUR / street
    same = spots.end_cell[:, None] == spots.cell
    minutes = np.minimum(np.where(same, within, driven), walking)
    return np.where(minutes <= roads.cutoff_min, minutes, np.inf)


def foot_min(
    roads: VisitRoads, spots: Spots, starts: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minutes on foot from the exit of each place to the entry of each, `[from, to]`, twice.

    All walked; and of a foot patrol, which walks from point to point but is driven from and to
    the last `starts` places, where it sets out, at the slowest car speeds where that is quicker.
    """
    walking = walking_min(roads, spots)
    slowest = slowest_profile(roads, 0, len(roads.speeds.profile_of_hour))
    driven = driving_min(roads, spots, slowest, 1.0, walking)
    first = len(spots.x) - starts
    patrol = walking.copy()
    for ways in (np.s_[first:], np.s_[:, first:]):
        patrol[ways] = np.minimum(walking[ways], driven[ways])
    return walking, patrol


def slowest_profile(roads: VisitRoads, from_hour: int, to_hour: int) -> int:
    """The profile in force in some of the hours whose streets are slowest."""
    used = np.unique(roads.speeds.profile_of_hour[from_hour:to_hour])
    return int(used[np.argmin(roads.speeds.speed_kmh[used].sum(axis=1))])


def _straight_m(spots: Spots) -> NDArray[np.float64]:
    return np.asarray(np.hypot(spots.end_x[:, None] - spots.x, spots.end_y[:, None] - spots.y))


def _between_cells(
    roads: VisitRoads, spots: Spots, speed_kmh: NDArray[np.float64], limit_min: float
) -> NDArray[np.float64]:
    """Minutes by road from the cell of each exit to that of each entry."""
    sources, row = np.unique(spots.end_cell, return_inverse=True)
    minutes = node_minutes(roads.graph, speed_kmh, sources, limit_min)
    return np.asarray(minutes[np.ix_(row, spots.cell)])
