"""Density of a crowd: limits, classes, and how it slows the flow.

Walking slows and flow falls above 2 to 3 people per m2 (Fruin 1971). Here passages carry their
full flow up to 2.5 and, falling in a straight line, a fifth of it at 7.1 per m2, Fruin's critical
static density, beyond which nobody more gets into a zone; the fifth stands for people who peel off
at the edge of a standing crowd (assumption).
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

CRITICAL_PER_M2 = 7.1
"""Critical static density (Fruin): more people do not fit, and none can move."""

WARNING_PER_M2 = 4.7
"""Green Guide: most people per m2 of standing room."""

FREE_FLOW_PER_M2 = 2.5
"""Density up to which passages carry their full flow: the middle of Fruin's 2 to 3."""

SLOWEST_SHARE = 0.2
"""Share of the full flow left at the critical density (assumption)."""

CLASSES: tuple[str, ...] = ("green", "amber", "red", "stop")
CLASS_FROM_PER_M2: tuple[float, ...] = (2.0, 3.0, 4.0)
"""Density from which a crowd is amber, red, stop: 2 per m2 is the planning value of UK council
guidance, above 4 a moving crowd is unstable (the band between them is an assumption)."""

STAIRS_FROM_PER_M2: tuple[float, ...] = (1.0, 2.0, 3.0)
"""The same on stairs, one band stricter (assumption)."""


def crowd_class(density: ArrayLike, on_stairs: ArrayLike = False) -> NDArray[np.int64]:
    """Class of each density, an index into `CLASSES`."""
    dense = np.asarray(density, dtype=np.float64)
    level = np.searchsorted(CLASS_FROM_PER_M2, dense, side="right")
    stairs = np.searchsorted(STAIRS_FROM_PER_M2, dense, side="right")
    return np.where(on_stairs, stairs, level).astype(np.int64)


@njit(cache=True, nogil=True)
def flow_share(density: float) -> float:
    """Share of the full flow that a passage carries at a density, 0..1."""
    falling = (density - FREE_FLOW_PER_M2) / (CRITICAL_PER_M2 - FREE_FLOW_PER_M2)
    return 1.0 - (1.0 - SLOWEST_SHARE) * min(1.0, max(0.0, falling))
