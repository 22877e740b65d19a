"""Visits to must-visit points: when they are due and which of them a plan delivers."""

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.places import Places, VisitPoints
from optimizer.plan import Visit, VisitPlan

PATROL_OFFICERS = 2
"""Officers of a foot patrol."""


def due_visits(
    points: VisitPoints,
    horizon: Horizon,
    *,
    seed: int,
    density: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Visits that are due, `[visit, 2]`: point and start in minutes from the horizon's start.

    Each point is visited once in every interval of its due hours. The first visit of a point
    falls at a seeded random time of its first interval, so that the order of the points is not
    the same each night, and the following ones an interval later. `density[point, hour]` says
    how fast intervals pass: at 0.5 they last twice as long, at 0 no visit is due; 1 everywhere
    unless given.
    """
    rng = np.random.default_rng(seed)
    phase = rng.random(len(points.places))
    if density is None:
        density = np.ones((len(points.places), horizon.hours))
    rows = []
    due = np.array([points.due_at(int(clock)) for clock in horizon.hour_of_day]).T
    for point, visit_min in enumerate(points.visit_min.tolist()):
        step = float(points.interval_h[point]) * 60.0
        wait = float(phase[point]) * max(step - visit_min, 0.0)
        for first, last in _spans(due[point] & (density[point] > 0.0)):
            pace = density[point, first:last]
            rows += [
                (point, int(minute))
                for minute in _minutes(first, pace, wait, step)
                if minute + visit_min <= last * 60.0
            ]
    order = sorted(rows, key=lambda row: (row[1], row[0]))
    return np.array(order, dtype=np.int64).reshape(-1, 2)


def _minutes(
    first: int, pace: NDArray[np.float64], wait: float, step: float
) -> NDArray[np.float64]:
    """Minutes at which a clock that runs at `pace[hour]` from hour `first` shows a visit.

    The first one when it shows `wait` minutes, the others each `step` minutes later.
    """
    start = first * 60.0
    shown = start + np.concatenate([[0.0], np.cumsum(pace * 60.0)])
    passed = start + 60.0 * np.arange(len(pace) + 1)
    visits = np.arange(start + wait, shown[-1], step)
    return np.asarray(np.interp(visits, shown, passed))


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
