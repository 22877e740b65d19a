"""Visits to must-visit points: when they are due and which of them a plan delivers."""

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.places import Places, VisitPoints
from optimizer.plan import Visit, VisitPlan

PATROL_OFFICERS = 2
"""Officers of a foot patrol."""


def due_visits(points: VisitPoints, horizon: Horizon, *, seed: int) -> NDArray[np.int64]:
    """Visits that are due, `[visit, 2]`: point and start in minutes from the horizon's start.

    Each point is visited once in every interval of its due hours. The first visit of a point
    falls at a seeded random time of its first interval, so that the order of the points is not
    the same each night, and the following ones an interval later.
    """
    rng = np.random.default_rng(seed)
    phase = rng.random(len(points.places))
    rows = []
    due = np.array([points.due_at(int(clock)) for clock in horizon.hour_of_day])
    for point in range(len(points.places)):
        for first, last in _spans(due[:, point]):
            step = float(points.interval_h[point]) * 60.0
            minute = first * 60.0 + phase[point] * max(step - points.visit_min[point], 0.0)
            while minute + points.visit_min[point] <= last * 60.0:
                rows.append((point, int(minute)))
                minute += step
    order = sorted(rows, key=lambda row: (row[1], row[0]))
    return np.array(order, dtype=np.int64).reshape(-1, 2)


def _spans(due: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First hour and hour after the last of each run of due hours."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], due, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def visit_officers(
    points: VisitPoints,
    visits: NDArray[np.int64],
    command: NDArray[np.int64],
    n_commands: int,
    n_hours: int,
    *,
    walk_min: float,
) -> NDArray[np.float64]:
    """Officers on foot that the visits take up, `[command, hour]`; `command[point]`.

    A visit takes a patrol of two officers for its minutes and `walk_min` minutes on foot,
    counted in the hour it starts.
    """
    hour = np.minimum(visits[:, 1] // 60, n_hours - 1)
    officers = PATROL_OFFICERS * (points.visit_min[visits[:, 0]] + walk_min) / 60.0
    total = np.zeros((n_commands, n_hours))
    np.add.at(total, (command[visits[:, 0]], hour), officers)
    return total


def plan_visits(
    points: VisitPoints,
    stations: Places,
    visits: NDArray[np.int64],
    visit_short: NDArray[np.float64],
    command_of: NDArray[np.int64],
    n_hours: int,
    *,
    walk_min: float,
) -> VisitPlan:
    """The visits that the officers on foot can make.

    `visit_short[command, hour]` are officers missing: that many officer-hours of visits are
    dropped in the hour, the latest ones first. Each visit is made by the nearest station of the
    command; `command_of[district]`.
    """
    nearest = [
        _nearest_station(points.places, p, stations, command_of) for p in range(len(points.places))
    ]
    kept = []
    short = visit_short.copy()
    for point, minute in visits[::-1].tolist():
        command = int(command_of[points.places.district[point]])
        hour = min(minute // 60, n_hours - 1)
        takes = PATROL_OFFICERS * (float(points.visit_min[point]) + walk_min) / 60.0
        if short[command, hour] > 1e-9:
            short[command, hour] -= takes
            continue
        kept.append(Visit(point, minute, float(points.visit_min[point]), nearest[point]))
    due = np.bincount(visits[:, 0], minlength=len(points.places))
    return VisitPlan(tuple(reversed(kept)), due)


def _nearest_station(
    places: Places, point: int, stations: Places, command_of: NDArray[np.int64]
) -> int:
    candidates = stations.of_kind("station")
    own = command_of[stations.district[candidates]] == command_of[places.district[point]]
    candidates = candidates[own] if own.any() else candidates
    offset = np.hypot(
        stations.x[candidates] - places.x[point], stations.y[candidates] - places.y[point]
    )
    return int(candidates[int(np.argmin(offset))])
