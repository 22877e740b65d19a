"""The cell layer: geometry once, one byte per cell, hour, metric and plan.

Cells of a metric grid are slightly rotated and bent on a Web Mercator map. The layer is drawn
in blocks, each from the exact positions of its corners; a block of 16 km departs from its true
outline by about 3 m. Which cell lies under a point is answered by a polynomial in longitude
and latitude, exact to a small fraction of a metre and independent of the zoom.
"""

import numpy as np
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.grid import Grid
from maps.blocks import DataLayer, packed, packed_json
from maps.metrics import METRICS, NO_DATA, OUT_OF_REACH, Metric, metric_values
from maps.style import CELL_OPACITY, UNREACHED_COLOUR
from optimizer.judges.evaluation_result import Evaluation

BLOCK_CELLS = 32
BLOCK_M = 16_000.0
DEGREE = 5
MONOMIALS = tuple((i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i))


def cell_layer(
    area: StudyArea, grid: Grid, zone: NDArray[np.int64], plan: Evaluation, baseline: Evaluation
) -> DataLayer:
    """Layer with the cells of the grid and the values of both evaluations."""
    frame = GridFrame(grid)
    order = frame.order
    content = {
        **frame.counts(),
        "mask": packed(frame.mask()),
        "mesh": mesh(area, frame),
        "locator": locator(area, frame),
        "about": packed_json(
            {
                "id": [grid.cell_ids[cell] for cell in order.tolist()],
                "district": grid.district[order].tolist(),
                "zone": zone[order].tolist(),
            }
        ),
        "opacity": CELL_OPACITY,
        "unreachedColour": UNREACHED_COLOUR,
        "outOfReach": OUT_OF_REACH,
        "noData": NO_DATA,
        "metrics": [
            metric_content(metric, grid.cell_m, order, plan, baseline) for metric in METRICS
        ],
    }
    return DataLayer("cells", content)


class GridFrame:
    """The rectangle of columns and rows around a grid; row 0 is the southernmost."""

    def __init__(self, grid: Grid) -> None:
        self.cell_m = grid.cell_m
        self.first_col, self.first_row = int(grid.col.min()), int(grid.row.min())
        self.cols = int(grid.col.max()) - self.first_col + 1
        self.rows = int(grid.row.max()) - self.first_row + 1
        self.block = max(1, min(BLOCK_CELLS, int(BLOCK_M // grid.cell_m)))
        self.order = np.lexsort((grid.col, grid.row))
        self._position = (grid.row - self.first_row) * self.cols + grid.col - self.first_col

    def counts(self) -> dict[str, int]:
        """Sizes that the page needs to unpack the rest."""
        return {
            "cells": len(self.order),
            "cols": self.cols,
            "rows": self.rows,
            "block": self.block,
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


def mesh(area: StudyArea, frame: GridFrame) -> list[float]:
    """Corners of the blocks, south to north then west to east: lat, lon, lat, lon, ..."""
    cols, rows = (
        np.unique(np.append(np.arange(0, count, frame.block), count))
        for count in (frame.cols, frame.rows)
    )
    col, row = np.meshgrid(cols.astype(float), rows.astype(float))
    lon, lat = frame.lonlat(area, col, row)
    return [float(value) for value in np.stack([lat, lon], axis=-1).round(7).ravel()]


def locator(area: StudyArea, frame: GridFrame) -> dict[str, object]:
    """Polynomials that give column and row of a longitude and latitude.

    Fitted to a lattice of exact positions over the frame, in coordinates scaled to -1..1.
    """
    side = np.linspace(0.0, 1.0, 4 * DEGREE)
    col, row = (axis.ravel() for axis in np.meshgrid(side * frame.cols, side * frame.rows))
    lon, lat = frame.lonlat(area, col, row)
    middle = [(axis.min() + axis.max()) / 2 for axis in (lon, lat)]
    half = [(axis.max() - axis.min()) / 2 for axis in (lon, lat)]
    u, v = (lon - middle[0]) / half[0], (lat - middle[1]) / half[1]
    terms = np.stack([u**i * v**j for i, j in MONOMIALS], axis=1)
    factors, *_ = np.linalg.lstsq(terms, np.stack([col, row], axis=1))
    return {
        "middle": [float(value) for value in middle],
        "half": [float(value) for value in half],
        "powers": [list(pair) for pair in MONOMIALS],
        "col": [float(value) for value in factors[:, 0].round(9)],
        "row": [float(value) for value in factors[:, 1].round(9)],
    }


def metric_content(
    metric: Metric,
    cell_m: float,
    order: NDArray[np.int64],
    plan: Evaluation,
    baseline: Evaluation,
) -> dict[str, object]:
    """One metric: its steps, classes and colours, and the frames of each evaluation."""
    shown = {"plan": plan, "baseline": baseline} if metric.varies else {"plan": plan}
    return {
        "key": metric.key,
        "edges": metric.edges.tolist(),
        "digits": [[steps.up_to, steps.digits] for steps in metric.steps],
        "breaks": list(metric.breaks),
        "palette": list(metric.palette),
        "classOfCode": metric.class_of_code().tolist(),
        "percent": metric.percent,
        "frames": {
            name: frames(metric.codes(metric_values(metric, evaluation, cell_m))[order])
            for name, evaluation in shown.items()
        },
    }


def frames(codes: NDArray[np.uint8]) -> str:
    """Codes `[cell, hour]` packed hour by hour, each hour as its difference to the one before."""
    by_hour = codes.T
    difference = by_hour.copy()
    difference[1:] -= by_hour[:-1]
    return packed(difference.tobytes())
