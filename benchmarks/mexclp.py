"""Maximal expected covering instances: M units, each busy with probability q (Daskin 1983).

Every point is a customer and a possible site, and a site may hold several units. The expected
demand covered is `sum_i w_i (1 - q ** k_i)`, with `k_i` units within the radius of point i. In
the engine there is one bin, and every cell's units are busy with probability q.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.mclp import covering_problem, planar_reach, read_planar
from benchmarks.record import ROUNDING, Instance, Record, number_in, peak_mb, sibling
from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.proof import prove


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance; `value` is the expected demand covered, recomputed from the units."""
    units, busy = int(number_in(instance, "M")), number_in(instance, "busy q")
    points_path = instance.files[0]
    demand_path = sibling(points_path, f"demand-{points_path.stem}.dat")
    points, demand = read_planar(points_path, demand_path)
    radius = number_in(instance, "radius")
    (indptr, cell), build_s = timed(lambda: planar_reach(points, radius))
    problem = expected_covering_problem(indptr, cell, demand, units, busy)
    proof, solve_s = timed(lambda: prove(problem, seconds=seconds))
    near = np.zeros(len(demand), dtype=np.int64)
    for site in np.flatnonzero(proof.units).tolist():
        near[cell[indptr[site] : indptr[site + 1]]] += proof.units[site]
    return Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=float((demand * (1.0 - busy**near)).sum()),
        bound=proof.bound + ROUNDING * float(demand.sum()),
        known=instance.known,
        status=proof.status,
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def expected_covering_problem(
    indptr: NDArray[np.int64],
    cell: NDArray[np.int32],
    demand: NDArray[np.float64],
    units: int,
    busy: float,
) -> HourProblem:
    """The covering problem with units that may be busy and places that hold any number."""
    return replace(
        covering_problem(indptr, cell, demand, min(units, len(indptr) - 1)),
        busy=np.full(len(demand), busy),
        place_cap=np.full(len(indptr) - 1, units),
        group_min=np.array([units]),
        group_max=np.array([units]),
        total=units,
    )
