"""Maximal covering instances: cover the most demand within a radius of p sites.

Every point is a customer and a possible site. In the engine there is one bin, and a covered
customer gains its demand.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.location import location_problem, timed
from benchmarks.record import Instance, Record, number_in, peak_mb
from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.proof import prove

EARTH_RADIUS_M = 6_378_100.0
"""The radius that the city instances were published with."""


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance; `value` is the demand covered, recomputed from the sites."""
    sites = int(number_in(instance, "p"))
    if len(instance.files) > 1:
        points, demand = read_planar(instance.files[0], instance.files[1])
        radius = number_in(instance, "radius")
        (indptr, cell), build_s = timed(lambda: planar_reach(points, radius))
    else:
        points, demand = read_city(instance.files[0])
        radius = number_in(instance, "radius_m")
        (indptr, cell), build_s = timed(lambda: great_circle_reach(points, radius))
    problem = covering_problem(indptr, cell, demand, sites)
    whole = bool((demand == np.rint(demand)).all())
    proof, solve_s = timed(lambda: prove(problem, seconds=seconds, whole_values=whole))
    found = np.flatnonzero(proof.units)
    covered = np.zeros(len(demand), dtype=bool)
    for site in found.tolist():
        covered[cell[indptr[site] : indptr[site + 1]]] = True
    return Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=float(demand[covered].sum()),
        bound=proof.bound,
        known=instance.known,
        status=proof.status,
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def covering_problem(
    indptr: NDArray[np.int64], cell: NDArray[np.int32], demand: NDArray[np.float64], sites: int
) -> HourProblem:
    """Maximal covering (Church and ReVelle 1974) as a patrol problem with one bin."""
    rank = np.zeros(len(cell), dtype=np.int16)
    return location_problem(indptr, cell, rank, demand[:, None], sites)


def read_planar(
    points_path: Path, demand_path: Path
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points `[point, 2]` in metres and demand: a count and `x y` rows; one demand a row."""
    numbers = np.array(points_path.read_text("utf-8").split(), dtype=np.float64)
    n = int(numbers[0])
    demand = np.array(demand_path.read_text("utf-8").split(), dtype=np.float64)
    return numbers[1 : 1 + 2 * n].reshape(n, 2), demand[:n]


def read_city(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points `[point, 2]` as latitude and longitude, and demand, in two named sections."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    first, middle = lines.index("NODE_COORD_SECTION") + 1, lines.index("DEMAND_SECTION")
    points = np.array([line.split() for line in lines[first:middle]], dtype=np.float64)
    n = len(points)
    demand = np.array(lines[middle + 1 : middle + 1 + n], dtype=np.float64)
    return points, demand


def planar_reach(
    points: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Points within `radius` of each point in the plane, as compressed sparse rows."""
    squared = radius * radius
    return _rows([np.flatnonzero(((points - p) ** 2).sum(axis=1) <= squared) for p in points])


def great_circle_reach(
    lat_lon: NDArray[np.float64], radius_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Points within `radius_m` along the great circle (spherical law of cosines)."""
    lat, lon = np.radians(lat_lon).T
    rows = []
    for here_lat, here_lon in zip(lat.tolist(), lon.tolist(), strict=True):
        cosine = np.sin(lat) * np.sin(here_lat)
        cosine += np.cos(lat) * np.cos(here_lat) * np.cos(lon - here_lon)
        away_m = EARTH_RADIUS_M * np.arccos(np.clip(cosine, -1.0, 1.0))
        rows.append(np.flatnonzero(away_m <= radius_m))
    return _rows(rows)


def _rows(rows: list[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return indptr.astype(np.int64), np.concatenate(rows).astype(np.int32)
