"""Cuts of patrol: lines above the best value for every number of units, touching at one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.cuts import unit_cut
from optimizer.models.patrol.dual import dual_bound
from optimizer.models.patrol.placing import allocate_hour
from optimizer.unit_cuts import UnitCuts
from tests.optimizer.patrol_cases import optimum, problem_of, problems


def staffed(problem: HourProblem, units: np.ndarray, across: np.ndarray) -> HourProblem | None:
    """The problem with `units[pool]` of their own, None where limits of places forbid it."""
    low = np.bincount(problem.group, problem.place_min, problem.n_groups)
    high = np.bincount(problem.group, problem.place_cap, problem.n_groups)
    least, most = np.maximum(units - across, low), np.minimum(units + across, high)
    if (least > most).any() or not least.sum() <= units.sum() <= most.sum():
        return None
    return replace(
        problem,
        group_min=(units - across).astype(np.int64),
        group_max=(units + across).astype(np.int64),
        total=int(units.sum()),
        keep=np.zeros(problem.n_places, dtype=np.int64),
        move_cost=0.0,
    )


@settings(max_examples=100, deadline=None)
@given(problems(groups=2, rich=True), st.sampled_from([0.0, 0.5]), st.integers(0, 40))
def test_a_cut_lies_above_the_best_value_of_every_staffing(
    problem: HourProblem, share: float, rounds: int
) -> None:
    """All staffings of up to three units a pool, all their allocations."""
    bound = dual_bound(problem, allocate_hour(problem), rounds=rounds)
    cut = unit_cut(bound, problem.group_min, cross_share=share)
    for own in np.ndindex(4, 4):
        units = np.array(own)
        other = staffed(problem, units, np.floor(share * units))
        if other is not None:
            assert cut.level + cut.slope @ units >= optimum(other) - 1e-9


@settings(max_examples=60, deadline=None)
@given(problems(groups=2))
def test_a_cut_is_no_lower_than_the_bound_it_comes_from(problem: HourProblem) -> None:
    bound = dual_bound(problem, allocate_hour(problem), rounds=40)
    cut = unit_cut(bound, problem.group_min)
    assert cut.level + cut.slope @ problem.group_min >= bound.value - 1e-9


def test_a_cut_worked_out_by_hand() -> None:
    """One place, one cell worth 10, units busy half the time: 5, 2.5, 1.25 ... for each unit.

    At one unit the price is half way between the last and the next: 3.75. The cell keeps
    5 - 3.75 = 1.25 and a unit earns 3.75: the line 1.25 + 3.75 n meets the values 5 (n = 1),
    and lies above 0, 7.5 and 8.75 (n = 0, 2, 3).
    """
    problem = problem_of([[0]], np.array([[10.0]]), 0.5, limit=[1])
    cut = unit_cut(dual_bound(problem, np.array([1]), rounds=0), np.array([1]))
    assert cut.level == pytest.approx(1.25)
    assert cut.slope.tolist() == [3.75]


def test_a_place_that_is_full_does_not_set_the_toll() -> None:
    """Two places of a pool, cells worth 10 and 4, never busy; the first takes one unit only.

    Prices half way between the last and the next unit: 5 and 2. The second of two units earns
    2, the full place 3 more than that, and the cells keep 5 and 2: 10 + 2 n.
    """
    problem = problem_of(
        [[0, -1], [-1, 0]],
        np.array([[10.0], [4.0]]),
        0.0,
        limit=[2],
        place_cap=[1, 9],
    )
    cut = unit_cut(dual_bound(problem, np.array([1, 1]), rounds=0), np.array([2]))
    assert cut.slope.tolist() == [2.0]
    assert cut.level == pytest.approx(10.0)


def test_cuts_of_wrong_shape_or_sign_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        UnitCuts(np.zeros((1, 2)), np.zeros((1, 3, 3)))
    with pytest.raises(ValueError, match="must not be negative"):
        UnitCuts(np.zeros((1, 2)), -np.ones((1, 3, 2)))
    with pytest.raises(ValueError, match="must be finite"):
        UnitCuts(np.full((1, 2), np.inf), np.ones((1, 3, 2)))
