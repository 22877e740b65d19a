"""Rough solutions of linear models: the bound of any duals holds, that of good ones is close."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.models import first_order
from optimizer.models.arrays import as_arrays
from optimizer.models.first_order import (
    bound_by_duals,
    minimise_among,
    minimise_roughly,
    reach_of_columns,
)
from optimizer.models.solver import LinearModel, SolverOptions, minimise
from tests.optimizer.test_row_differences import SHIFTS, rota


def optimum(model: LinearModel) -> float:
    return minimise(model, SolverOptions()).cost


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 20), st.integers(0, 10**6), st.floats(0.01, 100.0))
def test_any_duals_prove_a_bound(seed: int, draw: int, size: float) -> None:
    model = rota(seed)
    duals = np.random.default_rng(draw).normal(0.0, size, model.n_rows)
    assert bound_by_duals(as_arrays(model), duals) <= optimum(model) + 1e-7


def test_duals_of_the_optimum_prove_it() -> None:
    """Rows that order officers have duals of at least 0, rows of at most some of at most 0."""
    model = rota(3)
    found = minimise(model, SolverOptions(), duals=True)
    half = model.n_rows // 2
    duals = np.concatenate([found.prices[:half], -found.prices[half:]])
    assert bound_by_duals(as_arrays(model), duals) == pytest.approx(found.cost, abs=1e-6)


def test_a_rough_solution_is_near_and_below_and_the_same_on_one_thread() -> None:
    model = rota(5)
    best = optimum(model)
    found = minimise_roughly(model, 1e-6)
    assert found.bound <= best + 1e-9 * abs(best)
    assert found.bound == pytest.approx(best, rel=1e-4)
    assert found.cost == pytest.approx(best, rel=1e-4)
    alone = minimise_roughly(model, 1e-6, threads=1)
    assert alone.bound == found.bound
    assert np.array_equal(alone.values, found.values)


def lent_on() -> LinearModel:
    """x and y lent without a limit of their own add up to s, of which there are at most 4."""
    model = LinearModel()
    x, y, s = (model.add_columns(np.inf, cost, (1,)) for cost in (-3.0, -2.0, 1.0))
    total = model.add_rows(0.0, 0.0, (1,))
    for column, part in ((x, 1.0), (y, 1.0), (s, -1.0)):
        model.add_entries(total, column, part)
    most = model.add_rows(-np.inf, 4.0, (1,))
    model.add_entries(most, s, 1.0)
    return model


def test_rows_limit_columns_that_have_no_end() -> None:
    arrays = as_arrays(lent_on())
    assert reach_of_columns(arrays) == pytest.approx([4.0, 4.0, 4.0], abs=1e-6)
    assert bound_by_duals(arrays, np.array([-3.0, -2.0])) == pytest.approx(-8.0, abs=1e-6)
    assert bound_by_duals(arrays, np.zeros(2)) == pytest.approx(-20.0, abs=1e-5)
    assert optimum(lent_on()) == pytest.approx(-8.0)


def test_a_column_without_end_in_one_row_cuts_its_dual_back() -> None:
    """Hours over time o >= worked - 10 at price 2; a dual of -5 would pay more than their price."""
    model = LinearModel()
    worked = model.add_columns(16.0, -3.0, (1,))
    over = model.add_columns(np.inf, 2.0, (1,))
    row = model.add_rows(-np.inf, 10.0, (1,))
    model.add_entries(row, worked, 1.0)
    model.add_entries(row, over, -1.0)
    assert bound_by_duals(as_arrays(model), np.array([-5.0])) == pytest.approx(-36.0)
    assert optimum(model) == pytest.approx(-36.0)


def test_duals_that_prove_nothing_give_no_bound() -> None:
    """A column without end in two rows that are both worth its cost: no point is the cheapest."""
    model = LinearModel()
    column = model.add_columns(np.inf, 1.0, (1,))
    rows = model.add_rows(1.0, np.inf, (2,))
    model.add_entries(rows, column, 1.0)
    assert bound_by_duals(as_arrays(model), np.array([1.0, 1.0])) == -np.inf
    assert bound_by_duals(as_arrays(model), np.array([0.4, 0.6])) == pytest.approx(1.0)


def test_a_model_whose_duals_prove_nothing_is_solved_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(first_order, "bound_by_duals", lambda arrays, duals: -np.inf)
    model = rota(5)
    assert minimise_roughly(model, 1e-2).cost == optimum(model)


def test_an_optimum_without_some_columns_and_a_bound_with_them() -> None:
    """Left out are columns that the optimum does not use, then some that it does."""
    model = rota(5)
    best = minimise(model, SolverOptions(), duals=True)
    idle = np.flatnonzero(best.values == 0.0)
    same = minimise_among(model, idle, np.zeros(model.n_rows))
    assert same.cost == pytest.approx(best.cost)
    assert same.bound <= best.cost + 1e-9
    known = minimise_among(model, idle, best.duals)
    assert known.bound == pytest.approx(best.cost)
    busy = np.argsort(-best.values[:SHIFTS])[:4]
    worse = minimise_among(model, busy, best.duals)
    assert (worse.values[busy] == 0.0).all()
    assert worse.cost > best.cost + 1e-6
    assert worse.bound == pytest.approx(best.cost)
