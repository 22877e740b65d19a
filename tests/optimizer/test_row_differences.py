"""Rows as differences: the same points, the same optimum, the same prices, fewer entries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.models import solver
from optimizer.models.row_differences import row_differences
from optimizer.models.solver import LinearModel, SolverOptions, in_differences, minimise

HOURS, SHIFTS = 24, 14


def rota(seed: int) -> LinearModel:
    """Officers on shifts of some hours; those below what an hour orders are counted short."""
    rng = np.random.default_rng(seed)
    begin = rng.integers(0, HOURS - 8, SHIFTS)
    on_duty = (np.arange(HOURS)[:, None] >= begin) & (
        np.arange(HOURS)[:, None] < begin + rng.integers(4, 9, SHIFTS)
    )
    model = LinearModel()
    officers = model.add_columns(rng.uniform(2, 9, SHIFTS), rng.uniform(1, 3, SHIFTS), (SHIFTS,))
    ordered = rng.uniform(0, 20, HOURS)
    short = model.add_columns(ordered, rng.uniform(0, 2, HOURS), (HOURS,))
    rows = model.add_rows(ordered, np.inf, (HOURS,))
    model.add_entries(rows[:, None], officers, on_duty.astype(float))
    model.add_entries(rows, short, 1.0)
    most = model.add_rows(-np.inf, rng.uniform(15, 40, HOURS), (HOURS,))
    model.add_entries(most[:, None], officers, on_duty.astype(float))
    return model


def entries(model: LinearModel) -> int:
    return sum(len(block[0]) for block in model.entries)


def test_by_hand() -> None:
    """Four shifts in the first row, the last one gone and a fifth begun in the second: 2 for 4.

    With the two of the sums that is no gain; with five and six shifts it is.
    """
    alike = np.array([[1.0, 1, 1, 1, 0, 0], [1, 1, 1, 0, 1, 0]])
    row, column = np.nonzero(alike)
    found = row_differences(row, column, alike[row, column], alike.shape)
    assert found.of_row.tolist() == [-1, -1]
    longer = np.array([[1.0, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 2]])
    row, column = np.nonzero(longer)
    found = row_differences(row, column, longer[row, column], longer.shape)
    assert found.of_row.tolist() == [0, 1]
    assert [part.tolist() for part in found.entries] == [
        [0, 0, 0, 0, 0, 1],
        [0, 1, 2, 3, 4, 5],
        [1, 1, 1, 1, 1, 2],
    ]
    assert list(zip(*(part.tolist() for part in found.sums), strict=True)) == [
        (0, 0, -1.0),
        (1, 1, -1.0),
        (1, 0, 1.0),
    ]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_same_optimum_and_sums_of_rows(seed: int) -> None:
    model = rota(seed)
    changed, sums = in_differences(model)
    assert entries(changed) < entries(model)
    one, two = (minimise(each, SolverOptions()) for each in (model, changed))
    assert one.cost == pytest.approx(two.cost)
    row, column, coefficient = (
        np.concatenate([block[part] for block in model.entries]) for part in range(3)
    )
    total = np.bincount(row, coefficient * two.values[column], minlength=model.n_rows)
    assert total[sums >= 0] == pytest.approx(two.values[sums[sums >= 0]], abs=1e-7)


def test_large_models_end_alike_with_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices of all rows and bounds prove the optimum: the cost falls by price times leeway."""
    for seed in range(8):
        small = minimise(rota(seed), SolverOptions(), duals=True)
        with monkeypatch.context() as patch:
            patch.setattr(solver, "SIMPLEX_UP_TO", 0)
            large = minimise(rota(seed), SolverOptions(), duals=True)
        assert large.cost == pytest.approx(small.cost)
        assert len(large.values) == len(small.values)
        for found in (small, large):
            assert proved(rota(seed), found.prices) == pytest.approx(small.cost)


def proved(model: LinearModel, price: np.ndarray) -> float:
    """Bound of a rota's cost that prices prove: floors of the first rows, ceilings of the rest."""
    matrix = np.zeros((model.n_rows, model.n_columns))
    for row, column, coefficient in model.entries:
        np.add.at(matrix, (row, column), coefficient)
    low, high = np.concatenate(model.row_low), np.concatenate(model.row_high)
    signed = np.where(np.isfinite(low), price, -price)
    reduced = np.concatenate(model.cost) - signed @ matrix
    at_most = np.minimum(reduced, 0.0) @ np.concatenate(model.upper)
    return float(signed @ np.where(np.isfinite(low), low, high) + at_most)
