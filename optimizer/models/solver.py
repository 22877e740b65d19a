"""A thin door to HiGHS through MathOpt: models as arrays, repeatable solves.

One thread, a fixed seed and, unless a benchmark asks for one, no wall-clock limit, so that the
same model ends in the same solution on a fast and on a slow machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from optimizer.models.row_differences import row_differences

Index = NDArray[np.int64]

SIMPLEX_UP_TO = 60_000
"""Rows up to which a linear model is solved by the dual simplex method, and as it stands."""


@dataclass(frozen=True)
class SolverOptions:
    """When to stop: at `relative_gap` of the objective or after `nodes` of the search tree.

    Both are repeatable, which the limit in `seconds` of a benchmark is not.
    """

    relative_gap: float = 0.0005
    seed: int = 0
    nodes: int = 500
    seconds: float | None = None


@dataclass(frozen=True)
class Solution:
    """A minimising point, its cost and a proven lower bound on the cost of any point.

    `duals[row]` is what the cost rises by for each unit that the row's binding side rises, where
    they were asked for; it is empty otherwise.
    """

    values: NDArray[np.float64]
    cost: float
    bound: float
    duals: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    @property
    def prices(self) -> NDArray[np.float64]:
        """What the cost falls by for each unit that a row's binding limit gives way, `[row]`."""
        return np.abs(self.duals)

    def at(self, columns: Index) -> NDArray[np.float64]:
        """Values of the given columns, in their shape; 0 where a column is -1 (absent)."""
        found = np.zeros(columns.shape)
        found[columns >= 0] = self.values[columns[columns >= 0]]
        return found

    def whole(self, columns: Index) -> NDArray[np.int64]:
        """Values of integer columns, in their shape; 0 where a column is -1 (absent)."""
        return np.rint(self.at(columns)).astype(np.int64)


@dataclass
class LinearModel:
    """A mixed integer linear model, `min cost x` over rows `low <= A x <= high`.

    Grows by blocks of columns, rows and entries; every block is an array.
    """

    lower: list[NDArray[np.float64]] = field(default_factory=list)
    upper: list[NDArray[np.float64]] = field(default_factory=list)
    cost: list[NDArray[np.float64]] = field(default_factory=list)
    integer: list[NDArray[np.bool_]] = field(default_factory=list)
    row_low: list[NDArray[np.float64]] = field(default_factory=list)
    row_high: list[NDArray[np.float64]] = field(default_factory=list)
    entries: list[tuple[Index, Index, NDArray[np.float64]]] = field(default_factory=list)
    n_columns: int = 0
    n_rows: int = 0

    def add_columns(
        self, upper: ArrayLike, cost: ArrayLike, shape: tuple[int, ...], *, integer: bool = False
    ) -> Index:
        """Add columns from 0 to `upper`; returns their numbers in `shape`."""
        size = int(np.prod(shape))
        self.lower.append(np.zeros(size))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), shape).ravel())
        self.cost.append(np.broadcast_to(np.asarray(cost, dtype=np.float64), shape).ravel())
        self.integer.append(np.full(size, integer))
        self.n_columns += size
        return np.arange(self.n_columns - size, self.n_columns, dtype=np.int64).reshape(shape)

    def add_rows(self, low: ArrayLike, high: ArrayLike, shape: tuple[int, ...]) -> Index:
        """Add empty rows with these bounds; returns their numbers in `shape`."""
        size = int(np.prod(shape))
        self.row_low.append(np.broadcast_to(np.asarray(low, dtype=np.float64), shape).ravel())
        self.row_high.append(np.broadcast_to(np.asarray(high, dtype=np.float64), shape).ravel())
        self.n_rows += size
        return np.arange(self.n_rows - size, self.n_rows, dtype=np.int64).reshape(shape)

    def add_entries(self, rows: ArrayLike, columns: ArrayLike, coefficients: ArrayLike) -> None:
        """Add coefficients, broadcast against each other; absent columns (-1) are left out."""
        row, column, coefficient = np.broadcast_arrays(rows, columns, coefficients)
        keep = (column >= 0) & (coefficient != 0)
        self.entries.append(
            (
                row[keep].astype(np.int64),
                column[keep].astype(np.int64),
                coefficient[keep].astype(np.float64),
            )
        )


class NotSolved(Exception):
    """The solver ended without a solution of a model that always has one."""


def minimise(model: LinearModel, options: SolverOptions, *, duals: bool = False) -> Solution:
    """Solve with HiGHS: a linear method where nothing must be whole, branch and bound elsewhere.

    The night of a whole city (30,000 rows) takes the dual simplex method a third of the time of
    the interior point; the week (200,000 rows) takes the interior point a quarter of the simplex's.
    `duals` asks for those of the rows too, of a model in which nothing must be whole.

    Raises
    ------
    NotSolved
        When HiGHS has neither an optimum nor, after the last node, any solution.
    """
    if model.n_columns == 0:
        return Solution(np.zeros(0), 0.0, 0.0, np.zeros(model.n_rows if duals else 0))
    whole = any(bool(block.any()) for block in model.integer)
    asked, sums = model, np.full(model.n_rows, -1, dtype=np.int64)
    method = None if whole else mathopt.LPAlgorithm.DUAL_SIMPLEX
    if not whole and model.n_rows > SIMPLEX_UP_TO:
        (asked, sums), method = in_differences(model), mathopt.LPAlgorithm.BARRIER
    result = _solved(asked, options, method)
    values = _listed(result.variable_values(), asked.n_columns)[: model.n_columns]
    dual = np.zeros(0)
    if duals:
        reduced = _listed(result.reduced_costs(), asked.n_columns)
        dual = np.where(sums >= 0, reduced[sums], _listed(result.dual_values(), asked.n_rows))
    return Solution(values, result.objective_value(), result.best_objective_bound(), dual)


def _solved(
    model: LinearModel, options: SolverOptions, method: mathopt.LPAlgorithm | None
) -> mathopt.SolveResult:
    highs = highs_pb2.HighsOptionsProto()
    highs.string_options["parallel"] = "off"
    highs.int_options["threads"] = 1
    result = mathopt.solve(
        mathopt.Model.from_model_proto(_proto(model)),
        mathopt.SolverType.HIGHS,
        params=mathopt.SolveParameters(
            relative_gap_tolerance=options.relative_gap,
            random_seed=options.seed,
            node_limit=options.nodes if method is None else None,
            time_limit=None if options.seconds is None else timedelta(seconds=options.seconds),
            lp_algorithm=method,
            highs=highs,
        ),
        model_params=mathopt.ModelSolveParameters(
            variable_values_filter=mathopt.VariableFilter(skip_zero_values=True),
            dual_values_filter=mathopt.LinearConstraintFilter(skip_zero_values=True),
            reduced_costs_filter=mathopt.VariableFilter(skip_zero_values=True),
        ),
    )
    reason = result.termination.reason
    ended = (mathopt.TerminationReason.OPTIMAL, mathopt.TerminationReason.FEASIBLE)
    if reason not in ended or not result.has_primal_feasible_solution():
        raise NotSolved(
            f"HiGHS ended with {reason.name} on {model.n_rows} rows and "
            f"{model.n_columns} columns: {result.termination.detail}"
        )
    return result


def _listed(
    found: Mapping[mathopt.Variable, float] | Mapping[mathopt.LinearConstraint, float], size: int
) -> NDArray[np.float64]:
    """Values of columns or rows in the order of their numbers; those not found are 0."""
    values = np.zeros(size)
    values[[one.id for one in found]] = list(found.values())
    return values


def in_differences(model: LinearModel) -> tuple[LinearModel, Index]:
    """The linear model with rows of neighbouring hours as differences, and each row's sum.

    The first columns are those of the model, the others the sums of rows: `[row]`, -1 for a row
    that stays as it is. A row's dual is the reduced cost of its sum.
    """
    entries = [np.concatenate([entry[part] for entry in model.entries]) for part in range(3)]
    found = row_differences(entries[0], entries[1], entries[2], (model.n_rows, model.n_columns))
    low, high = np.concatenate(model.row_low), np.concatenate(model.row_high)
    summed = found.of_row >= 0
    size = int(summed.sum())
    row, column, coefficient = found.sums
    changed = LinearModel(
        [*model.lower, low[summed]],
        [*model.upper, high[summed]],
        [*model.cost, np.zeros(size)],
        [*model.integer, np.zeros(size, dtype=np.bool_)],
        [np.where(summed, 0.0, low)],
        [np.where(summed, 0.0, high)],
        [found.entries, (row, column + model.n_columns, coefficient)],
        model.n_columns + size,
        model.n_rows,
    )
    return changed, np.where(summed, found.of_row + model.n_columns, -1)


def _proto(model: LinearModel) -> model_pb2.ModelProto:
    """The model as MathOpt's protocol buffer, entries in row-major order."""
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(model.n_columns))
    proto.variables.lower_bounds.extend(np.concatenate(model.lower).tolist())
    proto.variables.upper_bounds.extend(np.concatenate(model.upper).tolist())
    proto.variables.integers.extend(np.concatenate(model.integer).tolist())
    cost = np.concatenate(model.cost)
    priced = np.nonzero(cost)[0]
    proto.objective.linear_coefficients.ids.extend(priced.tolist())
    proto.objective.linear_coefficients.values.extend(cost[priced].tolist())
    if model.n_rows:
        proto.linear_constraints.ids.extend(range(model.n_rows))
        proto.linear_constraints.lower_bounds.extend(np.concatenate(model.row_low).tolist())
        proto.linear_constraints.upper_bounds.extend(np.concatenate(model.row_high).tolist())
        _add_matrix(proto, model)
    return proto


def _add_matrix(proto: model_pb2.ModelProto, model: LinearModel) -> None:
    rows, columns, coefficients = (
        np.concatenate([entry[part] for entry in model.entries]) for part in range(3)
    )
    cell, position = np.unique(rows * model.n_columns + columns, return_inverse=True)
    total = np.bincount(position, weights=coefficients, minlength=len(cell))
    matrix = proto.linear_constraint_matrix
    matrix.row_ids.extend((cell // model.n_columns).tolist())
    matrix.column_ids.extend((cell % model.n_columns).tolist())
    matrix.coefficients.extend(total.tolist())
