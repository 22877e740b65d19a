"""Pages of the small city with other cells in place of its own: wide, turned, hexagons."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Point, Polygon, box

from geodata.area import District, StudyArea
from geodata.grid import Grid, grid_over
from maps.blocks import DataLayer
from maps.cells import cell_layer
from maps.frames import ShownMetric, shown_metrics
from maps.metrics import METRICS
from maps.polygons import CellNames, polygon_layer
from optimizer.judges.evaluation_result import Evaluation

TURNED = "+proj=omerc +lat_0=31.2 +lonc=121.4 +alpha=-30 +gamma=0 +ellps=WGS84 +units=m"
"""A metric CRS whose axes are turned by 30 degrees."""


@dataclass(frozen=True)
class Cells:
    """Cells of any shape in a metric CRS, and the layer that shows them."""

    area: StudyArea
    shapes: NDArray[np.object_]
    layer: DataLayer

    def holding(self, latlng: NDArray[np.float64]) -> NDArray[np.int64]:
        """Number of the cell that holds each place by exact projection, -1 for none."""
        x, y = self.area.to_metric(latlng[:, 1], latlng[:, 0])
        place, cell = shapely.STRtree(self.shapes).query(shapely.points(x, y), predicate="within")
        found = np.full(len(latlng), -1)
        found[place] = cell
        return found


def page_with(city: Any, cells: Cells) -> str:
    """The small city's page with other cells in place of its own."""
    layer = DataLayer(cells.layer.factory, cells.layer.content)
    with patch("maps.page.cell_layer", return_value=layer):
        html: str = city.page(opening_hour=0)
    return html


def drawn_evaluation(cells: int, hours: int, seed: int) -> Evaluation:
    """Values drawn evenly over all classes, so that neighbours differ in colour."""
    rng = np.random.default_rng(seed)
    share = np.repeat(rng.random((cells, 1)), hours, axis=1)
    minutes = 15 * share
    return Evaluation(
        np.full((cells, hours), 0.5), minutes / 2, minutes, share, np.stack([share] * 3),
        np.ones((cells, hours)), np.zeros((1, 1, hours)), np.zeros((1, hours)),
        np.zeros((1, hours)), cell_utilisation=share,
    )  # fmt: skip


def square(crs: str, lon: float, lat: float, side_m: float) -> StudyArea:
    """One square district around a place, its corner on whole kilometres."""
    to_metric = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = (1000 * round(at / 1000) for at in to_metric.transform(lon, lat))
    half = side_m / 2
    district = District("A", "A", "甲", box(x - half, y - half, x + half, y + half))
    return StudyArea(crs, "Asia/Shanghai", (district,))


def grid_cells(area: StudyArea, cell_m: float, hours: int) -> Cells:
    """A grid over an area, its cells in the order of the layer."""
    grid = grid_over(area, cell_m)
    order = np.lexsort((grid.col, grid.row))
    values = [drawn_evaluation(grid.n_cells, hours, seed) for seed in (1, 2)]
    layer = cell_layer(area, grid, np.zeros(grid.n_cells, dtype=np.int64), *values)
    return Cells(area, squares(grid)[order], layer)


def squares(grid: Grid) -> NDArray[np.object_]:
    """Outline of each cell, metres."""
    west, south = grid.col * grid.cell_m, grid.row * grid.cell_m
    found: NDArray[np.object_] = shapely.box(west, south, west + grid.cell_m, south + grid.cell_m)
    return found


@cache
def wide_cells() -> Cells:
    """150 x 150 km around Shanghai: more values than are decoded before the page opens."""
    return grid_cells(square("EPSG:32651", 121.4, 31.2, 150_000), 1000.0, 24)


@cache
def turned_cells() -> Cells:
    """60 x 60 km in a CRS that is turned by 30 degrees."""
    return grid_cells(square(TURNED, 121.4, 31.2, 60_000), 500.0, 2)


def hexagon(x: float, y: float, side_m: float) -> Polygon:
    """A hexagon that stands on a corner."""
    angle = np.radians(np.arange(6) * 60 + 30)
    return Polygon(np.column_stack([x + side_m * np.cos(angle), y + side_m * np.sin(angle)]))


@cache
def hexagon_cells(side_m: float = 800.0, around: int = 12) -> Cells:
    """Hexagons, and round them a large ring with a hole and a cell of two parts."""
    area = square("EPSG:32651", 121.4, 31.2, 60_000)
    middle = area.districts[0].polygon.centroid
    wide, high = side_m * np.sqrt(3), side_m * 1.5
    shapes = [
        hexagon(middle.x + (col + row % 2 / 2) * wide, middle.y + row * high, side_m)
        for row in range(-around, around + 1)
        for col in range(-around, around + 1)
    ]
    disc = Point(middle.x, middle.y).buffer(24_000, quad_segs=3)
    shapes.append(disc.difference(box(*MultiPolygon(shapes).bounds).buffer(500)))
    east = middle.x + 26_000
    parts = [box(east, middle.y + at, east + 2_000, middle.y + at + 9_000) for at in (-12e3, 2e3)]
    shapes.append(MultiPolygon(parts))
    found = np.array(shapes, dtype=object)
    return Cells(area, found, hexagon_layer(gpd.GeoSeries(found, crs="EPSG:32651")))


def hexagon_layer(shapes: gpd.GeoSeries) -> DataLayer:
    """Layer of any shapes with drawn values in two hours."""
    count = len(shapes)
    none = np.zeros(count, dtype=np.int64)
    names = CellNames(tuple(f"H{number}" for number in range(count)), none, none)
    return polygon_layer(shapes, names, drawn_metrics(count))


def drawn_metrics(count: int) -> tuple[ShownMetric, ...]:
    """Every metric with drawn values in two hours."""
    return shown_metrics(*(drawn_evaluation(count, 2, seed) for seed in (1, 2)), 1000.0, METRICS)
