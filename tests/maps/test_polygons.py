"""Cells of any shape: how their outlines are written, and what is refused or warned of."""

import base64
import re
import warnings
import zlib
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import transform
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from maps import polygons
from maps.polygons import CellNames, LargeLayer, polygon_layer, short_numbers
from tests.maps.other_cells import drawn_metrics, hexagon, hexagon_layer

X, Y = 350_000.0, 3_450_000.0


def numbers(data: bytes) -> list[int]:
    """Read the numbers back, one bit group after another."""
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(-(value + 1) // 2 if value & 1 else value // 2)
            value, shift = 0, 0
    return found


def content_of(*shapes: Any) -> Any:
    return hexagon_layer(gpd.GeoSeries(list(shapes), crs="EPSG:32651")).content


def part(content: Any, name: str) -> list[int]:
    return numbers(zlib.decompress(base64.b64decode(content[name])))


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_short_numbers_come_back(values: list[int]) -> None:
    assert numbers(short_numbers(np.array(values, dtype=np.int64))) == values


def test_small_numbers_take_one_byte() -> None:
    assert short_numbers(np.array([0, -1, 1, 63, -64])) == bytes([0, 1, 2, 126, 127])
    assert len(short_numbers(np.array([64, -65]))) == 4


def test_outlines_are_told_by_rings_and_steps() -> None:
    ring = box(X, Y, X + 900, Y + 900).difference(box(X + 300, Y + 300, X + 600, Y + 600))
    two = MultiPolygon([box(X + 2000, Y, X + 2400, Y + 400), box(X + 3000, Y, X + 3400, Y + 400)])
    content = content_of(ring, two, hexagon(X, Y + 3000, 400))
    assert part(content, "ringsOf") == [2, 2, 1]
    assert part(content, "ringSizes") == [4, 4, 4, 4, 6]
    steps = np.array(part(content, "vertices")).reshape(-1, 2)
    lonlat = np.cumsum(steps, axis=0) / content["unitsPerDeg"]
    away_m = np.hypot(*(lonlat - lonlat[0]).T) * 111_000
    assert len(lonlat) == 22
    assert away_m.max() < 4_500


def test_long_edges_get_vertices_in_between() -> None:
    content = content_of(box(X, Y, X + 4_000, Y + 500))
    assert part(content, "ringSizes") == [4 + 2 * 3]


def moved(shape: Polygon, by: float) -> Polygon:
    found: Polygon = transform(shape, lambda xy: xy + by)
    return found


def test_a_large_layer_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    disc = Point(X, Y).buffer(400, quad_segs=25)
    count = int(shapely_vertices(disc))
    monkeypatch.setattr(polygons, "MANY_VERTICES", 2 * count)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content_of(disc)
    with pytest.warns(LargeLayer, match=f"2 polygons with {2 * count} vertices: about 0 MB"):
        content_of(disc, moved(disc, 1000.0))


def shapely_vertices(shape: Polygon) -> int:
    return len(shape.exterior.coords)


def layer_of(
    shapes: list[Any], crs: str | None, ids: int | None = None, values: int | None = None
) -> None:
    none: NDArray[np.int64] = np.zeros(len(shapes), dtype=np.int64)
    names = CellNames(tuple("abcdefgh"[: len(shapes) if ids is None else ids]), none, none)
    metrics = drawn_metrics(len(shapes) if values is None else values)
    polygon_layer(gpd.GeoSeries(shapes, crs=crs), names, metrics[:1])


@pytest.mark.parametrize(
    ("shapes", "crs", "says"),
    [
        ([hexagon(X, Y, 400)], None, "CRS None is not projected in metres"),
        ([box(121, 31, 122, 32)], "EPSG:4326", "CRS EPSG:4326 is not projected in metres"),
        ([hexagon(X, Y, 400), Point(X, Y)], "EPSG:32651", "1 shapes are no polygons (first: 1)"),
        ([LineString([(X, Y), (X + 9, Y)])], "EPSG:32651", "1 shapes are no polygons (first: 0)"),
        ([Polygon()], "EPSG:32651", "1 shapes are no polygons (first: 0)"),
        (
            [Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])] * 4,
            "EPSG:32651",
            "4 shapes cross themselves (first: 0, 1, 2)",
        ),
    ],
)
def test_what_is_no_cell_is_refused(shapes: list[Any], crs: str | None, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        layer_of(shapes, crs)


def test_names_and_values_must_be_as_many_as_the_cells() -> None:
    shapes = [hexagon(X, Y, 400), hexagon(X + 3000, Y, 400)]
    with pytest.raises(ValueError, match=r"layer of 2 polygons: CRS None .*; 1 ids; 3 p90"):
        layer_of(shapes, None, ids=1, values=3)
