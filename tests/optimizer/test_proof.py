"""Proofs: equal to trying everything, bounds never below a value, honest when time runs out."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective
from optimizer.models.location.location import (
    CLOSED,
    FREE,
    OPEN,
    is_location,
    location_of,
    opened_value,
    units_of,
    without_dominated,
)
from optimizer.models.location.location_dual import Pace, bound_location
from optimizer.models.location.location_search import swaps_of
from optimizer.models.location.location_tree import better_than, prove_places
from optimizer.models.patrol import exact_hour
from optimizer.models.patrol.exact_hour import hour_terms, open_entries, solve_hour
from optimizer.models.patrol.proof import prove

from .patrol_cases import every_allocation, optimum, problem_of, problems

AMPLE_S = 60.0


@st.composite
def locations(draw: st.DrawFn) -> HourProblem:
    """Small problems of opening places, whole gains, some places pinned, closed or stacked."""
    places, cells = draw(st.integers(1, 7)), draw(st.integers(1, 6))

    def numbers(low: int, high: int, size: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=size, max_size=size))

    bins = [numbers(-1, 2, cells) for _ in range(places)]
    gain = np.array(numbers(0, 9, cells * 3), dtype=float).reshape(cells, 3)
    low = [max(n, 0) for n in numbers(-4, 2, places)]
    cap = [least + more for least, more in zip(low, numbers(0, 2, places), strict=True)]
    total = draw(st.integers(sum(low), min(sum(cap), sum(low) + 4)))
    return problem_of(bins, gain, 0.0, limit=[total], place_min=low, place_cap=cap)


def median_of(points: np.ndarray, sites: int) -> tuple[HourProblem, np.ndarray]:
    """A p-median over points with whole distances, and the distances."""
    away = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)))
    order = np.argsort(away, axis=0, kind="stable")
    rank = np.argsort(order, axis=0)
    steps = np.diff(np.take_along_axis(away, order, axis=0), axis=0).T
    gain = np.hstack([steps, np.zeros((len(points), 1))])
    caps = [1] * len(points)
    return problem_of(rank.tolist(), gain, 0.0, limit=[sites], place_cap=caps), away


def covering_of(points: np.ndarray, radius: float, sites: int) -> HourProblem:
    """A maximal covering over points whose demand grows with their number."""
    away = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    demand = 1.0 + np.arange(len(points)) % 5
    bins = np.where(away <= radius, 0, -1).tolist()
    return problem_of(bins, demand[:, None], 0.0, limit=[sites], place_cap=[1] * len(points))


def check_proof(problem: HourProblem, *, whole: bool = False) -> None:
    best = optimum(problem)
    proof = prove(problem, seconds=AMPLE_S, whole_values=whole)
    assert proof.status == "optimal"
    assert proof.value == hour_objective(problem, proof.units)
    assert proof.value == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert best - 1e-9 * max(1.0, abs(best)) <= proof.bound <= best + 1e-5 * max(1.0, abs(best))
    assert any(np.array_equal(proof.units, units) for units in every_allocation(problem))


@given(problems(groups=2, rich=True))
@settings(max_examples=40)
def test_rich_hours_are_proved(problem: HourProblem) -> None:
    check_proof(problem)


@given(problems(groups=1))
@settings(max_examples=25)
def test_plain_hours_are_proved(problem: HourProblem) -> None:
    check_proof(problem)


@given(locations(), st.booleans())
@settings(max_examples=60)
def test_places_to_open_are_proved(problem: HourProblem, whole: bool) -> None:
    assert is_location(problem)
    check_proof(problem, whole=whole)


@given(locations(), st.integers(0, 2**31))
@settings(max_examples=60)
def test_any_prices_bound_any_choice(problem: HourProblem, seed: int) -> None:
    location = location_of(problem)
    prices = np.random.default_rng(seed).uniform(0, 12, location.n_cells)
    relaxed = bound_location(location, location.fate, prices, -np.inf, 0.0, Pace(1, 1.0, 0.5))
    assert relaxed.value >= optimum(problem) - 1e-9


@given(locations())
@settings(max_examples=60)
def test_closing_dominated_places_loses_nothing(problem: HourProblem) -> None:
    smaller = without_dominated(location_of(problem))
    free = np.flatnonzero(smaller.fate == FREE)
    pinned = smaller.fate == OPEN
    values = []
    for more in combinations(free.tolist(), smaller.sites - int(pinned.sum())):
        opened = pinned.copy()
        opened[list(more)] = True
        values.append(opened_value(smaller, opened))
        assert hour_objective(problem, units_of(problem, opened)) == pytest.approx(values[-1])
    assert max(values) == pytest.approx(optimum(problem))


def test_places_that_prove_worse_are_decided() -> None:
    """Of four lone places with demand 1 to 4, two sites open the last two: 4 + 3."""
    bins = [[0 if cell == place else -1 for cell in range(4)] for place in range(4)]
    gain = np.arange(1.0, 5.0)[:, None]
    problem = problem_of(bins, gain, 0.0, limit=[2], place_cap=[1] * 4)
    opened = np.array([False, False, True, True])
    proof = prove_places(
        swaps_of(location_of(problem)), opened, seconds=AMPLE_S, nodes=10, whole=True
    )
    assert (proof.value, proof.nodes) == (7.0, 0)
    assert proof.bound < 8.0
    assert set(proof.fate.tolist()) <= {OPEN, FREE, CLOSED}


def test_ring_needs_branching() -> None:
    """Five places on a ring, each covering two of five cells: two sites cover 4, not 4.0 + 1."""
    bins = [[0 if (cell - place) % 5 < 2 else -1 for cell in range(5)] for place in range(5)]
    for sites, best in ((1, 2.0), (2, 4.0), (3, 5.0)):
        problem = problem_of(bins, np.ones((5, 1)), 0.0, limit=[sites], place_cap=[1] * 5)
        proof = prove(problem, seconds=AMPLE_S, whole_values=True)
        assert (proof.value, proof.bound, proof.status) == (best, best, "optimal")


@pytest.mark.parametrize("sites", [1, 3, 4])
def test_medians_of_points(sites: int) -> None:
    points = np.random.default_rng(sites).uniform(0, 100, (16, 2))
    problem, away = median_of(points, sites)
    least = min(away[list(chosen)].min(axis=0).sum() for chosen in combinations(range(16), sites))
    proof = prove(problem, seconds=AMPLE_S, whole_values=True)
    assert proof.status == "optimal"
    assert away[np.flatnonzero(proof.units)].min(axis=0).sum() == least
    assert away.max(axis=0).sum() - proof.bound == pytest.approx(least)


def test_middle_sized_cover_agrees_with_the_exact_model() -> None:
    problem = covering_of(np.random.default_rng(5).uniform(0, 100, (120, 2)), 12.0, 9)
    proof = prove(problem, seconds=AMPLE_S, whole_values=True)
    exact = solve_hour(problem)
    assert proof.status == "optimal"
    assert hour_objective(problem, exact.units) == pytest.approx(proof.value)
    assert exact.bound == pytest.approx(proof.value)


def test_more_units_than_places_stand_where_there_is_room() -> None:
    problem = problem_of([[0], [1]], np.array([[2.0, 3.0]]), 0.0, limit=[5], place_cap=[1, 9])
    proof = prove(problem, seconds=AMPLE_S)
    assert proof.units.tolist() == [1, 4]
    assert (proof.value, proof.status) == (5.0, "optimal")


def test_places_without_reach() -> None:
    problem = problem_of([[-1], [-1]], np.ones((1, 1)), 0.0, limit=[1], place_cap=[1, 1])
    proof = prove(problem, seconds=AMPLE_S, whole_values=True)
    assert (proof.value, proof.bound, proof.status) == (0.0, 0.0, "optimal")


@pytest.mark.parametrize("busy", [0.0, 0.4])
def test_no_time_is_told(busy: float) -> None:
    points = np.random.default_rng(8).uniform(0, 100, (150, 2))
    problem = covering_of(points, 14.0, 12)
    if busy:
        problem = HourProblem(**{**vars(problem), "busy": np.full(150, busy)})
    proof = prove(problem, seconds=0.0)
    assert proof.bound >= proof.value
    assert proof.value == hour_objective(problem, proof.units)
    closed = proof.bound <= better_than(proof.value, whole=False)
    assert (proof.status == "optimal") == closed


def test_same_proof_twice() -> None:
    problem = covering_of(np.random.default_rng(3).uniform(0, 100, (90, 2)), 11.0, 8)
    first, second = (prove(problem, seconds=AMPLE_S, seed=4) for _ in range(2))
    assert first.units.tolist() == second.units.tolist()
    assert (first.bound, first.nodes) == (second.bound, second.nodes)


@given(problems(groups=2, rich=True))
@settings(max_examples=50)
def test_exact_model_is_the_objective(problem: HourProblem) -> None:
    best = optimum(problem)
    exact = solve_hour(problem)
    assert hour_objective(problem, exact.units) == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert exact.bound == pytest.approx(best, rel=1e-5, abs=1e-5)


@given(problems(groups=1, rich=True), st.integers(1, 2))
@settings(max_examples=40)
def test_few_steps_bound_from_above(problem: HourProblem, steps: int) -> None:
    assert solve_hour(problem, steps=steps).bound >= optimum(problem) - 1e-6


def test_truncated_model_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three units at one cell, half busy, gain 8: worth 7. Cut off after one step: a bound of 4."""
    problem = problem_of([[0]], np.array([[8.0]]), 0.5, limit=[3])
    worth = hour_objective(problem, np.array([3]))
    assert worth == pytest.approx(7.0)
    assert solve_hour(problem, steps=1).bound >= worth
    whole_steps = exact_hour.unit_steps

    def truncated(*inputs: np.ndarray) -> np.ndarray:
        steps = whole_steps(*inputs).copy()
        steps[:, 1:] = 0.0
        return steps

    monkeypatch.setattr(exact_hour, "unit_steps", truncated)
    assert solve_hour(problem).bound == pytest.approx(4.0)
    assert solve_hour(problem).bound < worth


def test_terms_of_a_cell_chain_up() -> None:
    """Cell 0 is reached in bins 1 and 3: gains 2 + 3 and 4; one unit stands at place 1."""
    problem = problem_of(
        [[1, -1], [3, 0]],
        np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]),
        0.5,
        limit=[3],
        place_min=[0, 1],
        place_cap=[2, 3],
    )
    terms = hour_terms(problem)
    assert terms.cell.tolist() == [0, 0, 1]
    assert terms.gain.tolist() == [5.0, 4.0, 26.0]
    assert terms.follows.tolist() == [False, True, False]
    assert terms.sure.tolist() == [0, 1, 1]
    assert terms.room.tolist() == [2, 2, 2]
    assert open_entries(problem) == 3
