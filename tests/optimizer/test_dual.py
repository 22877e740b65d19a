"""The dual bound: valid for any prices, tight where the relaxation is, caught when it is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.math_opt.python import mathopt

from optimizer.hour_problem import HourProblem
from optimizer.judges.claims import check_hour_bound
from optimizer.judges.objective import hour_objective, hour_shortfall
from optimizer.models.patrol.dual import dual_bound, price_bound, slope_prices
from optimizer.models.patrol.greedy import unit_steps
from optimizer.models.patrol.near import joined_bins, near_problem
from optimizer.models.patrol.placing import allocate_hour
from tests.optimizer.patrol_cases import every_allocation, optimum, problem_of, problems


@settings(max_examples=200, deadline=None)
@given(problems(groups=2, rich=True), st.integers(0, 2**32 - 1))
def test_any_prices_bound_every_allocation(problem: HourProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    prices = rng.exponential(rng.choice([0.1, 1.0, 10.0]), problem.gain.shape)
    assert price_bound(problem, prices) >= optimum(problem) - 1e-9


@settings(max_examples=100, deadline=None)
@given(problems(groups=2, rich=True))
def test_bound_is_never_below_the_optimum(problem: HourProblem) -> None:
    found = dual_bound(problem, allocate_hour(problem), rounds=60)
    assert found.value >= optimum(problem) - 1e-9


def relaxation(problem: HourProblem) -> float:
    """Optimum with fractional units: the whole piecewise linear model, solved by HiGHS."""
    step = unit_steps(problem.busy, problem.backup, problem.total)
    model = mathopt.Model()
    placed = [
        model.add_variable(lb=float(low), ub=float(min(cap, problem.total)))
        for low, cap in zip(problem.place_min, problem.place_cap, strict=True)
    ]
    staying = [model.add_variable(lb=0.0, ub=float(kept)) for kept in problem.keep]
    for place, stay in zip(placed, staying, strict=True):
        model.add_linear_constraint(stay <= place)
    for own in range(problem.n_groups):
        inside = sum(placed[p] for p in np.flatnonzero(problem.group == own))
        model.add_linear_constraint(inside >= float(problem.group_min[own]))
        model.add_linear_constraint(inside <= float(problem.group_max[own]))
    model.add_linear_constraint(sum(placed) == float(problem.total))
    worth = sum(problem.move_cost * stay for stay in staying)
    for cell in range(problem.n_cells):
        for last in range(problem.n_bins):
            pieces = [model.add_variable(lb=0.0, ub=1.0) for _ in range(step.shape[1])]
            near = [
                placed[p]
                for p in range(problem.n_places)
                for k in range(problem.indptr[p], problem.indptr[p + 1])
                if problem.cell[k] == cell and problem.bin[k] <= last
            ]
            model.add_linear_constraint(sum(pieces) <= sum(near))
            gain = float(problem.gain[cell, last])
            worth += sum(gain * float(s) * x for s, x in zip(step[cell], pieces, strict=True))
    model.maximize(worth)
    solved = mathopt.solve(model, mathopt.SolverType.HIGHS)
    return solved.objective_value() - problem.move_cost * float(problem.keep.sum())


@settings(max_examples=25, deadline=None)
@given(problems(groups=2, rich=True))
def test_bound_reaches_the_relaxation(problem: HourProblem) -> None:
    exact = relaxation(problem)
    found = dual_bound(problem, allocate_hour(problem), rounds=4000, good_enough=exact + 1e-4)
    assert found.value == pytest.approx(exact, abs=0.01 * max(1.0, exact))
    assert found.value >= exact - 1e-6


def test_bound_meets_the_optimum_worked_out_by_hand() -> None:
    """4 calls and 1 call an hour, 8 minutes apart, one idle unit each: nothing is missed."""
    gain = np.repeat(np.array([[4.0], [1.0]]), 10, axis=1)
    problem = problem_of([[0, 8], [8, 0]], gain, 0.0, limit=[2])
    found = dual_bound(problem, allocate_hour(problem), rounds=500)
    assert found.value == pytest.approx(50.0, abs=1e-3)


def test_prices_of_an_allocation_lie_between_its_slopes() -> None:
    """One call an hour, units busy half the time, two places at the cell.

    With one unit the value is 0.5. The unit adds 0.5 and the next would add 0.25: the price is
    0.375. The cell keeps 0.5 - 0.375 and one unit earns 0.375, so the bound is the value.
    """
    problem = problem_of([[0], [0]], np.array([[1.0]]), 0.5, limit=[1])
    step = unit_steps(problem.busy, problem.backup, problem.total)
    prices = slope_prices(problem, step, np.array([1, 0]))
    assert prices.tolist() == [[0.375]]
    assert price_bound(problem, prices) == pytest.approx(0.5)


def test_a_truncated_model_is_caught() -> None:
    """Dropping the second and later units per cell leaves a bound that a real plan beats."""
    rng = np.random.default_rng(3)
    problem = problem_of([[0, 0], [0, 0]], rng.random((2, 1)) + 1.0, 0.5, limit=[4])
    units = allocate_hour(problem)
    step = unit_steps(problem.busy, problem.backup, problem.total)
    most, missed = float(problem.gain.sum()), hour_shortfall(problem, units)
    short = price_bound(problem, np.zeros_like(problem.gain), step=step[:, :2])
    whole = dual_bound(problem, units).value
    assert check_hour_bound("patrol car", 20, missed, most - whole) == ()
    (found,) = check_hour_bound("patrol car", 20, missed, most - short)
    assert found.rule == "patrol bound"
    assert found.found == pytest.approx(missed)


def test_more_rounds_never_worsen_the_bound_and_repeat_exactly() -> None:
    rng = np.random.default_rng(7)
    bins = rng.integers(-1, 6, (12, 30)).tolist()
    problem = problem_of(bins, rng.random((30, 6)), 0.3, limit=[5])
    units = allocate_hour(problem)
    short, long = dual_bound(problem, units, rounds=40), dual_bound(problem, units, rounds=400)
    again = dual_bound(problem, units, rounds=400)
    assert long.value <= short.value
    assert again == long
    assert long.value >= max(hour_objective(problem, units), 0.0)


@settings(max_examples=100, deadline=None)
@given(problems(groups=2, rich=True))
def test_joining_bins_changes_no_value(problem: HourProblem) -> None:
    joined = joined_bins(problem)
    for units in every_allocation(problem)[:20]:
        assert hour_objective(joined, units) == pytest.approx(
            hour_objective(problem, units), abs=1e-9
        )


@settings(max_examples=60, deadline=None)
@given(problems(groups=2, rich=True))
def test_the_near_problem_never_undervalues_an_allocation(problem: HourProblem) -> None:
    """Ten times the units, so that some reach no longer matters."""
    many = replace(
        problem,
        group_min=10 * problem.group_min,
        group_max=10 * problem.group_max,
        place_cap=10 * problem.place_cap,
        total=10 * problem.total,
    )
    units = allocate_hour(many)
    near, earned = near_problem(many, units)
    assert len(near.cell) <= len(many.cell)
    value = hour_objective(many, units)
    assert value - 1e-9 <= hour_objective(near, units) + earned <= value + 1e-5 * many.gain.sum()


def test_prices_that_are_not_prices_are_refused() -> None:
    problem = problem_of([[0]], np.ones((1, 1)), 0.5, limit=[1])
    with pytest.raises(ValueError, match="prices must be finite and not negative"):
        price_bound(problem, np.array([[-1.0]]))


def test_every_allocation_of_a_pinned_problem_is_the_bound() -> None:
    """Nothing is free, so the relaxation is the plan."""
    problem = problem_of(
        [[0], [0]], np.array([[2.0]]), 0.5, limit=[3], place_min=[1, 2], place_cap=[1, 2]
    )
    (only,) = every_allocation(problem)
    found = dual_bound(problem, only, rounds=300)
    assert found.value == pytest.approx(hour_objective(problem, only), rel=1e-6)
