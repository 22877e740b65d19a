"""Concave value curves of units, thinned to a few straight pieces."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FULL_DETAIL = 12
GROWTH = 1.2


@dataclass(frozen=True)
class ValueCurve:
    """Pieces of one unit type's curves: `length[piece]` units worth `slope[d, hour, piece]` each.

    The pieces join true points of the curve, so they never promise too much;
    `largest_error[district, hour]` is how much they may leave out.
    """

    length: NDArray[np.int64]
    slope: NDArray[np.float64]
    largest_error: NDArray[np.float64]


def value_curve(gain: NDArray[np.float64]) -> ValueCurve:
    """Pieces for `gain[district, hour, k]`: one a unit up to 12 units, then ever longer ones."""
    total = np.concatenate([np.zeros((*gain.shape[:2], 1)), np.cumsum(gain, axis=2)], axis=2)
    ends = np.array(_breakpoints(gain.shape[2]), dtype=np.int64)
    length = np.diff(ends)
    slope = np.diff(total[:, :, ends], axis=2) / length
    error = np.zeros(gain.shape[:2])
    for piece, (first, last) in enumerate(pairwise(ends.tolist())):
        steps = np.arange(last - first + 1)
        chord = total[:, :, first, None] + slope[:, :, piece, None] * steps
        error = np.maximum(error, (total[:, :, first : last + 1] - chord).max(axis=2))
    return ValueCurve(length, slope, error)


def _breakpoints(units: int) -> list[int]:
    """Unit counts from 0 to `units` at which pieces join."""
    found = list(range(min(units, FULL_DETAIL) + 1))
    while found[-1] < units:
        found.append(min(units, int(np.ceil(found[-1] * GROWTH))))
    return found
