"""Rules of visit routes: each point once, in its window, home in time, and the score as told."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from geodata.horizon import Horizon
from geodata.places import VisitPoints
from optimizer.judges.claims import TOLERANCE
from optimizer.judges.violation import Violation
from optimizer.visit_routes import (
    DueWindows,
    NightRoutes,
    Patrols,
    RoutePlan,
    RouteProblem,
    RouteVisit,
    due_spans,
    due_windows,
)

Routes = tuple[tuple[int, ...], ...]


def route_score(problem: RouteProblem, routes: Routes) -> float:
    """Sum of the scores of the points that are visited, each counted once."""
    return float(sum(problem.score[point] for point in sorted(set(chain.from_iterable(routes)))))


def route_times(
    problem: RouteProblem, route: int, points: tuple[int, ...]
) -> tuple[tuple[float, ...], float]:
    """Minutes at which the visits of a route begin, and at which it is at its end."""
    kind, place = int(problem.kind[route]), int(problem.start[route])
    clock, begins = float(problem.from_min[route]), []
    for point in points:
        clock = max(clock + problem.travel_min[kind, place, point], problem.opens_min[point])
        begins.append(float(clock))
        clock += problem.service_min[kind, point]
        place = point
    return tuple(begins), float(clock + problem.travel_min[kind, place, problem.end[route]])


def route_lengths(problem: RouteProblem, routes: Routes) -> tuple[float, ...]:
    """Minutes of travel of each route, from start to end."""
    lengths = []
    for route, points in enumerate(routes):
        places = [int(problem.start[route]), *points, int(problem.end[route])]
        travel = problem.travel_min[problem.kind[route], places[:-1], places[1:]]
        lengths.append(float(travel.sum()) if points else 0.0)
    return tuple(lengths)


def route_violations(problem: RouteProblem, plan: RoutePlan) -> tuple[Violation, ...]:
    """All rules that a plan breaks; a route without points stays at home and breaks none."""
    strangers = check_route_points(problem, plan.routes)
    if strangers:
        return tuple(strangers)
    found = check_visited_once(plan.routes)
    found += check_route_times(problem, plan.routes)
    return tuple(found + check_route_claims(problem, plan))


def check_route_points(problem: RouteProblem, routes: Routes) -> list[Violation]:
    """There are as many routes as asked for, and every point on them exists."""
    found = []
    if len(routes) != problem.routes:
        count = Violation("routes", "all routes", "whole plan", len(routes), problem.routes)
        found.append(count)
    return found + [
        Violation("point exists", f"route {route}", f"stop {stop}", point, problem.points - 1)
        for route, points in enumerate(routes)
        for stop, point in enumerate(points)
        if not 0 <= point < problem.points
    ]


def check_visited_once(routes: Routes) -> list[Violation]:
    """No point is visited twice, neither by one route nor by two."""
    visits = Counter(chain.from_iterable(routes))
    return [
        Violation("visited once", f"point {point}", "whole plan", count, 1)
        for point, count in sorted(visits.items())
        if count > 1
    ]


def check_route_times(problem: RouteProblem, routes: Routes) -> list[Violation]:
    """Every visit begins before its window closes, and every route ends in time."""
    found = []
    for route, points in enumerate(routes):
        if not points:
            continue
        begins, end_min = route_times(problem, route, points)
        for point, begin_min in zip(points, begins, strict=True):
            limit = float(problem.closes_min[point])
            if _after(begin_min, limit):
                found.append(
                    Violation("visit window", f"point {point}", f"route {route}", begin_min, limit)
                )
        if _after(end_min, float(problem.to_min[route])):
            latest = float(problem.to_min[route])
            found.append(Violation("route end", f"route {route}", "end", end_min, latest))
    return found


def check_route_claims(problem: RouteProblem, plan: RoutePlan) -> list[Violation]:
    """The score is that of the points visited, and the bound is not below it."""
    score = route_score(problem, plan.routes)
    slack = TOLERANCE * max(1.0, score)
    found = []
    if abs(plan.score - score) > slack:
        found.append(Violation("route score", "all routes", "whole plan", plan.score, score))
    if score > plan.bound + slack:
        found.append(Violation("route bound", "all routes", "whole plan", score, plan.bound))
    return found


def longest_gaps(
    points: VisitPoints, horizon: Horizon, visits: Sequence[RouteVisit]
) -> NDArray[np.float64]:
    """Longest time without a visit while visits of a point are due, minutes, `[point]`.

    From the begin of the due hours to the first visit, from the end of each visit to the next
    one, and from the last one to the end of the due hours; 0 where no visit is due.
    """
    gaps = np.zeros(len(points.places))
    spans = due_spans(points, horizon)
    of_point: dict[int, list[RouteVisit]] = defaultdict(list)
    for visit in sorted(visits, key=lambda visit: visit.begin_min):
        of_point[visit.point].append(visit)
    for point, first, last in zip(spans.point, spans.from_min, spans.to_min, strict=True):
        free_from = first
        for visit in of_point[int(point)]:
            if first <= visit.begin_min < last:
                gaps[point] = max(gaps[point], visit.begin_min - free_from)
                free_from = max(free_from, visit.end_min)
        gaps[point] = max(gaps[point], last - free_from)
    return gaps


def night_violations(
    points: VisitPoints,
    horizon: Horizon,
    patrols: Patrols,
    travel_min: NDArray[np.float64],
    night: NightRoutes,
    density: NDArray[np.float64] | None = None,
) -> tuple[Violation, ...]:
    """All rules that the routes of a night break, `travel_min` as the model was given.

    `density[point, hour]` is the pace of intervals (`due_windows`).
    """
    found = check_patrol_clocks(points, patrols, travel_min, night)
    found += check_visits_due(points, due_windows(points, horizon, density), night)
    return tuple(found + check_night_claims(points, night))


def check_patrol_clocks(
    points: VisitPoints, patrols: Patrols, travel_min: NDArray[np.float64], night: NightRoutes
) -> list[Violation]:
    """Every patrol has the minutes for its ways and visits, from its start and back in time."""
    found = []
    for patrol, name in enumerate(patrols.patrol_ids):
        home = len(points.places) + int(patrols.start[patrol])
        way, stretch = travel_min[patrols.mode[patrol]], float(patrols.stretch[patrol])
        place, clock = home, float(patrols.from_min[patrol])
        own = [visit for visit in night.visits if visit.patrol == patrol]
        for visit in own:
            clock += stretch * float(way[place, visit.point])
            if _after(clock, visit.begin_min):
                where = f"patrol {name}, point {visit.point}"
                found.append(Violation("patrol on its way", where, "begin", visit.begin_min, clock))
            ends, place = visit.begin_min + stretch * visit.minutes, visit.point
            if _after(ends, visit.end_min) or _after(visit.end_min, ends + 1.0):
                found.append(Violation("visit length", name, "end", visit.end_min, ends))
            clock = visit.end_min
        clock += stretch * float(way[place, home]) if own else 0.0
        if own and _after(clock, float(patrols.to_min[patrol])):
            latest = float(patrols.to_min[patrol])
            found.append(Violation("patrol back in time", f"patrol {name}", "end", clock, latest))
    return found


def check_visits_due(
    points: VisitPoints, windows: DueWindows, night: NightRoutes
) -> list[Violation]:
    """Every visit lies in a window in which one is due, and no window has two."""
    found = []
    taken = np.zeros(len(windows.point), dtype=np.int64)
    for visit in night.visits:
        begin = visit.begin_min
        inside = (windows.from_min <= begin + 1e-9) & (
            begin + visit.minutes <= windows.to_min + 1e-9 * max(1.0, begin)
        )
        fitting = np.flatnonzero((windows.point == visit.point) & inside)
        if len(fitting) == 0:
            found.append(
                Violation("visit in due window", f"point {visit.point}", "begin", begin, 0)
            )
        taken[fitting] += 1
    return found + [
        Violation("one visit a window", f"point {windows.point[window]}", "window", count, 1)
        for window, count in enumerate(taken.tolist())
        if count > 1
    ]


def check_night_claims(points: VisitPoints, night: NightRoutes) -> list[Violation]:
    """The planned dose is that of the visits, and no more than the bound."""
    made = np.zeros(len(points.places))
    for visit in night.visits:
        made[visit.point] += visit.minutes
    found = [
        Violation("planned dose", f"point {point}", "night", night.planned_min[point], made[point])
        for point in np.flatnonzero(np.abs(made - night.planned_min) > TOLERANCE).tolist()
    ]
    total = float(made.sum())
    if _after(total, night.bound_min):
        found.append(Violation("dose bound", "all points", "night", total, night.bound_min))
    return found


def _after(minute: float, limit: float) -> bool:
    """Whether a minute is later than a limit by more than the rounding of sums."""
    return not minute <= limit + 1e-9 * max(1.0, float(np.abs(limit)))
