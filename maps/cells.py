"""The cell layer: geometry once, one byte per cell, hour, metric and plan.

Cells of a metric grid are rotated and slightly bent on a Web Mercator map. Polynomials give the
place of every corner, and the cell under every point, exact to a small fraction of a metre at
any zoom. The page draws blocks of cells between such corners, as large as a third of a pixel
allows: whole quarters of the city when it is seen from afar, a few cells close up.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.grid import Grid
from maps.blocks import DataLayer, packed, packed_json
from maps.frames import frames_content, shown_metrics
from maps.metrics import METRICS, Metric
from optimizer.judges.evaluation_result import Evaluation

DEGREE = 5
MONOMIALS = tuple((i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i))


def cell_layer(
    area: StudyArea,
    grid: Grid,
    zone: NDArray[np.int64],
    plan: Evaluation,
    baseline: Evaluation,
    metrics: Iterable[Metric] = METRICS,
) -> DataLayer:
    """Layer with the cells of the grid and the values of both evaluations."""
    frame = GridFrame(grid)
    order = frame.order
    content = {
        **frame.counts(),
        "mask": packed(frame.mask()),
        "places": places(area, frame),
        "locator": locator(area, frame),
        "about": packed_json(
            {
                "id": [grid.cell_ids[cell] for cell in order.tolist()],
                "district": grid.district[order].tolist(),
                "zone": zone[order].tolist(),
            }
        ),
        **frames_content(shown_metrics(plan, baseline, grid.cell_m, metrics), order),
    }
    return DataLayer("cells", content)


class GridFrame:
    """The rectangle of columns and rows around a grid; row 0 is the southernmost."""

    def __init__(self, grid: Grid) -> None:
        self.cell_m = grid.cell_m
        self.first_col, self.first_row = int(grid.col.min()), int(grid.row.min())
        self.cols = int(grid.col.max()) - self.first_col + 1
        self.rows = int(grid.row.max()) - self.first_row + 1
        self.order = np.lexsort((grid.col, grid.row))
        self._position = (grid.row - self.first_row) * self.cols + grid.col - self.first_col

    def counts(self) -> dict[str, int]:
        """Sizes that the page needs to unpack the rest."""
        return {
            "cells": len(self.order),
            "cols": self.cols,
            "rows": self.rows,
        }

    def mask(self) -> bytes:
        """One bit per column and row, row by row: is there a cell."""
        present = np.zeros(self.cols * self.rows, dtype=bool)
        present[self._position] = True
        return np.packbits(present).tobytes()

    def lonlat(
        self, area: StudyArea, col: NDArray[np.float64], row: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of positions counted in cells from the frame's corner."""
        return area.to_lonlat(
            (self.first_col + col) * self.cell_m, (self.first_row + row) * self.cell_m
        )


def lattice(
    area: StudyArea, frame: GridFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Column, row, longitude and latitude of exact positions over the frame."""
    side = np.linspace(0.0, 1.0, 4 * DEGREE)
    col, row = (axis.ravel() for axis in np.meshgrid(side * frame.cols, side * frame.rows))
    lon, lat = frame.lonlat(area, col, row)
    return col, row, lon, lat


def locator(area: StudyArea, frame: GridFrame) -> dict[str, object]:
    """Polynomials that give column and row of a longitude and latitude."""
    col, row, lon, lat = lattice(area, frame)
    found = fitted((lon, lat), (col, row))
    return {**found.scaling(), "col": found.factors[0], "row": found.factors[1]}


def places(area: StudyArea, frame: GridFrame) -> dict[str, object]:
    """Polynomials that give the place on the map of a column and row.

    Places are pixels of the Web Mercator world, 256 wide at zoom 0. `bend` bounds how far the
    far corner of a block of n x n cells lies from where its other corners put it: bend * n * n.
    """
    col, row, lon, lat = lattice(area, frame)
    found = fitted((col, row), world_of(lon, lat))
    return {
        **found.scaling(),
        "x": found.factors[0],
        "y": found.factors[1],
        "bend": bend(area, frame),
    }


def bend(area: StudyArea, frame: GridFrame) -> float:
    """Largest second difference of the places of the frame, pixels of the world a cell squared.

    The twist of a block and the bow of its sides, over a lattice of blocks of one cell.
    """
    side = np.linspace(0.0, 1.0, 8)
    col, row = (axis.ravel() for axis in np.meshgrid(side * frame.cols, side * frame.rows))
    step = max(frame.cols, frame.rows) / 16

    def at(right: float, up: float) -> NDArray[np.float64]:
        return np.stack(world_of(*frame.lonlat(area, col + right * step, row + up * step)))

    twist = at(1, 1) - at(1, 0) - at(0, 1) + at(0, 0)
    bows = [at(1, 0) + at(-1, 0) - 2 * at(0, 0), at(0, 1) + at(0, -1) - 2 * at(0, 0)]
    bent = np.hypot(*twist) + sum(np.hypot(*bow) for bow in bows) / 8
    return float(bent.max() / step**2)


def world_of(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Web Mercator pixels of a world 256 pixels wide, y to the south."""
    y = np.arcsinh(np.tan(np.radians(lat)))
    return 256 * (lon / 360 + 0.5), 128 * (1 - y / np.pi)


@dataclass(frozen=True)
class Fitted:
    """Two polynomials in two coordinates that are scaled to -1..1 by middle and half range."""

    middle: tuple[float, float]
    half: tuple[float, float]
    factors: tuple[list[float], list[float]]

    def scaling(self) -> dict[str, object]:
        """What the page needs to evaluate them."""
        return {
            "middle": list(self.middle),
            "half": list(self.half),
            "powers": [list(pair) for pair in MONOMIALS],
        }


Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def fitted(of: Pair, wanted: Pair) -> Fitted:
    """Polynomials of `DEGREE` through the wanted values, least squares."""
    lows, highs = [float(axis.min()) for axis in of], [float(axis.max()) for axis in of]
    middle = tuple((low + high) / 2 for low, high in zip(lows, highs, strict=True))
    half = tuple((high - low) / 2 for low, high in zip(lows, highs, strict=True))
    u, v = ((axis - m) / h for axis, m, h in zip(of, middle, half, strict=True))
    terms = np.stack([u**i * v**j for i, j in MONOMIALS], axis=1)
    found, *_ = np.linalg.lstsq(terms, np.stack(wanted, axis=1))
    first, second = ([float(value) for value in column] for column in found.T.round(12))
    return Fitted((middle[0], middle[1]), (half[0], half[1]), (first, second))
