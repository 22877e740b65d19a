"""The patrol objective recomputed from the plan, without the solver's code."""

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem


def units_within(problem: HourProblem, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Units that reach each cell in at most each response bin, `[cell, bin]`."""
    place = np.repeat(np.arange(problem.n_places), np.diff(problem.indptr))
    slot = problem.cell.astype(np.int64) * problem.n_bins + problem.bin
    arriving = np.bincount(slot, np.asarray(units)[place], problem.gain.size)
    return arriving.reshape(problem.gain.shape).cumsum(axis=1).astype(np.int64)


def expected_idle(problem: HourProblem, units: NDArray[np.int64]) -> NDArray[np.float64]:
    """Chance that a unit within each bin is idle, `[cell, bin]`."""
    idle: NDArray[np.float64] = 1.0 - problem.busy[:, np.newaxis] ** units_within(problem, units)
    return idle


def hour_objective(problem: HourProblem, units: NDArray[np.int64]) -> float:
    """Value of an allocation, to be maximised: expected gain less the cost of moves."""
    most = float((problem.gain * (1.0 + problem.backup[:, np.newaxis])).sum())
    return most - hour_shortfall(problem, units)


def hour_shortfall(problem: HourProblem, units: NDArray[np.int64]) -> float:
    """What an allocation misses of the total gain, and what its moves cost.

    With the gains of a response problem these are the weighted call-minutes an hour beyond the
    response in bin zero: the denominator in which gaps are stated.
    """
    busy, backup = problem.busy[:, np.newaxis], problem.backup[:, np.newaxis]
    within = units_within(problem, units)
    all_busy = busy**within
    one_idle = within * (1.0 - busy) * busy ** np.maximum(within - 1, 0)
    missed = all_busy + backup * (all_busy + one_idle)
    left = np.maximum(problem.keep - np.asarray(units), 0).sum()
    return float((problem.gain * missed).sum() + problem.move_cost * left)
