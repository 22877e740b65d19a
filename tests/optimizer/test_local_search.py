"""Local search: never worse, within all limits, repeatable, and out of traps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective
from optimizer.models.location.location import location_of, opened_value
from optimizer.models.location.location_repair import region_around, region_without, repair
from optimizer.models.location.location_search import swaps_of
from optimizer.models.patrol.local_search import improve
from optimizer.models.patrol.placing import allocate_hour

from .patrol_cases import every_allocation, optimum, problem_of, problems


@given(problems(groups=2, rich=True), st.integers(0, 1000))
@settings(max_examples=80)
def test_improving_keeps_limits_and_never_loses(problem: HourProblem, seed: int) -> None:
    everything = every_allocation(problem)
    start = everything[seed % len(everything)]
    found = improve(problem, start, rounds=30, seed=seed)
    assert any(np.array_equal(found, units) for units in everything)
    before = hour_objective(problem, start)
    assert hour_objective(problem, found) >= before - 1e-9 * max(1.0, abs(before))


@given(problems(groups=1))
@settings(max_examples=60)
def test_small_optima_are_found_from_the_greedy(problem: HourProblem) -> None:
    found = improve(problem, allocate_hour(problem), rounds=300)
    assert hour_objective(problem, found) == pytest.approx(optimum(problem), rel=1e-9)


def pair_trap(busy: float) -> tuple[HourProblem, np.ndarray]:
    """Two units stand well; only both together move to something better.

    Place 0 covers cells 0 and 1 (demand 3 + 3), place 1 covers 2 and 3 (3 + 3); places 2 and 3
    cover 0, 2, 4 and 1, 3, 5 with demand 2 in cells 4 and 5. With one of the first two standing,
    place 2 or 3 adds only 3 + 2; both together cover everything.
    """
    reach = [{0, 1}, {2, 3}, {0, 2, 4}, {1, 3, 5}]
    bins = [[0 if cell in cells else -1 for cell in range(6)] for cells in reach]
    gain = np.array([3.0, 3.0, 3.0, 3.0, 2.0, 2.0])[:, None]
    problem = problem_of(bins, gain, busy, limit=[2], place_cap=[1] * 4)
    return problem, np.array([1, 1, 0, 0])


@pytest.mark.parametrize("busy", [0.0, 0.001])
def test_pairs_move_where_no_single_unit_does(busy: float) -> None:
    problem, start = pair_trap(busy)
    for out in (0, 1):
        for into in (2, 3):
            moved = start.copy()
            moved[[out, into]] = 0, 1
            assert hour_objective(problem, moved) < hour_objective(problem, start)
    found = improve(problem, start, rounds=300, seed=1)
    assert found.tolist() == [0, 0, 1, 1]


def cover(seed: int, points: int, sites: int) -> HourProblem:
    """Random points of a square, each covering those within a tenth and a bit of its side."""
    place = np.random.default_rng(seed).uniform(0, 1, (points, 2))
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    bins = np.where(away < 0.06, 0, np.where(away < 0.13, 1, -1)).tolist()
    gain = np.random.default_rng(seed + 1).integers(1, 9, (points, 2)).astype(float)
    return problem_of(bins, gain, 0.0, limit=[sites], place_cap=[1] * points)


def test_no_swap_is_left_that_pays() -> None:
    location = location_of(cover(2, 60, 6))
    found = swaps_of(location).search(np.arange(60) < 6)
    value = opened_value(location, found)
    assert found.sum() == 6
    for out in np.flatnonzero(found):
        for into in np.flatnonzero(~found):
            swapped = found.copy()
            swapped[[out, into]] = False, True
            assert opened_value(location, swapped) <= value + 1e-6


def test_searching_is_repeatable_and_never_loses() -> None:
    location = location_of(cover(3, 80, 8))
    swaps = swaps_of(location)
    start = swaps.search(np.arange(80) < 8)
    first, second = (swaps.search(start, moves=3000, seed=5) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert first.sum() == 8
    assert opened_value(location, first) >= opened_value(location, start)


def test_same_rounds_and_seed_same_units() -> None:
    problem = HourProblem(**{**vars(cover(4, 60, 8)), "busy": np.full(60, 0.3)})
    start = allocate_hour(problem, swap_passes=0)
    first, second = (improve(problem, start, rounds=400, seed=9) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert hour_objective(problem, first) >= hour_objective(problem, start)


def test_repairing_never_loses_and_keeps_the_number() -> None:
    location = location_of(cover(6, 100, 12))
    swaps = swaps_of(location)
    opened = np.arange(100) < 12
    for around in (0, 5, 11):
        better = repair(swaps, opened, around, 5, 60.0, whole=True)
        assert better.sum() == 12
        assert opened_value(location, better) >= opened_value(location, opened)
        assert (opened & ~better).sum() <= 5
        opened = better if better[around] else opened


def test_region_is_what_the_others_leave() -> None:
    location = location_of(cover(7, 80, 9))
    swaps = swaps_of(location)
    opened = swaps.search(np.arange(80) < 9)
    around = int(np.flatnonzero(opened)[4])
    leaving = region_around(
        location.start, location.place, swaps.first, swaps.cell, opened, around, 3
    )
    assert leaving.sum() == 3
    assert leaving[around]
    assert not (leaving & ~opened).any()
    standing = opened & ~leaving
    region = region_without(location, standing, leaving)
    inside = leaving[region.places]
    rest = opened_value(location, opened) - opened_value(location, standing)
    assert opened_value(region.part, inside) == pytest.approx(rest)
