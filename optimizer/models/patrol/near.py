"""The part of an hour problem that still matters once its units stand."""

from dataclasses import replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.greedy import slopes_of, unit_steps

NEGLIGIBLE = 1e-6
"""Share of the gain of a first idle unit below which one more unit no longer matters."""


def near_problem(
    problem: HourProblem, units: NDArray[np.int64], *, spare: int = 0
) -> tuple[HourProblem, float]:
    """The problem without the reach that one more unit gains nothing from, and what that is worth.

    Where so many units `[place]` are within a bin of a cell that the last and the next add a
    negligible share, the gain of that bin is taken as earned in full, and reach lists end before
    it. What is taken as earned is more than any allocation earns there, so a bound of the small
    problem plus the second figure bounds the whole problem. In a large city one entry in twenty
    is left. With `spare` the reach counts as mattering until so many units more are within: room
    for units that move away. Bins of a cell that the same places reach are joined, which
    changes no value.
    """
    step = unit_steps(problem.busy, problem.backup, problem.total)
    _, within = slopes_of(
        problem.indptr, problem.cell, problem.bin, problem.gain, step, np.asarray(units)
    )
    last_unit = np.clip(within - 1 - spare, 0, step.shape[1] - 1)
    matters = np.take_along_axis(step, last_unit, axis=1) > NEGLIGIBLE * step[:, :1]
    matters &= problem.gain > 0
    end = np.where(matters.any(axis=1), problem.n_bins - matters[:, ::-1].argmax(axis=1), 0)
    inside = np.arange(problem.n_bins) < end[:, np.newaxis]
    beyond = np.where(inside, 0.0, problem.gain) * (1.0 + problem.backup[:, np.newaxis])
    indptr, cell, bins = ended_lists(problem.indptr, problem.cell, problem.bin, end)
    near = replace(
        problem, indptr=indptr, cell=cell, bin=bins, gain=np.where(inside, problem.gain, 0.0)
    )
    return joined_bins(near), float(beyond.sum())


@njit(cache=True, nogil=True)
def ended_lists(
    indptr: NDArray[np.int64],
    cells: NDArray[np.int32],
    bins: NDArray[np.int16],
    end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int16]]:
    """The reach lists without the entries whose bin is not before `end[cell]`."""
    kept = 0
    for k in range(len(cells)):
        kept += bins[k] < end[np.uint32(cells[k])]
    start = np.zeros_like(indptr)
    cell = np.empty(kept, cells.dtype)
    near_bin = np.empty(kept, bins.dtype)
    kept = 0
    for place in range(len(indptr) - 1):
        for k in range(indptr[place], indptr[place + 1]):
            if bins[k] < end[np.uint32(cells[k])]:
                cell[kept] = cells[k]
                near_bin[kept] = bins[k]
                kept += 1
        start[place + 1] = kept
    return start, cell, near_bin


def joined_bins(problem: HourProblem) -> HourProblem:
    """The same problem with a cell's bins numbered by the bins that its places are in.

    Between two such bins the units within do not change, so their gains add up; nobody earns
    the gain before the first.
    """
    used = np.zeros(problem.gain.shape, dtype=bool)
    used[problem.cell, problem.bin] = True
    rank = used.cumsum(axis=1) - 1
    columns = max(int(rank.max(initial=0)) + 1, 1)
    slot = np.arange(problem.n_cells)[:, np.newaxis] * columns + rank
    earned = rank >= 0
    gain = np.bincount(slot[earned], problem.gain[earned], problem.n_cells * columns)
    return replace(
        problem,
        bin=rank[problem.cell, problem.bin],
        gain=gain.astype(np.float64).reshape(problem.n_cells, columns),
    )
