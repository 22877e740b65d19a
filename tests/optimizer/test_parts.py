"""Models with known columns: solved part by part they end as they do in one."""

import numpy as np
import pytest

from optimizer.models import parts
from optimizer.models.arrays import as_arrays
from optimizer.models.parts import minimise_with
from optimizer.models.solver import LinearModel, NotSolved, SolverOptions, minimise
from tests.optimizer.test_row_differences import HOURS, SHIFTS, rota


def two_rotas(seed: int) -> tuple[LinearModel, int]:
    """Two rotas, and a column that takes from the room of one and adds to that of the other."""
    first, second = rota(seed), rota(seed + 100)
    model = LinearModel(
        [*first.lower, *second.lower],
        [*first.upper, *second.upper],
        [*first.cost, *second.cost],
        [*first.integer, *second.integer],
        [*first.row_low, *second.row_low],
        [*first.row_high, *second.row_high],
        [
            *first.entries,
            *(
                (row + first.n_rows, column + first.n_columns, value)
                for row, column, value in second.entries
            ),
        ],
        first.n_columns + second.n_columns,
        first.n_rows + second.n_rows,
    )
    loan = model.add_columns(3.0, 0.1, (1,))
    at_most = np.array([HOURS + 8, first.n_rows + HOURS + 8])
    model.add_entries(at_most, loan, np.array([1.0, -1.0]))
    return model, int(loan[0])


def fixed(model: LinearModel, column: int, value: float) -> LinearModel:
    at = model.add_rows(value, value, (1,))
    model.add_entries(at, column, 1.0)
    return model


@pytest.mark.parametrize("small", [0, 30, 10**6])
@pytest.mark.parametrize("lent", [0.0, 2.0])
def test_parts_end_like_the_whole(monkeypatch: pytest.MonkeyPatch, small: int, lent: float) -> None:
    monkeypatch.setattr(parts, "SMALL", small)
    for seed in range(5):
        model, loan = two_rotas(seed)
        found = minimise_with(model, np.array([loan]), np.array([lent]), SolverOptions())
        best = minimise(fixed(two_rotas(seed)[0], loan, lent), SolverOptions())
        assert found.cost == pytest.approx(best.cost)
        assert found.bound == pytest.approx(best.cost)
        assert found.values[loan] == lent
        arrays = as_arrays(model)
        activity = arrays.matrix @ found.values
        assert (activity >= arrays.row_low - 1e-6).all()
        assert (activity <= arrays.row_high + 1e-6).all()
        assert (found.values >= arrays.lower - 1e-9).all()
        reduced = arrays.cost - arrays.matrix.T @ found.duals
        inside = (found.values > 1e-6) & (found.values < arrays.upper - 1e-6)
        inside[loan] = False
        assert np.abs(reduced[inside]).max(initial=0.0) < 1e-6
        assert inside[:SHIFTS].any(), "otherwise nothing was looked at"


def test_a_model_that_is_known_altogether() -> None:
    model, loan = two_rotas(1)
    best = minimise(model, SolverOptions())
    every = np.arange(model.n_columns)
    found = minimise_with(model, every, best.values, SolverOptions())
    assert found.cost == pytest.approx(best.cost)
    assert np.array_equal(found.values, best.values)
    broken = best.values.copy()
    broken[loan] = 50.0
    with pytest.raises(NotSolved, match="known break a row by"):
        minimise_with(model, every, broken, SolverOptions())


def test_rows_that_known_columns_break_are_no_solution() -> None:
    """x + y <= 1 with x known to be 3: y would have to be below 0."""
    model = LinearModel()
    columns = model.add_columns([5.0, 5.0], [1.0, 1.0], (2,))
    model.add_entries(model.add_rows(-np.inf, 1.0, (1,)), columns, 1.0)
    with pytest.raises(NotSolved):
        minimise_with(model, columns[:1], np.array([3.0]), SolverOptions())
