"""The part of an hour problem that still matters once its units stand."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.models.greedy import slopes_of, unit_steps

NEGLIGIBLE = 1e-6
"""Share of the gain of a first idle unit below which one more unit no longer matters."""


def near_problem(problem: HourProblem, units: NDArray[np.int64]) -> tuple[HourProblem, float]:
    """The problem without the reach that one more unit gains nothing from, and what that is worth.

    Where so many units `[place]` are within a bin of a cell that the last and the next add a
    negligible share, the gain of that bin is taken as earned in full, and reach lists end before
    it. What is taken as earned is more than any allocation earns there, so a bound of the small
    problem plus the second figure bounds the whole problem. In a large city one entry in twenty
    is left.
    """
    step = unit_steps(problem.busy, problem.backup, problem.total)
    _, within = slopes_of(
        problem.indptr, problem.cell, problem.bin, problem.gain, step, np.asarray(units)
    )
    last_unit = np.clip(within - 1, 0, step.shape[1] - 1)
    matters = np.take_along_axis(step, last_unit, axis=1) > NEGLIGIBLE * step[:, :1]
    matters &= problem.gain > 0
    end = np.where(matters.any(axis=1), problem.n_bins - matters[:, ::-1].argmax(axis=1), 0)
    inside = np.arange(problem.n_bins) < end[:, np.newaxis]
    beyond = np.where(inside, 0.0, problem.gain) * (1.0 + problem.backup[:, np.newaxis])
    kept = problem.bin < end[problem.cell]
    before = np.concatenate([[0], np.cumsum(kept)])
    near = replace(
        problem,
        indptr=before[problem.indptr],
        cell=problem.cell[kept],
        bin=problem.bin[kept],
        gain=np.where(inside, problem.gain, 0.0),
    )
    return near, float(beyond.sum())
