"""Cells of any shape: hexagons, beats, districts; drawn as vectors in place of the grid.

A grid of squares needs no outline of its cells. Where the cells are no such grid, every ring is
sent: vertices as differences in whole 1e-6 degrees (about 0.1 m), numbers in as few bytes as
they need. Such a page is larger and slower to draw, and says so when it gets large.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from maps.blocks import DataLayer, packed, packed_json
from maps.frames import ShownMetric, frames_content

UNITS_PER_DEG = 1_000_000
LONGEST_EDGE_M = 1_000.0
"""Longer edges get vertices in between: straight in the metric CRS is bent on the map."""

MANY_VERTICES = 400_000
"""About 2 MB of page, and half a second for each time the map is drawn."""


class LargeLayer(UserWarning):
    """A page with so many vertices that it is slow to open and to move."""


@dataclass(frozen=True)
class CellNames:
    """What is said of each cell: its id, and the number of its district and of its zone tier."""

    ids: tuple[str, ...]
    district: NDArray[np.int64]
    zone: NDArray[np.int64]


def polygon_layer(
    shapes: gpd.GeoSeries, names: CellNames, shown: Sequence[ShownMetric]
) -> DataLayer:
    """Layer with cells of any shape, in place of the layer of a grid.

    `shapes` are polygons that do not overlap, in a metric CRS. Warns with `LargeLayer` from
    `MANY_VERTICES` vertices on.

    Raises
    ------
    ValueError
        When the CRS is missing or not in metres, a shape is no polygon, is empty or crosses
        itself, or names and values are not as many as the shapes.
    """
    require_polygons(shapes, names, shown)
    dense = shapely.segmentize(shapes.to_numpy(), LONGEST_EDGE_M)
    outlines = gpd.GeoSeries(dense, crs=shapes.crs).to_crs("EPSG:4326").to_numpy()
    warn_if_large(outlines)
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(outlines).round(7))
    content = {
        "cells": len(outlines),
        "bounds": [south, west, north, east],
        "unitsPerDeg": UNITS_PER_DEG,
        **outline_content(outlines),
        "about": packed_json(
            {
                "id": list(names.ids),
                "district": names.district.tolist(),
                "zone": names.zone.tolist(),
            }
        ),
        **frames_content(shown, np.arange(len(outlines))),
    }
    return DataLayer("polygons", content)


def require_polygons(shapes: gpd.GeoSeries, names: CellNames, shown: Sequence[ShownMetric]) -> None:
    """Raise `ValueError` with everything that is wrong with the cells of a layer."""
    crs = shapes.crs
    faults = []
    if crs is None or not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        faults.append(f"CRS {crs} is not projected in metres")
    shape = shapes.to_numpy()
    is_area = np.isin(shapely.get_type_id(shape), [3, 6]) & ~shapely.is_empty(shape)
    for what, wrong in (
        ("are no polygons", ~is_area),
        ("cross themselves", is_area & ~shapely.is_valid(shape)),
    ):
        if wrong.any():
            first = ", ".join(str(number) for number in np.flatnonzero(wrong)[:3])
            faults.append(f"{wrong.sum()} shapes {what} (first: {first})")
    counts = {"ids": len(names.ids), "districts": len(names.district), "zones": len(names.zone)}
    counts |= {one.metric.key: len(one.plan) for one in shown}
    faults += [f"{count} {what}" for what, count in counts.items() if count != len(shape)]
    if faults:
        raise ValueError(f"layer of {len(shape)} polygons: " + "; ".join(faults))


def warn_if_large(outlines: NDArray[np.object_]) -> None:
    """Warn when the outlines have so many vertices that the page gets slow."""
    vertices = int(shapely.get_num_coordinates(outlines).sum())
    if vertices >= MANY_VERTICES:
        warnings.warn(
            f"{len(outlines)} polygons with {vertices} vertices: about "
            f"{vertices * 5 / 1e6:.0f} MB of page, slow to draw from {MANY_VERTICES} vertices on; "
            "simplify the shapes or use a grid",
            LargeLayer,
            stacklevel=3,
        )


def outline_content(outlines: NDArray[np.object_]) -> dict[str, str]:
    """Rings of the polygons: vertices, vertices in each ring and rings of each polygon.

    The closing vertex of a ring is left out.
    """
    parts, of_part = shapely.get_parts(outlines, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    sizes = shapely.get_num_coordinates(rings) - 1
    lonlat = shapely.get_coordinates(rings)
    last = np.cumsum(sizes + 1) - 1
    whole = np.rint(np.delete(lonlat, last, axis=0) * UNITS_PER_DEG).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    per_polygon = np.bincount(of_part[of_ring], minlength=len(outlines))
    return {
        "vertices": packed(short_numbers(steps.ravel())),
        "ringSizes": packed(short_numbers(sizes.astype(np.int64))),
        "ringsOf": packed(short_numbers(per_polygon)),
    }


def short_numbers(values: NDArray[np.int64]) -> bytes:
    """Whole numbers in seven bits a byte, the lowest first; the sign in the lowest bit."""
    left = np.where(values < 0, -2 * values - 1, 2 * values).astype(np.uint64)
    columns = []
    more = np.ones(len(left), dtype=bool)
    while more.any():
        rest = left >> np.uint64(7)
        goes_on = rest > 0
        byte = (left & np.uint64(0x7F)).astype(np.int64) | (goes_on.astype(np.int64) << 7)
        columns.append(np.where(more, byte, -1))
        more = more & goes_on
        left = rest
    table = np.stack(columns, axis=1) if columns else np.zeros((0, 1), dtype=np.int64)
    return table[table >= 0].astype(np.uint8).tobytes()
