"""The road graph: a synthetic lattice of the grid with zone speeds, barriers and crossings."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from shapely.geometry import LineString

from geodata.frozen import frozen_array
from geodata.grid import Grid
from geodata.incidents import ZONES

ROAD_KINDS: tuple[str, ...] = (*ZONES, "expressway", "link")
"""Kinds of road, each with a speed per profile; the zone tiers name ordinary streets."""

DETOUR = 1.2
"""Length of a street trip over the length of the lattice path (assumption)."""

OWN_CELL_DISTANCE = 0.3826
"""Mean distance from the centre of a unit square to a random point in it."""

_NEIGHBOURS = ((1, 0), (0, 1), (1, 1), (-1, 1))


@dataclass(frozen=True)
class RoadGraph:
    """Arcs between cell centres, both ways listed once: `tail[arc]`, `head[arc]`.

    `length_m` is the driven length, `kind` indexes `ROAD_KINDS`. `own_cell_m` is the mean
    driven distance from a place to a call in its own cell.
    """

    n_nodes: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    kind: NDArray[np.int64]
    own_cell_m: float

    def __post_init__(self) -> None:
        shape = np.shape(self.tail)
        for name in ("tail", "head", "kind"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64, shape, name))
        length = frozen_array(self.length_m, np.float64, shape, "length_m")
        object.__setattr__(self, "length_m", length)

    def minutes_matrix(self, speed_kmh: NDArray[np.float64]) -> csr_matrix:
        """Symmetric sparse matrix of arc minutes at `speed_kmh[kind]`.

        Parallel arcs keep the faster one: a plain conversion would add them up.
        """
        minutes = self.length_m / (speed_kmh[self.kind] * 1000.0 / 60.0)
        rows = np.concatenate([self.tail, self.head])
        cols = np.concatenate([self.head, self.tail])
        values = np.concatenate([minutes, minutes])
        order = np.lexsort((values, cols, rows))
        rows, cols, values = rows[order], cols[order], values[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (cols[1:] != cols[:-1])
        shape = (self.n_nodes, self.n_nodes)
        return csr_matrix((values[first], (rows[first], cols[first])), shape=shape)


@dataclass(frozen=True)
class Crossing:
    """A bridge or tunnel over a barrier, in metres of the area's CRS."""

    name: str
    x: float
    y: float


def lattice(
    grid: Grid,
    zone: NDArray[np.int64],
    *,
    barriers: tuple[LineString, ...],
    crossings: tuple[Crossing, ...],
    links: tuple[LineString, ...],
    expressways: tuple[LineString, ...],
) -> RoadGraph:
    """Eight-neighbour lattice over the cells: synthetic streets with real barriers.

    A street runs at the speed of the slower of its two zones. Two neighbouring cells that are
    both touched by an expressway are joined at expressway speed. No arc crosses a barrier but
    the one nearest to each crossing; `links` join the cells nearest to their two ends.
    """
    tail, head = _neighbour_arcs(grid)
    kept = _arcs_allowed(grid, tail, head, barriers, crossings)
    tail, head = tail[kept], head[kept]
    kind = np.minimum(zone[tail], zone[head])
    touched = _touched_cells(grid, expressways)
    kind[touched[tail] & touched[head]] = ROAD_KINDS.index("expressway")
    length = np.hypot(grid.x[tail] - grid.x[head], grid.y[tail] - grid.y[head]) * DETOUR
    link_tail, link_head, link_length = _link_arcs(grid, links)
    return RoadGraph(
        n_nodes=grid.n_cells,
        tail=np.concatenate([tail, link_tail]),
        head=np.concatenate([head, link_head]),
        length_m=np.concatenate([length, link_length]),
        kind=np.concatenate([kind, np.full(len(link_tail), ROAD_KINDS.index("link"))]),
        own_cell_m=OWN_CELL_DISTANCE * grid.cell_m * DETOUR,
    )


def _neighbour_arcs(grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    tails, heads = [], []
    for d_col, d_row in _NEIGHBOURS:
        other = grid.locate(grid.x + d_col * grid.cell_m, grid.y + d_row * grid.cell_m)
        cells = np.flatnonzero(other >= 0)
        tails.append(cells)
        heads.append(other[cells])
    return np.concatenate(tails), np.concatenate(heads)


def _arcs_allowed(
    grid: Grid,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    barriers: tuple[LineString, ...],
    crossings: tuple[Crossing, ...],
) -> NDArray[np.bool_]:
    """Arcs that cross no barrier, and for each crossing the crossing arc nearest to it."""
    x, y = grid.x, grid.y
    ends = np.stack([np.stack([x[tail], y[tail]], -1), np.stack([x[head], y[head]], -1)], 1)
    segments = shapely.linestrings(ends)
    blocked = np.zeros(len(tail), dtype=bool)
    for barrier in barriers:
        shapely.prepare(barrier)
        blocked |= shapely.intersects(segments, barrier)
    over = np.flatnonzero(blocked)
    if len(over):
        middle = ends[over].mean(axis=1)
        for crossing in crossings:
            offset = np.hypot(middle[:, 0] - crossing.x, middle[:, 1] - crossing.y)
            blocked[over[int(np.argmin(offset))]] = False
    return ~blocked


def _touched_cells(grid: Grid, lines: tuple[LineString, ...]) -> NDArray[np.bool_]:
    touched = np.zeros(grid.n_cells, dtype=bool)
    for line in lines:
        steps = np.arange(0.0, line.length, grid.cell_m / 4.0)
        points = shapely.line_interpolate_point(line, steps)
        cells = grid.locate(shapely.get_x(points), shapely.get_y(points))
        touched[cells[cells >= 0]] = True
    return touched


def _link_arcs(
    grid: Grid, links: tuple[LineString, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    tails, heads, lengths = [], [], []
    for link in links:
        ends = [link.coords[0], link.coords[-1]]
        nearest = [int(np.argmin(np.hypot(grid.x - px, grid.y - py))) for px, py in ends]
        x, y = grid.x[nearest], grid.y[nearest]
        tails.append(nearest[0])
        heads.append(nearest[1])
        lengths.append(max(link.length, float(np.hypot(x[0] - x[1], y[0] - y[1]))))
    return np.array(tails, np.int64), np.array(heads, np.int64), np.array(lengths, np.float64)
