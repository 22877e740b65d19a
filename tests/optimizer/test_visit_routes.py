"""Team orienteering: against trying everything, the bound, and the judge against wrong plans.

By hand: points at 1, 2 and 4 on a line with scores 1, 2 and 8, start and end at 0, limit 8. A
route to 4 and back passes all points and is 8 long: 11. With limit 7 the point at 4 is out of
reach and the others bring 3; two routes bring no more.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.judges.route_rules import (
    route_lengths,
    route_score,
    route_times,
    route_violations,
)
from optimizer.models.visits.orienteering import RouteOptions, solve_routes
from optimizer.models.visits.orienteering_search import with_shortest_ways
from optimizer.models.visits.route_bound import time_bound
from optimizer.models.visits.route_pricing import best_route, completions, relaxed_route, ways_of
from optimizer.plan import Status
from optimizer.visit_routes import RoutePlan, RouteProblem, team_problem

QUICK = RouteOptions(starts=3, steps=300, bound_rounds=12)


def on_a_line(limit: float, routes: int = 1) -> RouteProblem:
    x = np.array([0.0, 1.0, 2.0, 4.0, 0.0])
    score = np.array([0.0, 1.0, 2.0, 8.0, 0.0])
    return team_problem(x, np.zeros(5), score, (0, 4), routes, limit)


@st.composite
def problems(draw: st.DrawFn) -> RouteProblem:
    """Up to six points, two routes that differ, windows, service, and times that may be unlike."""
    points = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    places = points + 2
    x, y = rng.uniform(0, 10, (2, places))
    plain = np.hypot(x[:, None] - x, y[:, None] - y)
    lame = plain * rng.uniform(0.8, 1.6, plain.shape)
    np.fill_diagonal(lame, 0.0)
    opens = rng.uniform(0, 12, points) if draw(st.booleans()) else np.zeros(points)
    return RouteProblem(
        score=rng.integers(0, 9, points).astype(float),
        opens_min=opens,
        closes_min=opens + rng.uniform(2, 20, points),
        service_min=rng.uniform(0, 2, (2, points)),
        travel_min=np.array([plain, lame]),
        kind=np.array([0, draw(st.integers(0, 1))]),
        start=np.array([points, points]),
        end=np.array([points + 1, points]),
        from_min=np.array([0.0, draw(st.sampled_from([0.0, 3.0]))]),
        to_min=np.array([15.0, draw(st.sampled_from([12.0, 25.0]))]),
    )


def valid_sets(problem: RouteProblem, route: int) -> set[frozenset[int]]:
    """Sets of points that a route can visit in some order."""
    found = {frozenset[int]()}
    for size in range(1, problem.points + 1):
        for order in permutations(range(problem.points), size):
            if frozenset(order) not in found and is_valid(problem, route, order):
                found.add(frozenset(order))
    return found


def is_valid(problem: RouteProblem, route: int, order: tuple[int, ...]) -> bool:
    begins, end_min = route_times(problem, route, order)
    late = any(b > problem.closes_min[p] for p, b in zip(order, begins, strict=True))
    return not late and end_min <= problem.to_min[route]


def by_trying_all(problem: RouteProblem) -> float:
    first, second = (valid_sets(problem, route) for route in range(2))
    return max(float(problem.score[list(a | b)].sum()) for a in first for b in second if not a & b)


def rules_broken(problem: RouteProblem, plan: RoutePlan) -> list[str]:
    return [violation.rule for violation in route_violations(problem, plan)]


@pytest.mark.parametrize(("limit", "routes", "best"), [(8.0, 1, 11), (7.0, 1, 3), (7.0, 2, 3)])
def test_by_hand(limit: float, routes: int, best: float) -> None:
    problem = on_a_line(limit, routes)
    plan = solve_routes(problem, QUICK)
    assert (plan.score, plan.bound, plan.status) == (best, best, Status.OPTIMAL)
    assert rules_broken(problem, plan) == []


@settings(max_examples=25, deadline=None)
@given(problems())
def test_best_of_all_plans_is_found_and_bounded(problem: RouteProblem) -> None:
    best = by_trying_all(problem)
    plan = solve_routes(problem, QUICK)
    assert rules_broken(problem, plan) == []
    assert plan.score == pytest.approx(best)
    assert best <= plan.bound + 1e-6
    assert plan.bound <= time_bound(with_shortest_ways(problem)) + 1e-6


@settings(max_examples=25, deadline=None)
@given(problems(), st.integers(0, 100))
def test_no_route_gains_more_than_its_relaxations(problem: RouteProblem, seed: int) -> None:
    """At prices of the points, also where a visit costs more than it brings."""
    gain = problem.score - np.random.default_rng(seed).uniform(0, 8, problem.points)
    for route in range(2):
        ways = ways_of(with_shortest_ways(problem), route, grid=50, remembered=3)
        assert ways is not None
        best = max(float(gain[list(chosen)].sum()) for chosen in valid_sets(problem, route))
        rest = completions(ways, gain)
        quick, points = relaxed_route(ways, gain, rest)
        found = best_route(ways, gain, rest, 0.0, 10_000)
        assert best <= found.most <= quick + 1e-5
        assert gain[points].sum() == pytest.approx(quick)
        assert found.proved
        if found.routes:
            assert gain[found.routes[-1]].sum() == pytest.approx(found.most, abs=1e-5)


def test_without_room_the_quick_relaxation_answers() -> None:
    problem = on_a_line(8.0)
    ways = ways_of(problem, 0, grid=50, remembered=3)
    assert ways is not None
    rest = completions(ways, problem.score)
    found = best_route(ways, problem.score, rest, 0.0, 3)
    assert not found.proved
    assert found.most == relaxed_route(ways, problem.score, rest)[0] >= 11


def test_points_at_one_place_leave_the_bound_of_the_minutes() -> None:
    """Ten points without service at one place could be visited for ever by the relaxations."""
    x = np.array([0.0, *[3.0] * 10, 0.0])
    problem = team_problem(x, np.zeros(12), np.ones(12), (0, 11), 1, 6.0)
    plan = solve_routes(problem, QUICK)
    assert (plan.score, plan.bound) == (10.0, 10.0)
    assert ways_of(problem, 0, grid=50, remembered=3) is None


def test_same_seed_same_routes() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 10, (2, 30))
    problem = team_problem(x, y, rng.integers(1, 9, 30).astype(float), (0, 29), 3, 11.0)
    plans = [solve_routes(problem, QUICK) for _ in range(2)]
    assert plans[0] == plans[1]
    assert rules_broken(problem, plans[0]) == []
    assert plans[0].score <= plans[0].bound


def test_a_wait_for_a_window_is_part_of_the_route() -> None:
    """The point at 1 opens at 6: it is visited last, at 7, and the route is back at 8.

    A route that comes there at 3 waits until 6.
    """
    problem = on_a_line(8.0)
    late = replace(problem, opens_min=np.array([6.0, 0.0, 0.0]), closes_min=np.full(3, 8.0))
    plan = solve_routes(late, QUICK)
    assert plan.score == 11
    assert plan.routes[0][-1] == 0
    begins, end_min = route_times(late, 0, (1, 0))
    assert (begins, end_min) == ((2.0, 6.0), 7.0)
    assert rules_broken(late, plan) == []


def test_no_points_or_no_routes() -> None:
    assert solve_routes(on_a_line(8.0, 0), QUICK) == RoutePlan((), 0.0, 0.0)
    bare = team_problem(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), (0, 1), 2, 8.0)
    assert solve_routes(bare, QUICK) == RoutePlan(((), ()), 0.0, 0.0)


def test_judge_by_hand() -> None:
    problem = on_a_line(8.0, 2)
    assert route_score(problem, ((0, 2), ())) == 9
    assert route_lengths(problem, ((2, 0), ())) == (8.0, 0.0)


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (RoutePlan(((0,),), 1.0, 11.0), "routes"),
        (RoutePlan(((0,), (3,)), 1.0, 11.0), "point exists"),
        (RoutePlan(((0,), (0, 1)), 3.0, 11.0), "visited once"),
        (RoutePlan(((0, 1, 0), ()), 3.0, 11.0), "visited once"),
        (RoutePlan(((2,), (0,)), 8.0, 11.0), "route score"),
        (RoutePlan(((2,), (0,)), 9.0, 8.0), "route bound"),
    ],
)
def test_judge_tells_wrong_plans(plan: RoutePlan, rule: str) -> None:
    assert rules_broken(on_a_line(8.0, 2), plan) == [rule]


def test_judge_tells_late_routes_and_visits() -> None:
    plan = RoutePlan(((0, 1, 2), ()), 11.0, 11.0)
    assert rules_broken(on_a_line(7.9, 2), plan) == ["route end"]
    closed = replace(on_a_line(8.0, 2), closes_min=np.array([8.0, 1.9, 8.0]))
    assert rules_broken(closed, plan) == ["visit window"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("start", np.array([9]), "start 9 is not one of 0 to 4"),
        ("kind", np.array([1]), "kind 1 is not one of 0 to 0"),
        ("score", np.array([1.0, -2.0, 8.0]), "score holds a number that is negative"),
        ("travel_min", np.full((1, 5, 5), np.nan), "travel_min holds a number that is negative"),
        ("opens_min", np.zeros(2), "opens_min has shape"),
    ],
)
def test_a_problem_is_right_or_refused(name: str, value: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(on_a_line(8.0), **{name: value})
