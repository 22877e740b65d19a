"""Arrays that cannot change after a noun was built."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray


def frozen_array(
    values: ArrayLike, dtype: DTypeLike, shape: tuple[int, ...], name: str
) -> NDArray[Any]:
    """Return `values` as a read-only contiguous array of the given type and shape.

    Raises
    ------
    ValueError
        When the shape differs; the message names the array and both shapes.
    """
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    if array is values or array.base is not None:
        array = array.copy()
    array.flags.writeable = False
    return array
