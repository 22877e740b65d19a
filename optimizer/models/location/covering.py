"""Location set covering: the fewest places that reach every cell (Toregas et al. 1971).

Before the search the problem is made smaller without losing an optimum (Roth 1969): a place
that reaches no cell beyond those of another is left out, and so is a cell that is reached by
all the places of another cell. What falls apart is solved part by part.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from geodata.frozen import frozen_array
from optimizer.models.solver import LinearModel, NotSolved, SolverOptions, minimise

WHOLE = 1e-6
"""How far from a whole number a bound may lie and still be taken for it."""


@dataclass(frozen=True)
class Cover:
    """Places that reach every cell, and how few it takes at least.

    `status` is "optimal" when `bound` is the number of places, "feasible" when the search ended
    before that was proved, and "infeasible" when no place reaches some cells: these are
    `unreached`, and the places cover the others.
    """

    places: NDArray[np.int64]
    bound: int
    unreached: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("places", "unreached"):
            value = getattr(self, name)
            object.__setattr__(self, name, frozen_array(value, np.int64, np.shape(value), name))

    @property
    def status(self) -> str:
        """How the search ended."""
        if len(self.unreached):
            return "infeasible"
        return "optimal" if self.bound == len(self.places) else "feasible"


def fewest_places(
    indptr: NDArray[np.int64],
    cell: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    *,
    nodes: int = 100_000,
    seconds: float | None = None,
) -> Cover:
    """Fewest places whose reach lists hold every cell of `wanted[cell]`.

    Place `p` reaches `cell[indptr[p]:indptr[p + 1]]`. The search of a part ends after `nodes`
    of its tree; `seconds`, which is not repeatable, is for benchmarks.
    """
    places = len(indptr) - 1
    place = np.repeat(np.arange(places), np.diff(indptr))
    kept = wanted[cell]
    reach = coo_matrix(
        (np.ones(int(kept.sum())), (cell[kept], place[kept])), shape=(len(wanted), places)
    ).tocsr()
    reached = np.diff(reach.indptr) > 0
    rows, columns = _reduced(reach, np.flatnonzero(reached))
    left = reach[rows][:, columns]
    chosen, bound = [], 0
    began = perf_counter()
    for part_rows, part_columns in _parts(left):
        rest = None if seconds is None else max(seconds - (perf_counter() - began), 0.0)
        found, least = _cover(left[part_rows][:, part_columns], nodes, rest)
        chosen.append(columns[part_columns[found]])
        bound += least
    return Cover(
        places=np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, dtype=np.int64),
        bound=bound,
        unreached=np.flatnonzero(wanted & ~reached),
    )


def _reduced(
    reach: csr_matrix, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells and places that matter, until neither list gets shorter."""
    columns = np.arange(reach.shape[1])
    while True:
        before = len(rows), len(columns)
        columns = columns[~_dominated(reach[rows][:, columns].T.tocsr())]
        rows = rows[~_dominating(reach[rows][:, columns])]
        if (len(rows), len(columns)) == before:
            return rows, columns


def _dominated(sets: csr_matrix) -> NDArray[np.bool_]:
    """Which rows lie within another row; of equal ones the first stays, empty ones go."""
    size = np.diff(sets.indptr)
    inner, outer, common = _overlaps(sets)
    within = (common == size[inner]) & ((size[inner] < size[outer]) | (outer < inner))
    found = size == 0
    found[inner[within]] = True
    return np.asarray(found)


def _dominating(sets: csr_matrix) -> NDArray[np.bool_]:
    """Which rows hold all of another row; of equal ones the first stays."""
    size = np.diff(sets.indptr)
    inner, outer, common = _overlaps(sets)
    holds = (common == size[inner]) & ((size[inner] < size[outer]) | (inner < outer))
    found = np.zeros(len(size), dtype=bool)
    found[outer[holds]] = True
    return found


def _overlaps(
    sets: csr_matrix,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of different rows with something in common, and how much."""
    pairs = (sets @ sets.T).tocoo()
    apart = pairs.row != pairs.col
    return pairs.row[apart], pairs.col[apart], pairs.data[apart]


def _parts(reach: csr_matrix) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Cells and places of each part that shares none with another."""
    cells, places = reach.shape
    if cells == 0:
        return []
    entries = reach.tocoo()
    shape = (cells + places, cells + places)
    links = coo_matrix((entries.data, (entries.row, entries.col + cells)), shape=shape)
    count, part = connected_components(links, directed=False)
    return [
        (np.flatnonzero(part[:cells] == number), np.flatnonzero(part[cells:] == number))
        for number in range(count)
    ]


def _cover(reach: csr_matrix, nodes: int, seconds: float | None) -> tuple[NDArray[np.int64], int]:
    """Columns that cover all rows, and the least number of them that can."""
    cells, places = reach.shape
    if places == 1:
        return np.zeros(1, dtype=np.int64), 1
    model = LinearModel()
    used = model.add_columns(1.0, 1.0, (places,), integer=True)
    rows = model.add_rows(1.0, np.inf, (cells,))
    entries = reach.tocoo()
    model.add_entries(rows[entries.row], used[entries.col], 1.0)
    greedy = _greedy_cover(reach)
    try:
        solution = minimise(model, SolverOptions(relative_gap=0.0, nodes=nodes, seconds=seconds))
    except NotSolved:
        return greedy, int(np.ceil(cells / np.diff(reach.tocsc().indptr).max()))
    found = np.flatnonzero(solution.whole(used))
    least = int(np.ceil(solution.bound - WHOLE))
    return (found if len(found) <= len(greedy) else greedy), least


def _greedy_cover(reach: csr_matrix) -> NDArray[np.int64]:
    """Columns that cover all rows, each time the one with most rows not yet covered."""
    open_rows = np.ones(reach.shape[0])
    chosen = []
    while open_rows.any():
        chosen.append(int(np.argmax(reach.T @ open_rows)))
        open_rows[reach[:, [chosen[-1]]].nonzero()[0]] = 0.0
    return np.array(sorted(chosen), dtype=np.int64)
