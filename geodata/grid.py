"""Square cells of the study area, numbered in the metric CRS."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.frozen import frozen_array


@dataclass(frozen=True)
class Grid:
    """The cells whose centre lies in a district.

    `col` and `row` count cells from the origin of the CRS (column = floor(x / cell_m)), so a
    cell keeps its id whatever the area; `district` is the index into `StudyArea.districts`.
    Arrays `[cell]`, ordered south to north, then west to east.
    """

    cell_m: float
    col: NDArray[np.int64]
    row: NDArray[np.int64]
    district: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = np.shape(self.col)
        for name in ("col", "row", "district"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64, shape, name))

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.col)

    @property
    def x(self) -> NDArray[np.float64]:
        """Easting of the cell centres, metres."""
        return np.asarray((self.col + 0.5) * self.cell_m, dtype=np.float64)

    @property
    def y(self) -> NDArray[np.float64]:
        """Northing of the cell centres, metres."""
        return np.asarray((self.row + 0.5) * self.cell_m, dtype=np.float64)

    @cached_property
    def cell_ids(self) -> tuple[str, ...]:
        """Ids such as `E0353N3457`: column and row of the cell."""
        return tuple(
            f"E{c:04d}N{r:04d}" for c, r in zip(self.col.tolist(), self.row.tolist(), strict=True)
        )

    @cached_property
    def _index(self) -> dict[tuple[int, int], int]:
        pairs = zip(self.col.tolist(), self.row.tolist(), strict=True)
        return {pair: cell for cell, pair in enumerate(pairs)}

    def locate(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cell that holds each point, -1 outside the grid."""
        cols = np.floor(np.asarray(x) / self.cell_m).astype(np.int64)
        rows = np.floor(np.asarray(y) / self.cell_m).astype(np.int64)
        pairs = zip(cols.tolist(), rows.tolist(), strict=True)
        return np.array([self._index.get(pair, -1) for pair in pairs], dtype=np.int64)


def grid_over(area: StudyArea, cell_m: float) -> Grid:
    """Cells of side `cell_m` metres whose centre lies within a district."""
    cols, rows, members = [], [], []
    for number, district in enumerate(area.districts):
        west, south, east, north = district.polygon.bounds
        c = np.arange(np.floor(west / cell_m), np.floor(east / cell_m) + 1, dtype=np.int64)
        r = np.arange(np.floor(south / cell_m), np.floor(north / cell_m) + 1, dtype=np.int64)
        cc, rr = (axis.ravel() for axis in np.meshgrid(c, r))
        inside = shapely.contains_xy(district.polygon, (cc + 0.5) * cell_m, (rr + 0.5) * cell_m)
        cols.append(cc[inside])
        rows.append(rr[inside])
        members.append(np.full(int(inside.sum()), number))
    col, row, member = np.concatenate(cols), np.concatenate(rows), np.concatenate(members)
    _, first = np.unique(np.stack([row, col]), axis=1, return_index=True)
    return Grid(cell_m, col[first], row[first], member[first])
