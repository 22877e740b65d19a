"""Linear models some of whose columns are known: what is left is solved part by part.

Districts that know what they lend and borrow are models of their own. The simplex method solves
them one by one in a tenth of the time that the interior point takes for all at once.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from optimizer.hours import side_by_side
from optimizer.models.arrays import Arrays, as_arrays
from optimizer.models.solver import (
    Index,
    LinearModel,
    NotSolved,
    Solution,
    SolverOptions,
    minimise,
)

SMALL = 2_000
"""Columns up to which parts are solved together."""

BROKEN = 1e-6
"""By how much known columns may break a row that has no others."""


def minimise_with(
    model: LinearModel, known: Index, values: NDArray[np.float64], options: SolverOptions
) -> Solution:
    """Minimise a linear model whose `known` columns have these `values`, with the rows' duals.

    Whole numbers are not asked for. Parts without a common row are solved side by side.

    Raises
    ------
    NotSolved
        When the known columns alone break a row, or the others have no solution.
    """
    arrays = as_arrays(model)
    free = np.ones(len(arrays.lower), dtype=np.bool_)
    free[known] = False
    point = np.where(free, 0.0, arrays.lower)
    point[known] = values
    open_columns = np.flatnonzero(free)
    left = _left_over(arrays, open_columns, arrays.matrix @ point)
    parts, duals = _parts(left.matrix), np.zeros(model.n_rows)

    def solved(number: int) -> Solution:
        rows, columns = parts[number]
        return minimise(_model(left, rows, columns), options, duals=True)

    bound = float(arrays.cost @ point)
    for (rows, columns), found in zip(parts, side_by_side(solved, len(parts)), strict=True):
        point[open_columns[columns]] = found.values
        duals[rows] = found.duals
        bound += found.bound
    return Solution(point, float(arrays.cost @ point), bound, duals)


def _left_over(arrays: Arrays, columns: NDArray[np.int64], taken: NDArray[np.float64]) -> Arrays:
    """The model in these columns, when the others have `taken[row]` of every row."""
    low, high = arrays.row_low - taken, arrays.row_high - taken
    matrix = csr_array(arrays.matrix[:, columns])
    matrix.eliminate_zeros()
    over = np.maximum(low, -high)[np.diff(matrix.indptr) == 0].max(initial=0.0)
    if over > BROKEN:
        raise NotSolved(f"columns that are known break a row by {over:g}")
    return Arrays(
        matrix, arrays.lower[columns], arrays.upper[columns], arrays.cost[columns], low, high
    )


def _parts(matrix: csr_array) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows and columns of the parts, the largest first, those that are `SMALL` as one.

    Rows without columns belong to none.
    """
    rows = matrix.shape[0]
    _, label = connected_components(block_array([[None, matrix], [matrix.T, None]]))
    size = np.bincount(label[rows:], minlength=label.max(initial=-1) + 1)
    large = [number for number in np.argsort(-size, kind="stable").tolist() if size[number] > SMALL]
    group = np.where(size > 0, len(large), -1)
    group[large] = np.arange(len(large))
    of_row, of_column = group[label[:rows]], group[label[rows:]]
    found = [
        (np.flatnonzero(of_row == number), np.flatnonzero(of_column == number))
        for number in range(len(large) + 1)
    ]
    return [(row, column) for row, column in found if len(column)]


def _model(arrays: Arrays, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> LinearModel:
    """The part of a model in these rows and columns."""
    entries = arrays.matrix[rows][:, columns].tocoo()
    return LinearModel(
        [arrays.lower[columns]],
        [arrays.upper[columns]],
        [arrays.cost[columns]],
        [np.zeros(len(columns), dtype=np.bool_)],
        [arrays.row_low[rows]],
        [arrays.row_high[rows]],
        [(entries.row.astype(np.int64), entries.col.astype(np.int64), entries.data)],
        len(columns),
        len(rows),
    )
