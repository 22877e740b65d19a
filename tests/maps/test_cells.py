"""The cell layer's geometry and the figures beside it."""

import base64
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geodata.grid import Grid
from maps.cells import MONOMIALS, GridFrame, locator, places, world_of
from maps.figures import city_figures, demand_by_class
from maps.frames import ShownMetric, frames, metric_content
from maps.metrics import METRICS


def unpacked_codes(packed: dict[str, Any], cells: int) -> NDArray[np.uint8]:
    """Codes `[cell, hour]` of packed frames, as the page reads them."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(packed["packed"])), dtype=np.uint8)
    codes = flat.reshape(cells, -1) if packed["byCell"] else flat.reshape(-1, cells).T
    return np.cumsum(codes, axis=1, dtype=np.uint8) if packed["change"] else codes


@given(
    st.integers(1, 7).flatmap(
        lambda hours: st.lists(
            st.lists(st.integers(0, 255), min_size=hours, max_size=hours), min_size=1, max_size=9
        )
    )
)
def test_frames_come_back_whatever_way_is_the_shortest(rows: list[list[int]]) -> None:
    codes = np.array(rows, dtype=np.uint8)
    assert unpacked_codes(frames(codes), len(codes)).tolist() == rows


def test_the_shortest_way_is_taken() -> None:
    noise = np.random.default_rng(1).integers(0, 255, 3000, dtype=np.uint8)
    steady = np.repeat(noise[:, np.newaxis], 24, axis=1)
    rising = noise[:, np.newaxis] + np.arange(24, dtype=np.uint8)
    for codes in (steady, rising):
        assert len(str(frames(codes)["packed"])) < 1.4 * noise.size + 200
    assert frames(rising)["change"]
    alike = np.repeat(noise[np.newaxis, :24], 3000, axis=0)
    assert len(str(frames(alike)["packed"])) < 600


def test_differences_come_back_from_what_they_differ_from_the_steps() -> None:
    metric = METRICS[0]
    assert metric.difference is not None
    rng = np.random.default_rng(5)
    plan, baseline = (np.round(rng.gamma(3, 2, (300, 6)), 1) for _ in range(2))
    plan[:9, 0], baseline[6:12, 0] = np.inf, np.inf
    plan[20], baseline[20] = np.nan, np.nan
    content: Any = metric_content(ShownMetric(metric, plan, baseline), np.arange(300)[::-1])
    codes = {name: unpacked_codes(text, 300) for name, text in content["frames"].items()}
    table = zlib.decompress(base64.b64decode(content["difference"]["expected"]))
    expected = np.frombuffer(table, dtype=np.uint8).reshape(256, 256)
    found = codes["difference"] + expected[codes["plan"], codes["baseline"]]
    assert found.tolist() == metric.difference.codes(plan, baseline)[::-1].tolist()
    assert (codes["difference"] == 0).mean() > 0.8


def test_a_baseline_comes_with_a_metric_that_varies_and_only_then() -> None:
    values = np.zeros((2, 3))
    with pytest.raises(ValueError, match="p90: a baseline is given if and only if"):
        ShownMetric(METRICS[0], values)
    with pytest.raises(ValueError, match="demand: a baseline is given if and only if"):
        ShownMetric(METRICS[-1], values, values)
    with pytest.raises(ValueError, match=r"p90: plan \(2, 3\), baseline \(3, 2\)"):
        ShownMetric(METRICS[0], values, values.T)


def test_locator_gives_the_column_and_row_of_exact_positions(city: Any) -> None:
    area = city.situation.area
    wide = np.arange(150, dtype=np.int64)
    grid = Grid(1000.0, 280 + wide, 3400 + wide, np.zeros(150, dtype=np.int64))
    frame = GridFrame(grid)
    rng = np.random.default_rng(7)
    col, row = rng.uniform(0, 150, size=(2, 500))
    lon, lat = frame.lonlat(area, col, row)
    found: dict[str, Any] = locator(area, frame)
    u = (lon - found["middle"][0]) / found["half"][0]
    v = (lat - found["middle"][1]) / found["half"][1]
    terms = np.stack([u**i * v**j for i, j in MONOMIALS], axis=1)
    error_m = np.abs(np.stack([terms @ found["col"] - col, terms @ found["row"] - row])) * 1000
    assert error_m.max() < 0.1


def test_places_are_those_of_exact_projection(city: Any) -> None:
    """To a fiftieth of a screen pixel at zoom 17, far from the lattice they were fitted to."""
    area = city.situation.area
    wide = np.arange(150, dtype=np.int64)
    frame = GridFrame(Grid(1000.0, 280 + wide, 3400 + wide, np.zeros(150, dtype=np.int64)))
    rng = np.random.default_rng(8)
    col, row = rng.uniform(0, 150, size=(2, 500))
    found: dict[str, Any] = places(area, frame)
    u = (col - found["middle"][0]) / found["half"][0]
    v = (row - found["middle"][1]) / found["half"][1]
    terms = np.stack([u**i * v**j for i, j in MONOMIALS], axis=1)
    exact = np.stack(world_of(*frame.lonlat(area, col, row)))
    off_px = np.abs(np.stack([terms @ found["x"], terms @ found["y"]]) - exact) * 2**17
    assert off_px.max() < 0.02


def test_the_world_is_256_pixels_wide_and_square() -> None:
    edge = np.degrees(np.arctan(np.sinh(np.pi)))
    x, y = world_of(np.array([-180.0, 0.0, 180.0]), np.array([edge, 0.0, -edge]))
    np.testing.assert_allclose(x, [0, 128, 256])
    np.testing.assert_allclose(y, [0, 128, 256], atol=1e-9)


def test_mask_marks_the_cells_of_an_area_with_a_hole() -> None:
    grid = Grid(500.0, np.array([4, 6, 5]), np.array([9, 9, 10]), np.zeros(3, dtype=np.int64))
    frame = GridFrame(grid)
    assert frame.counts() == {"cells": 3, "cols": 3, "rows": 2}
    assert np.unpackbits(np.frombuffer(frame.mask(), dtype=np.uint8))[:6].tolist() == [
        *(1, 0, 1),
        *(0, 1, 0),
    ]


def test_city_figures_are_those_of_the_summary(city: Any) -> None:
    found = city_figures(city.situation, city.evaluation, city.plan.deployment.units)
    assert found["calls"].tolist() == pytest.approx([399 * 0.25] * 4)
    assert found["coverage"].tolist() == pytest.approx(
        [share * 398 / 399 for share in (0.95, 0.9, 0.8, 0.5)]
    )
    mean = [(397 * (7.96 + hour) / 2 + 30.0) / 399 for hour in range(4)]
    assert found["mean"].tolist() == pytest.approx(mean)
    assert found["p90"].tolist() == pytest.approx([8.0] * 4)
    assert found["unserved"].tolist() == pytest.approx([1 / 399] * 4)


def test_demand_by_class_adds_up_and_counts_what_is_out_of_reach() -> None:
    metric = METRICS[0]
    values = np.array([[4.9], [5.0], [np.inf], [np.nan]])
    shares = demand_by_class(metric, values, np.array([[1.0], [2.0], [1.0], [0.0]]))
    assert shares.tolist() == [[0, 0, 0.25, 0.5, 0, 0, 0.25]]


def test_an_hour_without_calls_has_no_shares() -> None:
    shares = demand_by_class(METRICS[0], np.array([[np.nan]]), np.array([[0.0]]))
    assert shares.sum() == 0
