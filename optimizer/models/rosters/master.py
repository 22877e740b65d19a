"""Which roster each line works: the master problem over rosters found so far, solved by GLOP."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt

from optimizer.models.solver import NotSolved
from optimizer.roster_lines import OFF, LineProblem


@dataclass(frozen=True)
class Column:
    """One roster of one line, `duties[day]`, and what its requests cost."""

    line: int
    duties: NDArray[np.int64]
    cost: float

    def cost_at(self, price: NDArray[np.float64]) -> float:
        """Cost less what its duties earn at `price[day, shift]`."""
        days = np.flatnonzero(self.duties != OFF)
        return self.cost - float(price[days, self.duties[days]].sum())


@dataclass(frozen=True)
class MasterPoint:
    """Optimum of the relaxed master: cost, dual prices, and the share of each column.

    `cover_price[day, shift]` is what one line more is worth there, `line_price[line]` what a
    line costs in all.
    """

    cost: float
    cover_price: NDArray[np.float64]
    line_price: NDArray[np.float64]
    share: NDArray[np.float64]


class Master:
    """Least cost of one roster for each of `lines`, rosters in parts, for the cover wanted.

    `cover[day, shift]` may be below 0 where lines that take no part already work too much.
    """

    def __init__(
        self, problem: LineProblem, lines: tuple[int, ...], cover: NDArray[np.int64]
    ) -> None:
        self.problem = problem
        self.lines = lines
        self.cover = cover
        self.columns: list[Column] = []
        self._known: set[tuple[int, bytes]] = set()
        self._fixed: dict[int, int] = {}
        self._model = mathopt.Model()
        self._shares: list[mathopt.Variable] = []
        self._line_row = {line: self._model.add_linear_constraint(lb=1.0, ub=1.0) for line in lines}
        self._cover_row = {at: self._add_cover(*at) for at in product(*map(range, cover.shape))}
        self._solver = mathopt.IncrementalSolver(self._model, mathopt.SolverType.GLOP)

    @property
    def free_lines(self) -> tuple[int, ...]:
        """Lines whose roster is not fixed."""
        return tuple(line for line in self.lines if line not in self._fixed)

    @property
    def fixed(self) -> dict[int, int]:
        """The column that each fixed line works."""
        return dict(self._fixed)

    def add(self, line: int, duties: NDArray[np.int64]) -> bool:
        """Add a roster of a line; False when it is known."""
        key = (line, duties.tobytes())
        if key in self._known:
            return False
        self._known.add(key)
        days = np.flatnonzero(duties != OFF)
        cost = float(self.problem.duty_cost[line, days, duties[days]].sum())
        share = self._model.add_variable(lb=0.0)
        self._model.objective.set_linear_coefficient(share, cost)
        self._line_row[line].set_coefficient(share, 1.0)
        for day in days.tolist():
            self._cover_row[day, int(duties[day])].set_coefficient(share, 1.0)
        self.columns.append(Column(line, duties, cost))
        self._shares.append(share)
        return True

    def fix(self, column: int) -> None:
        """From now on the line of this column works it."""
        self._shares[column].lower_bound = 1.0
        self._fixed[self.columns[column].line] = column

    def solve(self) -> MasterPoint:
        """Solve the relaxation.

        Raises
        ------
        NotSolved
            When a line has no roster or GLOP fails.
        """
        result = self._solver.solve(
            params=mathopt.SolveParameters(
                presolve=mathopt.Emphasis.OFF, lp_algorithm=mathopt.LPAlgorithm.PRIMAL_SIMPLEX
            )
        )
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            raise NotSolved(f"GLOP ended with {result.termination.reason.name} on the master")
        dual = result.dual_values()
        price = np.array([dual[row] for row in self._cover_row.values()])
        line_price = np.zeros(len(self.problem.lines))
        line_price[list(self.lines)] = [dual[row] for row in self._line_row.values()]
        return MasterPoint(
            result.objective_value(),
            price.reshape(self.cover.shape),
            line_price,
            np.array(result.variable_values(self._shares)),
        )

    def _add_cover(self, day: int, shift: int) -> mathopt.LinearConstraint:
        wanted = float(self.cover[day, shift])
        row = self._model.add_linear_constraint(lb=wanted, ub=wanted)
        for sign, cost in ((1.0, self.problem.under_cost), (-1.0, self.problem.over_cost)):
            column = self._model.add_variable(lb=0.0)
            row.set_coefficient(column, sign)
            self._model.objective.set_linear_coefficient(column, float(cost[day, shift]))
        return row
