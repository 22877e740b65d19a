"""Routes of one night: patrols deliver the dose of the must-visit points between calls."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.places import VisitPoints
from optimizer.judges.route_rules import longest_gaps
from optimizer.models.visits.orienteering import RouteOptions, solve_routes
from optimizer.models.visits.orienteering_annealing import wander
from optimizer.models.visits.orienteering_search import as_ground, as_tours, routes_of
from optimizer.visit_routes import (
    DueWindows,
    NightRoutes,
    Patrols,
    RoutePlan,
    RouteProblem,
    RouteVisit,
    due_windows,
)

KEPT = 1.0
"""Least share of the best dose that the routes of every night deliver."""

LINGER_MIN = 20
"""Minutes by which a visit begins later than it could at most, so that nobody can wait for it."""

WANDERING = 300
"""Steps from the best routes to those of a night."""

ON_THE_NIGHT = RouteOptions(starts=1, steps=800, bound_rounds=0)
"""Search for the best routes; the bound is that of the patrols' minutes."""


def night_routes(
    points: VisitPoints,
    horizon: Horizon,
    patrols: Patrols,
    travel_min: NDArray[np.float64],
    *,
    night: int,
    windows: DueWindows | None = None,
    options: RouteOptions = ON_THE_NIGHT,
) -> NightRoutes:
    """Routes that deliver as much dose as the best that were found, other ones every `night`.

    `travel_min[mode, place, place]` for each of the patrols' modes, places being the must-visit
    points followed by the starts of the patrols; a way from a line begins at its other end. Every
    one of the `windows` (`due_windows` unless given) asks for one visit, which brings its minutes.
    A patrol's minutes of work last longer by the clock, as calls take the rest of its time; ways
    and visits are rounded up to whole minutes. Best searched with all patrols of a sector at
    once, hundreds of visits at most.

    Raises
    ------
    ValueError
        When the travel times do not cover all modes, points and starts, or none are at all.
    """
    windows = due_windows(points, horizon) if windows is None else windows
    problem = _as_problem(points, windows, patrols, travel_min)
    best = solve_routes(problem, options)
    routes = _tonight(problem, best, night)
    visits = _visits(points, windows, problem, routes, np.random.default_rng((night, LINGER_MIN)))
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
    shape = (len(patrols.modes), *np.shape(travel_min)[1:])
    if np.shape(travel_min) != shape or shape[1] != shape[2] or shape[1] < places:
        found = " x ".join(str(size) for size in np.shape(travel_min))
        raise ValueError(f"travel_min is {found}, expected {shape[0]} x {places} x {places}")
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
        closes_min=np.floor(windows.to_min - visit_min),
        service_min=_whole(stretch[:, None] * visit_min),
        travel_min=_whole(stretch[:, None, None] * travel_min[np.ix_(mode, place, place)]),
        kind=kind,
        start=start,
        end=start,
        from_min=patrols.from_min,
        to_min=np.where(busy, patrols.from_min, patrols.to_min),
    )


def _lingering(
    problem: RouteProblem, route: int, stops: tuple[int, ...], rng: np.random.Generator
) -> list[float]:
    """When each visit of a route begins: up to `LINGER_MIN` minutes later than it could.

    By lot, and never so late that a following one could not be made; what a route can wait in
    all is shared by its visits.
    """
    kind, clock = int(problem.kind[route]), float(problem.from_min[route])
    travel, service = problem.travel_min[kind], problem.service_min[kind]
    here, begins = int(problem.start[route]), []
    latest = _latest(problem, route, stops)
    for number, (stop, limit) in enumerate(zip(stops, latest, strict=True)):
        first = max(clock + float(travel[here, stop]), float(problem.opens_min[stop]))
        spare = min(float(LINGER_MIN), (limit - first) / (len(stops) - number))
        begins.append(first + float(np.floor(rng.random() * max(spare, 0.0))))
        clock, here = begins[-1] + float(service[stop]), stop
    return begins


def _latest(problem: RouteProblem, route: int, stops: tuple[int, ...]) -> list[float]:
    """Minutes at which each visit must begin for all that follow."""
    kind, limit = int(problem.kind[route]), float(problem.to_min[route])
    travel, service = problem.travel_min[kind], problem.service_min[kind]
    there, latest = int(problem.end[route]), []
    for stop in reversed(stops):
        limit -= float(service[stop] + travel[stop, there])
        limit = min(limit, float(problem.closes_min[stop]))
        latest.append(limit)
        there = stop
    return latest[::-1]


def _whole(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minutes rounded up, as order sheets tell them."""
    return np.asarray(np.ceil(minutes - 1e-9))


def _visits(
    points: VisitPoints,
    windows: DueWindows,
    problem: RouteProblem,
    routes: Sequence[tuple[int, ...]],
    rng: np.random.Generator,
) -> tuple[RouteVisit, ...]:
    """The visits of all routes in the order of their beginnings."""
    visits = []
    for patrol, stops in enumerate(routes):
        begins = _lingering(problem, patrol, stops, rng)
        for stop, begin in zip(stops, begins, strict=True):
            point = int(windows.point[stop])
            ends = begin + float(problem.service_min[problem.kind[patrol], stop])
            minutes = float(points.visit_min[point])
            visits.append(RouteVisit(patrol, point, begin, ends, minutes))
    return tuple(sorted(visits, key=lambda visit: (visit.begin_min, visit.patrol)))
