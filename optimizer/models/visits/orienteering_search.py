"""Tours of a team, kept with their clocks, and points taken out of them and put back in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.visit_routes import RouteProblem

ROUNDING = 1e-9
"""Minutes by which sums of the same way differ."""

SLACK = 1e-6
"""Minutes by which a point may be out of reach and still be tried."""

NOWHERE = -1

BLINK = 0.02
"""Chance that a place for a point is overlooked (Christiaens and Vanden Berghe 2020)."""

MEAN_OUT, LONGEST_STRING = 10.0, 10.0
"""Points taken out at a time on average, and the most of one route (the same)."""


class Ground(NamedTuple):
    """`RouteProblem` as the kernels take it; `near[point, rank]` are the points by distance."""

    score: NDArray[np.float64]
    opens: NDArray[np.float64]
    closes: NDArray[np.float64]
    service: NDArray[np.float64]
    travel: NDArray[np.float64]
    kind: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    from_min: NDArray[np.float64]
    to_min: NDArray[np.float64]
    near: NDArray[np.int64]


class Tours(NamedTuple):
    """Routes with their clocks.

    `stop[route, i]` are the points of a route, `stops[route]` their number; `begin` and `latest`
    the minutes at which each visit begins and must begin at the latest for all that follows;
    `route[point]` where a point is, or `NOWHERE`; `work[route]` minutes on the way and at work.
    """

    stop: NDArray[np.int64]
    stops: NDArray[np.int64]
    begin: NDArray[np.float64]
    latest: NDArray[np.float64]
    route: NDArray[np.int64]
    work: NDArray[np.float64]


def as_ground(problem: RouteProblem) -> Ground:
    """The problem in the form of the kernels; points out of every route's reach bring nothing."""
    points = problem.points
    shortest = problem.travel_min[:, :points, :points].min(axis=0)
    near = np.argsort(shortest, axis=1, kind="stable")
    return Ground(
        np.where(in_reach(with_shortest_ways(problem)).any(axis=0), problem.score, 0.0),
        problem.opens_min,
        problem.closes_min,
        problem.service_min,
        problem.travel_min,
        problem.kind,
        problem.start,
        problem.end,
        problem.from_min,
        problem.to_min,
        near.astype(np.int64),
    )


def with_shortest_ways(problem: RouteProblem) -> RouteProblem:
    """The problem with no way longer than one over other places (Floyd 1962).

    Its routes collect no less, and a point that no route reaches straight is out of reach.
    """
    return replace(problem, travel_min=_shortest(problem.travel_min))


@njit(cache=True, nogil=True)
def _shortest(travel: NDArray[np.float64]) -> NDArray[np.float64]:
    least = travel.copy()
    for kind in range(least.shape[0]):
        way = least[kind]
        for over in range(len(way)):
            for here in range(len(way)):
                for there in range(len(way)):
                    way[here, there] = min(way[here, there], way[here, over] + way[over, there])
    return least


def in_reach(problem: RouteProblem) -> NDArray[np.bool_]:
    """Points that a route can visit and still be at its end in time, `[route, point]`.

    Only where no way is longer than one over other places.
    """
    travel, points = problem.travel_min[problem.kind], problem.points
    route = np.arange(problem.routes)
    to = travel[route, problem.start, :points]
    back = travel[route, :points, problem.end]
    begin = np.maximum(problem.from_min[:, None] + to, problem.opens_min)
    ends = begin + problem.service_min[problem.kind] + back
    return (begin <= problem.closes_min + SLACK) & (ends <= problem.to_min[:, None] + SLACK)


@njit(cache=True, nogil=True)
def empty_tours(ground: Ground) -> Tours:
    """No point on any route."""
    routes, points = len(ground.kind), len(ground.score)
    return Tours(
        np.zeros((routes, points + 1), dtype=np.int64),
        np.zeros(routes, dtype=np.int64),
        np.zeros((routes, points + 1)),
        np.zeros((routes, points + 1)),
        np.full(points, NOWHERE),
        np.zeros(routes),
    )


def as_tours(ground: Ground, routes: Sequence[Sequence[int]]) -> Tours:
    """Routes in the form of the kernels."""
    tours: Tours = empty_tours(ground)
    for route, points in enumerate(routes):
        tours.stop[route, : len(points)] = points
        tours.stops[route] = len(points)
        tours.route[list(points)] = route
        set_clocks(ground, tours, route)
    return tours


def routes_of(tours: Tours) -> tuple[tuple[int, ...], ...]:
    """Points of each route in the order of their visits."""
    return tuple(
        tuple(tours.stop[route, :count].tolist()) for route, count in enumerate(tours.stops)
    )


@njit(cache=True, nogil=True)
def copy_route(source: Tours, target: Tours, route: int) -> None:
    """Make one route of `target` that of `source`; where points are is left to the caller."""
    count = source.stops[route]
    target.stop[route, :count] = source.stop[route, :count]
    target.begin[route, :count] = source.begin[route, :count]
    target.latest[route, :count] = source.latest[route, :count]
    target.stops[route] = count
    target.work[route] = source.work[route]


@njit(cache=True, nogil=True)
def set_clocks(ground: Ground, tours: Tours, route: int) -> None:
    """Begin, latest begin and work of a route whose stops have changed."""
    kind, count = ground.kind[route], tours.stops[route]
    here, clock, work = ground.start[route], ground.from_min[route], 0.0
    for i in range(count):
        point = tours.stop[route, i]
        way = ground.travel[kind, here, point]
        clock = max(clock + way, ground.opens[point])
        tours.begin[route, i] = clock
        clock += ground.service[kind, point]
        work += way + ground.service[kind, point]
        here = point
    tours.work[route] = work + ground.travel[kind, here, ground.end[route]] if count else 0.0
    there, limit = ground.end[route], ground.to_min[route]
    for i in range(count - 1, -1, -1):
        point = tours.stop[route, i]
        limit -= ground.service[kind, point] + ground.travel[kind, point, there]
        limit = min(limit, ground.closes[point])
        tours.latest[route, i] = limit
        there = point


@njit(cache=True, nogil=True)
def cheapest_place(
    ground: Ground, tours: Tours, route: int, point: int, blink: float, rng: np.random.Generator
) -> tuple[float, int]:
    """Least minutes of work that a point adds to a route, and before which stop; infinite if none.

    A place is overlooked with the chance `blink`. Travel times need not keep the triangle
    inequality: a detour may be negative.
    """
    kind, count = ground.kind[route], tours.stops[route]
    service = ground.service[kind, point]
    least, place = np.inf, NOWHERE
    first, last = ground.from_min[route], ground.to_min[route]
    if first > ground.closes[point] + ROUNDING or ground.opens[point] > last:
        return least, place
    before, leaves = ground.start[route], ground.from_min[route]
    for i in range(count + 1):
        after = tours.stop[route, i] if i < count else ground.end[route]
        limit = tours.latest[route, i] if i < count else ground.to_min[route]
        to, on = ground.travel[kind, before, point], ground.travel[kind, point, after]
        added = to + on + service
        added -= ground.travel[kind, before, after] if count else 0.0
        if added < least:
            begin = max(leaves + to, ground.opens[point])
            in_time = begin <= ground.closes[point] + ROUNDING
            if in_time and begin + service + on <= limit + ROUNDING:
                if blink == 0.0 or rng.random() >= blink:
                    least, place = added, i
        if i < count:
            before = after
            leaves = tours.begin[route, i] + ground.service[kind, after]
            if leaves > ground.closes[point]:
                break
    return least, place


@njit(cache=True, nogil=True)
def put_in(ground: Ground, tours: Tours, route: int, place: int, point: int) -> None:
    """Visit a point on a route before the stop `place`."""
    count = tours.stops[route]
    for i in range(count, place, -1):
        tours.stop[route, i] = tours.stop[route, i - 1]
    tours.stop[route, place] = point
    tours.stops[route] = count + 1
    tours.route[point] = route
    set_clocks(ground, tours, route)


@njit(cache=True, nogil=True)
def take_out(ground: Ground, tours: Tours, route: int, first: int, length: int) -> float:
    """Take `length` stops in a row out of a route; returns their scores."""
    lost = 0.0
    for i in range(first, first + length):
        point = tours.stop[route, i]
        tours.route[point] = NOWHERE
        lost += ground.score[point]
    count = tours.stops[route] - length
    for i in range(first, count):
        tours.stop[route, i] = tours.stop[route, i + length]
    tours.stops[route] = count
    set_clocks(ground, tours, route)
    return lost


@njit(cache=True, nogil=True)
def ruin(
    ground: Ground, tours: Tours, touched: NDArray[np.bool_], rng: np.random.Generator
) -> float:
    """Take strings of stops near a point drawn by lot out of several routes; returns the loss.

    Adjacent string removal of Christiaens and Vanden Berghe (2020).
    """
    on_tour = tours.stops.sum()
    if on_tour == 0:
        return 0.0
    longest = min(LONGEST_STRING, on_tour / max(1, (tours.stops > 0).sum()))
    strings = int(1.0 + rng.random() * (4.0 * MEAN_OUT / (1.0 + longest) - 1.0))
    centre = rng.integers(0, len(ground.score))
    lost = 0.0
    for point in ground.near[centre]:
        route = tours.route[point]
        if strings == 0:
            break
        if route == NOWHERE or touched[route]:
            continue
        touched[route] = True
        strings -= 1
        count = tours.stops[route]
        length = int(1.0 + rng.random() * min(float(count), longest))
        length = min(length, count)
        at = _position(tours, route, point)
        first = max(0, at - length + 1)
        first += int(rng.random() * (min(at, count - length) - first + 1))
        lost += take_out(ground, tours, route, first, length)
    return lost


@njit(cache=True, nogil=True)
def _position(tours: Tours, route: int, point: int) -> int:
    for i in range(tours.stops[route]):
        if tours.stop[route, i] == point:
            return i
    return NOWHERE


@njit(cache=True, nogil=True)
def recreate(
    ground: Ground,
    tours: Tours,
    touched: NDArray[np.bool_],
    blink: float,
    rng: np.random.Generator,
) -> float:
    """Put points back in where they cost least, in one of four orders; returns what they bring.

    By lot, by score, by score for the minutes they cost now (with noise), or by the distance from
    a point drawn by lot.
    """
    gained = 0.0
    for point in _waiting(ground, tours, rng):
        least, best, best_place = np.inf, NOWHERE, NOWHERE
        for route in range(len(ground.kind)):
            added, place = cheapest_place(ground, tours, route, point, blink, rng)
            if added < least:
                least, best, best_place = added, route, place
        if best != NOWHERE:
            put_in(ground, tours, best, best_place, point)
            touched[best] = True
            gained += ground.score[point]
    return gained


@njit(cache=True, nogil=True)
def _waiting(ground: Ground, tours: Tours, rng: np.random.Generator) -> NDArray[np.int64]:
    """Points on no route with a score, in the order in which they are tried."""
    waiting = np.empty(len(ground.score), dtype=np.int64)
    rank = np.empty(len(ground.score))
    count, order = 0, rng.integers(0, 4)
    centre = rng.integers(0, len(ground.score))
    for point in range(len(ground.score)):
        if tours.route[point] != NOWHERE or ground.score[point] <= 0.0:
            continue
        waiting[count] = point
        if order == 0:
            rank[count] = rng.random()
        elif order == 1:
            rank[count] = -ground.score[point] * (0.7 + 0.6 * rng.random())
        elif order == 2:
            rank[count] = -_worth(ground, tours, point, rng) * (0.7 + 0.6 * rng.random())
        else:
            rank[count] = ground.travel[0, centre, point]
        count += 1
    return waiting[np.argsort(rank[:count], kind="mergesort")]


@njit(cache=True, nogil=True)
def _worth(ground: Ground, tours: Tours, point: int, rng: np.random.Generator) -> float:
    """Score of a point for the minutes that it costs at its best place; 0 where it has none."""
    least = np.inf
    for route in range(len(ground.kind)):
        least = min(least, cheapest_place(ground, tours, route, point, 0.0, rng)[0])
    return float(ground.score[point]) / max(least, 1e-3)
