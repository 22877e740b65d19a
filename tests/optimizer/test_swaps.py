"""Swaps end where no single move within the limits pays, by the judge's own objective."""

import numpy as np
from hypothesis import given, settings

from optimizer.hour_problem import HourProblem
from optimizer.judges.objective import hour_objective
from optimizer.models.patrol.placing import allocate_hour, swap_units
from optimizer.models.patrol.swaps import places_of_cells
from tests.optimizer.patrol_cases import problem_of, problems


def single_moves(problem: HourProblem, units: np.ndarray) -> list[np.ndarray]:
    """Every allocation within the limits that differs by one moved unit."""
    found = []
    for place in np.flatnonzero(units > problem.place_min):
        for other in np.flatnonzero(units < problem.place_cap):
            moved = units.copy()
            moved[place] -= 1
            moved[other] += 1
            held = np.bincount(problem.group, moved, problem.n_groups)
            if (held >= problem.group_min).all() and (held <= problem.group_max).all():
                found.append(moved)
    return found


@settings(max_examples=80, deadline=None)
@given(problems(groups=2, rich=True))
def test_no_single_move_pays_after_the_last_pass(problem: HourProblem) -> None:
    units = allocate_hour(problem, swap_passes=0)
    swap_units(problem, units, 100)
    reached = hour_objective(problem, units)
    worth = [hour_objective(problem, moved) for moved in single_moves(problem, units)]
    assert all(value <= reached + 1e-7 * max(1.0, abs(reached)) for value in worth)


def test_no_single_move_pays_in_a_larger_town() -> None:
    rng = np.random.default_rng(4)
    bins = np.where(rng.random((30, 60)) < 0.4, rng.integers(0, 8, (30, 60)), -1)
    gain, busy = rng.random((60, 8)) * 10.0 ** rng.integers(-9, 9), rng.random(60) * 0.9
    group = (np.arange(30) % 3).tolist()
    problem = problem_of(
        bins.tolist(), gain, busy, group=group, limit=[4, 4, 4], group_max=[9, 9, 9], total=18
    )
    units = allocate_hour(problem, swap_passes=0)
    swap_units(problem, units, 100)
    reached = hour_objective(problem, units)
    moves = single_moves(problem, units)
    assert len(moves) > 100
    assert max(hour_objective(problem, moved) for moved in moves) <= reached * (1 + 1e-9)


def test_reach_lists_turned_round() -> None:
    """Place 0 reaches cells 0 and 2 in bins 3 and 1, place 1 cell 2 in bin 0."""
    start, place, bin_of = places_of_cells(
        np.array([0, 2, 3]), np.array([0, 2, 2], np.int32), np.array([3, 1, 0], np.int16), 4
    )
    assert start.tolist() == [0, 1, 1, 3, 3]
    assert place.tolist() == [0, 0, 1]
    assert bin_of.tolist() == [3, 1, 0]
