"""Steps: how a value is kept in one byte.

A value is stored as the number of the step it lies in. Steps are half open, and every class
break is the edge of a step, so that storing a value never moves it to another class. The edges
are quotients of whole numbers: the step edge 0.3 is the same float as the literal 0.3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_DATA = 255
"""Code of NaN: no call is expected, so there is nothing to say."""

OUT_OF_REACH = 254
"""Code of infinity: no unit reaches the cell within the travel-time cut-off."""


@dataclass(frozen=True)
class Steps:
    """Equal steps up to a value: `per_unit` steps to one unit, shown with `digits` decimals."""

    up_to: float
    per_unit: int
    digits: int


def step_edges(steps: tuple[Steps, ...]) -> NDArray[np.float64]:
    """Lower edge of each step, ascending from 0; the last step has no upper edge."""
    edges = [0.0]
    for part in steps:
        first = round(edges[-1] * part.per_unit) + 1
        last = round(part.up_to * part.per_unit)
        edges += [number / part.per_unit for number in range(first, last + 1)]
    return np.array(edges)


def step_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Step of each finite value of at least 0."""
    return np.asarray(np.searchsorted(edges, values, side="right") - 1, dtype=np.int64)


def require_steps(
    name: str, breaks: tuple[float, ...], edges: NDArray[np.float64], most: int
) -> None:
    """Raise `ValueError` unless the breaks are edges of steps and the steps are not too many."""
    strangers = sorted(set(breaks) - set(edges.tolist()))
    if strangers:
        raise ValueError(f"{name}: breaks {strangers} are not edges of a step")
    if len(edges) > most:
        raise ValueError(f"{name}: {len(edges)} steps, at most {most}")
