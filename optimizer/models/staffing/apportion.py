"""Whole officers in proportion to weights: largest remainders under caps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-9


def apportion(total: int, weights: ArrayLike, caps: ArrayLike) -> NDArray[np.int64]:
    """Split `total` over places in proportion to `weights`, never above `caps`.

    Every place first gets the whole part of its quota; what is left goes one at a time to the
    largest unmet quota, ties to the lower index (Hamilton's method). What the caps do not
    admit is not given to anyone. Returns whole numbers `[place]`.
    """
    weight = np.asarray(weights, dtype=np.float64)
    cap = np.asarray(caps, dtype=np.int64)
    scale = weight.sum()
    quota = total * weight / scale if scale > 0 else np.zeros(len(weight))
    given = np.minimum(np.floor(quota + ROUNDING).astype(np.int64), cap)
    left = min(total, int(cap.sum())) - int(given.sum())
    while left > 0:
        order = np.argsort(-(quota - given), kind="stable")
        lucky = order[given[order] < cap[order]][:left]
        given[lucky] += 1
        left -= len(lucky)
    return given
