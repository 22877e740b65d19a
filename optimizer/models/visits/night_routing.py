"""Routes of one night: patrols deliver the dose of the must-visit points between calls."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.places import VisitPoints
from optimizer.judges.route_rules import longest_gaps, route_times
from optimizer.models.visits.orienteering import RouteOptions, solve_routes
from optimizer.models.visits.orienteering_annealing import wander
from optimizer.models.visits.orienteering_search import as_ground, as_tours, routes_of
from optimizer.visit_routes import (
    MODES,
    DueWindows,
    NightRoutes,
    Patrols,
    RoutePlan,
    RouteProblem,
    RouteVisit,
    due_windows,
)

KEPT = 0.99
"""Least share of the best dose that the routes of every night deliver."""

WANDERING = 2_000
"""Steps from the best routes to those of a night."""

ON_THE_NIGHT = RouteOptions(starts=3, steps=5_000, bound_rounds=0)
"""Search for the best routes; the bound is that of the patrols' minutes."""


def night_routes(
    points: VisitPoints,
    horizon: Horizon,
    patrols: Patrols,
    travel_min: NDArray[np.float64],
    *,
    night: int,
    options: RouteOptions = ON_THE_NIGHT,
) -> NightRoutes:
    """Routes that deliver the dose, other ones every `night` but never under 99 % of the best.

    `travel_min[mode, place, place]` for each of `MODES`, places being the must-visit points
    followed by the starts of the patrols. Every window of `due_windows` asks for one visit,
    which brings its minutes. A patrol's minutes of work last longer by the clock, as calls take
    the rest of its time. Best searched with all patrols of a command at once, hundreds of visits
    at most.

    Raises
    ------
    ValueError
        When the travel times do not cover all modes, points and starts, or none are at all.
    """
    windows = due_windows(points, horizon)
    problem = _as_problem(points, windows, patrols, travel_min)
    best = solve_routes(problem, options)
    visits = _visits(points, windows, problem, _tonight(problem, best, night))
    made = [visit.point for visit in visits]
    count = len(points.places)
    return NightRoutes(
        visits=visits,
        due_min=np.bincount(windows.point, minlength=count) * points.visit_min,
        planned_min=np.bincount(np.array(made, dtype=np.int64), minlength=count) * points.visit_min,
        longest_gap_min=longest_gaps(points, horizon, visits),
        best_min=best.score,
        bound_min=best.bound,
    )


def _tonight(problem: RouteProblem, best: RoutePlan, night: int) -> tuple[tuple[int, ...], ...]:
    """Routes some way from the best ones, drawn for this night."""
    if best.score == 0.0:
        return best.routes
    ground = as_ground(problem)
    tours = as_tours(ground, best.routes)
    wander(ground, tours, KEPT * best.score, WANDERING, np.random.default_rng(night))
    return routes_of(tours)


def _as_problem(
    points: VisitPoints, windows: DueWindows, patrols: Patrols, travel_min: NDArray[np.float64]
) -> RouteProblem:
    """Each window as a point of its own, and each way and pace of patrols as a kind."""
    count = len(points.places)
    places = count + (int(patrols.start.max()) + 1 if len(patrols.start) else 0)
    shape = (len(MODES), *np.shape(travel_min)[1:])
    if np.shape(travel_min) != shape or shape[1] != shape[2] or shape[1] < places:
        found = " x ".join(str(size) for size in np.shape(travel_min))
        raise ValueError(f"travel_min is {found}, expected {len(MODES)} x {places} x {places}")
    busy = np.isinf(patrols.stretch)
    pace = np.column_stack([patrols.mode, np.where(busy, 1.0, patrols.stretch)])
    kinds, kind = np.unique(pace, axis=0, return_inverse=True)
    place = np.concatenate([windows.point, np.arange(count, shape[1])])
    visit_min = points.visit_min[windows.point]
    mode, stretch = kinds[:, 0].astype(np.int64), kinds[:, 1]
    start = len(windows.point) + patrols.start
    return RouteProblem(
        score=visit_min,
        opens_min=windows.from_min,
        closes_min=windows.to_min - visit_min,
        service_min=stretch[:, None] * visit_min,
        travel_min=stretch[:, None, None] * travel_min[np.ix_(mode, place, place)],
        kind=kind,
        start=start,
        end=start,
        from_min=patrols.from_min,
        to_min=np.where(busy, patrols.from_min, patrols.to_min),
    )


def _visits(
    points: VisitPoints,
    windows: DueWindows,
    problem: RouteProblem,
    routes: Sequence[tuple[int, ...]],
) -> tuple[RouteVisit, ...]:
    """The visits of all routes in the order of their beginnings."""
    visits = []
    for patrol, stops in enumerate(routes):
        begins, _ = route_times(problem, patrol, stops)
        for stop, begin in zip(stops, begins, strict=True):
            point = int(windows.point[stop])
            ends = begin + float(problem.service_min[problem.kind[patrol], stop])
            minutes = float(points.visit_min[point])
            visits.append(RouteVisit(patrol, point, begin, ends, minutes))
    return tuple(sorted(visits, key=lambda visit: (visit.begin_min, visit.patrol)))
