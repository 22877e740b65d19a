"""Linear models too large to solve often: a first-order method, and what any duals prove.

The primal-dual hybrid gradient method (Chambolle and Pock 2011) as PDLP has it (Applegate and
others 2021) comes near the optimum of a week of a whole city in a fraction of the time of the
interior point. Its point breaks rows by a little and is no corner, so it is a place to start
from. Its duals are another matter: any duals whatever prove a bound once each column is set to
the end of its range that suits them best (Neumaier and Shcherbina 2004).
"""

import numpy as np
from numpy.typing import NDArray
from ortools.pdlp import solvers_pb2
from ortools.pdlp.python import pdlp
from scipy.sparse import csc_matrix

from optimizer.models.arrays import Arrays, as_arrays
from optimizer.models.parts import minimise_with
from optimizer.models.solver import Index, LinearModel, Solution, SolverOptions, minimise

SHARDS = 8
"""Parts that the method splits its vectors into: the sums, and so the point, depend on them."""

STEPS_MOST = 6_000
"""Steps after which the method ends wherever it is: more bring a week of a whole city little."""

SLACK = 1e-9
"""What a limit of a column is given away, for rounding."""

PASSES = 3
"""Passes of `reach_of_columns`: one for each row on the way from a limit to a sum of sums."""

ROUNDING = 1e-11
"""Relative allowance for rounding in sums."""


def minimise_roughly(model: LinearModel, tolerance: float, *, threads: int = 2) -> Solution:
    """A point near the optimum of a linear model, and the bound that its duals prove.

    The method stops where gap and residuals are at most `tolerance`, as shares of the objective
    and of the sides of the rows, or after `STEPS_MOST`. `values` keep the ranges of the columns,
    rows only nearly; `bound` is what the `duals` prove, whatever happened. Whole numbers are not
    asked for. The result does not depend on `threads`. A model whose duals prove nothing is solved
    to the end.

    Raises
    ------
    NotSolved
        When that ends without a solution.
    """
    arrays = as_arrays(model)
    program = pdlp.QuadraticProgram()
    program.constraint_matrix = csc_matrix(arrays.matrix)
    program.variable_lower_bounds, program.variable_upper_bounds = arrays.lower, arrays.upper
    program.constraint_lower_bounds = arrays.row_low
    program.constraint_upper_bounds = arrays.row_high
    program.objective_vector = arrays.cost
    asked = solvers_pb2.PrimalDualHybridGradientParams(num_threads=threads, num_shards=SHARDS)
    asked.handle_some_primal_gradients_on_finite_bounds_as_residuals = False
    asked.termination_criteria.iteration_limit = STEPS_MOST
    near = asked.termination_criteria.simple_optimality_criteria
    near.eps_optimal_relative = near.eps_optimal_absolute = tolerance
    found = pdlp.primal_dual_hybrid_gradient(program, asked)
    duals = np.asarray(found.dual_solution)
    bound = bound_by_duals(arrays, duals)
    if not np.isfinite(bound):
        return minimise(model, SolverOptions(), duals=True)
    values = np.clip(np.asarray(found.primal_solution), arrays.lower, arrays.upper)
    return Solution(values, float(arrays.cost @ values), bound, duals)


def minimise_among(model: LinearModel, left_out: Index, duals: NDArray[np.float64]) -> Solution:
    """The optimum in which columns `left_out` are 0, with its duals.

    The `bound` holds for the whole model: the better one of those that these duals and the given
    `duals` prove.

    Raises
    ------
    NotSolved
        When there is no solution without these columns.
    """
    found = minimise_with(model, left_out, np.zeros(len(left_out)), SolverOptions())
    arrays = as_arrays(model)
    bound = max(bound_by_duals(arrays, each) for each in (found.duals, duals))
    return Solution(found.values, found.cost, bound, found.duals)


def bound_by_duals(arrays: Arrays, duals: NDArray[np.float64]) -> float:
    """The lower bound on the cost of every point that these duals `[row]` prove.

    Duals of the wrong sign for a one-sided row count as zero, and those that would let a column
    of a single row run away without end are cut back. Minus infinity where they still let one.
    """
    sound = np.where(np.isfinite(arrays.row_low), duals, np.minimum(duals, 0.0))
    sound = np.where(np.isfinite(arrays.row_high), sound, np.maximum(sound, 0.0))
    reach = reach_of_columns(arrays)
    sound = _cut_back(arrays, reach, sound)
    reduced = arrays.cost - arrays.matrix.T @ sound
    side = np.where(sound > 0, arrays.row_low, arrays.row_high)
    of_rows = np.multiply(sound, side, out=np.zeros_like(sound), where=sound != 0)
    best = np.where(reduced > 0, arrays.lower, reach)
    of_columns = np.multiply(reduced, best, out=np.zeros_like(reduced), where=reduced != 0)
    size = float(np.abs(of_rows).sum() + np.abs(of_columns).sum())
    if not np.isfinite(size):
        return -np.inf
    return float(of_rows.sum() + of_columns.sum()) - ROUNDING * size


def reach_of_columns(arrays: Arrays) -> NDArray[np.float64]:
    """The most that each column can be in any point, by its rows and the ranges of the others.

    Columns start at their lower ends, which must be finite. Feasibility-based bound tightening
    (Savelsbergh 1994), of upper ends only and only where there is none.
    """
    matrix, upper = arrays.matrix, arrays.upper.copy()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column, value = matrix.indices, matrix.data
    open_end = ~np.isfinite(upper[column])
    for _ in range(PASSES):
        least = np.where(value > 0, value * arrays.lower[column], value * upper[column])
        most = np.where(value > 0, value * upper[column], value * arrays.lower[column])
        least, most = _of_the_others(row, least), _of_the_others(row, most)
        room = np.where(value > 0, arrays.row_high[row] - least, arrays.row_low[row] - most)
        ends = np.where(np.isfinite(room), room / value, np.inf) + SLACK
        np.minimum.at(upper, column[open_end], ends[open_end])
    return np.maximum(upper, arrays.lower)


def _of_the_others(row: NDArray[np.int64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the parts of each entry's row without its own; infinite where another one is."""
    endless = ~np.isfinite(part)
    finite = np.where(endless, 0.0, part)
    others = np.bincount(row, finite)[row] - finite
    more = np.bincount(row, endless)[row] - endless
    upwards = np.bincount(row, np.where(endless, np.sign(part), 0.0))[row] > 0
    end = np.where(upwards, np.inf, -np.inf)
    return np.asarray(np.where(more > 0, end, others))


def _cut_back(
    arrays: Arrays, reach: NDArray[np.float64], duals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Duals under which columns that have no end and a single row do not pay."""
    matrix = arrays.matrix.tocsc()
    alone = np.flatnonzero(~np.isfinite(reach) & (np.diff(matrix.indptr) == 1))
    row, value = matrix.indices[matrix.indptr[alone]], matrix.data[matrix.indptr[alone]]
    limit = arrays.cost[alone] / value
    cut = duals.copy()
    np.minimum.at(cut, row[value > 0], limit[value > 0])
    np.maximum.at(cut, row[value < 0], limit[value < 0])
    return cut
