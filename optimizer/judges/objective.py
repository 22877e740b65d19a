"""The patrol objective recomputed from the plan, without the solver's code."""

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem


def units_within(problem: HourProblem, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Units that reach each cell in at most each response bin, `[cell, bin]`."""
    place = np.repeat(np.arange(problem.n_places), np.diff(problem.indptr))
    arriving = np.zeros(problem.gain.shape, dtype=np.int64)
    np.add.at(arriving, (problem.cell, problem.bin), np.asarray(units)[place])
    return arriving.cumsum(axis=1)


def hour_objective(problem: HourProblem, units: NDArray[np.int64]) -> float:
    """Value `sum_ib gain[i, b] (1 - busy[i] ** N_i(b))` of an allocation, to be maximised."""
    return float(problem.gain.sum() - hour_shortfall(problem, units))


def hour_shortfall(problem: HourProblem, units: NDArray[np.int64]) -> float:
    """What an allocation misses of the total gain, `sum_ib gain[i, b] busy[i] ** N_i(b)`.

    With the gains of a response problem these are the weighted call-minutes an hour beyond the
    response in bin zero: the denominator in which gaps are stated.
    """
    missed = problem.busy[:, np.newaxis] ** units_within(problem, units)
    return float((problem.gain * missed).sum())
