"""The p-median of a cost table with a proof: sites, their cost and a bound below it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.pmedian import median_problem
from benchmarks.record import ROUNDING
from optimizer.models.patrol.proof import prove


@dataclass(frozen=True)
class Median:
    """Chosen sites, their cost recomputed, and the cost below which no choice lies."""

    sites: NDArray[np.int64]
    cost: float
    bound: float
    status: str


def solve_median(cost: NDArray[np.float64], sites: int, seconds: float) -> Median:
    """Least sum over customers of `cost[site, customer]` at the best of `sites` sites.

    The engine maximises what is saved against the dearest site of each customer, so its bound
    from above becomes one from below.
    """
    proof = prove(median_problem(cost, sites), seconds=seconds)
    chosen = np.flatnonzero(proof.units)
    dearest = float(cost.max(axis=0).sum())
    return Median(
        sites=chosen,
        cost=float(cost[chosen].min(axis=0).sum()),
        bound=dearest - proof.bound - ROUNDING * dearest,
        status=proof.status,
    )
