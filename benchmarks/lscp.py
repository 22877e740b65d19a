"""Location set covering instances: the fewest sites within a radius of every point.

Every point must be covered and may be a site (Toregas et al. 1971).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import timed
from benchmarks.mclp import great_circle_reach, planar_reach, read_city
from benchmarks.record import Instance, Record, number_in, peak_mb
from optimizer.models.location.covering import fewest_places


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance; `value` is the number of sites, which are seen to cover every point."""
    (indptr, cell), build_s = timed(lambda: reach_of(instance))
    everywhere = np.ones(len(indptr) - 1, dtype=bool)
    cover, solve_s = timed(lambda: fewest_places(indptr, cell, everywhere, seconds=seconds))
    covered = np.zeros(len(everywhere), dtype=bool)
    for site in cover.places.tolist():
        covered[cell[indptr[site] : indptr[site + 1]]] = True
    return Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=float(len(cover.places)),
        bound=float(cover.bound),
        known=instance.known,
        status=cover.status if covered.all() else "not a cover",
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def reach_of(instance: Instance) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Points within `radius` in the plane, or within `radius_m` along the great circle."""
    path = instance.files[0]
    if "radius_m" in instance.params:
        return great_circle_reach(read_city(path)[0], number_in(instance, "radius_m"))
    return planar_reach(read_points(path), number_in(instance, "radius"))


def read_points(path: Path) -> NDArray[np.float64]:
    """Points `[point, 2]` of a file with a count and `x y` rows."""
    numbers = np.array(path.read_text("utf-8").split(), dtype=np.float64)
    n = int(numbers[0])
    return numbers[1 : 1 + 2 * n].reshape(n, 2)
