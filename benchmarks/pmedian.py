"""p-median instances: OR-Library graphs and TSPLIB points.

Every node is a customer with demand 1 and a possible site; the sum of the distances to the
nearest site is to be smallest. In the engine a cell's bins are the ranks of its distances, so
the model is exact.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.location import location_problem, timed
from benchmarks.record import Instance, Record, number_in, peak_mb
from optimizer.hour_problem import HourProblem
from optimizer.models.patrol.proof import prove


def run(instance: Instance, seconds: float) -> Record:
    """Solve one instance; `value` is the sum of distances recomputed from the sites.

    The engine maximises the distance saved against the farthest site of every customer, so its
    upper bound becomes a lower one.
    """
    sites = int(number_in(instance, "p"))
    distance = read_distances(instance.files[0])
    problem, build_s = timed(lambda: median_problem(distance, sites))
    whole = bool((distance == np.rint(distance)).all())
    proof, solve_s = timed(lambda: prove(problem, seconds=seconds, whole_values=whole))
    found = np.flatnonzero(proof.units)
    return Record(
        family=instance.family,
        instance=instance.name,
        params=instance.params_text,
        value=float(distance[found].min(axis=0).sum()),
        bound=float(distance.max(axis=0).sum()) - proof.bound,
        known=instance.known,
        status=proof.status,
        build_s=build_s,
        solve_s=solve_s,
        peak_mb=peak_mb(),
    )


def median_problem(distance: NDArray[np.float64], sites: int) -> HourProblem:
    """The p-median of `distance[site, customer]` as a patrol problem.

    Bin r of a customer holds its r-th nearest site; the gain of bin r is the step from that
    distance to the next one, so that the gains saved add up to the distance saved.
    """
    n_sites, n_customers = distance.shape
    order = np.argsort(distance, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(n_sites)[:, None], axis=0)
    ascending = np.take_along_axis(distance, order, axis=0)
    gain = np.zeros((n_customers, n_sites))
    gain[:, :-1] = np.diff(ascending, axis=0).T
    return location_problem(
        np.arange(n_sites + 1) * n_customers,
        np.tile(np.arange(n_customers, dtype=np.int32), n_sites),
        rank.ravel().astype(np.int16),
        gain,
        sites,
    )


def read_distances(path: Path) -> NDArray[np.float64]:
    """Distances `[site, customer]` of an OR-Library graph (.txt) or TSPLIB points (.tsp)."""
    return tsplib_distances(path) if path.suffix == ".tsp" else graph_distances(path)


def graph_distances(path: Path) -> NDArray[np.float64]:
    """Shortest paths of an OR-Library graph: `n m p`, then m undirected edges `i j cost`.

    A repeated edge replaces the earlier one, as the format's author reads it.
    """
    numbers = np.array(path.read_text("utf-8").split(), dtype=np.int64)
    n, m = int(numbers[0]), int(numbers[1])
    edges = numbers[3 : 3 + 3 * m].reshape(m, 3).tolist()
    cost = {(min(i, j) - 1, max(i, j) - 1): float(c) for i, j, c in edges}
    ends = np.array(list(cost), dtype=np.int64)
    graph = csr_matrix((list(cost.values()), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return np.asarray(dijkstra(graph, directed=False), dtype=np.float64)


def tsplib_distances(path: Path) -> NDArray[np.float64]:
    """Euclidean distances of a TSPLIB file, rounded down as in the p-median literature."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    first = lines.index("NODE_COORD_SECTION") + 1
    body = [line.split() for line in lines[first:] if line and line != "EOF"]
    x, y = np.array([[float(row[1]), float(row[2])] for row in body]).T
    exact = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    return np.asarray(np.floor(exact), dtype=np.float64)
