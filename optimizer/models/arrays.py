"""Linear models as one matrix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.models.solver import LinearModel


@dataclass(frozen=True)
class Arrays:
    """A linear model as a matrix `[row, column]` and the ranges of its columns and rows."""

    matrix: csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    cost: NDArray[np.float64]
    row_low: NDArray[np.float64]
    row_high: NDArray[np.float64]


def as_arrays(model: LinearModel) -> Arrays:
    """The blocks of a model joined."""
    row, column, coefficient = (
        np.concatenate([entry[part] for entry in model.entries]) for part in range(3)
    )
    return Arrays(
        csr_array((coefficient, (row, column)), shape=(model.n_rows, model.n_columns)),
        np.concatenate(model.lower),
        np.concatenate(model.upper),
        np.concatenate(model.cost),
        np.concatenate(model.row_low),
        np.concatenate(model.row_high),
    )
