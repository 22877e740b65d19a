"""What no set of routes can collect: prices of the points, and the best route at these prices.

For any prices u >= 0 of the points, no plan collects more than the sum of the prices and, for
each route, the most that one route gains when every visit brings its score less its price (Held
and Karp 1971). The prices are found by subgradients on a quick relaxation of a route, then by a
linear program over the routes found so far (Gilmore and Gomory 1961), with smoothed prices
(Wentges 1997).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optimizer.models.solver import LinearModel, NotSolved, SolverOptions, minimise
from optimizer.models.visits.orienteering_search import in_reach, with_shortest_ways
from optimizer.models.visits.route_pricing import (
    Ways,
    best_route,
    completions,
    relaxed_route,
    ways_of,
)
from optimizer.visit_routes import RouteProblem

GRID = 400
"""Times of the grid on which the quick relaxation counts."""

REMEMBERED = 8
"""Nearest points that a route remembers at each point."""

ROOM = 500_000
"""Beginnings of routes that one search may hold."""

STEPS = 150
"""Subgradient steps on the quick relaxation."""

PATIENCE = 5
"""Poor steps before the steps get shorter."""

SMOOTHING = 0.9
"""Weight of the best prices so far against those of the linear program."""

Prices = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """Routes that can do the same: their numbers, and what each of them can do."""

    routes: tuple[int, ...]
    ways: Ways


@dataclass(frozen=True)
class Column:
    """A route that a group may take; it may come back to a point."""

    group: int
    points: tuple[int, ...]


@dataclass(frozen=True)
class Priced:
    """The bound of some prices, the visits of its routes `[point]`, and columns worth having."""

    bound: float
    visits: NDArray[np.float64]
    columns: tuple[Column, ...] = ()
    proved: bool = True


@dataclass(frozen=True)
class Step:
    """Prices, their bound, and how it changes with each of them."""

    prices: Prices
    slope: NDArray[np.float64]
    bound: float


@dataclass
class RouteBound:
    """The least bound so far, with its prices, and the columns that were met."""

    bound: float
    prices: Prices
    columns: list[Column] = field(default_factory=list)
    met: set[Column] = field(default_factory=set)

    def add(self, columns: Sequence[Column]) -> int:
        """Add the columns that are new; returns their number."""
        fresh = [column for column in columns if column not in self.met]
        self.met.update(fresh)
        self.columns += fresh
        return len(fresh)

    def offer(self, bound: float, prices: Prices) -> bool:
        """Keep a bound that is better; says whether it is."""
        if bound >= self.bound - 1e-9:
            return False
        self.bound, self.prices = bound, prices.copy()
        return True


def time_bound(problem: RouteProblem) -> float:
    """Scores that the minutes of all routes suffice for, visits cut into pieces (Dantzig 1957).

    A visit takes at least its service and the quickest way to it. Only points count that some
    route can visit and still be at its end in time; no way is longer than one over other places.
    """
    least = np.full(problem.points, np.inf)
    for route, can in enumerate(in_reach(problem)):
        travel = problem.travel_min[problem.kind[route]]
        ways = np.where(np.eye(len(travel), dtype=bool), np.inf, travel)
        origin = [*range(problem.points), int(problem.start[route])]
        quickest = ways[origin][:, : problem.points].min(axis=0)
        takes = problem.service_min[problem.kind[route]] + quickest
        least = np.where(can, np.minimum(least, takes), least)
    minutes = float(np.maximum(problem.to_min - problem.from_min, 0.0).sum()) + 1e-6
    return _fractional_knapsack(problem.score, least, minutes)


def _fractional_knapsack(
    score: NDArray[np.float64], takes: NDArray[np.float64], minutes: float
) -> float:
    chosen = np.flatnonzero(np.isfinite(takes))
    score, takes = score[chosen], np.maximum(takes[chosen], 1e-9)
    order = np.argsort(-score / takes, kind="stable")
    before = np.cumsum(takes[order]) - takes[order]
    share = np.clip((minutes - before) / takes[order], 0.0, 1.0)
    return float((score[order] * share).sum())


def alike(problem: RouteProblem) -> tuple[tuple[int, ...], ...]:
    """Routes that can do the same, in groups."""
    fields = (problem.kind, problem.start, problem.end, problem.from_min, problem.to_min)
    members: dict[tuple[float, ...], list[int]] = {}
    for route in range(problem.routes):
        members.setdefault(tuple(float(each[route]) for each in fields), []).append(route)
    return tuple(tuple(routes) for routes in members.values())


def _groups(problem: RouteProblem) -> tuple[Group, ...] | None:
    """Groups of routes; None where points coincide too closely for the relaxations."""
    groups = []
    for routes in alike(problem):
        ways = ways_of(problem, routes[0], GRID, REMEMBERED)
        if ways is None:
            return None
        groups.append(Group(routes, ways))
    return tuple(groups)


def route_bound(
    problem: RouteProblem,
    known: Sequence[Sequence[int]],
    rounds: int,
    stop: Callable[[float], bool],
) -> RouteBound:
    """A bound on every plan's score, after so many rounds or when `stop(bound)` says so.

    `known[route]` are the routes of a good plan. Ends earlier when no better prices exist.
    Routes are bounded on the shortest ways, which can only collect more.
    """
    problem = with_shortest_ways(problem)
    found = RouteBound(time_bound(problem), np.zeros(problem.points))
    groups = _groups(problem) if rounds else None
    if groups is None:
        return found
    number = {route: at for at, group in enumerate(groups) for route in group.routes}
    found.add([Column(number[r], tuple(points)) for r, points in enumerate(known) if points])
    target = float(sum(problem.score[list(points)].sum() for points in known))
    found.prices = 0.3 * problem.score
    quick = partial(_price_quickly, problem.score, groups)
    slow = partial(_price, problem.score, groups, found.columns)
    _descend(problem.score, found, target, STEPS, 2.0, quick, stop)
    _descend(problem.score, found, target, rounds // 2, 0.5, slow, stop)
    _price_out(problem, groups, found, rounds, stop)
    return found


def _descend(
    score: NDArray[np.float64],
    found: RouteBound,
    target: float,
    steps: int,
    length: float,
    price: Callable[[Prices], Priced],
    stop: Callable[[float], bool],
) -> None:
    """Subgradient steps towards `target` from the best prices (Held, Wolfe and Crowder 1974)."""
    prices, poor = found.prices, 0
    best = Step(prices, np.zeros(len(score)), np.inf)
    for _ in range(steps):
        if stop(found.bound):
            break
        priced = price(prices)
        found.offer(priced.bound, prices)
        found.add(priced.columns)
        poor = 0 if priced.bound < best.bound - 1e-3 else poor + 1
        step = Step(prices, 1.0 - priced.visits, priced.bound)
        if step.bound < best.bound:
            best = step
        if poor == PATIENCE or not priced.proved:
            length, poor, step = 0.6 * length, 0, best
        move = length * max(step.bound - target, 0.0) / max(1.0, float(step.slope @ step.slope))
        prices = np.maximum(0.0, step.prices - move * step.slope)
    found.prices = best.prices


def _price_out(
    problem: RouteProblem,
    groups: Sequence[Group],
    found: RouteBound,
    rounds: int,
    stop: Callable[[float], bool],
) -> None:
    """Column generation on ng-routes, until the linear program's routes are the best ones."""
    smoothing = SMOOTHING
    for _ in range(rounds):
        if stop(found.bound) or not found.columns:
            return
        solved = _master(problem, groups, found.columns)
        if solved is None:
            return
        prices, mixed = solved
        if least_total(problem, found.bound) <= mixed + 1e-6 * max(1.0, mixed):
            return
        asked = smoothing * found.prices + (1.0 - smoothing) * prices
        priced = _price(problem.score, groups, found.columns, asked)
        better = found.offer(priced.bound, asked)
        fresh = found.add(priced.columns)
        if not fresh and not better and smoothing == 0.0:
            return
        if not priced.proved:
            smoothing = 0.5 * (1.0 + smoothing)
        elif not fresh and not better:
            smoothing = max(0.0, smoothing - 0.1)


def least_total(problem: RouteProblem, bound: float) -> float:
    """The bound, rounded down to what whole scores can add up to: a multiple of their divisor."""
    score = np.round(problem.score).astype(np.int64)
    if not (problem.score == score).all() or not score.any():
        return bound
    divisor = int(np.gcd.reduce(score))
    return float(divisor * np.floor((bound + 1e-6) / divisor))


def _master(
    problem: RouteProblem, groups: Sequence[Group], columns: Sequence[Column]
) -> tuple[Prices, float] | None:
    """Prices of the points in the best mix of the columns, and what the mix collects."""
    routes = [len(group.routes) for group in groups]
    model = packing_model(problem, routes, columns, whole=False)
    try:
        solution = minimise(model, SolverOptions(), duals=True)
    except NotSolved:
        return None
    return solution.prices[: problem.points], -solution.cost


def packing_model(
    problem: RouteProblem, routes: Sequence[int], columns: Sequence[Column], *, whole: bool
) -> LinearModel:
    """Columns chosen so that each point is visited once and no group takes over `routes[group]`."""
    model = LinearModel()
    score = [float(problem.score[list(column.points)].sum()) for column in columns]
    most = 1.0 if whole else np.inf
    use = model.add_columns(most, [-each for each in score], (len(columns),), integer=whole)
    once = model.add_rows(-np.inf, 1.0, (problem.points,))
    enough = model.add_rows(-np.inf, np.array(routes, dtype=np.float64), (len(routes),))
    lengths = [len(column.points) for column in columns]
    visited = np.concatenate([np.array(column.points, dtype=np.int64) for column in columns])
    model.add_entries(once[visited], np.repeat(use, lengths), 1.0)
    model.add_entries(enough[[column.group for column in columns]], use, 1.0)
    return model


def _price_quickly(score: NDArray[np.float64], groups: Sequence[Group], prices: Prices) -> Priced:
    """The bound of these prices by the quick relaxation."""
    gain = score - prices
    bound, visits = float(prices.sum()), np.zeros(len(score))
    for group in groups:
        most, route = relaxed_route(group.ways, gain, completions(group.ways, gain))
        bound += len(group.routes) * most
        visits += len(group.routes) * np.bincount(route, minlength=len(score))
    return Priced(bound, visits)


def _price(
    score: NDArray[np.float64], groups: Sequence[Group], columns: Sequence[Column], prices: Prices
) -> Priced:
    """The bound of these prices by ng-routes, and routes that gain more than the columns."""
    gain = score - prices
    bound, visits, fresh, proved = float(prices.sum()), np.zeros(len(score)), [], True
    for number, group in enumerate(groups):
        own = [column for column in columns if column.group == number]
        gains = [_gain(gain, column) for column in own]
        enough = max([0.0, *gains])
        rest = completions(group.ways, gain)
        found = best_route(group.ways, gain, rest, enough, ROOM)
        bound += len(group.routes) * found.most
        new = [Column(number, tuple(route.tolist())) for route in found.routes]
        best = new[-1:] or ([own[int(np.argmax(gains))]] if own else [])
        for column in best:
            visits += len(group.routes) * np.bincount(column.points, minlength=len(score))
        fresh += new
        proved &= found.proved
    return Priced(bound, visits, tuple(fresh), proved)


def _gain(gain: NDArray[np.float64], column: Column) -> float:
    return float(gain[list(column.points)].sum())
