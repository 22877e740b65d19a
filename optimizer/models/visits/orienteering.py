"""Team orienteering: routes that collect the most, and a bound on what any can collect.

Routes come from simulated annealing over ruined and recreated tours (Schrimpf et al. 2000, with
the strings and blinks of Christiaens and Vanden Berghe 2020), started again and again, and from
the best mix of all routes that were met; the bound from `route_bound`, on a second thread.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from optimizer.judges.route_rules import Routes, check_route_times, route_lengths, route_score
from optimizer.models.solver import NotSolved, SolverOptions, minimise
from optimizer.models.visits.orienteering_annealing import anneal, first_tours
from optimizer.models.visits.orienteering_search import Ground, as_ground, routes_of
from optimizer.models.visits.route_bound import (
    Column,
    RouteBound,
    alike,
    least_total,
    packing_model,
    route_bound,
)
from optimizer.visit_routes import RoutePlan, RouteProblem

NO_LIMIT = 1_000_000
"""Starts and rounds that the time limit of a benchmark ends before."""

LONG_EVERY, LONG = 3, 4
"""Every third start takes four times the steps."""

SEARCH_SHARE = 0.9
"""Share of the seconds for search and bound; the rest is for the last route and the mix."""

MIX_NODES = 2_000
"""Nodes of the search tree for the best mix of routes."""


@dataclass(frozen=True)
class RouteOptions:
    """How long to search: `starts` of so many `steps`, and `bound_rounds` for the bound.

    Both are repeatable, which the limit in `seconds` of a benchmark is not; with it, starts and
    rounds go on until it is over or the optimum is proved. Without rounds the bound is that of
    the routes' minutes alone.
    """

    seed: int = 0
    starts: int = 6
    steps: int = 20_000
    bound_rounds: int = 40
    seconds: float | None = None


@dataclass
class _Race:
    """What search and bound know of each other, and when both end."""

    problem: RouteProblem
    options: RouteOptions
    deadline: float
    score: float = 0.0
    bound: float = np.inf
    step_s: float = 0.0
    met: list[tuple[int, Routes]] = field(default_factory=list)

    def is_over(self, bound: float = np.inf) -> bool:
        """Whether time is up or nothing is left to gain; without a time limit never."""
        if self.options.seconds is None:
            return False
        self.bound = min(self.bound, least_total(self.problem, bound))
        return self.score >= self.bound - 1e-6 or monotonic() >= self.deadline

    def steps(self, start: int) -> int:
        """Steps of a start; fewer where the time left does not suffice."""
        steps = self.options.steps * (LONG if start % LONG_EVERY == LONG_EVERY - 1 else 1)
        if self.options.seconds is None or self.step_s == 0.0:
            return steps
        return min(steps, max(1, int((self.deadline - monotonic()) / self.step_s)))


def solve_routes(problem: RouteProblem, options: RouteOptions) -> RoutePlan:
    """Routes that collect as much as could be found, with a proven bound.

    The same problem, options and seed give the same routes, unless `seconds` limit the search.
    """
    if not problem.points or not problem.routes:
        return RoutePlan(((),) * problem.routes, 0.0, 0.0)
    race = _Race(problem, options, monotonic() + SEARCH_SHARE * (options.seconds or 0.0))
    ground = as_ground(problem)
    _run_start(race, ground, 0)
    limit = options.starts if options.seconds is None else NO_LIMIT
    starts = iter(range(1, limit))
    with ThreadPoolExecutor(2) as pool:
        searching = pool.submit(_search, race, ground, starts)
        bounding = pool.submit(_bound, race)
        bound = bounding.result()
        pool.submit(_search, race, ground, starts).result()
        searching.result()
    return _finished(race, bound)


def _bound(race: _Race) -> RouteBound:
    known = race.met[0][1]
    rounds = race.options.bound_rounds
    if rounds and race.options.seconds is not None:
        rounds = NO_LIMIT
    return route_bound(race.problem, known, rounds, race.is_over)


def _search(race: _Race, ground: Ground, starts: Iterator[int]) -> None:
    """Run starts until none is left; every thread takes the next one."""
    for start in starts:
        if race.is_over():
            return
        _run_start(race, ground, start)


def _run_start(race: _Race, ground: Ground, start: int) -> None:
    """One annealing from tours of its own; its routes are noted."""
    rng = np.random.default_rng((race.options.seed, start))
    steps, began = race.steps(start), monotonic()
    tours, heat = first_tours(ground, start, rng)
    anneal(ground, tours, heat, steps, rng)
    race.step_s = (monotonic() - began) / steps
    routes = routes_of(tours)
    race.met.append((start, routes))
    race.score = max(race.score, route_score(race.problem, routes))


def _finished(race: _Race, bound: RouteBound) -> RoutePlan:
    """The best tours met, or the best mix of all routes met where that collects more.

    Of equals the one with the least travel, then the one met first.
    """
    problem = race.problem
    plans = [routes for _, routes in sorted(race.met)]
    if len(plans) > 1 or bound.columns:
        plans.append(_best_mix(problem, plans, bound.columns))
    score = [route_score(problem, routes) for routes in plans]
    travel = [sum(route_lengths(problem, routes)) for routes in plans]
    best = min(range(len(plans)), key=lambda plan: (-score[plan], travel[plan], plan))
    return RoutePlan(plans[best], score[best], least_total(problem, bound.bound))


def _best_mix(problem: RouteProblem, plans: Sequence[Routes], columns: Sequence[Column]) -> Routes:
    """Routes of several plans and of the bound put together; the first plan where that fails."""
    groups = alike(problem)
    number = {route: at for at, group in enumerate(groups) for route in group}
    met = [Column(number[r], points) for plan in plans for r, points in enumerate(plan) if points]
    met += [column for column in columns if _is_valid(problem, groups, column)]
    met = list(dict.fromkeys(met))
    if not met:
        return plans[0]
    model = packing_model(problem, [len(group) for group in groups], met, whole=True)
    try:
        chosen = minimise(model, SolverOptions(relative_gap=0.0, nodes=MIX_NODES)).values > 0.5
    except NotSolved:
        return plans[0]
    routes: list[tuple[int, ...]] = [()] * problem.routes
    free = [list(group) for group in groups]
    for column in np.flatnonzero(chosen).tolist():
        routes[free[met[column].group].pop(0)] = met[column].points
    return tuple(routes)


def _is_valid(problem: RouteProblem, groups: Sequence[tuple[int, ...]], column: Column) -> bool:
    """Whether a route of the bound visits no point twice and is in time."""
    if len(set(column.points)) < len(column.points):
        return False
    routes: list[tuple[int, ...]] = [()] * problem.routes
    routes[groups[column.group][0]] = column.points
    return not check_route_times(problem, tuple(routes))
